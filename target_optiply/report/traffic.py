"""What went over the wire in a run: requests, retries and waits, in all, per entity and by time. Pure."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from target_optiply.report.timeline import Timeline


@dataclass(slots=True)
class Exchange:
    """The traffic of one entity.

    Attributes:
        requests: Requests sent.
        retries: Times that a request was followed by a pause and another try.
        seconds: What Optiply took to answer, added up over all connections.
    """

    requests: int = 0
    retries: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Traffic:
    """The traffic of a run.

    Attributes:
        requests: Requests sent.
        retries: Tries after a pause.
        waits: Seconds that Optiply asked to wait.
        held_back: How often it asked for that (429, or 503 with Retry-After).
        entities: The same per resource type.
        timeline: The same by time.
    """

    requests: int = 0
    retries: int = 0
    waits: float = 0.0
    held_back: int = 0
    entities: dict[str, Exchange] = field(default_factory=lambda: defaultdict(Exchange))
    timeline: Timeline = field(default_factory=lambda: Timeline(time.monotonic()))

    def sent(self, entity: str) -> None:
        """Count a request."""
        self.requests += 1
        self.entities[entity].requests += 1

    def taken_back(self, entity: str) -> None:
        """Take back the count of a request that did not leave."""
        self.requests -= 1
        self.entities[entity].requests -= 1

    def answered(self, entity: str, latency: float, now: float, *, wrote: bool) -> None:
        """Count an answer; ``wrote`` where it says that something changed in Optiply."""
        self.entities[entity].seconds += latency
        self.timeline.answered(now, wrote=wrote)

    def pauses(self, entity: str | None) -> None:
        """Count a try that follows a pause."""
        self.retries += 1
        if entity is not None:
            self.entities[entity].retries += 1

    def holds_back(self, begin: float, end: float) -> None:
        """Note that Optiply asked for silence from one instant (what is asked for already aside) to another."""
        self.held_back += 1
        if end > begin:
            self.waits += end - begin
            self.timeline.holds_back(begin, end)
