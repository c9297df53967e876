"""What must stand in Optiply of sales and purchase orders, their lines and receipts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from fractions import Fraction
from typing import Any

from pair.expected import Expectation, Inventory, Options, Row
from pair.oracle_values import Unsendable, half_up, instant, money, number, same

MONEY_DIGITS = 17
_LAST = datetime.max.replace(tzinfo=timezone.utc)


def sales(inventory: Inventory, options: Options, expectation: Expectation) -> None:
    """Add the sales orders that count as demand, each with one line a product."""
    for order in inventory.sales_orders:
        key = order["salesOrderId"]
        reason = _unwanted_sale(order, options)
        if reason:
            expectation.skipped["sellOrders"][key] = reason
            continue
        row = {"placed": instant(order.get("orderDate")), "completed": None}
        if order["isCompleted"]:
            shipped = [instant(line.get("shippedDate")) for line in order.get("shipLines") or []]
            dates = [instant(order.get("invoicedDate")), _latest(shipped), row["placed"]]
            row["completed"] = next((date for date in dates if date is not None), None)
        _add_order(expectation, "sellOrders", key, order, row)


def _unwanted_sale(order: Mapping[str, Any], options: Options) -> str | None:
    status = order.get("inventoryStatus")
    if order["isCancelled"]:
        return "cancelled"
    if order["isQuote"] or same(status, "quote"):
        return "a quote"
    if same(status, "unconfirmed") or (order.get("needsConfirmation") and not order.get("confirmerTeamMemberId")):
        return "not confirmed"
    if not order["isCompleted"] and options.open_sales_orders == "hold":
        return "held until it is completed"
    return None


def purchases(inventory: Inventory, options: Options, expectation: Expectation) -> None:
    """Add the purchase orders, each with one line a product, and what was received on them."""
    for order in inventory.purchase_orders:
        key = order["purchaseOrderId"]
        if order["isCancelled"] or order["isQuote"] or same(order.get("inventoryStatus"), "quote"):
            expectation.skipped["buyOrders"][key] = "cancelled or a quote"
            continue
        if options.optiply_orders is not None and placed_by_optiply(order, options.optiply_orders):
            # Against an empty Optiply its number names no order there.
            expectation.skipped["buyOrders"][key] = "Optiply's own, not found"
            continue
        placed, wanted = instant(order.get("orderDate")), instant(order.get("requestShipDate"))
        row = {
            "placed": placed,
            "completed": None,
            "expectedDeliveryDate": wanted if wanted and placed and wanted >= placed else None,
            "supplierId": order["vendorId"],
        }
        if order["isCompleted"]:
            received = [instant(line.get("receiveDate")) for line in order.get("receiveLines") or []]
            row["completed"] = _latest(received) or placed
        if order["vendorId"] not in expectation.rows["suppliers"] and _good_lines(expectation, order):
            expectation.orphaned["buyOrders"][key] = f"suppliers {order['vendorId']}"
        else:
            _add_order(expectation, "buyOrders", key, order, row)
        if key not in expectation.skipped["buyOrders"]:
            _add_receipts(expectation, key, order)


def placed_by_optiply(order: Mapping[str, Any], pattern: str) -> bool:
    """Tell whether an order's numbers match, or its remarks match with a number."""
    numbers = (order.get("orderNumber") or "", order.get("vendorOrderNumber") or "")
    remark = re.search(pattern, order.get("orderRemarks") or "")
    return any(re.search(pattern, text) for text in numbers) or bool(remark and remark.groups() and remark.group(1))


