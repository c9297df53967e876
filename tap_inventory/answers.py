"""Reads the JSON of an answer: numbers to the digit, broken characters repaired rather than refused (pure)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)

_ESCAPES = re.compile(rb"\\(?:u(?P<high>d[89ab]..)(?P<low>\\ud[c-f]..)?|u(?P<lone>d[c-f]..)|.)", re.IGNORECASE)
"""Every escape of a JSON text, one after another, so that an escaped backslash is not taken for one."""


def read_rows(content: bytes) -> list[dict[str, Any]]:
    """Return the rows of an answer; numbers with a fraction are ``Decimal``.

    Half a surrogate pair, which no UTF-8 can hold, becomes the replacement character: one broken name must not keep
    a whole stream from being read.

    Raises:
        ValueError: The answer is no JSON, or no list of objects.
    """
    try:
        rows: Any = _DECODER.decode(content)
    except ValueError as error:
        repaired = _ESCAPES.sub(_whole, content)
        if repaired == content:
            raise ValueError(f"the answer is no JSON ({error})") from None
        rows = read_rows(repaired)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the answer is no list of objects")
    return rows


def _whole(escape: re.Match[bytes]) -> bytes:
    lone = escape["lone"] or (escape["high"] and not escape["low"])
    return rb"\ufffd" if lone else escape[0]
