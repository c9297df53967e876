"""The order of requests under a limit: a run takes no longer than the limit or its longest chain forces."""

from __future__ import annotations

import heapq
from collections import deque

import pytest

from singer_http.pacing import SlidingWindow
from tap_inventory.chains import Chains

PERIOD, LIMIT, ANSWER = 60.0, 60, 1.5


class Simulation:
    """Reads lists on a clock of its own: each a chain of pages, one with a figure request for every page."""

    def __init__(self, pages: dict[str, int], figured: str = "") -> None:
        self.window, self.chains = SlidingWindow(LIMIT, PERIOD), Chains()
        self.left, self.figured = dict(pages), figured
        self.now, self.count = 0.0, 0
        self.waiting: deque[str] = deque()
        self.answers: list[tuple[float, int, int, str]] = []
        self.figures = 0

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

    def ask(self, name: str) -> None:
        self.waiting.append(name)
        self.chains.asks(name)

    def step(self) -> None:
        for _ in range(len(self.waiting)):
            name = self.waiting.popleft()
            if self.window.wait(self.now) > 0 or self.chains.yields(name, self.window, self.now):
                self.waiting.append(name)
                continue
            self.count += 1
            heapq.heappush(self.answers, (self.now + ANSWER, self.count, self.window.start(self.now), name))
        until = self.answers[0][0] if self.answers else float("inf")
        if self.waiting:
            until = min(until, self.now + 0.1)
        self.now = until
        while self.answers and self.answers[0][0] <= self.now:
            at, _, token, name = heapq.heappop(self.answers)
            self.window.answered(token, at)
            self.chains.ends(name, self.now, ANSWER)
            self.answered(name)

    def answered(self, name: str) -> None:
        if name == "figures":
            self.figures -= 1
            return
        self.left[name] -= 1
        self.chains.expect(name, self.left[name])
        if self.left[name]:
            self.ask(name)
        if name == self.figured:
            self.figures += 1
            self.ask("figures")
            self.chains.expect("figures", self.left[name] + self.figures, loose=True)


def bound(total: int, longest: int) -> float:
    """Return the larger of what the limit alone forces and what the longest chain takes."""
    return max((total - 1) // LIMIT * PERIOD + ANSWER, longest * ANSWER)


@pytest.mark.parametrize(
    "pages",
    [
        {"vendors": 1, "currencies": 1, "products": 30, "sales": 101, "purchases": 20, "customers": 10, "locations": 1},
        {
            "vendors": 1,
            "currencies": 1,
            "products": 100,
            "sales": 200,
            "purchases": 50,
            "customers": 50,
            "locations": 1,
        },
        {"vendors": 3, "currencies": 1, "products": 60, "sales": 60, "purchases": 60, "customers": 60, "locations": 1},
        {"vendors": 1, "currencies": 1, "products": 10, "sales": 300, "purchases": 5, "customers": 5, "locations": 1},
        {"vendors": 1, "currencies": 1, "products": 31, "sales": 52, "purchases": 17, "customers": 22, "locations": 1},
        {"vendors": 1, "currencies": 1, "products": 5, "sales": 20, "purchases": 5, "customers": 5, "locations": 1},
    ],
)
def test_a_full_read_takes_hardly_longer_than_the_limit_or_the_longest_chain_forces(pages: dict[str, int]) -> None:
    total = sum(pages.values()) + pages["products"]
    took, least = Simulation(pages, "products").run(), bound(total, max(pages.values()))
    # A read whose last window is short also waits for the first answers of each window before it.
    assert took <= 1.08 * least + 4 * ANSWER


def test_without_a_limit_nobody_waits() -> None:
    chains = Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    assert not chains.yields("vendors", SlidingWindow(0, PERIOD), 0.0)


def test_a_chain_that_ended_is_waited_for_no_more() -> None:
    window, chains = SlidingWindow(2, PERIOD), Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    window.start(0.0)
    assert chains.yields("vendors", window, 0.0)
    assert not chains.yields("sales", window, 0.0)
    chains.expect("sales", 0)
    assert not chains.yields("vendors", window, 0.0)


def test_no_slots_are_kept_for_a_chain_that_waits_for_something_else() -> None:
    window, chains = SlidingWindow(2, PERIOD), Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    window.start(0.0)
    assert chains.yields("vendors", window, 4.9)
    assert not chains.yields("vendors", window, 5.1)
    chains.asks("sales")
    assert chains.yields("vendors", window, 100.0)
