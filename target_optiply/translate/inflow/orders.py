"""What inFlow's sales and purchase orders have in common: their lines, one for each product, in home money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from target_optiply.convert import InvalidRecord, time_text, to_time
from target_optiply.model import Line
from target_optiply.translate.lines import lines_of, total_of
from target_optiply.translate.money import exchange_rate, tax_factor
from target_optiply.translate.reading import Raw, flag, number, required_key, rows, standard_quantity

__all__ = ["completed_at", "embedded_lines", "goods_of", "is_service", "latest", "line_id", "total_of"]


def line_id(order_id: str, product_id: str) -> str:
    """Return the remote id of an embedded line: an order has one line for each product."""
    return f"{order_id}_{product_id}"


def goods_of(order: Raw) -> list[Raw] | None:
    """Return the lines worth sending, None where the order came without its lines.

    Returns (negative quantities) and services (``serviceCompleted`` is null for goods only) are left out.
    """
    lines = rows(order, "lines")
    if lines is None:
        return None
    return [line for line in lines if not is_service(line) and (standard_quantity(line) or 0) > 0]


def is_service(line: Raw) -> bool:
    """Tell whether an order line is one of a service."""
    return line.get("serviceCompleted") is not None


def embedded_lines(order: Raw, goods: list[Raw]) -> list[Line]:
    """Add the lines of each product up, unrounded, and round once.

    Raises:
        InvalidRecord: A line has no product or value; the exchange rate or the taxes cannot be divided by.
    """
    rate = exchange_rate(order)
    return lines_of(_parts(order, goods, rate))


def _parts(order: Raw, goods: list[Raw], rate: Fraction) -> Iterator[tuple[str, Fraction, Fraction]]:
    for line in goods:
        product = required_key(line, "productId")
        subtotal = number(line, "subTotal")
        if subtotal is None:
            raise InvalidRecord("subTotal", f"missing on a line of product {product}")
        value = Fraction(subtotal) / (rate * tax_factor(order, line))
        yield product, Fraction(standard_quantity(line) or 0), value


def completed_at(order: Raw, *candidates: datetime | None) -> str | None:
    """Return when a completed order was completed: the first date that is known, at last the order date."""
    if not flag(order, "isCompleted"):
        return None
    moment = next((candidate for candidate in candidates if candidate), None) or to_time(
        order.get("orderDate"), "orderDate"
    )
    return None if moment is None else time_text(moment)


def latest(order: Raw, relation: str, field: str) -> datetime | None:
    """Return the last date among an order's movements, None where there is none."""
    dates = (to_time(row.get(field), field) for row in rows(order, relation) or [])
    return max((date for date in dates if date is not None), default=None)
