"""``python -m benchmarks``: measure every row, write the table and the plots into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks import page
from benchmarks.families import paced, pipe, startup, tap, unchanged, writes
from benchmarks.lab import ROOT, Lab, Sizes
from benchmarks.model import Measure, Point, Row, Spent, judged

Families = dict[str, Callable[[Lab], AbstractContextManager[list[Row]]]]
FAMILIES: Families = {
    "unchanged": unchanged.rows,
    "writes": writes.rows,
    "tap": tap.rows,
    "startup": startup.rows,
    "paced": paced.rows,
    "pipe": pipe.rows,
}
CURVES = {"records": unchanged.points, "writes": writes.points}
QUICK = 0.004


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def measure_row(row: Row, rounds: int, once: dict[int, Spent] | None = None) -> dict[str, Any]:
    """Run a row's subject and baseline in turn, now the one first and now the other, and judge it.

    Args:
        row: The row.
        rounds: How often.
        once: What has been run so far, where nothing is to be run twice for the sake of time.
    """

    def run(measure: Measure) -> Spent:
        if once is None:
            return measure()
        if id(measure) not in once:
            once[id(measure)] = measure()
        return once[id(measure)]

    seen: list[tuple[Spent, Spent]] = []
    for number in range(1 if row.once else rounds):
        if number % 2:
            baseline = run(row.baseline)
            seen.append((run(row.subject), baseline))
        else:
            subject = run(row.subject)
            seen.append((subject, run(row.baseline)))
    result = judged(row, seen)
    for figure in result["figures"]:
        _say(f"  {row.key}: {figure['name']}: {figure['value']:.4g} {'' if figure['reached'] else '(not reached)'}")
    return result


def measure_points(points: list[Point], rounds: int) -> Iterator[dict[str, Any]]:
    """Run every point once a round; yield each with the values that were seen."""
    seen: dict[int, list[float]] = {}
    for _ in range(rounds):
        for place, point in enumerate(points):
            seen.setdefault(place, []).append(point.y(point.measure()))
    for place, point in enumerate(points):
        yield {"plot": point.plot, "line": point.line, "x": point.x, "values": sorted(seen[place])}


def main(arguments: list[str]) -> int:
    """Measure, write the page, and return 1 where a goal of a full measurement is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is taken (default: 5)")
    parser.add_argument("--only", action="append", default=[], metavar="FAMILY", choices=[*FAMILIES, "curves"])
    parser.add_argument("--quick", action="store_true", help="tiny sizes and one round: shows that everything works")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes")
    options = parser.parse_args(arguments)
    rounds = 1 if options.quick else options.rounds
    sizes = Sizes(QUICK, quick=True) if options.quick else Sizes()
    kept = options.docs / "performance.json"
    result: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    families = result.setdefault("families", {})
    for name, rows in FAMILIES.items():
        if options.only and name not in options.only:
            continue
        _say(f"{name} …")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, rows(Lab(Path(folder), sizes, rounds)) as found:
            once: dict[int, Spent] | None = {} if options.quick else None
            families[name] = [measure_row(row, rounds, once) for row in found]
        _say(f"  took {time.monotonic() - began:.0f} s")
    if not options.only or "curves" in options.only:
        result["points"] = []
        for name, points in CURVES.items():
            _say(f"plots: {name} …")
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as folder,
                points(Lab(Path(folder), sizes, rounds)) as wanted,
            ):
                result["points"] += measure_points(wanted, rounds)
    result["families"] = {name: families[name] for name in FAMILIES if name in families}
    kept.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page.write(options.docs, result)
    figures = [figure for rows in result["families"].values() for row in rows for figure in row["figures"]]
    return 0 if options.quick or all(figure["reached"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
