"""Rows to change: copies of what stands in Optiply, picked by what a test needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from pair.pipeline import Pipeline

Row = dict[str, Any]


def new_id(template: str, number: int) -> str:
    """Return a GUID that no row has, like ``template``."""
    return f"{template[:-4]}f{number:03x}"


def pick(rows: Iterable[Row], suits: Callable[[Row], Any], key: str, ids: Iterable[str]) -> Row:
    """Return a copy of the first row that stands in Optiply and suits."""
    known = set(ids)
    return deepcopy(next(row for row in rows if row[key] in known and suits(row)))


def sale_of(pipeline: Pipeline, suits: Callable[[Row], Any] = bool) -> Row:
    """Return a sales order that stands in Optiply."""
    rows = pipeline.sandbox.control.collection("sales-orders")
    return pick(rows, suits, "salesOrderId", pipeline.expected().rows["sellOrders"])


def purchase_of(pipeline: Pipeline, suits: Callable[[Row], Any] = bool) -> Row:
    """Return a purchase order that stands in Optiply."""
    rows = pipeline.sandbox.control.collection("purchase-orders")
    return pick(rows, suits, "purchaseOrderId", pipeline.expected().rows["buyOrders"])


def product_of(pipeline: Pipeline, suits: Callable[[Row], Any] = bool) -> Row:
    """Return a product that stands in Optiply."""
    rows = pipeline.sandbox.control.collection("products")
    return pick(rows, suits, "productId", pipeline.expected().rows["products"])


def goods(pipeline: Pipeline, row: Row) -> list[Row]:
    """Return the lines of an order that are worth sending."""
    services = pipeline.expected().skipped["products"]
    return [
        line
        for line in row["lines"]
        if line["productId"] not in services and float(line["quantity"]["standardQuantity"] or 0) > 0
    ]


def received(pipeline: Pipeline, row: Row, quantity: str, number: int) -> Row:
    """Return a receipt of a line of the order."""
    line = goods(pipeline, row)[0]
    templates = [
        receipt for order in pipeline.sandbox.control.collection("purchase-orders") for receipt in order["receiveLines"]
    ]
    template = templates[0]
    amount = {**line["quantity"], "standardQuantity": quantity, "uomQuantity": quantity}
    return {
        **template,
        "purchaseOrderReceiveLineId": new_id(template["purchaseOrderReceiveLineId"], number),
        "productId": line["productId"],
        "receiveDate": "2025-06-29T00:00:00+02:00",
        "quantity": amount,
    }
