"""Runs the rows of a family, round after round, and the points of the plots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.model import Measure, Point, Row, Spent, judged

Tell = Callable[[float], None]
"""Told the share of a family that is done."""


def measure_rows(rows: list[Row], rounds: int, tell: Tell) -> list[dict[str, Any]]:
    """Run all rows of a family once a round, and judge each by its rounds.

    Subject and baseline follow one another, and every other round runs backwards: what comes first in one comes last
    in the next. What several rows share is run once a round.

    Args:
        rows: The rows.
        rounds: How many rounds.
        tell: Told of progress.
    """
    seen: dict[str, list[tuple[Spent, Spent]]] = {row.key: [] for row in rows}
    rounds = 1 if all(row.once for row in rows) else rounds
    for number in range(rounds):
        wanted = [row for row in rows if not (row.once and number)]
        done: dict[Measure, Spent] = {}
        for place, row in enumerate(reversed(wanted) if number % 2 else wanted, 1):
            for measure in (row.baseline, row.subject) if number % 2 else (row.subject, row.baseline):
                if measure not in done:
                    done[measure] = measure()
            seen[row.key].append((done[row.subject], done[row.baseline]))
            tell((number + place / len(wanted)) / rounds)
    return [judged(row, seen[row.key]) for row in rows]


def measure_points(points: Iterable[Point], rounds: int, tell: Tell) -> list[dict[str, Any]]:
    """Run every point once a round, and return each with the values that were seen.

    Args:
        points: The points of all plots that share what is set up.
        rounds: How many rounds.
        tell: Told of progress.
    """
    wanted = list(points)
    seen: list[list[float]] = [[] for _ in wanted]
    for number in range(rounds):
        for place, (point, values) in enumerate(zip(wanted, seen, strict=True), 1):
            values.append(point.y(point.measure()))
            tell((number + place / len(wanted)) / rounds)
    return [
        {"plot": point.plot, "line": point.line, "x": point.x, "values": sorted(values)}
        for point, values in zip(wanted, seen, strict=True)
    ]
