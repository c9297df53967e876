"""Lines come out whole however they came in, and what is wrong with one is said with its number."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from decimal import Decimal
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_optiply.errors import InputProblem
from target_optiply.reading import Feed, Lines, MessageReader, decode, state_value

CHUNKS = st.lists(st.binary(min_size=1, max_size=9).map(lambda data: data.replace(b"\x00", b"\n")), max_size=12)


class Pieces:
    """A source whose reads return what was given, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    def read1(self, _size: int) -> bytes:
        return next(self._pieces, b"")


def fed(source) -> list[bytes]:
    inbox: SimpleQueue[Lines] = SimpleQueue()
    feed = Feed(source, inbox)
    feed.start()
    lines = []
    while not (batch := inbox.get(timeout=5)).last:
        lines += batch.lines
        feed.taken()
    return lines + batch.lines


@given(pieces=CHUNKS)
def test_chunks_split_anywhere_give_the_same_lines(pieces):
    data = b"".join(pieces)
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert fed(Pieces(pieces)) == expected


def test_the_last_line_needs_no_newline():
    assert fed(io.BytesIO(b'{"a": 1}\n{"b": 2}')) == [b'{"a": 1}', b'{"b": 2}']
    assert fed(io.BytesIO(b"")) == []
    assert fed(io.BytesIO(b"\n")) == [b""]


def test_text_and_lists_of_lines_are_taken_too():
    assert fed(io.StringIO("é\nb")) == ["é\n".encode(), b"b"]
    assert fed(["\ud800"]) == [b"\xed\xa0\x80"]


def test_no_more_than_a_few_batches_are_read_ahead():
    class Endless:
        def __init__(self) -> None:
            self.reads = 0

        def read1(self, _size: int) -> bytes:
            self.reads += 1
            return b"x\n" if self.reads < 1000 else b""

    source, inbox = Endless(), SimpleQueue()
    feed = Feed(source, inbox)
    feed.start()
    time.sleep(0.1)
    assert source.reads <= 6
    taken = 0
    while not inbox.get(timeout=5).last:
        taken += 1
        feed.taken()
        assert source.reads <= taken + 6
    assert taken == 999


def test_a_source_that_breaks_ends_the_input_as_broken():
    class Broken:
        def read1(self, _size: int) -> bytes:
            raise OSError("the pipe broke")

    inbox: SimpleQueue = SimpleQueue()
    caught = []
    hook, threading.excepthook = threading.excepthook, caught.append
    try:
        Feed(Broken(), inbox).start()
        event = inbox.get(timeout=5)
    finally:
        threading.excepthook = hook
    assert not caught
    assert isinstance(event, Lines)
    assert event.last
    assert "the pipe broke" in str(event.problem)
    with pytest.raises(Empty):
        inbox.get_nowait()


NUMBERED = [
    (b"hello", "line 7 is not JSON"),
    (b'{"type": "RECORD"', "line 7 is not JSON"),
    (b"\xff{}", "line 7 is not JSON"),
    (b'{"type": "RECORD"} {}', "line 7 is not JSON"),
    (b"\xef\xbb\xbf", "line 7 is not JSON"),
    (b"[]", "line 7 is no JSON object"),
    (b"7", "line 7 is no JSON object"),
    (b"null", "line 7 is no JSON object"),
    (b"NaN", "line 7 is no JSON object"),
    (b'{"type": null}', "line 7 has no message type"),
    (b'{"type": 7}', "line 7 has no message type"),
    (b'{"type": "STATE", "value": {"a": NaN}}', "line 7 is not JSON"),
    (b'{"type": "SCHEMA", "schema": "\xed\xa0\x80"}', "line 7 is not JSON"),
    (b"{}", "line 7 has no message type"),
    (b'{"Type": "STATE"}', "line 7 has no message type"),
    (b"[" * 200_000, "line 7 is nested too deeply"),
    (b'{"type": "STATE", "value": ' + b"[" * 200_000, "line 7 is nested too deeply"),
]


