"""Keys: what a raw value says as a remote id or as an Optiply id, however a spreadsheet mangled it on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from target_optiply.convert import InvalidRecord, clean_text

_NOTHING = frozenset({"", "nan", "none", "null", "<na>", "nat"})
_LONG_DIGITS = 18
"""Every number of this many digits fits the server's 64-bit ids."""


def _text_of(value: Any, attribute: str) -> str | None:
    """Return a key as text: a number that passed through a float loses its ``.0``, "nan" is nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        return None if text.lower() in _NOTHING else text
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InvalidRecord(attribute, f"a key cannot be a {type(value).__name__}")
    if isinstance(value, int):
        return str(value) if value.bit_length() < 256 else _too_long(attribute)
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        return None
    if abs(number.adjusted()) > 60:
        _too_long(attribute)
    return str(int(number)) if number == number.to_integral_value() else format(number, "f")


def _too_long(attribute: str) -> str:
    raise InvalidRecord(attribute, "too long for a key")


def remote_id(value: Any, attribute: str = "remoteId") -> str | None:
    """Return the key that a record has at its source, or None where the value says nothing.

    Raises:
        InvalidRecord: The value cannot be a key (an object, a list, a boolean, a text with a lone surrogate).
    """
    text = _text_of(value, attribute)
    if text is None or text.isprintable():
        return text
    # A line break or control character inside a key would break every line of text that the key stands in.
    return clean_text(text, attribute) or None


def optiply_id(value: Any, attribute: str = "id") -> str | None:
    """Return an Optiply id as decimal digits, or None where the value says nothing.

    Raises:
        InvalidRecord: The value is not a positive whole number of 64 bits.
    """
    text = _text_of(value, attribute)
    if text is None:
        return None
    whole, _, zeros = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _LONG_DIGITS and not zeros.strip("0")):
        raise InvalidRecord(attribute, f"{text[:40]!r} is not an Optiply id")
    return str(int(whole))
