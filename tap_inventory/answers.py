"""Reads the JSON of an answer: numbers to the digit, broken characters repaired rather than refused (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from tap_inventory.profile import Keyset, Numbered

Row = dict[str, Any]

_DECODER = msgspec.json.Decoder(float_hook=Decimal)

_ESCAPES = re.compile(rb"\\(?:u(?P<high>d[89ab]..)(?P<low>\\ud[c-f]..)?|u(?P<lone>d[c-f]..)|.)", re.IGNORECASE)
"""Every escape of a JSON text, one after another, so that an escaped backslash is not taken for one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A list that the API answered with.

    Attributes:
        rows: Its rows; numbers with a fraction are ``Decimal``.
        total: How many rows match in all, where the API said so.
        size: How long a page is, likewise.
        last: The number of the last page, likewise.
    """

    rows: list[Row]
    total: int | None
    size: int | None = None
    last: int | None = None


def read_answer(
    content: bytes, headers: Mapping[str, str], paging: Keyset | Numbered, *, single: tuple[str, ...] = ()
) -> Answer:
    """Return what an answer says.

    Args:
        content: The body.
        headers: The headers.
        paging: Where rows and totals are.
        single: The key of the one row that the answer is to be, where it is no list.

    Raises:
        ValueError: The answer is no JSON, or does not hold what it should.
    """
    if isinstance(paging, Keyset):
        total = headers.get(paging.total, "")
        return Answer(read_rows(content), int(total) if total.isdecimal() else None)
    body = decode(content)
    found = body.get(paging.rows, body) if isinstance(body, dict) else body
    if single and isinstance(found, dict) and all(found.get(name) is not None for name in single):
        return Answer([found], 1)
    rows = _list(found)
    told = body if isinstance(body, dict) else {}
    return Answer(rows, _told(told, paging.total), _told(told, paging.told_size) or None, _told(told, paging.last))


def read_rows(content: bytes) -> list[Row]:
    """Return the rows of an answer that is nothing but a list; numbers with a fraction are ``Decimal``.

    Raises:
        ValueError: The answer is no JSON, or no list of objects.
    """
    return _list(decode(content))


def decode(content: bytes) -> Any:
    """Return the JSON of a body; numbers with a fraction are ``Decimal``.

    Half a surrogate pair, which no UTF-8 can hold, becomes the replacement character: one broken name must not keep
    a whole stream from being read.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return _DECODER.decode(content)
    except ValueError as error:
        repaired = _ESCAPES.sub(_whole, content)
        if repaired == content:
            raise ValueError(f"the answer is no JSON ({error})") from None
        return decode(repaired)


def _list(value: Any) -> list[Row]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError("the answer is no list of objects")
    return value


def _told(body: Mapping[str, Any], places: tuple[str, ...]) -> int | None:
    """Return the first number, from 0 up, that stands at one of the places."""
    for place in places:
        value: Any = body
        for part in place.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


def _whole(escape: re.Match[bytes]) -> bytes:
    lone = escape["lone"] or (escape["high"] and not escape["low"])
    return rb"\ufffd" if lone else escape[0]
