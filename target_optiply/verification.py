"""``verify_days``: hold what the state knows of an entity against what stands in Optiply, and have it repaired.

A row that is gone is forgotten, so that its record is created when it comes again. A row that is there is compared with
its record when that comes in this run; where it does not come, and the row was changed after our last full write, its
hash is dropped, so that the record is written whenever it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from target_optiply.books import Books
from target_optiply.convert import InvalidRecord, to_time
from target_optiply.dispatch import Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.jobs import Key
from target_optiply.opening import NATURAL
from target_optiply.orders import parent_attribute
from target_optiply.store import Entry, Status
from target_optiply.writes import MARGIN, Outcome, Writer

_FEW, _MOST_PERCENT = 20, 10  # rows that may be gone at once; a list that lacks more is doubted
_json = msgspec.json.Encoder()


class Verification:
    """Verifies one entity.

    Args:
        writer: Makes the requests.
        books: What is known.
        entity: Which entity.
    """

    def __init__(self, writer: Writer, books: Books, entity: Entity) -> None:
        self._writer = writer
        self._books = books
        self._entity = entity
        self.changed = 0
        self.gone = 0

    def run(self) -> Plan[bool]:
        """Read every row of the entity; False where reading failed, and then nothing is concluded."""
        store = self._books.store
        store.begin_presence(self._entity.name)
        if not (yield from self._writer.read_pages(self._entity.name, (), self._take)):
            return False
        lines = ENTITIES.get(self._entity.line_entity or "")
        if lines is not None and not (yield from self._writer.read_pages(lines.name, (), partial(self._file, lines))):
            return False
        absent = store.absent(self._entity.name)
        if len(absent) > max(_FEW, store.counts().get(self._entity.name, 0) * _MOST_PERCENT // 100):
            self._books.say(
                f"{self._entity.name}: {len(absent)} known rows are not listed by Optiply any more; that is too many "
                "to be believed, and nothing is concluded from it"
            )
            return True
        for entry in absent:
            row = yield from self._writer.read_one(self._entity.name, entry.optiply_id or "")
            if isinstance(row, Outcome) and row.kind == "missing":
                self.gone += 1
                self._books.forget_row(Key(self._entity.name, entry.remote_id))
        if self.changed or self.gone:
            self._books.say(
                f"{self._entity.name}: {self.changed} rows were changed in Optiply and {self.gone} are gone there; "
                "they are mended when their records come"
            )
        return True

    def _file(self, entity: Entity, rows: list[dict[str, Any]]) -> None:
        """File order lines under their orders, so that these are compared without reading their lines one by one."""
        parent = parent_attribute(self._entity)
        for row in rows:
            order, identity = f"#{row['attributes'].get(parent)}", str(row["id"])
            name = f"{NATURAL}{order}{NATURAL}{identity}"
            payload = _json.encode(row["attributes"])
            self._books.store.put(Entry(entity.name, name, identity, None, Status.ADOPTED, order, payload=payload))

    def _take(self, rows: list[dict[str, Any]]) -> None:
        store = self._books.store
        for row in rows:
            store.note_present(self._entity.name, str(row["id"]))
            entry = store.known_as(self._entity.name, str(row["id"]))
            if entry is None or entry.status != Status.SENT:
                continue
            attributes = row["attributes"]
            stock = attributes.get(self._entity.stock_attribute or "")
            entry = entry._replace(status=Status.ADOPTED, payload=_json.encode(attributes))
            if stock is not None and str(stock).partition(".")[0].lstrip("-").isdigit():
                entry = entry._replace(stock=int(str(stock).partition(".")[0]))
            if _changed_after_us(attributes):
                self.changed += 1
                entry = entry._replace(hash=None)
            store.put(entry)


def _changed_after_us(attributes: Mapping[str, Any]) -> bool:
    """Whether a row was changed well after the date that our last full write of it left there."""
    ours, theirs = _time(attributes.get("remoteDataSyncedToDate")), _time(attributes.get("updatedAt"))
    return ours is not None and theirs is not None and theirs - ours > MARGIN


def _time(value: Any) -> datetime | None:
    try:
        return to_time(value, "updatedAt")
    except InvalidRecord:
        return None
