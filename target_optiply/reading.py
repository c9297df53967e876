"""stdin to messages: lines read ahead on a thread, decoded exactly, and what is wrong with one in a sentence."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from queue import SimpleQueue
from typing import IO, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader, SingerMessageType

from target_optiply.errors import InputProblem

_AHEAD = 4  # batches of lines that may wait to be taken
_BATCH = 1 << 18  # bytes read at once
_MOST_DIGITS = 4000  # of an int; Python refuses to read longer ones
_STREAM = re.compile(rb'"stream"\s*:\s*"([^"\\]+)"')


def _exactly(text: str) -> Decimal:
    """Read a number exactly; one beyond all bounds is none, and left to the mapping to refuse."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _MOST_DIGITS else Decimal(text)


_decoder = msgspec.json.Decoder(float_hook=_exactly)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines on their way from the reading thread to the main thread.

    Attributes:
        lines: Whole lines.
        last: Whether the input ended.
        problem: Why it ended, where that was not its end.
    """

    lines: list[bytes]
    last: bool = False
    problem: InputProblem | None = None


class Feed:
    """Reads lines on a thread, so that the main thread can wait for answers and for lines at once.

    Args:
        source: Where the lines come from.
        inbox: The main thread's queue.
    """

    def __init__(self, source: IO[Any] | Iterable[Any], inbox: SimpleQueue[Any]) -> None:
        self._source = source
        self._inbox = inbox
        self._room = threading.Semaphore(_AHEAD)
        self._thread = threading.Thread(target=self._read, name="stdin", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def taken(self) -> None:
        """Make room for one more batch."""
        self._room.release()

    def _read(self) -> None:
        problem = None
        try:
            for lines in self._batches():
                self._room.acquire()
                self._inbox.put(Lines(lines))
        except (OSError, ValueError) as error:  # a ValueError is a text that is no text, or a file that is closed
            problem = InputProblem(
                f"the input could not be read to its end ({getattr(error, 'strerror', '') or error})"
            )
        finally:
            self._inbox.put(Lines([], last=True, problem=problem))

    def _batches(self) -> Iterator[list[bytes]]:
        read1 = getattr(self._source, "read1", None)
        if read1 is None:  # a text file or a list of lines, in tests and with --input
            for line in self._source:
                yield [line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line]
            return
        rest: list[bytes] = []
        while chunk := read1(_BATCH):
            *whole, tail = chunk.split(b"\n")
            if whole:
                whole[0] = b"".join((*rest, whole[0]))
                yield whole
                rest = []
            if tail:
                rest.append(tail)
        if rest:
            yield [b"".join(rest)]


def decode(line: bytes, number: int) -> dict[str, Any]:
    """Decode one message, decimals exactly.

    Args:
        line: The line.
        number: Its number, from 1.

    Raises:
        InputProblem: It is no JSON object with a type.
    """
    try:
        message = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = _decode_leniently(line, number)
        if isinstance(message, dict) and message.get("type") != "RECORD":
            raise InputProblem(f"line {number} is not JSON") from None  # there is nothing to reject but all of it
    if not isinstance(message, dict):
        raise InputProblem(f"line {number} is no JSON object")
    if not isinstance(message.get("type"), str):
        raise InputProblem(f"line {number} has no message type")
    return message


def _decode_leniently(line: bytes, number: int) -> Any:
    """Decode what strict JSON refuses but one record may contain: NaN, a lone surrogate, endless nesting."""
    try:
        return json.loads(line.decode("utf-8", "surrogatepass"), parse_float=_exactly, parse_int=_integer)
    except RecursionError:
        stream = _STREAM.search(line)
        if stream is None or b'"RECORD"' not in line:
            raise InputProblem(f"line {number} is nested too deeply") from None
        return {
            "type": "RECORD",
            "stream": stream[1].decode("utf-8", "replace"),
            "record": None,
            "defect": "nested too deeply",
        }
    except ValueError:
        raise InputProblem(f"line {number} is not JSON") from None


class PlainRecord(msgspec.Struct, tag="RECORD"):
    """A RECORD message whose record is not looked into; one of a version of its stream is no plain one."""

    stream: str
    record: msgspec.Raw
    version: None = None


_plain_decoder = msgspec.json.Decoder(PlainRecord)


def plain_record(line: bytes) -> PlainRecord | None:
    """Return a line as a plain RECORD message; None where it is none."""
    try:
        return _plain_decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # another message, or one that is to be told what is wrong with it


class MessageReader(GenericSingerReader[bytes]):
    """Reads Singer messages from lines that a run hands out as it has room for them.

    Args:
        lines: Gives the lines of a source; it does the run's other work while it waits.
        logger: Where unknown message types are told, once each.
        recognise: Told of each plain RECORD before it is decoded; returns its fingerprint where it must be looked
            at, None where it need not be, and "" where it has none.
    """

    default_input = sys.stdin  # type: ignore[assignment]  # its buffer is read

    def __init__(
        self,
        lines: Callable[[IO[Any] | None], Iterable[bytes]],
        logger: logging.Logger,
        recognise: Callable[[PlainRecord], str | None] | None = None,
    ) -> None:
        super().__init__()
        self._lines = lines
        self._log = logger
        self._recognise = recognise
        self.line = b""
        self.number = 0

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode one message."""
        return decode(line, self.number)

    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read all messages and call back for each; returns how many there were by type."""
        stats: Counter[str] = Counter()
        unknown: set[str] = set()
        by_type = {
            str(kind.value if isinstance(kind, SingerMessageType) else kind): each for kind, each in callbacks.items()
        }
        for line in self._lines(file_input):
            self.number += 1
            if not line.strip():
                continue
            self.line = line
            fingerprint = ""
            if self._recognise is not None and (record := plain_record(line)) is not None:
                known = self._recognise(record)
                if known is None:
                    stats["RECORD"] += 1
                    continue
                fingerprint = known
            message = decode(line, self.number)
            if fingerprint:
                message["fingerprint"] = fingerprint
            kind = message["type"]
            callback = by_type.get(kind)
            if callback is not None:
                callback(message)
            elif kind not in unknown:
                unknown.add(kind)
                self._log.warning("messages of type %.40r are not known and left out", kind)
            stats[kind] += 1
        return stats


class _StateLine(msgspec.Struct):
    value: msgspec.Raw


def state_value(line: bytes) -> bytes:
    """Return the value of a STATE message byte for byte as it was read."""
    return bytes(msgspec.json.decode(line, type=_StateLine).value)
