"""The work of a record, in lines and calls, beside what is recorded: what the guard of ``make test`` looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from support.processes import launcher

from benchmarks.guard.measures import KINDS, Cost, Kind
from benchmarks.guard.recorded import FILE, Allowance, allowance, read
from benchmarks.lab import Lab
from benchmarks.model import Figure, Row, Spent


def _spent(cost: Cost) -> Spent:
    return Spent(1.0, extra={"work": cost.work, "requests": cost.requests})


def row(name: str, kind: Kind, count: partial[Cost], allowed: Allowance) -> Row:
    """Return the row of a kind.

    Args:
        name: Its name.
        kind: The kind.
        count: Counts it.
        allowed: What it may cost.
    """
    return Row(
        f"work-{name}",
        kind.what,
        f"what is recorded of Python {'.'.join(map(str, allowed.version))}",
        (
            Figure(
                "times the recorded lines and calls",
                lambda subject, baseline: subject.extra["work"] / baseline.extra["work"],
                at_most=1 + allowed.tolerance,
            ),
            Figure("lines and calls a record", lambda subject, _baseline: subject.extra["work"]),
            Figure(
                "requests a record more than recorded",
                lambda subject, baseline: round(subject.extra["requests"] - baseline.extra["requests"], 6),
                at_most=0.0,
            ),
        ),
        lambda: _spent(count()),
        lambda: _spent(allowed.cost),
        once=True,
    )


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows; the lab's planted slow-down is a share of what is recorded of each kind."""
    with ExitStack() as stack:
        counts = read(lab.counts or FILE)
        by = lab.by or stack.enter_context(launcher())
        found = []
        for name, kind in KINDS.items():
            own = replace(lab, folder=lab.folder / name, by=by)
            own.folder.mkdir()
            allowed = allowance(name, counts)
            count = partial(kind.cost, own, allowed.cost.work * lab.plant / 100)
            found.append(row(name, kind, count, allowed))
        yield found
