"""Reading of raw records: each reader returns the type it names, or rejects the record with the field's name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from target_optiply import convert
from target_optiply.convert import InvalidRecord, quoted
from target_optiply.identity import remote_id

Raw = Mapping[str, Any]

_DELETION_MARKS = ("deleted_at", "_sdc_deleted_at", "deletedAt")
_NOTHING = frozenset({"", "nan", "snan", "none", "null", "nat", "false"})
"""Also what a data frame writes where there is no date."""


def is_deleted(record: Raw) -> bool:
    """Tell whether a record carries a deletion mark."""
    for mark in _DELETION_MARKS:
        value = record.get(mark)
        if value is not None and value is not False and str(value).strip().lower() not in _NOTHING:
            return True
    return False


def rows(record: Raw, field: str) -> list[Raw] | None:
    """Return the objects of a to-many relation, None where the record says nothing of it."""
    value = record.get(field)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise InvalidRecord(field, "is not a list of objects")
    return value


def nested(record: Raw, field: str) -> Raw | None:
    """Return an object inside the record, None where there is none."""
    value = record.get(field)
    if value is None or isinstance(value, Mapping):
        return value
    raise InvalidRecord(field, f"{quoted(value)} is not an object")


def number(record: Raw, field: str) -> Decimal | None:
    """Return a number, None where there is none."""
    return convert.to_number(record.get(field), field)


def flag(record: Raw, field: str) -> bool:
    """Return a truth value, False where there is none."""
    return bool(convert.to_boolean(record.get(field), field))


def word(record: Raw, field: str) -> str:
    """Return an enum value in lower case: which case the API writes depends on its version."""
    value = record.get(field)
    return value.strip().lower() if isinstance(value, str) else ""


def key(record: Raw, field: str) -> str | None:
    """Return a key, None where there is none."""
    return remote_id(record.get(field), field)


def required_key(record: Raw, field: str) -> str:
    """Return a key that must be there."""
    value = key(record, field)
    if value is None:
        raise InvalidRecord(field, "missing")
    return value


def standard_quantity(row: Raw) -> Decimal | None:
    """Return the quantity in the product's stock unit; ``uomQuantity`` would be in the unit of the document."""
    quantity = nested(row, "quantity")
    return None if quantity is None else number(quantity, "standardQuantity")


def units_in(record: Raw, field: str) -> Fraction | None:
    """Return how many stock units one unit of measure holds (1 without a unit), None where the ratio says nothing."""
    unit = nested(record, field)
    ratio = None if unit is None else nested(unit, "conversionRatio")
    if ratio is None:
        return Fraction(1)
    standard, measured = number(ratio, "standardQuantity"), number(ratio, "uomQuantity")
    if standard is None or measured is None or standard <= 0 or measured <= 0:
        return None
    return Fraction(standard) / Fraction(measured)
