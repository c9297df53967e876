"""What was sent when, in buckets of time that grow wider as the run grows longer. Pure; bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

MOST_BUCKETS = 240
FINEST = 0.25  # seconds; a power of two, so that times are exact


@dataclass(slots=True)
class Bucket:
    """One stretch of a run.

    Attributes:
        writes: Writes that Optiply took in it.
        requests: Answers that came in it, of whatever kind.
        waited: Seconds of it during which Optiply had asked for restraint.
    """

    writes: int = 0
    requests: int = 0
    waited: float = 0.0


class Timeline:
    """Counts by time. Its times are seconds of one monotonic clock.

    Args:
        began: When the run began.

    Attributes:
        width: Seconds that a bucket covers: a quarter, and twice as much each time the run outgrows ``MOST_BUCKETS``.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.width = FINEST
        self._buckets: list[Bucket] = []
        self._wait: tuple[float, float] | None = None  # it may reach into the future, where there are no buckets yet

    def answered(self, now: float, *, wrote: bool) -> None:
        """Count an answer."""
        bucket = self._at(now)
        bucket.requests += 1
        bucket.writes += wrote

    def holds_back(self, begin: float, end: float) -> None:
        """Note that nothing is sent between two instants, the latter one in the future."""
        if self._wait is not None:
            if begin <= self._wait[1]:
                self._wait = (self._wait[0], max(self._wait[1], end))
                return
            self._spread(*self._wait)
        self._wait = (begin, end)

    def buckets(self, now: float) -> list[Bucket]:
        """Return the stretches from the beginning until now, each ``width`` seconds long but the last."""
        if self._wait is not None:
            begin, end = self._wait
            self._wait = None
            self._spread(begin, min(end, now))
            if end > now:
                self._wait = (now, end)
        self._at(now)
        return self._buckets

    def _spread(self, begin: float, end: float) -> None:
        """Add a wait that is over to the buckets that it covers."""
        first, last = begin - self.began, end - self.began
        if last <= first:
            return
        self._at(end)
        for number in range(int(first / self.width), int(last / self.width) + 1):
            edge = number * self.width
            self._buckets[number].waited += max(0.0, min(edge + self.width, last) - max(edge, first))

    def _at(self, now: float) -> Bucket:
        """Return the bucket of an instant, making room for it."""
        since = max(0.0, now - self.began)
        while since >= self.width * MOST_BUCKETS:
            self._coarsen()
        number = int(since / self.width)
        while len(self._buckets) <= number:
            self._buckets.append(Bucket())
        return self._buckets[number]

    def _coarsen(self) -> None:
        halves = [*self._buckets, Bucket()]
        self._buckets = [
            Bucket(left.writes + right.writes, left.requests + right.requests, left.waited + right.waited)
            for left, right in zip(halves[::2], halves[1::2], strict=False)
        ]
        self.width *= 2
