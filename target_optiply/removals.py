"""Records that are gone, or are not to be sent any more: noted, and removed when it is known how many there are."""

from __future__ import annotations

from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher
from target_optiply.entities import ENTITIES
from target_optiply.jobs import Job, Key
from target_optiply.settling import Settling
from target_optiply.tables import Entry, Status
from target_optiply.writes import Outcome, Writer


class Removals:
    """Notes removals; ``closing`` carries them out.

    Args:
        books: Where they are noted.
        settling: Ends jobs.
        writer: Makes plans.
        dispatcher: Carries them out.
        wanted: Whether anything is removed in Optiply.
    """

    def __init__(
        self, books: Books, settling: Settling, writer: Writer, dispatcher: Dispatcher, *, wanted: bool
    ) -> None:
        self._books = books
        self._store = books.store
        self._settling = settling
        self._writer = writer
        self._dispatcher = dispatcher
        self._wanted = wanted

    def leave_out(self, job: Job, entry: Entry | None, parent: Key | None) -> None:
        """End a job whose record goes with something that is deliberately not sent; its row is removed."""
        if entry is not None and entry.optiply_id is not None:
            job.removal = f"{' '.join(parent or ())} is not sent"
            self.consider(job, entry)
        else:
            if entry is not None and entry.status == Status.REJECTED:
                self._store.forget(*job.key)
            self._books.skip(*job.key, f"goes with {parent.entity} that are not sent" if parent else "not sent")
            self._settling.settle(job)

    def consider(self, job: Job, entry: Entry | None) -> None:
        """Note that a job's record is to be removed, if it stands in Optiply."""
        key = job.key
        self._books.unpark(key)
        if entry is None and job.record.optiply_id is not None:
            entry = self._store.known_as(key.entity, job.record.optiply_id)
            if entry is None:
                entry = Entry(*key, job.record.optiply_id, owner=job.owner)
                self._store.put(entry)
            key = Key(entry.entity, entry.remote_id)
        if entry is not None and entry.optiply_id is None and entry.status == Status.REJECTED:
            self._store.forget(*key)
            self._books.forget_belongings(key)
        elif self._wanted and entry is not None and entry.optiply_id is not None and entry.status != Status.REMOVED:
            self._books.remove_later(key, job.removal or "")
        if job.concedes and entry is not None and entry.optiply_id is not None:
            plan = self._writer.update(ENTITIES[key.entity], entry.optiply_id, {"preferred": False})
            self._dispatcher.submit(plan, lambda outcome: self._conceded(job, outcome))
            return
        self._settling.settle(job)

    def _conceded(self, job: Job, outcome: Outcome) -> None:
        if outcome.kind == "unsettled":
            self._settling.leave_unsettled(job, outcome)
        else:  # refused or gone: then there is nothing to concede, or who gains it is told so
            self._settling.settle(job)
