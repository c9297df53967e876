"""``verify_days``: hold what the state knows of an entity against what stands in Optiply, and have it repaired.

A row that is gone is forgotten, so that its record is created when it comes again. A row that is there is compared with
its record when that comes in this run; where it does not come, and the row was changed after our last full write, its
hash is dropped, so that the record is written whenever it comes. Orders and their lines are verified together: of an
order whose lines are others now, the part of the hash that is its lines' is dropped.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from target_optiply.books import Books
from target_optiply.convert import InvalidRecord, to_time
from target_optiply.difference import products_of, without_lines
from target_optiply.dispatch import Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.jobs import Key
from target_optiply.orders import parent_attribute
from target_optiply.tables import NATURAL, Entry, Status
from target_optiply.writes import MARGIN, Outcome, Writer

_FEW, _MOST_PERCENT = 20, 10  # rows that may be gone at once; a list that lacks more is doubted
_json = msgspec.json.Encoder()


class Verification:
    """Verifies one entity, orders with their lines.

    Args:
        writer: Makes the requests.
        books: What is known.
        entity: Which entity.
    """

    def __init__(self, writer: Writer, books: Books, entity: Entity) -> None:
        self._writer = writer
        self._books = books
        self._store = books.store
        self._entity = entity
        self._lines = ENTITIES.get(entity.line_entity or "")
        self._changed: Counter[str] = Counter()

    def run(self) -> Plan[bool]:
        """Read every row of the entity; False where reading failed, and then nothing is concluded."""
        entities = [self._entity] if self._lines is None else [self._entity, self._lines]
        for entity in entities:
            self._store.begin_presence(entity.name)
            if not (yield from self._writer.read_pages(entity.name, (), partial(self._take, entity))):
                return False
        for entity in entities:
            gone = yield from self._forget_gone(entity)
            if entity.line_entity is not None:
                self._compare_lines()
            changed = self._changed[entity.name]
            if changed or gone:
                found = f"{changed} rows were changed in Optiply and {gone} are gone there"
                self._books.say(f"{entity.name}: {found}; they are mended when their records come")
        return True

    def _take(self, entity: Entity, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self._store.note_present(entity.name, str(row["id"]))
            entry = self._store.known_as(entity.name, str(row["id"]))
            if entry is not None and entry.status == Status.SENT:
                self._hold_against(entity, entry, row["attributes"])
            if entity is self._lines:
                self._file(entity, row)

    def _hold_against(self, entity: Entity, entry: Entry, attributes: dict[str, Any]) -> None:
        stock = attributes.get(entity.stock_attribute or "")
        entry = entry._replace(status=Status.ADOPTED, payload=_json.encode(attributes))
        if stock is not None and str(stock).partition(".")[0].lstrip("-").isdigit():
            entry = entry._replace(stock=int(str(stock).partition(".")[0]))
        if _is_later(attributes.get("updatedAt"), attributes.get("remoteDataSyncedToDate")):
            self._changed[entity.name] += 1
            entry = entry._replace(hash=None)
        self._store.put(entry)

    def _file(self, entity: Entity, row: dict[str, Any]) -> None:
        """File an order line under its order, so that orders are compared without reading their lines one by one."""
        order, identity = f"#{row['attributes'].get(parent_attribute(self._entity))}", str(row["id"])
        name = f"{NATURAL}{order}{NATURAL}{identity}"
        payload = _json.encode(row["attributes"])
        self._store.put(Entry(entity.name, name, identity, None, Status.ADOPTED, order, payload=payload))

    def _forget_gone(self, entity: Entity) -> Plan[int]:
        """Forget the rows that are not there any more; returns how many."""
        absent = self._store.absent(entity.name)
        if len(absent) > max(_FEW, self._store.counts().get(entity.name, 0) * _MOST_PERCENT // 100):
            self._books.say(
                f"{entity.name}: {len(absent)} known rows are not listed by Optiply any more; that is too many "
                "to be believed, and nothing is concluded from it"
            )
            return 0
        gone = 0
        for entry in absent:
            row = yield from self._writer.read_one(entity.name, entry.optiply_id or "")
            if isinstance(row, Outcome) and row.kind == "missing":
                gone += 1
                self._books.forget_row(Key(entity.name, entry.remote_id))
        return gone

    def _compare_lines(self) -> None:
        """See of each order whether its lines are for the products they were sent for, and untouched since."""
        orders = self._store.entries(status=Status.ADOPTED)
        for entry in [each for each in orders if each.entity == self._entity.name and each.hash is not None]:
            if self._has_other_lines(entry):
                self._changed[entry.entity] += 1
                self._store.put(entry._replace(hash=without_lines(entry.hash)))

    def _has_other_lines(self, order: Entry) -> bool:
        if self._lines is None or not (products := products_of(order.refs)):
            return False
        synced_at = msgspec.json.decode(order.payload or b"{}").get("remoteDataSyncedToDate")
        standing = []
        for filed in self._store.owned(self._lines.name, f"#{order.optiply_id}"):
            if self._books.is_of_its_own(self._lines.name, filed.optiply_id or ""):
                continue
            attributes = msgspec.json.decode(filed.payload or b"{}")
            if _is_later(attributes.get("updatedAt"), synced_at):
                return True
            standing.append(str(attributes.get("productId")))
        return sorted(standing) != sorted(map(self._id_of, products))

    def _id_of(self, product: str) -> str:
        if product.startswith("#"):
            return product[1:]
        entry = self._store.get("products", product)
        return (entry.optiply_id if entry is not None else None) or ""


def _is_later(changed: Any, synced: Any) -> bool:
    """Whether a row was changed well after the date that our last full write left."""
    ours, theirs = _time(synced), _time(changed)
    return ours is not None and theirs is not None and theirs - ours > MARGIN


def _time(value: Any) -> datetime | None:
    try:
        return to_time(value, "updatedAt")
    except InvalidRecord:
        return None
