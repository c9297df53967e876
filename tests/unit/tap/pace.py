"""Full reads on a clock of their own, scheduled by the tap's own window and chains, and the best that any could do."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from singer_http.pacing import SlidingWindow
from tap_inventory.chains import Chains

PERIOD, LIMIT, ANSWER = 60.0, 60, 1.5
AHEAD = 8
"""Requests for figures that may be under way before their chain of pages waits for them."""

STEPS = round((PERIOD + ANSWER) / ANSWER)
"""For how many answers' time a request holds its slot."""


@dataclass(frozen=True)
class Shape:
    """What a run reads: how many requests each list takes, one after another, the first list first.

    Attributes:
        lists: Requests by list.
        figured: The list of which each page is followed by a request for figures, if any.
    """

    lists: Mapping[str, int]
    figured: str = "products"

    @property
    def requests(self) -> int:
        return sum(self.lists.values()) + self.lists.get(self.figured, 0)

    @property
    def forced(self) -> float:
        """The larger of what the limit alone forces and the longest chain of pages, in seconds."""
        limit = (self.requests - 1) // LIMIT * (PERIOD + ANSWER) + ANSWER
        return max(limit, max(self.lists.values()) * ANSWER)


class Simulation:
    """Reads lists: each a chain of requests, one with a request for figures after every page.

    Args:
        shape: What is read.
        seed: Draws which of the threads that wait asks first whenever there is a slot.
    """

    def __init__(self, shape: Shape, seed: int = 1) -> None:
        self.window, self.chains = SlidingWindow(LIMIT, PERIOD), Chains()
        self.left, self.figured = dict(shape.lists), shape.figured
        self.now, self.count, self.figures = 0.0, 0, 0
        self.held = False
        self.starts: list[float] = []
        self.waiting: list[str] = []
        self.answers: list[tuple[float, int, int, str]] = []
        self.random = random.Random(seed)

    def run(self) -> float:
        """Return when the last answer came. The first request goes alone, as in a run."""
        first = next(iter(self.left))
        self.ask(first)
        self.step()
        for name in self.left:
            if name != first:
                self.ask(name)
        while self.waiting or self.answers:
            self.step()
        return self.now

    def chain(self, name: str) -> str:
        return self.figured if name == "figures" else name

    def ask(self, name: str) -> None:
        self.waiting.append(name)
        self.chains.asks(self.chain(name))

    def step(self) -> None:
        self.random.shuffle(self.waiting)
        while started := next((name for name in self.waiting if self.may_start(name)), None):
            self.waiting.remove(started)
            self.chains.starts(self.chain(started))
            self.count += 1
            self.starts.append(self.now)
            heapq.heappush(self.answers, (self.now + ANSWER, self.count, self.window.start(self.now), started))
        until = self.answers[0][0] if self.answers else math.inf
        if self.waiting:
            until = min(until, self.now + (self.window.wait(self.now) or 0.1))
        self.now = until
        while self.answers and self.answers[0][0] <= self.now:
            at, _, token, name = heapq.heappop(self.answers)
            self.window.answered(token, at)
            self.chains.ends(self.chain(name), self.now, ANSWER)
            self.answered(name)

    def may_start(self, name: str) -> bool:
        return self.window.wait(self.now) <= 0 and not self.chains.yields(self.chain(name), self.window, self.now)

    def answered(self, name: str) -> None:
        if name == "figures":
            self.figures -= 1
            if self.held and self.figures <= AHEAD:
                self.held = False
                self.ask(self.figured)
            return
        self.left[name] -= 1
        self.chains.expect(name, self.left[name])
        if name == self.figured:
            self.figures += 1
            self.ask("figures")
            self.chains.expect("figures", self.left[name] + self.figures, loose=True)
        if self.left[name]:
            self.held = name == self.figured and self.figures > AHEAD
            if not self.held:
                self.ask(name)


def least(shape: Shape) -> float:
    """Return seconds that no schedule can go below, whatever it does: the larger of two bounds, in steps of an answer.

    Independent of the code under test: it argues about numbers of requests alone.
    """
    steps = max(shape.lists.values())
    while not (_ends_fit(shape, steps) and _chains_fit(shape, steps)):
        steps += 1
    return steps * ANSWER


def _ends_fit(shape: Shape, steps: int) -> bool:
    """Return whether the requests fit into whole periods, and what lists can ask for in the rest of the time.

    The rest may be taken at the beginning, where each list has but one request at a time and all wait for the first
    answer, or at the end.
    """
    rounds, rest = divmod(steps, STEPS)
    first = next(iter(shape.lists))
    head = tail = 0
    for name, requests in shape.lists.items():
        late = 0 if name == first else 1
        head += max(0, min(requests, rest - late))
        tail += min(requests, rest)
        if name == shape.figured:
            head += max(0, min(requests, rest - late - 1))
            tail += min(requests, rest)
    return shape.requests <= LIMIT * rounds + min(LIMIT, head, tail)


def _chains_fit(shape: Shape, steps: int) -> bool:
    """Return whether the longest lists find slots enough, one request at a time, beside all the others.

    A schedule may be taken for one that repeats every period (the mean over its periods keeps the limit too), with
    ``burst`` requests spread evenly over the steps that come once more than the others. By Gale and Ryser, lists fit
    into slots if and only if, for every k, the k longest together find room for k requests at a time.
    """
    left = dict(shape.lists)
    left[next(iter(left))] -= 1  # the first request goes alone, in a step of its own
    lists = sorted(left.values(), reverse=True)
    every = sum(lists) + left.get(shape.figured, 0)
    rounds, rest = divmod(steps - 1, STEPS)

    def room(burst: float, width: float) -> float:
        if not rounds:
            return min(width * rest, LIMIT)
        others = min(width * (STEPS - rest), LIMIT - burst)
        return (rounds + 1) * min(width * rest, burst) + rounds * others

    def fits(burst: float) -> bool:
        if every > room(burst, math.inf if rest else every):
            return False
        return all(sum(lists[:k]) <= room(burst, k) for k in range(1, len(lists) + 1))

    return any(fits(burst / 4) for burst in range(4 * LIMIT + 1 if rest else 1))
