"""The quick-start API's orders to Optiply's sell orders.

Of an order only its id and times are documented. What else is read here is inferred, under every name that such APIs
give it; what is missing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from target_optiply.convert import InvalidRecord, time_text, to_time
from target_optiply.model import EntityRecord, Facts, Instruction, Remember, Remove, Skip, Upsert
from target_optiply.translate.lines import lines_of, total_of
from target_optiply.translate.money import cents
from target_optiply.translate.reading import Raw, key, nested, number, rows, word
from target_optiply.translate.settings import MappingSettings

_DATES = ("date", "order_date", "ordered_at", "placed_at", "created_at")
_TOTALS = ("total", "total_amount", "amount")
_ITEMS = ("items", "lines", "order_items", "products")
_VALUES = ("total", "subtotal", "amount")
_PRICES = ("price", "unit_price")
_WITHDRAWN = frozenset({"cancelled", "canceled", "draft", "quote", "deleted", "refunded", "rejected"})
_COMPLETED = frozenset(
    {"completed", "complete", "closed", "delivered", "done", "fulfilled", "invoiced", "paid", "shipped"}
)
_BROUGHT = "from_line"


def translate(order_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:
    """Map one order: demand counts once it is certain, and no longer when it is withdrawn."""
    status = word(record, "status")
    if status in _WITHDRAWN:
        return [Remove("sellOrders", order_id, status)]
    # Where orders have no status, they are sales like any other.
    completed = not status or status in _COMPLETED
    if settings.open_sales_orders == "hold" and not completed:
        return [Skip("sellOrders", order_id, "not completed yet", remember=False)]
    placed = next((moment for name in _DATES if (moment := to_time(record.get(name), name))), None)
    if placed is None:
        raise InvalidRecord("created_at", "missing")
    items = next((found for name in _ITEMS if (found := rows(record, name)) is not None), None)
    order = EntityRecord("sellOrders", order_id, {"placed": time_text(placed)})
    order.attributes["completed"] = order.attributes["placed"] if completed else None
    instructions: list[Instruction] = []
    if items is not None:
        order.lines = lines_of(_goods(items))
        if not order.lines:
            return [Remove("sellOrders", order_id, "no line worth sending")]
        order.total_of_lines = True
        order.attributes["totalValue"] = total_of(order.lines)
        instructions += _products(items, facts)
    else:
        total = _first_number(record, _TOTALS)
        order.attributes["totalValue"] = None if total is None else cents(Fraction(total))
    return [*instructions, Upsert(order)]


def _goods(items: list[Raw]) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Return product, quantity and value of each item that is of a product."""
    for item in items:
        product, quantity = _product_id(item), number(item, "quantity")
        if product is None or quantity is None or quantity <= 0:
            continue
        value, price = _first_number(item, _VALUES), _first_number(item, _PRICES)
        if value is None and price is None:
            raise InvalidRecord("total", f"missing on an item of product {product}")
        yield product, Fraction(quantity), Fraction(value) if value is not None else Fraction(quantity * (price or 0))


def _products(items: list[Raw], facts: Facts) -> list[Instruction]:
    """Bring the products over that items carry: there is no list of them. Once, since what an item says may be old."""
    made: dict[str, list[Instruction]] = {}
    for item in items:
        product, carried = _product_id(item), nested(item, "product")
        if product is None or carried is None or not carried.get("name") or facts.get(_BROUGHT, product):
            continue
        attributes: dict[str, Any] = {"name": carried["name"]}
        if carried.get("sku") is not None:
            attributes["skuCode"] = carried["sku"]
        made[product] = [Upsert(EntityRecord("products", product, attributes)), Remember(_BROUGHT, product, "true")]
    return [each for instructions in made.values() for each in instructions]


def _product_id(item: Raw) -> str | None:
    product = key(item, "product_id")
    carried = nested(item, "product")
    return product if product is not None or carried is None else key(carried, "id")


def _first_number(record: Raw, names: tuple[str, ...]) -> Decimal | None:
    return next((value for name in names if (value := number(record, name)) is not None), None)
