"""Writing: whole lines, whatever the reader does, and an end that a reader which takes nothing cannot hold up."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
from singer_sdk.singerlib.messages import StateMessage

from tap_inventory import writer
from tap_inventory.errors import ClosedPipeError, RunEnding
from tap_inventory.writer import PageWriter

NOW = datetime(2025, 7, 1, tzinfo=timezone.utc)


@contextmanager
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make stdout a pipe, and give the end to read (no fixture: pytest sets stdout anew for the test itself)."""
    reading, writing = os.pipe()
    with monkeypatch.context() as patched, os.fdopen(writing, "w", encoding="utf-8") as stdout:
        patched.setattr(sys, "stdout", stdout)
        yield reading
    os.close(reading)


def taken(reading: int, number: int = 1 << 20) -> bytes:
    return os.read(reading, number)


def fill(made: PageWriter, size: int, rows: int) -> None:
    for number in range(rows):
        made.write_record("s", {"n": number, "text": "x" * size}, NOW, None)
    made.write_message(StateMessage(value={"bookmarks": {}}))


def test_a_reader_that_takes_nothing_is_left_after_a_whole_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BETWEEN_LINES", 0.2)
    made = PageWriter()
    made.signal = 15
    began = time.monotonic()
    with piped(monkeypatch) as pipe:
        with pytest.raises(SystemExit) as ended:
            fill(made, 2500, 100)
        made.write_message(StateMessage(value={"bookmarks": {}}))  # dropped: it would have to wait again
        read = taken(pipe)
    assert ended.value.code == 143
    assert time.monotonic() - began < 5
    assert len(read) > 30_000
    assert read.endswith(b"\n")
    assert not made.within_line


def slowly(pipe: int, read: bytearray, end: bytes) -> threading.Thread:
    """Start what reads until ``end`` comes, after longer than anyone is waited for between two lines."""

    def reading() -> None:
        time.sleep(0.7)
        while not read.endswith(end):
            read.extend(taken(pipe))

    reader = threading.Thread(target=reading)
    reader.start()
    return reader


def test_the_rest_of_a_line_waits_for_a_reader_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BETWEEN_LINES", 0.2)
    made, read = PageWriter(), bytearray()
    made.signal = 15
    with piped(monkeypatch) as pipe:
        reader = slowly(pipe, read, b"\n")
        made.write_record("s", {"text": "x" * 300_000}, NOW, None)
        made.flush()
        reader.join(5)
    assert len(read) > 300_000
    assert read.endswith(b"\n")


def test_even_in_the_middle_of_a_line_nobody_is_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "WITHIN_LINE", 0.3)
    made = PageWriter()
    made.signal = 2
    made.write_record("s", {"text": "x" * 300_000}, NOW, None)
    with piped(monkeypatch), pytest.raises(SystemExit) as ended:
        made.flush()
    assert ended.value.code == 130
    assert "in the middle of a line" in caplog.text


def test_without_a_signal_a_slow_reader_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BETWEEN_LINES", 0.1)
    monkeypatch.setattr(writer, "WITHIN_LINE", 0.1)
    read = bytearray()
    with piped(monkeypatch) as pipe:
        reader = slowly(pipe, read, b'"bookmarks":{}}}\n')
        fill(PageWriter(), 2500, 100)
        reader.join(5)
    assert read.count(b"\n") == 101


def test_a_reader_that_went_away_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with monkeypatch.context() as patched, os.fdopen(writing, "w", encoding="utf-8") as stdout:
        patched.setattr(sys, "stdout", stdout)
        os.close(reading)
        with pytest.raises(RunEnding) as ended:
            fill(PageWriter(), 10, 1)
    assert isinstance(ended.value.__cause__, ClosedPipeError)
