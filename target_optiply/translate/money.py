"""Exact arithmetic for money and quantities: fractions until the end, then one rounding."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from target_optiply.convert import InvalidRecord
from target_optiply.translate.reading import Raw, flag, number


def whole(value: Fraction) -> int:
    """Return the nearest integer, halves away from zero."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


def cents(value: Fraction) -> Decimal:
    """Return an amount with two places, halves away from zero."""
    return Decimal(f"{whole(value * 100)}E-2")


def exchange_rate(order: Raw) -> Fraction:
    """Return how many units of the order's currency one unit of the home currency is worth.

    Raises:
        InvalidRecord: The rate is missing or not above 0: taking it for 1 could be wrong by any factor.
    """
    rate = number(order, "exchangeRate")
    if rate is None:
        raise InvalidRecord("exchangeRate", "missing")
    if rate <= 0:
        raise InvalidRecord("exchangeRate", f"{rate} is not above 0")
    return Fraction(rate)


def tax_factor(order: Raw, line: Raw) -> Fraction:
    """Return what a line's value must be divided by to be without tax.

    Raises:
        InvalidRecord: The taxes make up the whole value or more.
    """
    if not flag(order, "isTaxInclusive"):
        return Fraction(1)
    first, second = (Fraction(number(line, field) or 0) / 100 for field in ("tax1Rate", "tax2Rate"))
    factor = (1 + first) * (1 + second) if flag(order, "calculateTax2OnTax1") else 1 + first + second
    if factor <= 0:
        raise InvalidRecord("tax1Rate", "the tax rates leave nothing to divide by")
    return factor


def running_whole(parts: Iterable[Fraction]) -> list[int]:
    """Round parts so that their running total is the rounded running total: nothing is lost or gained on the way."""
    total, sent, rounded = Fraction(0), 0, []
    for part in parts:
        total += part
        rounded.append(whole(total) - sent)
        sent = whole(total)
    return rounded
