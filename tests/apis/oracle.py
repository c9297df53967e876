"""What must stand in Optiply of OptiFlow's and the quick-start API's rows, by the promised mapping alone.

Written from the wording of the mapping; it shares no code with the programs. Rows are as the sandbox holds them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pair.expected import Expectation, Row
from pair.oracle_values import half_up, instant, money, number, text

Rows = Sequence[Mapping[str, Any]]
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_NO_SALE = {"draft", "cancelled", "deleted", "dgii_rejected"}


def optiflow(read: Callable[[str], Rows]) -> Expectation:
    """Return what must stand of a tenant of OptiFlow; ``read`` gives the rows of a list."""
    expectation = Expectation()
    for contact in read("contacts"):
        if contact["contact_type"] == "supplier":
            expectation.rows["suppliers"][str(contact["id"])] = {
                "name": text(contact["name"]),
                "emails": [each for each in re.split(r"[,;\s]+", contact["email"] or "") if _ADDRESS.match(each)],
                "ignored": contact["status"] != "active",
            }
    for product in read("products"):
        if product["product_type"] == "service":
            expectation.skipped["products"][str(product["id"])] = "a service"
            continue
        expectation.rows["products"][str(product["id"])] = {
            "name": text(product["name"]),
            "skuCode": text(product["sku"]),
            "price": money(number(product["price"]) or Fraction(0), "price", 9),
            "stockMeasurementUnit": text(product["unit"], 10),
            "status": "enabled" if product["is_active"] else "disabled",
            "unlimitedStock": not product["track_stock"],
            "stockLevel": math.floor(sum((number(each["quantity"]) or Fraction(0)) for each in product["stocks"])),
        }
    for invoice in read("invoices"):
        day = instant(invoice["issue_date"])
        goods = (
            (str(item["product_id"]), number(item["quantity"]), _less(item["total"], item["tax_amount"]))
            for item in invoice["items"]
            if item["product_id"] is not None
        )
        if invoice["status"] not in _NO_SALE:
            _add_sale(expectation, str(invoice["id"]), {"placed": day, "completed": day}, goods)
    return expectation


def quickstart(read: Callable[[str], Rows], *, items: str = "product") -> Expectation:
    """Return what must stand of the quick-start API's rows, with its orders' items as they are shown."""
    expectation = Expectation()
    for order in read("orders"):
        if order["status"] != "completed":
            continue
        day = instant(order["date"])
        row = {"placed": day, "completed": day}
        if items == "none":
            row["totalValue"] = money(number(order["total"]) or Fraction(0), "totalValue", 17)
            expectation.rows["sellOrders"][str(order["id"])] = row
            continue
        sold = [item for item in order["items"] if item["quantity"] > 0]
        if not sold:
            continue
        # The products come with the order, all that it names.
        for item in order["items"]:
            expectation.rows["products"][str(item["product_id"])] = {
                "name": text(item["product"]["name"]),
                "skuCode": item["product"]["sku"],
                "unlimitedStock": False,
                "status": "enabled",  # Optiply's own default
                "stockLevel": 0,
            }
        goods = ((str(item["product_id"]), number(item["quantity"]), number(item["total"])) for item in sold)
        _add_sale(expectation, str(order["id"]), row, goods)
    return expectation


def _less(total: Any, tax: Any) -> Fraction:
    return (number(total) or Fraction(0)) - (number(tax) or Fraction(0))


def _add_sale(
    expectation: Expectation, key: str, row: Row, goods: Iterable[tuple[str, Fraction | None, Fraction | None]]
) -> None:
    """Add an order with one line a product, of products that are sent; none where no line is left."""
    quantities: dict[str, Fraction] = {}
    values: dict[str, Fraction] = {}
    for product, quantity, value in goods:
        if quantity and quantity > 0 and product not in expectation.skipped["products"]:
            quantities[product] = quantities.get(product, Fraction(0)) + quantity
            values[product] = values.get(product, Fraction(0)) + (value or Fraction(0))
    if not quantities:
        return
    total = Fraction(0)
    for product, quantity in quantities.items():
        value = money(values[product], "subtotalValue", 17)
        total += Fraction(value)
        expectation.rows["sellOrderLines"][f"{key}/{product}"] = {
            "sellOrderId": key,
            "productId": product,
            "quantity": max(half_up(quantity), 1),
            "subtotalValue": value,
        }
    expectation.rows["sellOrders"][key] = {**row, "totalValue": money(total, "totalValue", 17)}
