"""Brings jobs to Optiply: keeps their order, decides what each one needs, and has it carried out.

Everything here runs on the main thread. A job enters its record's lane, its references are resolved, it is compared
with what is known, and a plan is started; ``recoveries`` takes its outcome, and then the lane is free for who waited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from target_optiply.books import Books
from target_optiply.difference import has_other_parents
from target_optiply.dispatch import Dispatcher, Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.figures import Figures
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.line_ids import LineIds
from target_optiply.needs import Needs
from target_optiply.records import InvalidRecord, check
from target_optiply.recoveries import Recoveries
from target_optiply.references import Resolution, resolve
from target_optiply.removals import Removals
from target_optiply.replacing import Replacing
from target_optiply.settling import Settling
from target_optiply.tables import Entry, Status
from target_optiply.takeover import Takeover
from target_optiply.writes import Outcome, Writer


class Engine:
    """Brings jobs to Optiply.

    Attributes:
        lanes: The records on their way.
        stock: The stock figures that have arrived before their products.
        takeover: What was read of Optiply in this run.
        release_parked: Sets on their way the jobs that were parked for a record.
        reject_doubted: Rejects what is held since Optiply may refuse everything.

    Args:
        books: What is known, and where outcomes are booked.
        writer: Makes plans.
        dispatcher: Carries them out.
        takeover_for: Makes what reads Optiply before an entity's first row is created; it waits in the engine's lanes.
        deletes: Whether anything is removed in Optiply.
    """

    def __init__(
        self,
        books: Books,
        writer: Writer,
        dispatcher: Dispatcher,
        takeover_for: Callable[[Lanes], Takeover],
        *,
        deletes: bool,
    ) -> None:
        self._books = books
        self._store = books.store
        self._writer = writer
        self._dispatcher = dispatcher
        self.lanes = Lanes(self.start, self._consider)
        self._settling = Settling(books, self.lanes)
        self.takeover = takeover_for(self.lanes)
        self._needs = Needs(books, writer, self.takeover)
        self._figures = Figures(books, self._settling, writer, dispatcher)
        self._line_ids = LineIds(books, self.lanes, self._settling, writer, dispatcher)
        self._removals = Removals(books, self._settling, writer, dispatcher, wanted=deletes)
        self._replacing = Replacing(writer, books, self.lanes)
        self._recoveries = Recoveries(books, self.lanes, self._settling, writer, dispatcher)
        self.stock = self._figures.desk
        self.release_parked = self._settling.release_parked
        self.reject_doubted = self._recoveries.doubts.reject_all

    def start(self, job: Job) -> None:
        """Set a job on its way, or have it wait for an older version of its record."""
        key = job.key
        if key.entity == "products" and not job.figure_only and job.refusal is None:
            self._figures.bring_held(job)  # now: by the time it is its turn, its figure may have been flushed
        if self.lanes.is_busy(key):
            self.lanes.wait(job, key)
            return
        entry = self._store.get(*key)
        if entry is not None and self._needs_nothing(job, entry):
            self._books.settle(job, None if job.figure_only else "unchanged")
            if job.left is not None:
                job.left()
            return
        self.lanes.enter(key)
        self._consider(job)

    def _needs_nothing(self, job: Job, entry: Entry) -> bool:
        """Whether a job can be settled without a look at anything but its own entry: most jobs of most runs."""
        if job.figure_only:
            return entry.stock == job.record.stock and entry.status != Status.REJECTED
        if (
            job.refusal is not None
            or entry.hash is None
            or entry.hash != job.hash
            or entry.status != Status.SENT
            or job.removal is not None
        ):
            return False
        if job.key in self._books.removals or self._books.is_parked(job.key):
            return False  # a newer version of it is parked, or another one said that it is gone
        if self._books.up_to_date(entry) is not entry:
            return False
        if self.takeover.is_due(job.record.entity):
            return False
        if len(self.lanes) and any(self.lanes.is_busy(parent) for parent in self._parents_of(job, entry)):
            return False  # a parent may come out of this as another row, or its owner without it
        if job.owner_key is not None and self._is_to_be_replaced(job.owner_key):
            return False
        return job.record.stock is None or job.record.stock == entry.stock

    @staticmethod
    def _parents_of(job: Job, entry: Entry) -> Iterator[Key]:
        if job.owner_key is not None:
            yield job.owner_key
        for name in (entry.refs or "").split("\n"):
            entity, _, remote_id = name.partition(":")
            yield Key(entity, remote_id)

    def retry(self, key: Key) -> bool:
        """Try a record again that an earlier run rejected; False where that was done already or is not to be."""
        entry = self._store.get(*key)
        if key in self._books.tried or entry is None or entry.payload is None or self.lanes.is_busy(key):
            return False
        if key in self._books.removals:  # gone at the source since
            return False
        self._books.tried.add(key)
        job = self._books.unpacked(entry.payload)
        if not job.figure_only:
            try:
                check(job.record)  # what was refused before it was sent is not sent now
            except InvalidRecord as error:
                job.refusal = str(error)
        self.start(job)
        return job.refusal is None

    # deciding

    def _consider(self, job: Job) -> None:
        """Go on with a job whose lane is held."""
        for key in job.after:
            if self.lanes.is_busy(key):
                self.lanes.wait(job, key)
                return
        if job.refusal is not None:
            self._consider_refusal(job, job.refusal)
            return
        if (lane := self.takeover.adoption(job.record.entity)) is not None:
            self.lanes.wait(job, lane)
            return
        entry = self._store.get(*job.key)
        if job.key in self._books.unsettled:
            self._settling.leave_unsettled(job, Outcome("unsettled", reason=self._books.unsettled[job.key]))
        elif job.removal is not None:
            self._removals.consider(job, entry)
        elif job.figure_only:
            self._figures.consider(job, entry)
        else:
            self._consider_record(job, entry)

    def _consider_refusal(self, job: Job, reason: str) -> None:
        """Reject a record that cannot be sent, unless it would be left out anyway, with something that is not sent."""
        self._books.unpark(job.key)
        resolution = resolve(job, self._store.get, self.lanes.is_busy) if job.record.lines is None else None
        if resolution is not None and resolution.kind == "left_out":
            self._removals.leave_out(job, self._store.get(*job.key), resolution.parent)
        else:
            self._settling.reject(job, reason)

    def _consider_record(self, job: Job, entry: Entry | None) -> None:
        self._books.unpark(job.key)
        self._books.keep(job.key)
        if job.owner_key is not None and self._is_to_be_replaced(job.owner_key):
            self._settling.park(job, job.owner_key)  # its row will go with its owner's, and be created with the new one
            return
        resolution = resolve(job, self._store.get, self.lanes.is_busy)
        parent = resolution.parent
        if resolution.kind == "refused" and parent is not None and self.retry(parent):
            resolution = resolve(job, self._store.get, self.lanes.is_busy)
        if resolution.kind == "ready":
            if job.record.lines and not resolution.record.lines:
                job.removal = "no line worth sending"
                self._removals.consider(job, entry)
            else:
                self._write(job, entry, resolution)
        elif resolution.kind == "left_out" or parent is None:
            self._removals.leave_out(job, entry, parent)
        elif resolution.kind == "wait":
            self.lanes.wait(job, parent)
        elif resolution.kind == "refused" or not self._line_ids.takes(job, parent):
            # Also for a parent that stands rejected: a newer version of it may be accepted yet.
            self._settling.park(job, parent)

    def _is_to_be_replaced(self, key: Key) -> bool:
        """Whether a record stands rejected because its old row, which refers to something else, was not let go."""
        entry = self._store.get(*key) if ENTITIES[key.entity].references else None
        if entry is None or entry.status != Status.REJECTED or entry.optiply_id is None or entry.payload is None:
            return False
        return not self.lanes.is_busy(key) and has_other_parents(self._books.unpacked(entry.payload).record, entry)

    # writing

    def _write(self, job: Job, entry: Entry | None, resolution: Resolution) -> None:
        entity = ENTITIES[job.record.entity]
        self._figures.bring_kept(job, entry)
        entry = self._books.up_to_date(entry) if entry is not None else None
        if entry is not None and entry.status == Status.REJECTED:
            entry = entry._replace(hash=None)  # what was refused does not stand in Optiply
        if entry is None or entry.optiply_id is None:
            if (lane := self.takeover.catching_up(entity.name)) is not None:
                self.lanes.wait(job, lane)
                return
            entry = self._needs.found_otherwise(job, entity, resolution)
            if entry is None and self.takeover.holds(job):
                if self.takeover.has_held_enough:
                    self.end_doubts()
                return
        if entry is not None and entry.status == Status.ADOPTED:
            self.end_doubts()
        try:
            self._submit(job, entity, entry, resolution)
        except InvalidRecord as error:
            self._settling.reject(job, str(error))

    def end_doubts(self) -> bool:
        """Set on their way the creations held until a record matches what stands in Optiply; False if none are."""
        held = self.takeover.matched()
        for job in held:
            self._consider(job)
        return bool(held)

    def _submit(self, job: Job, entity: Entity, entry: Entry | None, resolution: Resolution) -> None:
        """Start what a record needs."""
        if entry is None or entry.optiply_id is None:
            if job.record.own:
                own = self._writer.find_one(entity.name, job.record.optiply_id or "")
                self._dispatcher.submit(own, lambda row: self._recoveries.own_order_read(job, row))
                return
            plan: Plan[Outcome] | None = self._needs.creation(job, entity, resolution)
        elif has_other_parents(job.record, entry):
            self._needs.creation(job, entity, resolution).close()  # what cannot be created again is not deleted
            deletion = self._replacing.deletion(job, entry)
            self._dispatcher.submit(deletion, lambda outcome: self._recoveries.replaced(job, outcome))
            return
        else:
            plan = self._needs.change(job, entity, entry, resolution)
            if plan is not None:
                self._books.doubt(entry)
        if plan is None:
            self._recoveries.ended(job, resolution, Outcome("unchanged", entry.optiply_id if entry else None))
        else:
            self._dispatcher.submit(plan, lambda outcome: self._recoveries.ended(job, resolution, outcome))
