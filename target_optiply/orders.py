"""Plans for orders: an order keeps its Optiply id while its lines are compared by product, patched, added, removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from target_optiply.compare import differing
from target_optiply.dispatch import Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.writes import Outcome, Writer

Lines = Mapping[str, Mapping[str, Any]]
"""Product's Optiply id to the attributes of its line (``quantity``, ``subtotalValue``, …)."""


def parent_attribute(order: Entity) -> str:
    """Return the attribute by which a line refers to its order."""
    line = ENTITIES[order.line_entity or ""]
    return next(reference.name for reference in line.references if reference.entity == order.name)


def read_lines(writer: Writer, order: Entity, order_id: str) -> Plan[list[dict[str, Any]] | None]:
    """Read the lines of an order; None where that failed."""
    return (yield from writer.read_all(order.line_entity or "", ((parent_attribute(order), order_id),)))


def revise_order(
    writer: Writer,
    order: Entity,
    order_id: str,
    attributes: dict[str, Any] | None,
    lines: Lines | None,
    *,
    prefix: str,
    rows: list[dict[str, Any]] | None = None,
    is_of_its_own: Callable[[str], bool] = lambda _: False,
) -> Plan[Outcome]:
    """Bring an order that stands in Optiply to what it is at the source.

    Args:
        writer: Makes the requests.
        order: ``sellOrders`` or ``buyOrders``.
        order_id: Its Optiply id.
        attributes: What the PATCH carries; None where the order itself has not changed.
        lines: What its lines must be; None where they have not changed.
        prefix: Remote id of the order, which those of its lines begin with.
        rows: Its lines as they stand in Optiply, where they have been read already.
        is_of_its_own: Tells of a line's id whether it came as a record of its own; such a line is no surplus.
    """
    outcome = Outcome("unchanged", order_id)
    if attributes is not None:
        patched = yield from writer.update(order, order_id, attributes)
        if patched.kind != "updated":
            return patched
        outcome.kind = "updated"
        outcome.warnings += patched.warnings
    if lines is not None:
        if rows is None and (rows := (yield from read_lines(writer, order, order_id))) is None:
            return Outcome("unsettled", order_id, reason="its lines could not be read")
        failed = yield from _revise_lines(writer, order, lines, rows, prefix, outcome, is_of_its_own)
        if failed is not None:
            if failed.kind == "missing":  # of an order that is gone, or of a product that is?
                there = yield from writer.read_one(order.name, order_id)
                return there if isinstance(there, Outcome) else Outcome("rejected", order_id, reason=failed.reason)
            return failed
    return outcome


def _revise_lines(
    writer: Writer,
    order: Entity,
    lines: Lines,
    rows: list[dict[str, Any]],
    prefix: str,
    outcome: Outcome,
    is_of_its_own: Callable[[str], bool],
) -> Plan[Outcome | None]:
    """Compare and mend the lines; returns the outcome of the first write that failed."""
    line = ENTITIES[order.line_entity or ""]
    standing: dict[str, dict[str, Any]] = {}
    surplus: list[dict[str, Any]] = []
    for row in rows:
        product = str(row["attributes"].get("productId"))
        if product in lines and product not in standing:
            standing[product] = row
        elif not is_of_its_own(str(row["id"])):
            surplus.append(row)
    for row in surplus:
        result = yield from writer.delete(line, str(row["id"]), soft=False)
        if result.kind != "deleted":
            return result
        outcome.kind = "updated"
    ids: dict[str, str] = {}
    for product, attributes in lines.items():
        there = standing.get(product)
        if there is not None and not differing(line.name, attributes, there["attributes"]):
            ids[product] = str(there["id"])
            continue
        result = Outcome("missing")
        if there is not None:
            result = yield from writer.update(line, str(there["id"]), dict(attributes))
        if result.kind == "missing":
            full = {
                **_present(attributes),
                "productId": int(product),
                parent_attribute(order): int(outcome.optiply_id or 0),
            }
            result = yield from writer.create(line, f"{prefix}_{product}", full)
        if result.kind not in ("created", "updated"):
            return result
        ids[product] = result.optiply_id or ""
        outcome.kind = "updated"
    outcome.lines = ids
    return None


def _present(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