@pytest.mark.parametrize(("line", "sentence"), NUMBERED, ids=range(len(NUMBERED)))
def test_a_line_that_is_no_message_ends_the_run_with_its_number_and_nothing_of_it(line, sentence):
    with pytest.raises(InputProblem) as problem:
        decode(line, 7)
    assert str(problem.value) == sentence


def test_decimals_are_exact():
    read = decode(b'{"type": "RECORD", "record": {"a": 19.90, "b": 1e-7, "c": 12345678901234567890.123456789}}', 1)
    assert read["record"] == {
        "a": Decimal("19.90"),
        "b": Decimal("1E-7"),
        "c": Decimal("12345678901234567890.123456789"),
    }
    assert str(read["record"]["a"]) == "19.90"


def test_integers_beyond_64_bits_are_exact():
    read = decode(b'{"type": "RECORD", "record": {"a": 123456789012345678901234567890}}', 1)
    assert read["record"]["a"] == 123456789012345678901234567890


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e99999999999999999999", "NaN"),
        ("-1e-99999999999999999999", "NaN"),
        ("1" * 5000, "1" * 5000),
        ("1" * 5000 + ".5", "1" * 5000 + ".5"),
    ],
)
def test_a_record_with_a_number_beyond_all_bounds_is_read_and_left_to_the_mapping(text, value):
    read = decode(f'{{"type": "RECORD", "record": {{"a": {text}}}}}'.encode(), 1)
    assert str(read["record"]["a"]) == value


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_record_with_a_number_that_is_none_is_read_and_left_to_the_mapping(word):
    value = decode(f'{{"type": "RECORD", "record": {{"a": {word}, "b": 1.10}}}}'.encode(), 1)["record"]
    assert str(value["a"]).lower().strip("-") in ("nan", "inf")
    assert str(value["b"]) == "1.10"


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\xed\xa0\x80"'])
def test_a_record_with_a_lone_surrogate_is_read_and_left_to_the_mapping(text):
    assert decode(b'{"type": "RECORD", "record": {"a": ' + text + b"}}", 1)["record"] == {"a": "\ud800"}


def test_a_record_that_is_nested_too_deeply_is_wrong_in_itself():
    line = b'{"type": "RECORD", "stream": "products", "record": {"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    assert decode(line, 1) == {"type": "RECORD", "stream": "products", "record": None, "defect": "nested too deeply"}


def test_a_state_is_handed_on_byte_for_byte():
    value = b'{ "b":1.0,"a":  [1e5, 12345678901234567890.10], "\\u00e9": "\xc3\xa9" }'
    assert state_value(b'{"value": ' + value + b', "type":"STATE"}') == value
    assert state_value(b'{"type": "STATE", "value": null}') == b"null"


def reader(lines: list[bytes]) -> MessageReader:
    return MessageReader(lambda _source: lines, logging.getLogger("test-reading"))


def test_messages_are_called_back_in_order_with_their_line_and_counted():
    lines = [b'{"type":"SCHEMA"}', b"", b"  ", b'{"type":"RECORD","n":1}', b'{"type":"RECORD","n":2}']
    seen = []
    messages = reader(lines)
    stats = messages.process_lines(
        None,
        {
            "SCHEMA": lambda message: seen.append((messages.number, message["type"])),
            "RECORD": lambda message: seen.append((messages.number, message["n"])),
        },
    )
    assert seen == [(1, "SCHEMA"), (4, 1), (5, 2)]
    assert stats == {"SCHEMA": 1, "RECORD": 2}


def test_an_unknown_message_type_is_warned_of_once_and_left_out(caplog):
    lines = [json.dumps({"type": kind}).encode() for kind in ("HELLO", "HELLO", "x" * 500)]
    reader(lines).process_lines(None, {})
    assert len(caplog.records) == 2
    assert "HELLO" in caplog.text
    assert max(len(record.getMessage()) for record in caplog.records) < 120
