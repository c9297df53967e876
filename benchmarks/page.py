"""Writes docs/performance.md and its plots from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from benchmarks.plots import FILES, PLOTS, draw

TITLES = {
    "unchanged": "The target: records that have not changed",
    "writes": "The target: new products",
    "tap": "The tap, CPU-bound",
    "startup": "Start-up",
    "paced": "The tap under a limit",
    "pipe": "The whole pipe: requests",
}


def write(docs: Path, result: dict[str, Any]) -> None:
    """Write the page and the plots below a folder."""
    (docs / "performance.md").write_text(render(result), encoding="utf-8")
    (docs / "images").mkdir(exist_ok=True)
    for name in PLOTS:
        (docs / "images" / f"performance-{name}.svg").write_text(plot(name, result), encoding="utf-8")


def plot(name: str, result: dict[str, Any]) -> str:
    """Return a plot of what was measured."""
    return draw(name, [point for point in result["points"] if point["plot"] == name])


def render(result: dict[str, Any]) -> str:
    """Return the page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FILES),
        autoescape=False,  # noqa: S701 - Markdown of our own numbers and words
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, goal=goal)
    text = environment.get_template("performance.md.j2").render(
        families=[(name, TITLES[name], rows) for name, rows in result["families"].items()],
        points=bool(result.get("points")),
        plots=PLOTS,
    )
    return str(text)


def number(figure: dict[str, Any], which: str = "value") -> str:
    """Return a figure with three digits that count, and its unit."""
    value = figure[which]
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return text + figure["unit"]


def goal(figure: dict[str, Any]) -> str:
    """Return a figure's goal in words; empty where it has none."""
    for name, words in (("at_least", "at least"), ("at_most", "at most")):
        if figure[name] is not None:
            return f"{words} {figure[name]:,g}{figure['unit']}"
    return ""
