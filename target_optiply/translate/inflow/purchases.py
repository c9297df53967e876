"""inFlow's purchase orders to Optiply's buy orders and receipts, Optiply's own orders among them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from target_optiply.convert import time_text, to_time
from target_optiply.model import EntityRecord, Facts, Instruction, Reference, Remove, Skip, Upsert
from target_optiply.translate.inflow.orders import (
    completed_at,
    embedded_lines,
    goods_of,
    is_service,
    latest,
    line_id,
    total_of,
)
from target_optiply.translate.money import running_whole
from target_optiply.translate.reading import Raw, flag, key, required_key, rows, standard_quantity, word
from target_optiply.translate.settings import MappingSettings

_LAST = datetime.max.replace(tzinfo=timezone.utc)
_LONGEST_ID = 18


def translate(order_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one purchase order; one that Optiply placed itself is only completed and received upon."""
    is_own, number = own_order(record, settings.optiply_orders)
    if is_own and number is None:
        return [Skip("buyOrders", order_id, "placed by Optiply, but nothing says under which number")]
    withdrawn = "cancelled" if flag(record, "isCancelled") else None
    if flag(record, "isQuote") or word(record, "inventoryStatus") == "quote":
        withdrawn = withdrawn or "a quote"
    goods = goods_of(record)
    if withdrawn is None and goods is not None and not goods:
        withdrawn = "no line worth sending"
    if withdrawn is not None:
        return [Remove("buyOrders", order_id, withdrawn)]
    order = EntityRecord("buyOrders", order_id, optiply_id=number, own=is_own)
    order.attributes["completed"] = completed_at(record, latest(record, "receiveLines", "receiveDate"))
    if goods is not None:
        order.lines = embedded_lines(record, goods)
    if not is_own:
        _placed_by_us(order, record)
    receipts = _receipts(order_id, record, goods)
    if receipts is not None:
        order.children["receiptLines"] = receipts
    return [Upsert(order)]


def own_order(record: Raw, pattern: re.Pattern[str] | None) -> tuple[bool, str | None]:
    """Tell whether Optiply placed an order, and under which id.

    Remarks are prose: a mention of Optiply counts there only together with a number.
    """
    if pattern is None:
        return False, None
    mentioned = False
    for field in ("orderNumber", "vendorOrderNumber", "orderRemarks"):
        text = record.get(field)
        for match in pattern.finditer(text) if isinstance(text, str) else ():
            digits = (match.group(1) or "") if pattern.groups else ""
            if digits.isdigit() and len(digits) <= _LONGEST_ID and int(digits):
                return True, str(int(digits))
            mentioned = mentioned or (bool(match.group()) and field != "orderRemarks")
    return mentioned, None


def _placed_by_us(order: EntityRecord, record: Raw) -> None:
    attributes: dict[str, Any] = order.attributes
    attributes["placed"] = record.get("orderDate")
    if order.lines is not None:
        attributes["totalValue"] = total_of(order.lines)
        order.total_of_lines = True
    if "requestShipDate" in record:
        placed = to_time(record.get("orderDate"), "orderDate")
        expected = to_time(record["requestShipDate"], "requestShipDate")
        is_later = expected is not None and (placed is None or expected >= placed)
        attributes["expectedDeliveryDate"] = time_text(expected) if expected is not None and is_later else None
    vendor = key(record, "vendorId")
    if vendor is not None:
        order.references["supplierId"] = Reference("suppliers", vendor)


def _receipts(order_id: str, record: Raw, goods: list[Raw] | None) -> list[EntityRecord] | None:
    """Map what was received, by product and in the order of time; a share that rounds to nothing is not sent."""
    received = rows(record, "receiveLines")
    if received is None:
        return None
    ordered = None if goods is None else {required_key(line, "productId") for line in goods}
    services = {key(line, "productId") for line in rows(record, "lines") or [] if is_service(line)}
    by_product: dict[str, list[tuple[datetime, str, Raw, Decimal]]] = {}
    for row in received:
        quantity = standard_quantity(row)
        product = required_key(row, "productId")
        if quantity is None or quantity <= 0 or (product in services and product not in (ordered or ())):
            continue
        moment = to_time(row.get("receiveDate"), "receiveDate") or _LAST
        identity = required_key(row, "purchaseOrderReceiveLineId")
        by_product.setdefault(product, []).append((moment, identity, row, quantity))
    receipts = []
    for product, arrivals in by_product.items():
        arrivals.sort(key=lambda arrival: arrival[:2])
        whole = running_whole(Fraction(arrival[3]) for arrival in arrivals)
        for (_, identity, row, _), share in zip(arrivals, whole, strict=True):
            if share < 1:
                continue
            receipts.append(
                EntityRecord(
                    "receiptLines",
                    identity,
                    {"occurred": row.get("receiveDate"), "quantity": share},
                    {"buyOrderLineId": Reference("buyOrderLines", line_id(order_id, product))},
                    defect=None
                    if ordered is None or product in ordered
                    else f"buyOrderLineId: product {product} is on no line of the order",
                )
            )
    return receipts
