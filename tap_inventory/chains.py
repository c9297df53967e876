"""Which stream's request goes first when slots are scarce: the longest chain of pages must not wait too long (pure).

Pages of one list come one after another, each when the last was answered. A run under a limit takes as long as the
limit forces, unless its longest chain is made to wait for slots that shorter ones took. So of the requests that wait
the one with the longest chain goes first; and one of another chain takes a slot only where the longest still finds one
whenever it will need one: at its own pace where that is what the run waits for, else at an even pace to the end that
the limit forces.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections import Counter

from singer_http.pacing import SlidingWindow

_SMOOTHING = 0.2
"""How much the last answer counts in the mean time of an answer."""

_PATIENCE = 5.0
"""Seconds for which slots are kept for a chain that sends no request."""


class Chains:
    """How many requests each stream's chain has left, and how long one takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        self._loose: dict[str, int] = {}
        self._seconds = 0.0
        self._busy: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._rested: dict[str, float] = {}

    def expect(self, chain: str, requests: int, *, loose: bool = False) -> None:
        """Say how many requests a chain has left; 0 when it ended.

        Args:
            chain: The stream.
            requests: As far as is known.
            loose: True where they need not wait for one another.
        """
        with self._lock:
            where = self._loose if loose else self._left
            if requests > 0:
                where[chain] = requests
            else:
                where.pop(chain, None)

    def asks(self, chain: str) -> None:
        """Say that a chain has a request to send."""
        with self._lock:
            self._busy[chain] += 1
            self._waiting[chain] += 1

    def starts(self, chain: str) -> None:
        """Say that the request has its slot."""
        with self._lock:
            self._waiting[chain] -= 1

    def ends(self, chain: str, now: float, seconds: float | None) -> None:
        """Say that the request ended, and how long it took if it was answered."""
        with self._lock:
            self._busy[chain] -= 1
            self._rested[chain] = now
            if seconds is not None:
                weight = _SMOOTHING if self._seconds else 1.0
                self._seconds += weight * (seconds - self._seconds)

    def yields(self, chain: str, window: SlidingWindow, now: float) -> bool:
        """Return whether a request of this chain leaves the free slot to longer ones.

        Args:
            chain: Who asks.
            window: The slots.
            now: The instant.
        """
        with self._lock:
            mine = self._left.get(chain, 0)
            longest = max((left for name, left in self._left.items() if self._moves(name, now)), default=0)
            if mine >= longest or not window.limit or not self._seconds:
                return False
            free, frees_at = int(window.free_slots(now)), window.frees_at(now)
            if sum(waiting for name, waiting in self._waiting.items() if self._left.get(name, 0) > mine) >= free:
                return True
            pace = max(self._seconds, self._forced(window, now, free, frees_at) / longest)
            # What is in flight frees its slot a period from now, which is as far as is looked ahead.
            wants = min(longest, math.ceil(window.period / pace), window.limit)
            return any(free - 1 + bisect_right(frees_at, now + nth * pace) <= nth for nth in range(wants))

    def _moves(self, chain: str, now: float) -> bool:
        """Return whether a chain is on its way; slots kept for one that waits for something else would be lost."""
        return self._busy[chain] > 0 or now - self._rested.get(chain, now) < _PATIENCE

    def _forced(self, window: SlidingWindow, now: float, free: int, frees_at: list[float]) -> float:
        """Return the seconds that the limit alone forces for all requests that are left."""
        left = sum(self._left.values()) + sum(self._loose.values())
        if left <= 0:
            return 0.0
        turn = window.period + self._seconds
        rounds, nth = divmod(left - 1, window.limit)
        if nth < free:
            first = 0.0
        elif nth - free < len(frees_at):
            first = frees_at[nth - free] - now
        else:
            first = turn
        return first + rounds * turn
