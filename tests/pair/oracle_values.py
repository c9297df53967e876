"""The oracle's arithmetic: text, exact numbers, dates and bar codes, as the mapping's promises word them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
_DIGITS = re.compile(r"[0-9]+\Z", re.ASCII)
GTIN_LENGTHS = frozenset({8, 12, 13, 14})


class Unsendable(Exception):  # noqa: N818 - a verdict on a record, not an error of the oracle
    """A record that Optiply cannot take; the text begins with the attribute's name."""


def text(value: Any, limit: int = 255) -> str | None:
    """Return text with every run of white space as one space, trimmed, in ``limit`` UTF-16 units; None for empty.

    A text that is "nan" is a number that was none, and never sent.
    """
    if not isinstance(value, str) or value.strip().casefold() == "nan":
        return None
    clean = " ".join(value.split())
    units = clean.encode("utf-16-le", "surrogatepass")
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in clean):
        raise Unsendable("text: lone surrogate")
    # A pair that the cut would split loses its first half too.
    return units[: 2 * limit].decode("utf-16-le", "ignore").rstrip() or None


def number(value: Any) -> Fraction | None:
    """Return a number given as JSON text or number exactly; None for null, empty text and what is no number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        parsed = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return Fraction(parsed) if parsed.is_finite() else None


def half_up(value: Fraction) -> int:
    """Round to a whole number, halves away from zero."""
    whole = (abs(value) * 2 + 1) // 2
    return int(whole) if value >= 0 else -int(whole)


def money(value: Fraction, name: str, digits: int) -> Decimal:
    """Round to cents, half up; more than ``digits`` integer digits cannot be sent."""
    cents = half_up(value * 100)
    if abs(cents) >= 10 ** (digits + 2):
        raise Unsendable(f"{name}: more than {digits} integer digits")
    return Decimal(cents).scaleb(-2)


def units_per(uom: Mapping[str, Any] | None) -> Fraction | None:
    """Return how many standard units one sales or purchasing unit holds; None where the ratio says nothing.

    Without a unit of its own a product is sold and bought by the standard unit.
    """
    ratio = (uom or {}).get("conversionRatio")
    if ratio is None:
        return Fraction(1)
    standard, other = number(ratio.get("standardQuantity")), number(ratio.get("uomQuantity"))
    if not standard or not other or standard / other <= 0:
        return None
    return standard / other


def instant(value: Any) -> datetime | None:
    """Return a date-time in UTC, to the microsecond; a date alone, or one without offset, counts as UTC."""
    match = _ISO.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
        tzinfo=timezone.utc,
    )
    if zone and zone not in {"Z", "z"}:
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment += -offset if zone[0] == "+" else offset
    return moment


def gtin(barcode: Any) -> str | None:
    """Return a bar code's digits if it is a GTIN: 8, 12, 13 or 14 digits, the last of which checks the others."""
    digits = re.sub(r"[\s-]", "", barcode) if isinstance(barcode, str) else ""
    if not _DIGITS.match(digits) or len(digits) not in GTIN_LENGTHS:
        return None
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return digits if total % 10 == 0 else None


def by_line_number(rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows by their ``lineNum``; those without one come last, equals keep their order."""
    return sorted(rows, key=lambda row: (row.get("lineNum") is None, row.get("lineNum") or 0))


def same(value: Any, word: str) -> bool:
    """Compare an enumerated value, whose case the API does not keep to."""
    return isinstance(value, str) and value.casefold() == word.casefold()
