"""A record that refers to another one now: its row is deleted, with what hangs on it, and all of it created again.

Optiply deletes an order's lines and their receipts with it. Those that come again with the record are written from it;
the others are read before, and wait on disk until the new row is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from target_optiply.books import Books
from target_optiply.difference import hash_of
from target_optiply.dispatch import Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.model import EntityRecord, Line, Reference
from target_optiply.orders import read_lines
from target_optiply.records import check
from target_optiply.tables import Entry
from target_optiply.writes import Outcome, Writer

_ORDERS, _LINES, _RECEIPTS = "buyOrders", "buyOrderLines", "receiptLines"
_LINE_REFERENCE = "buyOrderLineId"
_UNREAD = Outcome("unsettled", reason="what would be deleted with it could not be read")
Row = dict[str, Any]


class Replacing:
    """Makes plans that delete a row and keep what is deleted with it.

    Args:
        writer: Makes the requests.
        books: What is known, and where children wait.
        lanes: Tell which children come again with their record.
    """

    def __init__(self, writer: Writer, books: Books, lanes: Lanes) -> None:
        self._writer = writer
        self._books = books
        self._store = books.store
        self._lanes = lanes

    def deletion(self, job: Job, entry: Entry) -> Plan[Outcome]:
        """Return the plan that deletes the row of a record that is to be created again."""
        entity, identity = ENTITIES[entry.entity], entry.optiply_id or ""
        lines: list[Row] | None = []
        if entity.name == _ORDERS:
            lines = yield from read_lines(self._writer, entity, identity)
        elif entity.name == _LINES:
            row = yield from self._writer.read_one(entity.name, identity)
            lines = [] if isinstance(row, Outcome) else [row]
        if lines is None:
            return _UNREAD
        children = list(self._own_lines(job, lines)) if entity.name == _ORDERS else []
        for line in lines:
            receipts = yield from self._writer.read_all(_RECEIPTS, ((_LINE_REFERENCE, str(line["id"])),))
            if receipts is None:
                return _UNREAD
            children += self._receipts(job, line, receipts)
        if entity.name == _ORDERS and job.record.lines is None:
            job.record.lines = self._embedded(lines)
        for child in children:
            self._store.forget_gone(*child.key)
            self._books.park(child, job.key)
        return (yield from self._writer.delete(entity, identity, soft=False))

    def _embedded(self, lines: list[Row]) -> list[Line]:
        """Return the lines of an order that came without its list, as they stand."""
        kept = [
            Line(self._product(line), _attributes(ENTITIES[_LINES], line))
            for line in lines
            if not self._books.is_of_its_own(_LINES, str(line["id"]))
        ]
        return check(EntityRecord(_ORDERS, None, lines=kept))[0].lines or []

    def _own_lines(self, job: Job, lines: list[Row]) -> Iterator[Job]:
        """Yield the lines that came as records of their own."""
        for line in lines:
            known = self._store.known_as(_LINES, str(line["id"]))
            if known is not None and known.owner is None and self._is_left_alone(known):
                references = {"productId": self._product(line), "buyOrderId": _to(job.key)}
                yield _job(
                    known, EntityRecord(_LINES, known.remote_id, _attributes(ENTITIES[_LINES], line), references)
                )

    def _receipts(self, job: Job, line: Row, rows: list[Row]) -> Iterator[Job]:
        parent = self._store.known_as(_LINES, str(line["id"]))
        if parent is None or parent.owner is not None:  # receipts know the lines of a list by their product
            order = job.key.remote_id if job.key.entity == _ORDERS else ""
            name = f"{order}_{self._product(line).remote_id}"
        else:
            name = parent.remote_id
        for row in rows:
            known = self._store.known_as(_RECEIPTS, str(row["id"]))
            if known is not None and self._is_left_alone(known):
                references = {_LINE_REFERENCE: Reference(_LINES, name)}
                attributes = _attributes(ENTITIES[_RECEIPTS], row)
                yield _job(known, EntityRecord(_RECEIPTS, known.remote_id, attributes, references))

    def _is_left_alone(self, child: Entry) -> bool:
        """Whether nothing in this run says what becomes of a child."""
        key = Key(child.entity, child.remote_id)
        return not self._lanes.is_busy(key) and key not in self._books.removals

    def _product(self, line: Row) -> Reference:
        identity = str(line["attributes"].get("productId"))
        known = self._store.known_as("products", identity)
        return Reference("products", None, identity) if known is None else _to(Key("products", known.remote_id))


def _to(key: Key) -> Reference:
    """Return the reference to a record; what has no remote id is keyed by its Optiply id."""
    if key.remote_id.startswith("#"):
        return Reference(key.entity, None, key.remote_id[1:])
    return Reference(key.entity, key.remote_id)


def _attributes(entity: Entity, row: Row) -> dict[str, Any]:
    """Return what a row says of the attributes that can be written."""
    said = row["attributes"]
    return {each.name: said[each.name] for each in entity.attributes if said.get(each.name) is not None}


def _job(known: Entry, record: EntityRecord) -> Job:
    checked, _ = check(record)
    return Job(checked, owner=known.owner, hash=hash_of(checked))
