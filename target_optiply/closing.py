"""The end of the input: what still waits is tried once more or rejected, and what is gone at the source is removed."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec

from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher
from target_optiply.engine import Engine
from target_optiply.entities import ENTITIES
from target_optiply.jobs import Job, Key
from target_optiply.tables import Entry, Repeated, Status
from target_optiply.writes import Outcome, Search, Writer

_json = msgspec.json.Decoder(float_hook=str)
_FEW = 20  # removals of an entity that are never too many


class Closing:
    """What a run does once it has read all its input; what each step starts must settle before the next.

    Args:
        engine: Brings jobs to Optiply.
        books: What is known and booked.
        writer: Makes plans.
        dispatcher: Carries them out.
        soft: Whether rows are switched off rather than deleted, where there is such a form.
        most_percent: Share of an entity's known rows above which none of it is removed.
    """

    def __init__(
        self, engine: Engine, books: Books, writer: Writer, dispatcher: Dispatcher, *, soft: bool, most_percent: float
    ) -> None:
        self._engine = engine
        self._books = books
        self._store = books.store
        self._writer = writer
        self._dispatcher = dispatcher
        self._soft = soft
        self._most_percent = most_percent
        self._known_before = self._store.counts()
        self.braked: list[str] = []
        self._steps: list[list[Key]] = []  # what is to be removed, dependents first, each step after the one before
        self._under_way = 0

    def look_for_doubles(self, *, finally_: bool) -> None:
        """Look up the records whose POST was sent twice; of two rows of one record the younger is deleted.

        Args:
            finally_: Whether this is the last look (at the start of the next run), after which they are forgotten.
        """
        for row in self._store.repeated():
            entity, entry = ENTITIES[row.entity], self._store.get(row.entity, row.remote_id)
            search = Search(row.remote_id, _json.decode(row.natural_key), datetime.fromisoformat(row.since))
            plan = self._writer.keep_oldest(entity, search, entry.optiply_id if entry is not None else None)
            self._dispatcher.submit(plan, partial(self._looked, row, finally_))

    def _looked(self, row: Repeated, finally_: bool, kept: str | None) -> None:
        if kept is None:
            return  # not told: looked for again
        entry = self._store.get(row.entity, row.remote_id)
        if kept and entry is not None and entry.optiply_id not in (None, kept):
            self._store.put(entry._replace(optiply_id=kept))
            self._books.renew(Key(row.entity, row.remote_id))
        if finally_:
            self._store.settle_repeated(row.entity, row.remote_id)

    def try_again(self) -> None:
        """Try what waits for a parent, and what earlier runs rejected and nothing has referred to."""
        for job, _ in self._books.all_parked():
            self._engine.start(job)
        for entry in list(self._store.entries(status=Status.REJECTED)):
            self._engine.retry(Key(entry.entity, entry.remote_id))

    def reject_parked(self) -> None:
        """Reject what waits for a parent that never came."""
        for job, parent in self._books.all_parked():
            attribute = _attribute_of(job, parent)
            entry = self._store.get(*parent)
            if parent in self._books.unsettled:
                self._books.park(job, parent)  # it may be there: the next run knows
            elif entry is not None and entry.status == Status.REJECTED:
                self._books.reject_beneath(job, parent, attribute)
            else:
                self._books.reject(job, f"{attribute}: {parent.entity} {parent.remote_id} is not known")
        self._books.say_beneath()

    def remove(self) -> None:
        """Start the removals that were put off, dependents first, but for an entity that would lose too many rows."""
        known_now = self._store.counts()
        for name, entity in ENTITIES.items():
            rows = self._store.removals(name)
            known = max(self._known_before.get(name, 0), known_now.get(name, 0))
            if len(rows) >= _FEW and len(rows) * 100 > known * self._most_percent:
                self.braked.append(f"{len(rows)} of {known} {name}")
                continue
            self._steps.insert(0, [Key(name, remote_id) for remote_id, _ in rows])
            if not self._soft and entity.line_entity is None:  # an order's lines and receipts go with it
                for child in entity.children:
                    below = (entry for row in rows for entry in self._store.owned(child, row[0]))
                    self._steps.insert(0, [Key(child, entry.remote_id) for entry in below])
        self._remove_next()

    def _remove_next(self) -> None:
        """Go on with the next entity once the one before, which depends on it, is done with."""
        while self._steps and not self._under_way:
            for key in self._steps.pop(0):
                self._remove(key)

    def _remove(self, key: Key) -> None:
        entry = self._store.get(*key)
        if entry is None or entry.optiply_id is None:
            self._books.keep(key)
            return
        plan = self._writer.delete(ENTITIES[key.entity], entry.optiply_id, soft=self._soft)
        self._under_way += 1
        self._dispatcher.submit(plan, lambda outcome: self._answered(key, entry, outcome))

    def _answered(self, key: Key, entry: Entry, outcome: Outcome) -> None:
        self._under_way -= 1
        self._removed(key, entry, outcome)
        self._remove_next()

    def _removed(self, key: Key, entry: Entry, outcome: Outcome) -> None:
        if outcome.kind == "unsettled":
            self._books.unsettled[key] = outcome.reason
            return
        if outcome.kind != "deleted":
            self._books.reject_removal(key, f"not removed: {outcome.reason}")
            if key not in self._books.removals:  # it was to go with its owner, which may be gone by the next run
                self._books.remove_later(key, "deleted at the source")
            return
        self._books.keep(key)
        if key.entity == "products":
            self._store.take_figure(key.remote_id)
        self._books.summary.count(key.entity, "deleted")
        if self._soft and ENTITIES[key.entity].soft_delete is not None:
            self._store.put(entry._replace(status=Status.REMOVED, hash=None, payload=None))
        else:
            self._books.forget_row(key)
        self._books.forget_belongings(key)


def _attribute_of(job: Job, parent: Key) -> str:
    for name, reference in job.record.references.items():
        if Key(reference.entity, reference.remote_id or "") == parent:
            return name
    return "orderLines" if job.record.lines else "parent"
