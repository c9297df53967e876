"""The whole pipe, a first run and one after a change of 1 %: its requests beside those that an oracle says are due.

The oracle is that of the tests of the pair: it is written from the mapping's wording and shares no code with the
programs. Counts are the same in every round, so one round tells them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pair.expected import Expectation
from pair.pipeline import Pipeline, due_writes
from pair.requests_due import change_a_share, due_reads, reads
from support.processes import Sandbox

from benchmarks.lab import Lab
from benchmarks.model import Figure, Row, Spent

_SHARE = 0.01


@dataclass
class Counted:
    """The requests of a run beside those that were due, by kind."""

    made: Counter[str]
    due: Counter[str]

    def spent(self, *, due: bool) -> Spent:
        """Return how many there were; ``odd`` counts those that were missing or too many."""
        odd = (self.made - self.due) + (self.due - self.made)
        return Spent(1.0, units=sum((self.due if due else self.made).values()), extra={"odd": sum(odd.values())})


@dataclass
class Runs:
    """The two runs of a pipeline, made when the first of their figures is asked for."""

    pipeline: Pipeline
    before: Expectation = field(default_factory=Expectation)

    @cached_property
    def first(self) -> dict[str, Counted]:
        """Run on an empty Optiply."""
        expected = self.pipeline.expected()
        result = self._run(Expectation(), expected)
        self.before = expected
        return result

    @cached_property
    def second(self) -> dict[str, Counted]:
        """Run again after a change."""
        self._measured_first()
        change_a_share(self.pipeline.sandbox.control, _SHARE, self.before)
        return self._run(self.before, self.pipeline.expected())

    def _measured_first(self) -> None:
        _ = self.first

    def _run(self, before: Expectation, after: Expectation) -> dict[str, Counted]:
        control = self.pipeline.sandbox.control
        control.clear_log()
        self.pipeline.succeed()
        self.pipeline.assert_stands(after)
        return {
            "writes": Counted(Counter(control.writes()), due_writes(before, after)),
            "reads": Counted(reads(control), due_reads(before, after)),
        }


def _odd(subject: Spent, _baseline: Spent) -> float:
    return subject.extra["odd"]


def _units(subject: Spent, _baseline: Spent) -> float:
    return float(subject.units)


def _row(key: str, what: str, kind: str, run: Callable[[], dict[str, Counted]]) -> Row:
    due: dict[str, Any] = {
        "writes": "the writes that an independent diff of before and after forces",
        "reads": "one list per entity, one per changed order, one per new buy order with receipts",
    }
    return Row(
        key,
        what,
        due[kind],
        (Figure(f"{kind} missing or too many", _odd, at_most=0), Figure(f"{kind} of the target", _units)),
        lambda: run()[kind].spent(due=False),
        lambda: run()[kind].spent(due=True),
        once=True,
    )


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, on a sandbox with a whole company's inventory."""
    size = lab.sizes.of
    products, orders = size(30_000, 60), size(20_000, 60)
    data = (
        *("--products", str(products), "--customers", str(size(3000)), "--vendors", str(size(200, 12))),
        *("--sales-orders", str(orders * 4 // 5), "--purchase-orders", str(orders // 5)),
    )
    with Sandbox(lab.folder, data, patience=180) as server:
        server.control.timeout = 300
        runs = Runs(Pipeline(server, lab.folder, by=lab.by, patience=1200))
        yield [
            _row(f"pipe-{name}-{kind}", f"whole pipe, {products:,} products, {orders:,} orders, {what}", kind, run)
            for name, what, run in (
                ("first", "first run", lambda: runs.first),
                ("second", "1 % changed, second run", lambda: runs.second),
            )
            for kind in ("writes", "reads")
        ]
