"""Writes docs/performance.md and its plots from what was measured, which is kept beside it as performance.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from benchmarks.plots import FILES, PLOTS, draw

TITLES = {
    "startup": "Start-up",
    "writes": "The target: new products",
    "parts": "What the time of a creation is spent on",
    "unchanged": "The target: records that have not changed",
    "tap": "The tap, CPU-bound",
    "paced": "The tap under a limit",
    "pipe": "The whole pipe: requests",
    "work": "The work of a record",
}
CURVES = "curves"


@dataclass(frozen=True)
class Missed:
    """A goal that is missed: the family and the key of its row, and a sentence."""

    family: str
    key: str
    text: str


@dataclass
class Kept:
    """All that was measured, by family: ``machine``, ``date``, ``seconds``, and ``rows`` or ``points``."""

    families: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, docs: Path) -> Kept:
        """Read what is kept beside the page."""
        path = docs / "performance.json"
        return cls(json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {})

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds that each family took."""
        return {name: family["seconds"] for name, family in self.families.items()}

    def put(self, name: str, family: dict[str, Any]) -> None:
        """Put what was measured of a family in the place of what was measured of it before."""
        self.families[name] = family
        self.families = {each: self.families[each] for each in (*TITLES, CURVES) if each in self.families}

    def missed(self) -> list[Missed]:
        """Return the goals that are missed."""
        return [
            Missed(name, row["key"], f"{figure['name']}: {number(figure)}, {goal(figure)} wanted")
            for name, row, figure in self._figures()
            if not figure["reached"]
        ]

    def goals(self) -> int:
        """Return how many goals there are."""
        return sum(bool(goal(figure)) for _, _, figure in self._figures())

    def _figures(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        for name, family in self.families.items():
            for row in family.get("rows", ()):
                for figure in row["figures"]:
                    yield name, row, figure


def write(docs: Path, kept: Kept) -> None:
    """Write the data, the page and the plots below a folder."""
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "performance.json").write_text(
        json.dumps(kept.families, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (docs / "performance.md").write_text(render(kept), encoding="utf-8")
    for name, text in plots(kept).items():
        (docs / "images").mkdir(exist_ok=True)
        (docs / "images" / f"performance-{name}.svg").write_text(text, encoding="utf-8")


def plots(kept: Kept) -> dict[str, str]:
    """Return the plots that there are points for."""
    points = kept.families.get(CURVES, {}).get("points", [])
    return {name: draw(name, found) for name in PLOTS if (found := [each for each in points if each["plot"] == name])}


def render(kept: Kept) -> str:
    """Return the page; what is known of a row by profiling it stands in ``files/notes/<key of the row>.md``."""
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
        families=[(name, TITLES[name], kept.families[name]) for name in TITLES if name in kept.families],
        curves=kept.families.get(CURVES),
        plots={name: PLOTS[name] for name in plots(kept)},
        unmeasured=[name for name in (*TITLES, CURVES) if name not in kept.families],
        missed=kept.missed(),
        goals=kept.goals(),
        minutes=round(sum(kept.seconds.values()) / 60),
        notes={path.stem: path.read_text(encoding="utf-8").strip() for path in sorted((FILES / "notes").glob("*.md"))},
    )
    return str(text)


def number(figure: dict[str, Any], which: str = "value") -> str:
    """Return a figure with three digits that count, and its unit."""
    value = figure[which]
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text}{figure['unit']}"


def goal(figure: dict[str, Any]) -> str:
    """Return a figure's goal in words; empty where it has none."""
    for name, words in (("at_least", "at least"), ("at_most", "at most")):
        if figure[name] is not None:
            return f"{words} {figure[name]:,g}{figure['unit']}"
    return ""
