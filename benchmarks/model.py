"""What a row of the table is: a subject, a baseline measured beside it, and figures with goals, all of it data."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Spent:
    """What one run of one process cost.

    Attributes:
        seconds: From its start to its end.
        cpu: Seconds of processor time, of user and system.
        megabytes: The most memory it held, in 10^6 bytes.
        units: How many records, writes or requests it dealt with.
        extra: Further counts that a row's figures are made of.
    """

    seconds: float
    cpu: float = 0.0
    megabytes: float = 0.0
    units: int = 1
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.seconds


Measure = Callable[[], Spent]
Compute = Callable[[Spent, Spent], float]


@dataclass(frozen=True)
class Figure:
    """A number of a row and its goal.

    Attributes:
        name: How it is computed, in words.
        compute: Makes it of one round's subject and baseline.
        at_least: The goal, where more is better.
        at_most: The goal, where less is better.
        unit: What follows the number.
    """

    name: str
    compute: Compute
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        key: Names it on the command line.
        what: What the subject is.
        against: What the baseline is.
        figures: The numbers and their goals.
        subject: Runs the subject once.
        baseline: Runs the baseline once.
        once: True for counts, which are the same in every round, so that one round tells them.
    """

    key: str
    what: str
    against: str
    figures: Sequence[Figure]
    subject: Measure
    baseline: Measure
    once: bool = False


@dataclass(frozen=True)
class Point:
    """A point of a plot: at ``x`` (records, connections, seconds), one run and the ``y`` that is read off it."""

    plot: str
    line: str
    x: float
    measure: Measure
    y: Callable[[Spent], float]


def judged(row: Row, rounds: Sequence[tuple[Spent, Spent]]) -> dict[str, Any]:
    """Return a row as it goes into the table: of each figure the median of the rounds, and whether it is reached."""
    figures = []
    for figure in row.figures:
        values = [figure.compute(subject, baseline) for subject, baseline in rounds]
        value = statistics.median(values)
        low, high = figure.at_least, figure.at_most
        figures.append(
            {
                "name": figure.name,
                "value": value,
                "lowest": min(values),
                "highest": max(values),
                "unit": figure.unit,
                "at_least": low,
                "at_most": high,
                "reached": (low is None or value >= low) and (high is None or value <= high),
            }
        )
    return {"key": row.key, "what": row.what, "against": row.against, "rounds": len(rounds), "figures": figures}


def times(subject: Spent, baseline: Spent) -> float:
    """How many times as many units a second the subject deals with."""
    return subject.rate / baseline.rate


def longer(subject: Spent, baseline: Spent) -> float:
    """How many times the baseline's time the subject takes."""
    return subject.seconds / baseline.seconds


def rate(subject: Spent, _baseline: Spent) -> float:
    """Units a second of the subject."""
    return subject.rate
