"""OptiFlow's invoices to Optiply's sell orders: what was invoiced was sold, and left the stock, on that day."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from target_optiply.convert import InvalidRecord
from target_optiply.model import EntityRecord, Facts, Instruction, Remove, Skip, Upsert, Warn
from target_optiply.translate.lines import lines_of, total_of
from target_optiply.translate.reading import Raw, key, number, rows, word
from target_optiply.translate.settings import MappingSettings

_NO_SALE = {
    "draft": "a draft",
    "cancelled": "cancelled",
    "deleted": "deleted",
    "dgii_rejected": "rejected by the tax authority",
}


def translate(invoice_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one invoice; one that is no sale, or no longer, is removed."""
    withdrawn = _NO_SALE.get(word(record, "status"))
    if withdrawn is not None:
        return [Remove("sellOrders", invoice_id, withdrawn)]
    items = rows(record, "items")
    if items is None:
        return [
            Skip("sellOrders", invoice_id, "without its items", remember=False),
            Warn("invoices.items", "invoices: the API gave them without their items; such invoices are not sent"),
        ]
    lines = lines_of(_goods(items))
    if not lines:
        return [Remove("sellOrders", invoice_id, "no line worth sending")]
    date = record.get("issue_date")
    attributes = {"placed": date, "completed": date, "totalValue": total_of(lines)}
    return [Upsert(EntityRecord("sellOrders", invoice_id, attributes, lines=lines, total_of_lines=True))]


def _goods(items: list[Raw]) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Return product, quantity and value without tax of each item that is of a product."""
    for item in items:
        product, quantity = key(item, "product_id"), number(item, "quantity")
        if product is not None and quantity is not None and quantity > 0:
            yield product, Fraction(quantity), _net_value(item, product)


def _net_value(item: Raw, product: str) -> Fraction:
    """Return what was paid for an item, less tax; a discount is off the total, and may not be off the subtotal."""
    total, tax, subtotal = (number(item, name) for name in ("total", "tax_amount", "subtotal"))
    if total is not None:
        return Fraction(total) - Fraction(tax or 0)
    if subtotal is None:
        raise InvalidRecord("total", f"missing on an item of product {product}")
    return Fraction(subtotal)
