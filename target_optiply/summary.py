"""What a run did, counted per entity, for stderr, the state and hotglue's metrics. Pure."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from target_optiply.entities import ENTITIES

COUNTS = ("created", "updated", "unchanged", "deleted", "rejected", "skipped")


@dataclass(slots=True)
class Summary:
    """Counts of one run.

    Attributes:
        counts: Per entity, how many records were created, updated, unchanged, deleted, rejected and skipped.
        unmapped: Records per stream that maps to nothing.
        records: Records read per stream.
    """

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unmapped: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    def count(self, entity: str, what: str) -> None:
        """Count one record."""
        self.counts[entity][what] += 1

    def entities(self) -> list[str]:
        """Return the entities that occurred, in the order of dependence."""
        return [name for name in ENTITIES if self.counts.get(name)]

    def document(self, standing_rejected: dict[str, int]) -> dict[str, dict[str, int]]:
        """Return the ``summary`` of target-state.json.

        Args:
            standing_rejected: Per entity, the records that stand rejected now.
        """
        result: dict[str, dict[str, int]] = {}
        for name, entity in ENTITIES.items():
            counts, rejected = self.counts.get(name), standing_rejected.get(name, 0)
            if not counts and not rejected:
                continue
            counts = counts or Counter()
            result[entity.title] = {
                "success": counts["created"],
                "fail": rejected,
                "existing": counts["unchanged"],
                "updated": counts["updated"],
            }
            for extra in ("deleted", "skipped"):
                if counts[extra]:
                    result[entity.title][extra] = counts[extra]
        return result

    def effort(self, *, requests: int, retries: int, waited: float) -> dict[str, int | float]:
        """Return what the run took so far, as members of ``run`` in target-state.json: numbers, and seconds."""
        seconds = time.monotonic() - self.began
        return {"requests": requests, "retries": retries, "waited": round(waited, 3), "seconds": round(seconds, 3)}

    def lines(self, *, requests: int, retries: int, waited: float) -> list[str]:
        """Return the summary as lines of text for a log."""
        lines = []
        for name in self.entities():
            counts = self.counts[name]
            said = ", ".join(f"{counts[what]} {what}" for what in COUNTS if counts[what] or what in COUNTS[:3])
            lines.append(f"{ENTITIES[name].title}: {said}")
        for stream, number in sorted(self.unmapped.items()):
            lines.append(f"stream {stream}: {number} records, nothing in Optiply corresponds")
        seconds = time.monotonic() - self.began
        lines.append(
            f"{requests} requests, {retries} retries, {waited:.1f} s of asked-for waits, {seconds:.1f} s in all"
        )
        return lines

    def metrics(self) -> dict[str, Any]:
        """Return hotglue's job metrics."""
        return {
            "recordCount": dict(self.records),
            "exportSummary": {ENTITIES[name].title: dict(self.counts[name]) for name in self.entities()},
        }
