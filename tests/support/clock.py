"""A clock that stands still until somebody sleeps by it."""

from __future__ import annotations


class Clock:
    """Seconds that pass in ``sleep`` alone.

    Attributes:
        now: What it shows.
        slept: The sleeps so far.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
