"""Optiply's rows against the expectation: nothing missing, nothing twice, nothing extra, every value exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pair.expected import ENTITIES, Expectation, Row
from pair.oracle_values import instant
from support.control import Control

REFERENCES = {
    "productId": "products",
    "composedProductId": "products",
    "partProductId": "products",
    "supplierId": "suppliers",
    "sellOrderId": "sellOrders",
    "buyOrderId": "buyOrders",
    "buyOrderLineId": "buyOrderLines",
}
# Entities that are known by the records they tie together rather than by a remote id of their own.
PAIRED = {
    "productCompositions": ("composedProductId", "partProductId"),
    "sellOrderLines": ("sellOrderId", "productId"),
    "buyOrderLines": ("buyOrderId", "productId"),
}
MONEY = frozenset({"price", "totalValue", "subtotalValue"})
DATES = frozenset({"placed", "completed", "expectedDeliveryDate", "occurred"})
# What the server sets itself, and when the data was read: neither comes from the inventory.
UNMAPPED = frozenset(
    {"uuid", "createdAt", "updatedAt", "createdFromPublicApi", "accountId", "novel", "category", "productUuid"}
    | {"remoteId", "remoteIdMap", "remoteDataSyncedToDate"}
)
NOTHING: tuple[Any, ...] = (None, False, [], "")
DIFFERENCES_SHOWN = 40
WHOLE_DAYS = frozenset(timedelta(days=days) for days in range(1, 1000))


@dataclass
class Standing:
    """What stands in Optiply, keyed as the expectation is, and what cannot be keyed.

    Attributes:
        rows: Entity to key to attributes, references as keys.
        ids: Entity to key to Optiply id.
        problems: Rows that stand twice, point nowhere or belong to nobody, one sentence each.
    """

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def standing(control: Control, *, account_id: int, coupling_id: int) -> Standing:
    """Read an account of the sandbox's Optiply, references resolved to remote ids."""
    found = Standing()
    keys: dict[str, dict[int, str]] = defaultdict(dict)
    for entity in ENTITIES:
        rows = found.rows[entity] = {}
        ids = found.ids[entity] = {}
        for stored in control.optiply(entity, account_id=account_id):
            name = f"{entity} {stored['id']}"
            row = {key: _value(key, value) for key, value in stored["attributes"].items() if key not in UNMAPPED}
            for attribute in REFERENCES.keys() & row.keys():
                target = keys[REFERENCES[attribute]].get(int(row[attribute]))
                if target is None:
                    found.problems.append(f"{name}: {attribute} {row[attribute]} stands nowhere")
                row[attribute] = target
            key = _key(entity, stored, row)
            if key is None:
                found.problems.append(f"{name}: has no remote id")
                continue
            if entity not in PAIRED and stored["couplingId"] != coupling_id:
                found.problems.append(f"{name}: stands under coupling {stored['couplingId']}, not {coupling_id}")
            if key in rows:
                found.problems.append(f"{entity} {key}: stands twice, as {ids[key]} and {stored['id']}")
            rows[key], ids[key] = row, stored["id"]
            keys[entity][int(stored["id"])] = key
    return found


def _key(entity: str, stored: Mapping[str, Any], row: Row) -> str | None:
    if entity not in PAIRED:
        remote: str | None = stored["remoteId"]
        return remote
    parts = [row.get(attribute) for attribute in PAIRED[entity]]
    return None if None in parts else "/".join(map(str, parts))


def _value(attribute: str, value: Any) -> Any:
    """Bring a stored value to the type that the expectation has."""
    if value is None:
        return None
    if attribute in MONEY:
        return Decimal(value)
    if attribute in DATES:
        return instant(value)
    if attribute == "status":
        return value.lower()
    return value


def differences(expectation: Expectation, found: Standing) -> list[str]:
    """Return one sentence for everything in Optiply that is not as expected; an empty list where all is."""
    result = list(found.problems)
    for entity in ENTITIES:
        wanted = dict(expectation.rows[entity])
        rows = found.rows[entity]
        if entity == "productCompositions":
            _settle_pairs(expectation, wanted, rows, result)
        result += [f"{entity} {key}: missing" for key in wanted.keys() - rows.keys()]
        for key in rows.keys() - wanted.keys():
            why = next(
                (
                    f"{word}: {reasons[entity][key]}"
                    for word, reasons in (
                        ("skipped", expectation.skipped),
                        ("rejected", expectation.rejected),
                        ("orphaned", expectation.orphaned),
                    )
                    if key in reasons[entity]
                ),
                "not in the inventory",
            )
            result.append(f"{entity} {key}: should not stand ({why})")
        for key in wanted.keys() & rows.keys():
            result += _row_differences(entity, key, wanted[key], rows[key])
    return sorted(result)


def _settle_pairs(expectation: Expectation, wanted: dict[str, Row], rows: Mapping[str, Row], result: list[str]) -> None:
    """Of two compositions that reverse each other exactly one stands, whichever came first."""
    for pair in expectation.either:
        present = [key for key in pair if key in rows]
        if len(present) != 1:
            result.append(f"productCompositions {' and '.join(pair)}: exactly one must stand, found {len(present)}")
        for key in pair:
            if key not in present:
                wanted.pop(key, None)


def _row_differences(entity: str, key: str, wanted: Row, row: Row) -> list[str]:
    result = []
    for attribute in sorted(wanted.keys() | row.keys()):
        stands = row.get(attribute)
        if attribute in wanted:
            right = _equal(wanted[attribute], stands) or _default(entity, attribute, wanted, row)
        else:
            right = stands in NOTHING or _default(entity, attribute, wanted, row)
        if not right:
            expected = wanted.get(attribute, "nothing")
            result.append(f"{entity} {key}: {attribute}: expected {_shown(expected)}, stands {_shown(stands)}")
    return result


def _equal(wanted: Any, stands: Any) -> bool:
    if wanted is None or wanted == []:
        return stands in (None, [], "")
    # True is not 1 here, and 12.0 is not 12: the value stands as it was promised.
    return type(wanted) is type(stands) and bool(wanted == stands)


def _default(entity: str, attribute: str, wanted: Row, row: Row) -> bool:
    """Tell whether a date that the mapping leaves out is one that Optiply fills in itself.

    On a line it is Optiply's own affair; for an order without a date Optiply adds the supplier's delivery time, in
    days, to the day it was placed.
    """
    if attribute != "expectedDeliveryDate" or wanted.get(attribute) is not None:
        return False
    placed = row.get("placed")
    return entity == "buyOrderLines" or (isinstance(placed, datetime) and row[attribute] - placed in WHOLE_DAYS)


def _shown(value: Any) -> str:
    return (
        value.isoformat() if isinstance(value, datetime) else repr(str(value) if isinstance(value, Decimal) else value)
    )


def assert_stands(control: Control, expectation: Expectation, *, account_id: int, coupling_id: int) -> Standing:
    """Fail with a readable list where an account of Optiply is not exactly as expected; return what stands."""
    found = standing(control, account_id=account_id, coupling_id=coupling_id)
    wrong = differences(expectation, found)
    more = f"\n… and {len(wrong) - DIFFERENCES_SHOWN} more" if len(wrong) > DIFFERENCES_SHOWN else ""
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:DIFFERENCES_SHOWN]) + more
    return found
