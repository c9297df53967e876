"""Which stream's request goes first when slots are scarce: the longest chain of pages must never wait (pure).

Pages of one list come one after another, each when the last was answered. A run under a limit takes as long as the
limit forces, unless its longest chain is made to wait for slots that shorter ones took in a burst. So a request of a
shorter chain takes a slot only where the longest still finds one whenever it will want it.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right

from singer_http.pacing import SlidingWindow

_SMOOTHING = 0.2
"""How much the last answer counts in the mean time of an answer."""


class Chains:
    """How many requests each stream's chain has left, and how long one takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        self._seconds = 0.0

    def expect(self, chain: str, requests: int) -> None:
        """Say how many requests a chain has left; 0 when it ended."""
        with self._lock:
            if requests > 0:
                self._left[chain] = requests
            else:
                self._left.pop(chain, None)

    def took(self, seconds: float) -> None:
        """Take note of how long a request took."""
        with self._lock:
            weight = _SMOOTHING if self._seconds else 1.0
            self._seconds += weight * (seconds - self._seconds)

    def yields(self, chain: str, window: SlidingWindow, now: float) -> bool:
        """Return whether a request of this chain leaves the free slot to the longest chain.

        Args:
            chain: Who asks.
            window: The slots.
            now: The instant.
        """
        with self._lock:
            longest = max(self._left.values(), default=0)
            if self._left.get(chain, 0) >= longest or not window.limit or not self._seconds:
                return False
            # What is in flight frees its slot a period from now, which is as far as is looked ahead.
            wants = min(longest, math.ceil(window.period / self._seconds), window.limit)
            free, frees_at = window.free_slots(now) - 1, window.frees_at(now)
            return any(free + bisect_right(frees_at, now + nth * self._seconds) <= nth for nth in range(wants))
