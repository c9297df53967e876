"""Writes Singer messages: whole lines, a page at a time, flushed with every STATE."""

from __future__ import annotations

import io
import logging
import os
import select
import stat
import sys
import time
from datetime import datetime
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, StateMessage

from tap_inventory.errors import ClosedPipeError, RunEnding

logger = logging.getLogger("tap-inventory")

_FLUSH_ABOVE = 1 << 20
"""Bytes of lines held back at most."""

_PIECE = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe which can be written to takes without blocking."""

BETWEEN_LINES = 2.0
"""Seconds after a signal for which a reader that takes nothing is waited for before another line is begun."""

WITHIN_LINE = 60.0
"""The same in the middle of a line: what has gone into a pipe cannot be taken back."""


class PageWriter(GenericSingerWriter[bytearray, Message]):
    """Collects lines and writes them together. Decimals are written digit by digit, as they were read.

    Attributes:
        signal: The signal that ends the run, once it came: then a reader that takes nothing is not waited for long.
        within_line: Whether part of a line is written and the rest waits for the reader.
    """

    signal: int | None = None
    within_line = False

    def __init__(self) -> None:
        super().__init__()
        self._encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")
        self._lines = bytearray()
        self._given_up = False

    def serialize_message(self, message: Message) -> bytearray:
        """Return a message as a line."""
        line = bytearray()
        self._encoder.encode_into(message.to_dict(), line)
        line += b"\n"
        return line

    def write_message(self, message: Message) -> None:
        """Take a message; a STATE is written at once, with all that came before it."""
        self._lines += self.serialize_message(message)
        if isinstance(message, StateMessage) or len(self._lines) > _FLUSH_ABOVE:
            self.flush()

    def write_record(self, stream: str, record: dict[str, Any], extracted: datetime, version: int | None) -> None:
        """Take a record."""
        message: dict[str, Any] = {"type": "RECORD", "stream": stream, "record": record, "time_extracted": extracted}
        if version is not None:
            message["version"] = version
        self._encoder.encode_into(message, self._lines, -1)
        self._lines += b"\n"
        if len(self._lines) > _FLUSH_ABOVE:
            self.flush()

    def flush(self) -> None:
        """Write the lines held back.

        Raises:
            RunEnding: Nobody reads any more; its cause is a ClosedPipeError.
            SystemExit: A signal is to end the run and the reader takes nothing.
        """
        lines, self._lines = self._lines, bytearray()
        if not lines or self._given_up:
            return
        try:
            self._write(lines)
        except BrokenPipeError as error:
            raise RunEnding from ClosedPipeError(str(error))

    def _write(self, lines: bytearray) -> None:
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:  # stdout replaced by a text buffer, as tests do
            sys.stdout.write(lines.decode())
        elif _is_pipe():
            sys.stdout.flush()
            self._write_to_pipe(sys.stdout.fileno(), lines)
            return
        else:
            binary.write(lines)
        sys.stdout.flush()

    def _write_to_pipe(self, pipe: int, lines: bytearray) -> None:
        """Write in pieces that never block, so that a signal finds the reader's stall between two lines if it can."""
        place = 0
        while place < len(lines):
            end = lines.rfind(b"\n", place, place + _PIECE) + 1 or place + _PIECE
            self._await_reader(pipe)
            place += os.write(pipe, lines[place:end])
            self.within_line = lines[place - 1 : place] != b"\n"

    def _await_reader(self, pipe: int) -> None:
        began = time.monotonic()
        while not select.select([], [pipe], [], 0.1)[1]:
            if self.signal is None:
                began = time.monotonic()
            elif time.monotonic() - began > (WITHIN_LINE if self.within_line else BETWEEN_LINES):
                self._given_up = True
                where = "in the middle of a line" if self.within_line else "after a whole line"
                logger.warning("Nobody takes what is written: the output ends %s.", where)
                raise SystemExit(128 + self.signal)


def _is_pipe() -> bool:
    """Return whether stdout is a pipe of which can be told whether it takes something."""
    try:
        return os.name == "posix" and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except io.UnsupportedOperation:  # stdout replaced by something in memory
        return False
