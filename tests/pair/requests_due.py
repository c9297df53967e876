"""Which requests of the target two expectations force: its writes and, by their kind, its reads."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

from pair.expected import Expectation
from pair.picks import new_id
from pair.pipeline import EMBEDDED, due_writes
from support.control import Control

Row = dict[str, Any]


def due_reads(before: Expectation, after: Expectation) -> Counter[str]:
    """Return the reads that take Optiply from one expectation to the other, by kind, and no more.

    One list per entity of which something must be created (does it stand already?), one per order whose lines differ
    (their ids are Optiply's), and one per new buy order with receipts (they belong to its lines).
    """
    due: Counter[str] = Counter()
    for kind in due_writes(before, after):
        method, _, entity = kind.partition(" ")
        created = after.rows[entity].keys() - before.rows[entity].keys()
        if method == "POST" and created:
            due[f"GET {entity}"] += entity not in EMBEDDED
    for entity, parent in EMBEDDED.items():
        orders = parent.removesuffix("Id") + "s"
        rows = (before.rows[entity], after.rows[entity])
        touched = {
            (rows[1].get(key) or rows[0][key])[parent]
            for key in rows[0].keys() | rows[1].keys()
            if rows[0].get(key) != rows[1].get(key)
        }
        due[f"GET {entity}"] += len(touched & before.rows[orders].keys() & after.rows[orders].keys())
    lines = after.rows["buyOrderLines"]
    received = {lines[receipt["buyOrderLineId"]]["buyOrderId"] for receipt in after.rows["receiptLines"].values()}
    due["GET buyOrderLines"] += len(received - before.rows["buyOrders"].keys())
    return +due


def reads(control: Control) -> Counter[str]:
    """Return the kinds of the reads that Optiply's entities were asked for."""
    return Counter(entry["kind"] for entry in control.log() if entry["api"] == "optiply" and entry["method"] == "GET")


def change_a_share(control: Control, share: float, before: Expectation) -> None:
    """Change a share of products and orders, and place a share of new purchase orders, some with receipts.

    Args:
        control: The sandbox.
        share: 0.01 changes one row in a hundred, but at least one.
        before: What stands in Optiply; what does not is left alone.
    """
    products = _some(control, "products", "productId", before.rows["products"], share)
    for row in products:
        row["name"] += " (new)"
    control.put("products", *products)
    sales = _some(control, "sales-orders", "salesOrderId", before.rows["sellOrders"], share)
    purchases = _some(control, "purchase-orders", "purchaseOrderId", before.rows["buyOrders"], share)
    for order in (*sales, *purchases):
        for line in order["lines"]:
            _add(line["quantity"], 3)
    control.put("sales-orders", *sales)
    control.put("purchase-orders", *purchases)
    control.put("purchase-orders", *(_placed_again(order, number) for number, order in enumerate(purchases)))


def _some(control: Control, collection: str, key: str, known: dict[str, Row], share: float) -> list[Row]:
    rows = [row for row in control.collection(collection) if row[key] in known]
    return deepcopy(rows[:: max(1, round(1 / share))])


def _add(quantity: Row, more: int) -> None:
    for name in ("standardQuantity", "uomQuantity"):
        whole, _, rest = str(quantity[name]).partition(".")
        quantity[name] = f"{int(whole) + more}.{rest or '0000'}"


def _placed_again(order: Row, number: int) -> Row:
    """Return an order like another, with ids of its own."""
    new = deepcopy(order)
    new["purchaseOrderId"] = new_id(order["purchaseOrderId"], number % 4096)
    new["orderNumber"] = f"{order['orderNumber']}-again"
    for name, key in (("lines", "purchaseOrderLineId"), ("receiveLines", "purchaseOrderReceiveLineId")):
        for row in new[name]:
            row[key] = new_id(row[key], number % 4096)
    return new
