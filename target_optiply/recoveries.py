"""What becomes of a record once its plan has ended: booked, or started over where a row turned out to be another."""

from __future__ import annotations

from typing import Any

from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher
from target_optiply.doubts import Doubts
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.references import Resolution, gone_parents
from target_optiply.settling import Settling
from target_optiply.tables import Entry, Status
from target_optiply.writes import Outcome, Writer

_ATTEMPTS = 3  # how often a record is started over because a row turned out to be gone


class Recoveries:
    """Takes the outcomes of plans.

    Attributes:
        doubts: The refusals that are held.

    Args:
        books: Where outcomes are booked.
        lanes: Where a job goes on.
        settling: Ends jobs.
        writer: Makes plans.
        dispatcher: Carries them out.
    """

    def __init__(self, books: Books, lanes: Lanes, settling: Settling, writer: Writer, dispatcher: Dispatcher) -> None:
        self._books = books
        self._store = books.store
        self._lanes = lanes
        self._settling = settling
        self._writer = writer
        self._dispatcher = dispatcher
        self.doubts = Doubts(dispatcher.watch, settling)

    def ended(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """Book what became of a record."""
        for warning in outcome.warnings:
            self._books.remark(job.key, warning)
        if outcome.kind == "missing":
            self._start_over(job, resolution, outcome)
        elif outcome.kind == "duplicate":
            self._take_over_pair(job, outcome)
        elif outcome.kind == "unsettled":
            self._settling.leave_unsettled(job, outcome)
        elif outcome.kind == "rejected":
            self.doubts.refuse(job, outcome.reason)
        else:
            self._books.book_row(job, outcome)
            self._settling.leave(job)
        self.doubts.clear(job.record.entity)

    def replaced(self, job: Job, outcome: Outcome) -> None:
        """The old row of a record with a new parent is deleted: create the new one."""
        if outcome.kind == "unsettled":
            self._settling.leave_unsettled(job, outcome)
        elif outcome.kind != "deleted":
            self._settling.reject(job, outcome.reason)
        else:
            self._books.forget_row(job.key)
            self._lanes.consider(job)

    def own_order_read(self, job: Job, row: dict[str, Any] | Outcome) -> None:
        """An order that Optiply itself placed was looked up: file it under the source's id, or leave it out."""
        if isinstance(row, Outcome) and row.kind == "unsettled":
            self._settling.leave_unsettled(job, row)
        elif isinstance(row, Outcome) or self._writer.wire.ours(row) is False:
            reason = f"Optiply's own order {job.record.optiply_id}, which is not found there"
            self._store.put(Entry(*job.key, status=Status.SKIPPED, note=reason))
            self._books.log.warning("skipped: %s %s: %s", *job.key, reason)
            self._books.skip(*job.key, reason)
            self._settling.settle(job)
        else:
            self._store.put(Entry(*job.key, str(row["id"])))
            self._lanes.consider(job)

    def _start_over(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """The row, or a reference of it, is gone: go on without what is gone."""
        job.attempt += 1
        if job.attempt > _ATTEMPTS:
            self._settling.reject(job, outcome.reason)
        elif outcome.optiply_id is not None:
            self._books.forget_row(job.key)
            self._lanes.consider(job)
        else:
            plan = gone_parents(self._writer, resolution)
            self._dispatcher.submit(plan, lambda gone: self._parents_checked(job, outcome, gone))

    def _parents_checked(self, job: Job, outcome: Outcome, gone: list[Key] | None) -> None:
        if gone is None:
            self._settling.leave_unsettled(job, outcome)
        elif not gone:
            self.doubts.refuse(job, outcome.reason)
        else:
            for key in gone:
                if not self._lanes.is_busy(key):
                    self._books.forget_row(key)
            self._lanes.consider(job)

    def _take_over_pair(self, job: Job, outcome: Outcome) -> None:
        """Another row holds the unique pair: take it over, unless it belongs to another record."""
        holder = self._store.known_as(job.record.entity, outcome.optiply_id or "")
        if holder is not None and holder.remote_id != job.key.remote_id:
            key = Key(holder.entity, holder.remote_id)
            if holder.status in (Status.SENT, Status.REJECTED) and key not in self._books.removals:
                self._settling.reject(job, f"duplicate of {holder.remote_id}: {outcome.reason}")
                return
            self._books.keep(key)
            self._store.forget(*key)
        self._store.put(Entry(*job.key, outcome.optiply_id, owner=job.owner))
        self._lanes.consider(job)
