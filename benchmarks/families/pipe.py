"""The whole pipe, a first run and one after a change of 1 %: its requests beside those that an oracle says are due.

The oracle is that of the tests of the pair: it is written from the mapping's wording and shares no code with the
programs. Counts are the same in every round, so one round tells them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from pair.expected import ENTITIES, Expectation
from pair.pipeline import EMBEDDED, Pipeline, due_writes
from pair.requests_due import change_a_share, due_reads, reads
from support.processes import Sandbox

from benchmarks.lab import Lab
from benchmarks.model import Figure, Row, Spent

_SHARE = 0.01
_MARGIN = timedelta(minutes=10)
_PAGE = 100


@dataclass
class Counted:
    """The requests of a run beside those that were due, by kind."""

    made: Counter[str]
    due: Counter[str]

    def spent(self, *, due: bool) -> Spent:
        """Return how many there were; ``odd`` counts those that were missing or too many."""
        odd = (self.made - self.due) + (self.due - self.made)
        if odd and not due:
            sys.stderr.write(f"missing: {dict(self.due - self.made)}, too many: {dict(self.made - self.due)}\n")
        return Spent(1.0, units=sum((self.due if due else self.made).values()), extra={"odd": sum(odd.values())})


class Remembering(Pipeline):
    """A pipeline that works out what must stand in Optiply once a state of the inventory: it takes a minute."""

    _known: Expectation | None = None

    def expected(self) -> Expectation:
        """Return what must stand in Optiply."""
        self._known = self._known or super().expected()
        return self._known

    def change(self, share: float) -> Expectation:
        """Change a share of the inventory; return what had to stand before."""
        before = self.expected()
        change_a_share(self.sandbox.control, share, before)
        self._known = None
        return before


@dataclass
class Runs:
    """The two runs of a pipeline, made when the first of their figures is asked for."""

    pipeline: Remembering

    @cached_property
    def first(self) -> dict[str, Counted]:
        """Run on an empty Optiply."""
        return self._run(Expectation(), Counter())

    @cached_property
    def second(self) -> dict[str, Counted]:
        """Run again after a change."""
        _ = self.first
        recent = _recent_pages(self.pipeline)
        return self._run(self.pipeline.change(_SHARE), recent)

    def _run(self, before: Expectation, recent: Counter[str]) -> dict[str, Counted]:
        control, after = self.pipeline.sandbox.control, self.pipeline.expected()
        control.clear_log()
        self.pipeline.succeed()
        self.pipeline.assert_stands(after)
        lists = due_reads(before, after)
        return {
            "writes": Counted(Counter(control.writes()), due_writes(before, after)),
            "reads": Counted(reads(control), lists + Counter({kind: recent[kind] for kind in lists})),
        }


def _recent_pages(pipeline: Pipeline) -> Counter[str]:
    """Return how many pages the list of an entity has after the first, by the kind of its requests.

    The list shows what was created since ten minutes before the state was saved: the machine and its disk may have died
    since, with rows that the state never knew. Where a run follows the last one at once, these are rows of that one.
    """
    saved_at = datetime.fromisoformat(pipeline.target_state()["run"]["saved_at"])
    earliest = (saved_at - _MARGIN).strftime("%Y-%m-%dT%H:%M:%SZ")
    pages: Counter[str] = Counter()
    for entity in ENTITIES:
        if entity not in EMBEDDED:
            rows = pipeline.sandbox.control.optiply(entity, account_id=pipeline.account["account_id"])
            pages[f"GET {entity}"] = sum(row["attributes"]["createdAt"] >= earliest for row in rows) // _PAGE
    return pages


def _odd(subject: Spent, _baseline: Spent) -> float:
    return subject.extra["odd"]


def _units(subject: Spent, _baseline: Spent) -> float:
    return float(subject.units)


def _row(key: str, what: str, kind: str, run: Callable[[], dict[str, Counted]]) -> Row:
    due: dict[str, Any] = {
        "writes": "the writes that an independent diff of before and after forces",
        "reads": "one list per entity (further pages where over 100 of its rows are younger than ten minutes), one per "
        "changed order, one per new buy order with receipts",
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
        runs = Runs(Remembering(server, lab.folder, by=lab.by, patience=1200))
        yield [
            _row(f"pipe-{name}-{kind}", f"whole pipe, {products:,} products, {orders:,} orders, {what}", kind, run)
            for name, what, run in (
                ("first", "first run", lambda: runs.first),
                ("second", "1 % changed, second run", lambda: runs.second),
            )
            for kind in ("writes", "reads")
        ]
