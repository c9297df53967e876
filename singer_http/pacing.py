"""Never more than so many requests in a window of time, whatever thread they come from.

A request holds its slot until ``period`` seconds after its answer began. The server counts it at some instant
between sending and answering, so no window of ``period`` seconds on the server's clock can hold more than the limit.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

_YIELD = 0.1
"""Seconds after which a request that left its slot to others asks again."""


class SlidingWindow:
    """So many slots, each free again ``period`` seconds after its request was answered (pure: time is given).

    Args:
        limit: Slots; 0 means no limit. Requests are remembered all the same, so that a limit that is set later
            counts the ones made before.
        period: Seconds.
    """

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self.period = period
        self._tokens = count(1)
        self._in_flight: set[int] = set()
        self._frees_at: list[float] = []

    @property
    def in_flight(self) -> int:
        """Requests whose answers have not begun."""
        return len(self._in_flight)

    def wait(self, now: float) -> float:
        """Return the seconds until a slot is free: 0 when one is, infinity when that depends on an answer."""
        self._forget(now)
        if not self.limit:
            return 0.0
        too_many = len(self._in_flight) + len(self._frees_at) - self.limit + 1
        if too_many <= 0:
            return 0.0
        if too_many > len(self._frees_at):
            return math.inf
        return max(heapq.nsmallest(too_many, self._frees_at)[-1] - now, 0.0)

    def start(self, now: float) -> int:
        """Take a slot and return its token. The caller has asked :meth:`wait` before."""
        self._forget(now)
        token = next(self._tokens)
        self._in_flight.add(token)
        return token

    def answered(self, token: int, now: float) -> None:
        """Say that the answer began (or that the request failed): its slot is free a period later."""
        if token in self._in_flight:
            self._in_flight.remove(token)
            heapq.heappush(self._frees_at, now + self.period)

    def free_slots(self, now: float) -> float:
        """Return how many requests may start now; infinity without a limit."""
        self._forget(now)
        if not self.limit:
            return math.inf
        return max(self.limit - len(self._in_flight) - len(self._frees_at), 0)

    def frees_at(self, now: float) -> list[float]:
        """Return when the slots of answered requests become free, soonest first."""
        self._forget(now)
        return sorted(self._frees_at)

    def _forget(self, now: float) -> None:
        while self._frees_at and self._frees_at[0] <= now:
            heapq.heappop(self._frees_at)


class Pacer:
    """Several windows over the same requests, for any number of threads, with pauses that hold everyone.

    Args:
        windows: The windows; a request needs a slot in each.
        clock: Seconds that only grow.
        sleep: How to wait; None waits so that an answer in another thread ends the wait early.
    """

    def __init__(
        self,
        windows: Sequence[SlidingWindow],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.windows = tuple(windows)
        self.clock = clock
        self._sleep = sleep
        self._changed = threading.Condition()
        self._paused_until = -math.inf
        self._closed = False

    def wait(self, now: float) -> float:
        """Return the seconds until a request may start: 0 for now, infinity where that depends on an answer."""
        return max(self._paused_until - now, 0.0, *(window.wait(now) for window in self.windows))

    def acquire(self, yields: Callable[[float], bool] | None = None) -> tuple[int, ...]:
        """Wait until a request may start, and take its slots.

        Args:
            yields: Asked, with the instant, when a slot is free: whether to leave it to others for now.

        Raises:
            PacerClosedError: The run is ending.
        """
        with self._changed:
            while True:
                if self._closed:
                    raise PacerClosedError
                now = self.clock()
                seconds = self.wait(now)
                if seconds <= 0 and not (yields and yields(now)):
                    return tuple(window.start(now) for window in self.windows)
                self._wait(seconds or _YIELD)

    def answered(self, tokens: tuple[int, ...]) -> None:
        """Say that the answer began, or that the request failed."""
        with self._changed:
            now = self.clock()
            for window, token in zip(self.windows, tokens, strict=True):
                window.answered(token, now)
            self._changed.notify_all()

    @contextmanager
    def slot(self, yields: Callable[[float], bool] | None = None) -> Iterator[Callable[[], None]]:
        """Hold a slot; the function it gives marks the answer's beginning, else the end of the block does.

        ``yields`` as in :meth:`acquire`.
        """
        tokens = self.acquire(yields)
        try:
            yield lambda: self.answered(tokens)
        finally:
            self.answered(tokens)

    def pause(self, seconds: float) -> None:
        """Let no request start for so long (``Retry-After``); a longer pause in force stays."""
        with self._changed:
            self._paused_until = max(self._paused_until, self.clock() + seconds)
            self._changed.notify_all()

    def rest(self, seconds: float) -> None:
        """Wait in this thread only.

        Raises:
            PacerClosedError: The run is ending.
        """
        with self._changed:
            until = self.clock() + seconds
            while (left := until - self.clock()) > 0:
                if self._closed:
                    raise PacerClosedError
                self._wait(left)

    def limit(self, window: SlidingWindow, limit: int) -> None:
        """Set a window's limit; the requests made before count."""
        with self._changed:
            window.limit = limit
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse all further requests; whoever waits is woken and told."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, seconds: float) -> None:
        if self._sleep is None:
            # An hour at most, so that a wait that depends on an answer cannot overflow the platform's timer.
            self._changed.wait(min(seconds, 3600.0))
            return
        if math.isinf(seconds):
            raise RuntimeError("every slot waits for an answer, and no other thread can give one")
        self._sleep(seconds)


class PacerClosedError(Exception):
    """The run is ending: no further request is started."""
