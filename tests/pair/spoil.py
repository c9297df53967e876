"""Rows that Optiply cannot hold, put into a sandbox's inventory: each kind of rejection once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from support.control import Control

Row = dict[str, Any]


def _bom_line(template: Row, composed: str, child: str, quantity: str, number: int) -> Row:
    """Return a component line like ``template``, with an id of its own."""
    amount = {**template["quantity"], "standardQuantity": quantity, "uomQuantity": quantity}
    key = template["itemBomId"][:-2] + f"{number:02x}"
    return {**template, "itemBomId": key, "productId": composed, "childProductId": child, "quantity": amount}


def spoil(control: Control) -> None:
    """Change the inventory so that some records cannot be sent.

    Afterwards a composition needs a fraction of a part, two products are parts of each other, a price has too many
    digits, and an order has no exchange rate to speak of.
    """
    products = deepcopy(control.collection("products"))
    assembled = [row for row in products if row["itemBoms"]]
    template = assembled[0]["itemBoms"][0]
    goods = [row for row in products if row["itemType"] == "stockedProduct" and not row["itemBoms"]]
    changed = []

    fraction = assembled[0]
    fraction["itemBoms"][0]["quantity"]["standardQuantity"] = "2.5000"
    changed.append(fraction)

    taken = {line["childProductId"] for row in assembled for line in row["itemBoms"]}
    first, second, dear = [row for row in goods if row["productId"] not in taken][:3]
    for number, (row, other) in enumerate(((first, second), (second, first))):
        row["itemBoms"] = [_bom_line(template, row["productId"], other["productId"], "1.0000", 0xA0 + number)]
        changed.append(row)

    dear["defaultPrice"] = {**_price(products), "productId": dear["productId"], "unitPrice": "99999999999999.00000"}
    # With ten digits however many standard units one sales unit holds.
    changed.append(dear)
    control.put("products", *changed)

    orders = deepcopy(control.collection("sales-orders"))
    order = next(row for row in orders if row["isCompleted"] and not row["isCancelled"] and not row["isQuote"])
    order["exchangeRate"] = "0.0000000000"
    control.put("sales-orders", order)


def _price(products: list[Row]) -> Row:
    return next(dict(row["defaultPrice"]) for row in products if (row["defaultPrice"] or {}).get("unitPrice"))
