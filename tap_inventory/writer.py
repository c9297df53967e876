"""Writes Singer messages: whole lines, a page at a time, flushed with every STATE."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, StateMessage

from tap_inventory.errors import ClosedPipeError, RunEnding

_FLUSH_ABOVE = 1 << 20
"""Bytes of lines held back at most."""


class PageWriter(GenericSingerWriter[bytearray, Message]):
    """Collects lines and writes them together. Decimals are written digit by digit, as they were read."""

    def __init__(self) -> None:
        super().__init__()
        self._encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")
        self._lines = bytearray()

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
        """
        lines, self._lines = self._lines, bytearray()
        try:
            self._write(lines)
        except BrokenPipeError as error:
            raise RunEnding from ClosedPipeError(str(error))

    @staticmethod
    def _write(lines: bytearray) -> None:
        if not lines:
            return
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:  # stdout replaced by a text buffer, as tests do
            sys.stdout.write(lines.decode())
        else:
            binary.write(lines)
        sys.stdout.flush()
