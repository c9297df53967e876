"""``python -m benchmarks [FAMILY…]``: measure, and write the table and the plots into docs/performance.md.

What is not measured stays as it was measured last. The exit code is 1 where a goal of what was measured is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from support.processes import launcher

from benchmarks import machine, page
from benchmarks.families import paced, parts, pipe, startup, tap, unchanged, work, writes
from benchmarks.lab import ROOT, Lab, MeasurementError, Sizes
from benchmarks.measuring import Tell, measure_points, measure_rows
from benchmarks.model import Point, Row
from benchmarks.progress import Progress

FAMILIES: Mapping[str, Callable[[Lab], AbstractContextManager[list[Row]]]] = {
    "startup": startup.rows,
    "writes": writes.rows,
    "parts": parts.rows,
    "unchanged": unchanged.rows,
    "tap": tap.rows,
    "paced": paced.rows,
    "pipe": pipe.rows,
    "work": work.rows,
}
CURVES: Sequence[Callable[[Lab], AbstractContextManager[list[Point]]]] = (unchanged.points, writes.points)
CURVES_NAME = "curves"
CURVE_ROUNDS = 3
QUICK = 0.002


def measure_family(name: str, lab: Lab, tell: Tell) -> dict[str, Any]:
    """Measure a family; return its ``rows``, or the ``points`` of all plots."""
    if name != CURVES_NAME:
        with FAMILIES[name](lab) as rows:
            return {"rows": measure_rows(rows, lab.rounds, tell)}
    points: list[dict[str, Any]] = []
    for number, each in enumerate(CURVES):

        def tell_part(share: float, before: int = number) -> None:
            tell((before + share) / len(CURVES))

        with each(lab) as wanted:
            points += measure_points(wanted, min(lab.rounds, CURVE_ROUNDS), tell_part)
    return {"points": points}


def main(arguments: Sequence[str]) -> int:
    """Measure and write the page; return 1 where a goal is missed or a measurement failed."""
    options = _options(arguments)
    # In this order: what holds much memory comes last, since a child's peak is never told below its parent's.
    wanted = [name for name in (*FAMILIES, CURVES_NAME) if not options.families or name in options.families]
    kept = page.Kept.read(options.docs)
    described = machine.describe()
    machine.warn_if_busy(described)
    progress = Progress(wanted, {} if options.quick else kept.seconds)
    failed: list[str] = []
    with ExitStack() as stack:
        by = stack.enter_context(launcher()) if options.quick else None
        for name in wanted:
            progress.begin(name)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            sizes = Sizes(QUICK, quick=True) if options.quick else Sizes()
            lab = Lab(folder, sizes, 1 if options.quick else options.rounds, by, options.plant, options.counts)
            try:
                found = measure_family(name, lab, progress.tell)
            except (MeasurementError, AssertionError) as error:
                sys.stderr.write(f"{name}: {error}\n")
                failed.append(name)
                continue
            today = datetime.now(timezone.utc).date().isoformat()
            # Written after each, so that what is measured is not lost with what comes after it.
            kept.put(name, {"machine": described, "date": today, "seconds": round(progress.end()), **found})
            page.write(options.docs, kept)
    missed = [row for row in kept.missed() if row.family in wanted]
    for row in missed:
        sys.stderr.write(f"missed: {row.family} {row.key}: {row.text}\n")
    for name in failed:
        sys.stderr.write(f"failed: {name}\n")
    return int(bool(failed or (missed and not options.quick)))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    known = [*FAMILIES, CURVES_NAME]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.partition("\n")[0] if __doc__ else ""
    )
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(known)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is taken (default: 5)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: shows that everything works")
    parser.add_argument("--plant", type=float, default=0.0, metavar="PERCENT", help="slow down what `work` counts")
    parser.add_argument("--counts", type=Path, help="what `work` is held to, instead of what is recorded")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page goes")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.families if name not in known]:
        parser.error(f"no family is called {', '.join(unknown)}; there are {', '.join(known)}")
    if (options.quick or options.plant) and options.docs.resolve() == ROOT / "docs":
        parser.error("name another folder by --docs: the page is about measurements")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