def _add_order(expectation: Expectation, entity: str, key: str, order: Mapping[str, Any], row: Row) -> None:
    """Add an order with its lines, or say why it is not sent."""
    lines = _good_lines(expectation, order)
    if not lines:
        expectation.skipped[entity][key] = "no line worth sending"
        return
    unknown = [line["productId"] for line in lines if line["productId"] not in expectation.rows["products"]]
    try:
        kept = _lines_of(order, lines)
        total = sum((Fraction(line["subtotalValue"]) for line in kept.values()), Fraction(0))
        row["totalValue"] = money(total, "totalValue", MONEY_DIGITS)
    except Unsendable as verdict:
        expectation.rejected[entity][key] = str(verdict)
        return
    if row["placed"] is None:
        expectation.rejected[entity][key] = "placed: missing"
        return
    if unknown:
        expectation.orphaned[entity][key] = f"products {unknown[0]}"
        return
    parent, lines_entity = (
        ("sellOrderId", "sellOrderLines") if entity == "sellOrders" else ("buyOrderId", "buyOrderLines")
    )
    expectation.rows[entity][key] = row
    for product, line in kept.items():
        expectation.rows[lines_entity][f"{key}/{product}"] = {**line, parent: key}


def _lines_of(order: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> dict[str, Row]:
    """Return one line a product, rounded after adding up."""
    values, amounts = _sums(order, lines)
    return {
        product: {
            "productId": product,
            "quantity": max(half_up(amounts[product]), 1),
            "subtotalValue": money(value, "subtotalValue", MONEY_DIGITS),
        }
        for product, value in values.items()
    }


def _good_lines(expectation: Expectation, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the lines of goods with a positive quantity."""
    return [
        line
        for line in order.get("lines") or []
        if line["productId"] not in expectation.skipped["products"]
        and line.get("serviceCompleted") is None
        and _amount(line) > 0
    ]


def _amount(line: Mapping[str, Any]) -> Fraction:
    return number((line.get("quantity") or {}).get("standardQuantity")) or Fraction(0)


def _sums(order: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Return value and quantity by product, unrounded: net of tax, in the home currency."""
    rate = number(order.get("exchangeRate"))
    if rate is None or rate <= 0:
        raise Unsendable("exchangeRate: not a positive number")
    values: dict[str, Fraction] = {}
    amounts: dict[str, Fraction] = {}
    for line in lines:
        value = (number(line.get("subTotal")) or Fraction(0)) / rate
        if order["isTaxInclusive"]:
            first, second = (number(line.get(name)) or Fraction(0) for name in ("tax1Rate", "tax2Rate"))
            first, second = first / 100, second / 100
            value /= (1 + first) * (1 + second) if order.get("calculateTax2OnTax1") else 1 + first + second
        product = line["productId"]
        values[product] = values.get(product, Fraction(0)) + value
        amounts[product] = amounts.get(product, Fraction(0)) + _amount(line)
    return values, amounts


def _add_receipts(expectation: Expectation, key: str, order: Mapping[str, Any]) -> None:
    """Add what was received on the order's lines; the rounded receipts of a line add up to the rounded total."""
    received = [line for line in order.get("receiveLines") or [] if _amount(line) > 0]
    received.sort(key=lambda line: (instant(line.get("receiveDate")) or _LAST, line["purchaseOrderReceiveLineId"]))
    running: dict[str, Fraction] = {}
    for line in received:
        receipt, product = line["purchaseOrderReceiveLineId"], line["productId"]
        parent = f"{key}/{product}"
        if product in expectation.skipped["products"]:
            expectation.skipped["receiptLines"][receipt] = "a service"
            continue
        if parent not in expectation.rows["buyOrderLines"]:
            expectation.orphaned["receiptLines"][receipt] = f"buyOrderLines {parent}"
            continue
        before = running.get(product, Fraction(0))
        running[product] = before + _amount(line)
        quantity = half_up(running[product]) - half_up(before)
        occurred = instant(line.get("receiveDate"))
        if occurred is None:
            expectation.rejected["receiptLines"][receipt] = "occurred: missing"
        elif quantity < 1:
            expectation.skipped["receiptLines"][receipt] = "rounded to nothing"
        else:
            expectation.rows["receiptLines"][receipt] = {
                "occurred": occurred,
                "quantity": quantity,
                "buyOrderLineId": parent,
            }


def _latest(dates: list[datetime | None]) -> datetime | None:
    known = [date for date in dates if date is not None]
    return max(known) if known else None
