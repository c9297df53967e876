"""Order lines as Optiply takes them: one for each product, quantities and values added up before they are rounded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from target_optiply.model import Line, Reference
from target_optiply.translate.money import cents, whole


def lines_of(parts: Iterable[tuple[str, Fraction, Fraction]]) -> list[Line]:
    """Return the lines of an order.

    Args:
        parts: Product, quantity and value of each line at the source.
    """
    quantities: dict[str, Fraction] = {}
    values: dict[str, Fraction] = {}
    for product, quantity, value in parts:
        quantities[product] = quantities.get(product, Fraction(0)) + quantity
        values[product] = values.get(product, Fraction(0)) + value
    return [
        Line(
            Reference("products", product),
            {"quantity": max(1, whole(quantity)), "subtotalValue": cents(values[product])},
        )
        for product, quantity in quantities.items()
    ]


def total_of(lines: list[Line]) -> Decimal:
    """Return the sum of the rounded values, so that an order's total equals what its lines show."""
    return sum((line.attributes["subtotalValue"] for line in lines), Decimal("0.00"))
