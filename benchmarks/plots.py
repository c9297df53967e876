"""The plots as SVG: how cost grows with records, connections and latency, both axes logarithmic."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

LEFT, RIGHT, TOP, BOTTOM = 70, 620, 48, 340
COLOURS = ("#2563eb", "#d97706", "#6b7280")
FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Plot:
    """What a plot shows.

    Attributes:
        title: Its heading.
        x: What the horizontal axis counts.
        y: What the vertical axis counts.
        factor: What the x of points is multiplied by (seconds to milliseconds).
        ideal: The best that any program could do at an x, drawn dashed; and what it is.
    """

    title: str
    x: str
    y: str
    factor: float = 1.0
    ideal: tuple[str, Callable[[float], float]] | None = None


PLOTS = {
    "records": Plot("Unchanged records: time over records", "records", "seconds, whole run"),
    "connections": Plot(
        "New products, answers after 50 ms: rate over connections",
        "connections",
        "writes a second, whole run",
        ideal=("connections ÷ latency", lambda connections: connections / 0.05),
    ),
    "latency": Plot(
        "New products: rate over latency", "answers after (ms; 0 drawn at 1)", "writes a second, whole run", factor=1000
    ),
}


def draw(name: str, points: Iterable[dict[str, Any]]) -> str:
    """Return a plot of the points of that name as SVG."""
    plot = PLOTS[name]
    lines: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        x = max(1.0, point["x"] * plot.factor)  # a logarithm has no zero
        lines.setdefault(point["line"], []).append((x, statistics.median(point["values"])))
    if plot.ideal is not None:
        title, best = plot.ideal
        lines[title] = [(x, best(x)) for x in sorted({x for line in lines.values() for x, _ in line})]
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    to_x, to_y = _scale(xs, LEFT, RIGHT), _scale(ys, BOTTOM, TOP + 20 * len(lines))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FILES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    text: str = environment.get_template("plot.svg.j2").render(
        title=plot.title,
        x_title=plot.x,
        y_title=plot.y,
        x_ticks=[{"at": to_x(x), "text": f"{x:,g}"} for x in sorted(set(xs))],
        y_ticks=[{"at": to_y(y), "text": f"{y:,g}"} for y in _decades(ys)],
        lines=[
            {
                "name": line,
                "points": [(to_x(x), to_y(y)) for x, y in sorted(found)],
                "colour": colour,
                "dashed": plot.ideal is not None and line == plot.ideal[0],
            }
            for (line, found), colour in zip(lines.items(), COLOURS, strict=False)
        ],
    )
    return text + "\n"


def _scale(values: list[float], start: float, end: float) -> Callable[[float], float]:
    low, high = math.log(min(values)), math.log(max(values))
    width = (high - low) or 1.0
    inner = 0.03 * (end - start)  # no point lies on an axis
    return lambda value: round(start + inner + (end - start - 2 * inner) * (math.log(value) - low) / width, 1)


def _decades(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    steps = [10.0**power * step for power in range(-4, 8) for step in (1, 2, 5)]
    within = [step for step in steps if low <= step <= high]
    return within if len(within) <= 10 else [step for step in within if math.log10(step).is_integer()]
