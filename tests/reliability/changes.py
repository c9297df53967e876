"""A day's work in an inventory: every kind of change once, each on rows of its own, so that every write is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from pair.expected import Expectation
from pair.picks import new_id
from support.control import Control

Row = dict[str, Any]


class _Picker:
    """Hands out copies of rows that stand in Optiply, none of them twice."""

    def __init__(self, rows: Iterable[Row], key: str, standing: Iterable[str]) -> None:
        known = set(standing)
        self._key = key
        self._rows = [deepcopy(row) for row in rows if row[key] in known]

    def take(self, suits: Callable[[Row], Any] = bool) -> Row:
        """Return the first row left that suits; raise ``LookupError`` where there is none."""
        for row in self._rows:
            if suits(row):
                self._rows.remove(row)
                return row
        raise LookupError(f"no row left by {self._key} that suits")


def _amount(line: Row, quantity: str) -> Row:
    return {**line["quantity"], "standardQuantity": quantity, "uomQuantity": quantity}


def change_everything(control: Control, expectation: Expectation) -> None:
    """Change the inventory of a sandbox.

    Args:
        control: The sandbox.
        expectation: What stands in Optiply before.
    """
    inventory, rows = control.inventory(), expectation.rows
    vendors = _Picker(inventory["vendors"], "vendorId", rows["suppliers"])
    vendor = vendors.take(lambda row: row["isActive"])
    vendor["email"] = "orders@changed.test; second@changed.test"
    control.put("vendors", vendor, {**vendor, "vendorId": new_id(vendor["vendorId"], 1), "name": "A new vendor"})
    _change_products(control, inventory, rows)
    services = expectation.skipped["products"]
    _change_sales(control, _Picker(inventory["sales-orders"], "salesOrderId", rows["sellOrders"]), services, rows)
    other = next(key for key in rows["suppliers"] if key != vendor["vendorId"])
    _change_purchases(
        control, _Picker(inventory["purchase-orders"], "purchaseOrderId", rows["buyOrders"]), services, rows, other
    )


def _change_products(control: Control, inventory: dict[str, list[Row]], rows: dict[str, dict[str, Row]]) -> None:
    products = _Picker(inventory["products"], "productId", rows["products"])
    rebuilt = products.take(lambda row: len({part["childProductId"] for part in row["itemBoms"]}) > 1)
    gone = rebuilt["itemBoms"][0]["childProductId"]
    rebuilt["itemBoms"] = [part for part in rebuilt["itemBoms"] if part["childProductId"] != gone]
    rebuilt["itemBoms"][0]["quantity"] = _amount(rebuilt["itemBoms"][0], "17.0000")
    parts = {part["childProductId"] for part in rebuilt["itemBoms"]} | {rebuilt["productId"], gone}
    simple = [row for row in inventory["products"] if row["productId"] in rows["products"] and not row["itemBoms"]]
    added = next(row["productId"] for row in simple if row["productId"] not in parts)
    template = rebuilt["itemBoms"][0]
    rebuilt["itemBoms"].append(
        {
            **template,
            "itemBomId": new_id(template["itemBomId"], 2),
            "childProductId": added,
            "quantity": _amount(template, "3.0000"),
        }
    )
    renamed = products.take(lambda row: row["vendorItems"] and not row["itemBoms"])
    renamed["name"] = "A product of another name"
    dropped = products.take(lambda row: len({item["vendorId"] for item in row["vendorItems"]}) > 1)
    last = max(dropped["vendorItems"], key=lambda item: item["lineNum"] or 0)["vendorId"]
    dropped["vendorItems"] = [item for item in dropped["vendorItems"] if item["vendorId"] != last]
    template = products.take(lambda row: row["vendorItems"] and not row["itemBoms"])
    key = new_id(template["productId"], 3)
    item = template["vendorItems"][0]
    new = {
        **template,
        "productId": key,
        "name": "A new product",
        "sku": "NEW-1",
        "vendorItems": [{**item, "vendorItemId": new_id(item["vendorItemId"], 4), "productId": key}],
        **{name: [] for name in ("inventoryLines", "prices", "productBarcodes", "taxCodes")},
    }
    control.put("products", rebuilt, renamed, dropped, new)
    # Of a product that does not change itself: a version that comes later would make up for a figure that is refused.
    changed = {row["productId"] for row in (rebuilt, renamed, dropped, template)}
    figures = [row for row in inventory["product-summaries"] if row["productId"] in rows["products"].keys() - changed]
    moved = {**figures[0], "rawQuantityAvailable": "4711.00000"}
    control.put("product-summaries", moved, {**figures[1], "productId": key, "rawQuantityAvailable": "12.75000"})


def _goods(row: Row, services: Iterable[str]) -> list[Row]:
    skipped = set(services)
    return [
        line
        for line in row["lines"]
        if line["productId"] not in skipped and float(line["quantity"]["standardQuantity"] or 0) > 0
    ]


def _revise_lines(row: Row, services: Iterable[str], products: Iterable[str], key: str, number: int) -> None:
    """Change one line of an order, remove one, and add one."""
    lines = _goods(row, services)
    removed = lines[0]["productId"]
    changed = next(line for line in lines if line["productId"] != removed)
    changed["quantity"] = _amount(changed, "41.0000")
    changed["subTotal"] = "123.45000"
    there = {line["productId"] for line in row["lines"]}
    added = next(product for product in products if product not in there)
    row["lines"] = [line for line in row["lines"] if line["productId"] != removed]
    row["lines"].append({**changed, key: new_id(changed[key], number), "productId": added})


def _change_sales(control: Control, orders: _Picker, services: Iterable[str], rows: dict[str, dict[str, Row]]) -> None:
    revised = orders.take(lambda row: len({line["productId"] for line in _goods(row, services)}) > 1)
    _revise_lines(revised, services, rows["products"], "salesOrderLineId", 5)
    cancelled = {**orders.take(), "isCancelled": True}
    template = orders.take()
    new = {**template, "salesOrderId": new_id(template["salesOrderId"], 6), "orderNumber": "SO-NEW"}
    control.put("sales-orders", revised, cancelled, new)


def _change_purchases(
    control: Control, orders: _Picker, services: Iterable[str], rows: dict[str, dict[str, Row]], other: str
) -> None:
    def products_of(row: Row) -> int:
        return len({line["productId"] for line in _goods(row, services)})

    corrected = orders.take(lambda row: len(row["receiveLines"]) > 1)
    first, second = corrected["receiveLines"][:2]
    first["quantity"] = _amount(first, "2.0000")
    third = {**second, "purchaseOrderReceiveLineId": new_id(second["purchaseOrderReceiveLineId"], 7)}
    corrected["receiveLines"] = [first, third]
    revised = orders.take(lambda row: not row["receiveLines"] and products_of(row) > 1)
    _revise_lines(revised, services, rows["products"], "purchaseOrderLineId", 8)
    cancelled = {**orders.take(), "isCancelled": True}
    moved = orders.take(lambda row: row["vendorId"] != other)
    moved["vendorId"] = other
    template = orders.take(lambda row: not row["receiveLines"])
    new = {**template, "purchaseOrderId": new_id(template["purchaseOrderId"], 9), "orderNumber": "PO-NEW"}
    control.put("purchase-orders", corrected, revised, cancelled, moved, new)
