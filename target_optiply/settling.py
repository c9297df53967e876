"""How a job ends: what became of it is booked, its lane is freed, and whoever was parked for its record goes on."""

from __future__ import annotations

from target_optiply.books import Books
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.writes import Outcome


class Settling:
    """Ends jobs that hold their lanes.

    Args:
        books: Where it is booked.
        lanes: Where the jobs stand.
    """

    def __init__(self, books: Books, lanes: Lanes) -> None:
        self._books = books
        self._lanes = lanes

    def settle(self, job: Job, count: str | None = None) -> None:
        """End a job of which nothing is left to do, and count it."""
        self._books.settle(job, count)
        self.leave(job)

    def reject(self, job: Job, reason: str) -> None:
        """End a job whose record cannot be sent."""
        self._books.reject(job, reason)
        self.leave(job)

    def park(self, job: Job, parent: Key) -> None:
        """End a job for now: it goes on when its parent is there."""
        self._books.park(job, parent)
        self.leave(job)

    def leave_unsettled(self, job: Job, outcome: Outcome) -> None:
        """End a job of which nobody knows what became of its record."""
        self._books.leave_unsettled(job, outcome)
        self.leave(job)

    def leave(self, job: Job) -> None:
        """Free a job's lane."""
        self._lanes.free(job.key)
        self.release_parked(job.key)
        if job.left is not None:
            job.left()

    def release_parked(self, parent: Key) -> None:
        """Set on their way the jobs that were parked for a record."""
        for job in self._books.released_by(parent):
            self._lanes.start(job)
