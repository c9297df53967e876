"""inFlow's sales orders to Optiply's sell orders."""

from __future__ import annotations

from typing import Any

from target_optiply.convert import to_time
from target_optiply.model import EntityRecord, Facts, Instruction, Remove, Skip, Upsert
from target_optiply.translate.inflow.orders import completed_at, embedded_lines, goods_of, latest, total_of
from target_optiply.translate.reading import Raw, flag, key, word
from target_optiply.translate.settings import MappingSettings


def translate(order_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one sales order: demand counts once it is certain, and no longer when it is withdrawn."""
    withdrawn = _withdrawn(record)
    if withdrawn is not None:
        return [Remove("sellOrders", order_id, withdrawn)]
    goods = goods_of(record)
    if goods is not None and not goods:
        return [Remove("sellOrders", order_id, "no line worth sending")]
    if settings.open_sales_orders == "hold" and not flag(record, "isCompleted"):
        return [Skip("sellOrders", order_id, "not completed yet", remember=False)]
    attributes: dict[str, Any] = {
        "placed": record.get("orderDate"),
        "completed": completed_at(
            record, to_time(record.get("invoicedDate"), "invoicedDate"), latest(record, "shipLines", "shippedDate")
        ),
    }
    order = EntityRecord("sellOrders", order_id, attributes)
    if goods is not None:
        order.lines = embedded_lines(record, goods)
        order.total_of_lines = True
        attributes["totalValue"] = total_of(order.lines)
    return [Upsert(order)]


def _withdrawn(record: Raw) -> str | None:
    status = word(record, "inventoryStatus")
    if flag(record, "isCancelled"):
        return "cancelled"
    if flag(record, "isQuote") or status == "quote":
        return "a quote"
    awaits = flag(record, "needsConfirmation") and key(record, "confirmerTeamMemberId") is None
    return "not confirmed" if awaits or status == "unconfirmed" else None
