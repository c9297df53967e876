"""Servers in simulated time, for what decides how much may be in flight."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from target_optiply.concurrency import ConcurrencyLimit


@dataclass
class Server:
    """Answers in simulated time, while there is always more to send.

    Attributes:
        latency: Draws the seconds that one request takes when it does not wait.
        refuses_above: Requests in flight above which it answers 429.
        works_on: Requests it works on at once; further ones wait their turn.
        retry_after: Seconds that a refusal asks for.
        slows_above: Requests in flight above which each further one makes every answer 50 ms slower.
    """

    limit: ConcurrencyLimit
    latency: Callable[[random.Random], float] = lambda chance: 0.1 * (1 + 0.1 * chance.random())
    refuses_above: int | None = None
    works_on: int | None = None
    retry_after: float = 0.2
    slows_above: int | None = None
    now: float = 0.0
    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    levels: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(1)
        self._events: list[tuple[float, int, bool, float]] = []
        self._ties = itertools.count()
        self._working = 0
        self._in_flight = 0
        self._done: list[float] = []
        self._gate = 0.0

    def _send(self) -> None:
        self._in_flight += 1
        if self.refuses_above is not None and self._working >= self.refuses_above:
            heapq.heappush(self._events, (self.now + 0.02, next(self._ties), False, 0.0))
            return
        self._working += 1
        begins = self.now
        self._done = [each for each in self._done if each > self.now]
        if self.works_on is not None and len(self._done) >= self.works_on:
            begins = sorted(self._done)[-self.works_on]
        ends = begins + self.latency(self._chance)
        if self.slows_above is not None:
            ends += 0.05 * max(0, self._in_flight - self.slows_above)
        self._done.append(ends)
        heapq.heappush(self._events, (ends, next(self._ties), True, ends - self.now))

    def run(self, until: float) -> Server:
        while self.now < until:
            while self.now >= self._gate and self._in_flight < self.limit.limit:
                self._send()
            wakes = self._in_flight < self.limit.limit
            if wakes and (not self._events or self._gate <= self._events[0][0]):
                self.now = self._gate
                continue
            self.now, _, good, latency = heapq.heappop(self._events)
            in_flight, self._in_flight = self._in_flight, self._in_flight - 1
            if good:
                self._working -= 1
                self.good.append(self.now)
                self.limit.answered(latency, in_flight=in_flight, now=self.now)
            else:
                self.refused.append(self.now)
                self._gate = max(self._gate, self.now + self.retry_after)
                self.limit.refused(in_flight=in_flight, now=self.now)
            self.levels.append((self.now, self.limit.limit))
        return self

    def mean_level(self, since: float) -> float:
        """Return the mean limit over the time after an instant."""
        pairs = list(itertools.pairwise(self.levels))
        spans = [(two - one, level) for (one, level), (two, _) in pairs if one >= since]
        return sum(span * level for span, level in spans) / sum(span for span, _ in spans)

    def share_refused(self, since: float) -> float:
        """Return which part of the answers after an instant were refusals."""
        good, refused = (sum(at >= since for at in times) for times in (self.good, self.refused))
        return refused / (good + refused)

    def rate(self, since: float) -> float:
        """Return good answers per second after an instant."""
        return sum(at >= since for at in self.good) / (self.now - since)
