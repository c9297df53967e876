"""How many requests may be in flight: slow start, then careful probing, led by what the server answers. Pure.

The limit doubles per round of good answers until the server refuses or its answers slow down with the number in
flight; from then on it is led by an estimate of the queue that our own requests form at the server, in the manner of
TCP Vegas, and a refused level is probed again only after a growing while.
"""

from __future__ import annotations

_QUEUE_LOW, _QUEUE_HIGH = 0.15, 0.4  # share of the requests in flight that merely wait at the server
_FIRST_PROBE, _LONGEST_PROBE = 5.0, 120.0  # seconds before a refused level is tried again
_SAMPLE_WEIGHT = 0.1
_FLOOR_DRIFT = 1.0005  # the best latency seen is forgotten slowly, since networks and servers change


class ConcurrencyLimit:
    """The number of requests allowed in flight.

    Args:
        maximum: Upper bound.
        start: The first limit.
    """

    def __init__(self, maximum: int, *, start: int = 2) -> None:
        self.maximum = max(1, maximum)
        self.limit = min(start, self.maximum)
        self._slow_start = True
        self._good = 0
        self._ceiling = self.maximum + 1  # a level that was refused
        self._probe_at = 0.0
        self._probe_wait = _FIRST_PROBE
        self._floor: float | None = None
        self._smooth: float | None = None
        self._calm_until = 0.0

    def answered(self, latency: float, *, in_flight: int, now: float) -> None:
        """Note a good answer.

        Args:
            latency: Seconds from sending to the answer's head.
            in_flight: Requests in flight when it came, itself included.
            now: Monotonic seconds.
        """
        self._floor = latency if self._floor is None else min(self._floor * _FLOOR_DRIFT, latency)
        self._smooth = latency if self._smooth is None else self._smooth + _SAMPLE_WEIGHT * (latency - self._smooth)
        if in_flight < self.limit:  # the limit was not what held us back, so nothing was learnt about it
            return
        self._good += 1
        if self._good < self.limit:
            return
        self._good = 0
        waiting = 1.0 - self._floor / self._smooth if self._smooth > 0 else 0.0
        if waiting > _QUEUE_HIGH and self._smooth - self._floor > 0.005:  # noise of a fast local server is no queue
            self._slow_start = False
            if now >= self._calm_until:
                self.limit = max(1, self.limit - 1)
                self._calm_until = now + 2 * self._smooth
        elif self._slow_start:
            self._grow(self.limit * 2, now)
        elif waiting < _QUEUE_LOW:
            self._grow(self.limit + 1, now)

    def refused(self, *, in_flight: int, now: float) -> None:
        """Note that the server asked for restraint (429, or 503 with Retry-After)."""
        self._slow_start = False
        self._good = 0
        if now < self._calm_until:  # the refusals of one burst count once
            return
        self._calm_until = now + 1.0
        self._ceiling = max(2, min(self.limit, in_flight))
        self.limit = max(1, self._ceiling - 1)
        self._probe_at = now + self._probe_wait
        self._probe_wait = min(_LONGEST_PROBE, self._probe_wait * 2)

    def _grow(self, wanted: int, now: float) -> None:
        if wanted >= self._ceiling:
            if now < self._probe_at:
                wanted = self._ceiling - 1
            else:
                wanted = self._ceiling
                self._ceiling += 1
        self.limit = min(self.maximum, max(self.limit, wanted))
