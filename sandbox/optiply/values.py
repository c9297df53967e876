"""What may stand in an attribute: one function a kind turns a JSON value into the stored one, or says what is wrong.

Stored are: decimals as exact strings, numbers as ``int`` or ``Decimal``, instants as canonical UTC strings, references
as integers; everything else as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sandbox.optiply.attributes import Attribute
from sandbox.switches import Switches

Converter = Callable[[Any], Any]

_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_NUMERIC = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])",
)
_LONG = 2**63
_TINY = Decimal("0.001")
#: The magnitude at which a number no longer fits a Java Double.
_DOUBLE_EXPONENT = 308


class Invalid(Exception):  # noqa: N818 - it says what the value is
    """A value breaks a rule of its attribute; the text is fit for an error body."""


class WrongType(Invalid):
    """A value is not of its attribute's type at all."""


def converter(attribute: Attribute, switches: Switches) -> Converter:
    """Return the function that converts values (not null) of ``attribute``; it raises ``Invalid``."""
    return _KINDS[attribute.kind](attribute, switches)


@lru_cache(maxsize=65536)
def parse_instant(value: str) -> str | None:
    """Return a date-time with offset as ``2026-03-01T10:00:01Z`` or ``…01.5Z``, None where it is not one."""
    match = _INSTANT.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=timezone.utc
        )
        if zone != "Z":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment += shift if zone[0] == "-" else -shift
    except (ValueError, OverflowError):
        return None
    digits = (fraction or "")[:6].rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (f".{digits}Z" if digits else "Z")


def utf16_length(value: str) -> int:
    """Return the length of ``value`` as Java counts it.

    Raises:
        Invalid: It holds half of a surrogate pair.
    """
    if value.isascii():
        return len(value)
    try:
        return len(value.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Invalid("holds half of a surrogate pair") from None


def _text(attribute: Attribute, switches: Switches) -> Converter:
    low, high, one_line = attribute.min_length, attribute.max_length, attribute.one_line

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise WrongType("must be a string")
        if not low <= utf16_length(value) <= high:
            raise Invalid(f"size must be between {low} and {high}")
        if one_line:
            if not value.strip():
                raise Invalid("must not be blank")
            if ("\n" in value or "\r" in value) and switches.optiply_line_breaks == "refused":
                raise Invalid("must not contain line breaks")
        return value

    return convert


def _whole(value: Any, switches: Switches) -> int:
    if type(value) is int:
        return value
    if type(value) is Decimal and switches.optiply_float_integers == "whole" and value == value.to_integral_value():
        return int(value)
    if type(value) is str and switches.optiply_numeric_strings == "all" and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    raise WrongType("must be an integer")


def _integer(attribute: Attribute, switches: Switches) -> Converter:
    lowest, high, lifted_by = attribute.minimum, attribute.maximum, attribute.minimum_lifted_by

    def convert(value: Any) -> int:
        number = _whole(value, switches)
        low = -_LONG if lifted_by and getattr(switches, lifted_by) else lowest
        if not low <= number <= high:
            raise Invalid(f"must be between {low} and {high}")
        return number

    return convert


def _exact(value: Any) -> Decimal:
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return Decimal(value)
    if kind is str and _NUMERIC.fullmatch(value):
        return Decimal(value)
    raise WrongType("must be a decimal number")


def _decimal(attribute: Attribute, switches: Switches) -> Converter:
    digits, places, tiny = attribute.digits, attribute.places, attribute.tiny_places
    step = Decimal(1).scaleb(-places)

    def convert(value: Any) -> str:
        number = _exact(value)
        if number.adjusted() >= digits:
            raise Invalid(f"numeric value out of bounds (<{digits} digits>.<{places} digits> expected)")
        rounded = number.quantize(step, ROUND_HALF_UP) if number.adjusted() >= -places - 1 else Decimal(0) * step
        if rounded == number:
            return f"{rounded:f}" if rounded else f"{step * 0:f}"
        if tiny > places and abs(number) < _TINY and number == round(number, tiny):
            return f"{number.normalize():f}"
        if switches.optiply_excess_decimals == "rounded":
            return f"{rounded:f}"
        raise Invalid(f"numeric value out of bounds (<{digits} digits>.<{places} digits> expected)")

    return convert


def _number(_attribute: Attribute, switches: Switches) -> Converter:
    def convert(value: Any) -> int | Decimal:
        if type(value) is str and switches.optiply_numeric_strings != "all":
            raise WrongType("must be a number")
        number = _exact(value)
        if number.adjusted() >= _DOUBLE_EXPONENT:
            raise Invalid("numeric value out of bounds")
        return value if type(value) is int else number

    return convert


def _boolean(_attribute: Attribute, _switches: Switches) -> Converter:
    def convert(value: Any) -> bool:
        if type(value) is not bool:
            raise WrongType("must be a boolean")
        return value

    return convert


def _instant(attribute: Attribute, switches: Switches) -> Converter:
    boolean = _boolean(attribute, switches)
    disputed = attribute.name == "resumingPurchase"

    def convert(value: Any) -> Any:
        if disputed and switches.optiply_resuming_purchase == "boolean":
            return boolean(value)
        if type(value) is not str:
            raise WrongType("must be a date-time")
        moment = parse_instant(value)
        if moment is None:
            raise Invalid("must be an ISO 8601 date-time with an offset")
        return moment

    return convert


def _choice(attribute: Attribute, _switches: Switches) -> Converter:
    choices = attribute.choices

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise WrongType("must be a string")
        lower = value.lower()
        if lower not in choices:
            raise Invalid(f"must be one of {', '.join(choices)}")
        return lower

    return convert


def _emails(_attribute: Attribute, _switches: Switches) -> Converter:
    def convert(value: Any) -> list[str]:
        if type(value) is not list or any(type(item) is not str for item in value):
            raise WrongType("must be an array of strings")
        for item in value:
            if not _ADDRESS.fullmatch(item):
                raise Invalid(f"{item.encode('utf-8', 'replace').decode()} is not a valid address")
        return list(value)

    return convert


def _reference(_attribute: Attribute, _switches: Switches) -> Converter:
    def convert(value: Any) -> int:
        if type(value) is str and value.isascii() and value.isdigit() and len(value) < len(str(_LONG)):
            return int(value)
        if type(value) is not int:
            raise WrongType("must be an id")
        if not 0 <= value < _LONG:
            raise WrongType("must be an id in the range of a Long")
        return value

    return convert


_KINDS: dict[str, Callable[[Attribute, Switches], Converter]] = {
    "text": _text,
    "uuid": _text,
    "integer": _integer,
    "decimal": _decimal,
    "number": _number,
    "boolean": _boolean,
    "instant": _instant,
    "choice": _choice,
    "emails": _emails,
    "reference": _reference,
}
