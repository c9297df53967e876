"""What the guard counts: the work and the requests of one record more, of four kinds.

A count over few records is taken off one over more, so that start-up and end fall out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import feeds, known
from benchmarks.families.tap import products_catalog, tap_config
from benchmarks.families.unchanged import Known
from benchmarks.guard.counting import Work
from benchmarks.lab import Lab, MeasurementError, sandbox, serving
from target_optiply.facts import StoredFacts
from target_optiply.store import Store

RECORDED = Path(__file__).parent / "counts.json"
TOLERANCE = 0.03
"""Counts of one version of Python on one machine differ by less than a thousandth from run to run."""


def version() -> str:
    """Return this Python's version as the counts are recorded under."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def recorded(kind: str) -> float:
    """Return what is recorded of a kind: for this version of Python, else for the latest one that was counted."""
    counts: Mapping[str, float] = json.loads(RECORDED.read_text(encoding="utf-8"))[kind]
    return counts.get(version(), list(counts.values())[-1])


def grown(kind: str, count: float) -> float:
    """Return by which share a count is above what is recorded; below 0 where it is less."""
    return count / recorded(kind) - 1


class Counter:
    """Counts what one record more costs.

    Args:
        lab: A folder.
        slower: What is planted in the programs, as ``counting.plant`` takes it.
    """

    def __init__(self, lab: Lab, slower: str = "") -> None:
        self._lab = lab
        self._slower = slower
        self.requests = 0.0

    def unchanged(self) -> float:
        """A record that the target knows and that has not changed."""
        made = Known(self._lab)

        def run(number: int) -> int:
            made.make(str(number), feeds.optiply_products, number)
            feed, config = made.files(str(number))
            return self._run("target_optiply", "--config", str(config), stdin=feed)

        return _slope(run, 200, 1200)

    def created(self) -> float:
        """A product that the target creates; ``requests`` is then how many that takes."""
        asked: list[int] = []
        with sandbox() as server:

            def run(number: int) -> int:
                server.ask("POST", "reset")
                feed = self._lab.folder / "new"
                with feed.open("wb") as out:
                    out.writelines(feeds.optiply_products(number))
                state = self._lab.folder / "created.json"
                state.unlink(missing_ok=True)
                config = server.target_config(state, max_connections=1)
                work = self._run("target_optiply", "--config", str(self._lab.write_json("c.json", config)), stdin=feed)
                asked.append(server.ask("GET", "stats")["requests"])
                return work

            work = _slope(run, 30, 130)
        self.requests = (asked[1] - asked[0]) / 100
        return work

    def mapped(self) -> float:
        """A product of the inventory that the target maps, with its relations, and checks."""

        def run(number: int) -> int:
            work, store = Work(), Store(self._lab.folder / f"{number}.sqlite")
            entries = known.entries(list(feeds.inventory_products(number)), StoredFacts(store))
            with work.counting():
                made = list(entries)
            store.close()
            if len(made) != 3 * number:
                raise MeasurementError(f"{len(made)} entries, not a product and two of its suppliers each")
            return work.total

        return _slope(run, 20, 120)

    def tapped(self) -> float:
        """A product with relations that the tap writes."""
        catalog = self._lab.write_json("catalog.json", products_catalog())

        def run(number: int) -> int:
            with serving("-m", "benchmarks.pages", "full", str(number)) as server:
                config = self._lab.write_json("tap.json", tap_config("full", server.ready["url"]))
                return self._run("tap_inventory", "--config", str(config), "--catalog", str(catalog))

        return _slope(run, 200, 800)

    def _run(self, module: str, *arguments: str, stdin: Path | None = None) -> int:
        out = self._lab.folder / "count"
        self._lab.run(
            *("-m", "benchmarks.guard.counting", str(out), module, *arguments),
            stdin=stdin,
            env={"PLANT": self._slower},
        )
        return int(out.read_text(encoding="ascii"))


def _slope(run: Callable[[int], int], few: int, many: int) -> float:
    low, high = run(few), run(many)
    return (high - low) / (many - few)


KINDS: Mapping[str, Callable[[Counter], float]] = {
    "unchanged": Counter.unchanged,
    "created": Counter.created,
    "mapped": Counter.mapped,
    "tapped": Counter.tapped,
}
