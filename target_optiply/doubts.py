"""Records that were refused while it is not told whether Optiply refuses everything: held until that is known."""

from __future__ import annotations

from target_optiply.jobs import Job
from target_optiply.outage import OutageWatch
from target_optiply.settling import Settling


class Doubts:
    """Holds refusals.

    Args:
        watch: Tells whether Optiply refuses everything.
        settling: Rejects the records.
    """

    def __init__(self, watch: OutageWatch, settling: Settling) -> None:
        self._watch = watch
        self._settling = settling
        self._held: list[tuple[Job, str]] = []

    def refuse(self, job: Job, reason: str) -> None:
        """Reject a record that Optiply refused; held while it looks as if Optiply refused just everything."""
        if self._watch.is_in_doubt(job.record.entity):
            self._held.append((job, reason))
        else:
            self._settling.reject(job, reason)

    def clear(self, entity: str) -> None:
        """Reject what is held of an entity of which a write has fared otherwise."""
        if self._held and not self._watch.is_in_doubt(entity):
            ours = [held for held in self._held if held[0].record.entity == entity]
            self._held = [held for held in self._held if held[0].record.entity != entity]
            for job, reason in ours:
                self._settling.reject(job, reason)

    def reject_all(self) -> bool:
        """Reject what is held, since no further answer will tell more; False where there was nothing."""
        held, self._held = self._held, []
        for job, reason in held:
            self._settling.reject(job, reason)
        return bool(held)
