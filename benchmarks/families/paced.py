"""The tap under a limit of 60 requests a minute, answers after 1.5 s: it waits most of the time, never too long."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from benchmarks.lab import Lab, Server, sandbox
from benchmarks.model import Figure, Measure, Row, Spent, longer

_LATENCY = 1.5
_LIMIT = 60
# Which of the two bounds is the larger: the allowance is used up five times, or one long list is read page by page.
_DATA = {
    "limit": {"products": 3000, "customers": 6000, "vendors": 700, "sales-orders": 9000, "purchase-orders": 9500},
    "chain": {"products": 300, "customers": 200, "vendors": 12, "sales-orders": 7200, "purchase-orders": 200},
}
_WHAT = {"limit": "the limit is what a full read waits for", "chain": "its longest list is"}
_TINY = {"products": 20, "customers": 2, "vendors": 2, "sales-orders": 5, "purchase-orders": 5}


def _bound(log: list[dict[str, Any]]) -> float:
    """Return the larger of what the limit forces and the longest chain of pages, in seconds."""
    asked = [entry for entry in log if entry["api"] == "inflow"]
    forced = (len(asked) - 1) // _LIMIT * 60.0 + _LATENCY
    # What is asked newest first is asked beside the chain: it waits for no page of it.
    pages = Counter(entry["kind"] for entry in asked if "sortDesc" not in str(entry["query"]))
    chain = max(count for kind, count in pages.items() if kind.startswith("GET "))
    return max(forced, chain * _LATENCY)


class Paced:
    """All rounds of both variants at the same time: each waits, so none is in another's way.

    They begin one after another, so that a start-up is not slowed down by another one.
    """

    def __init__(self, lab: Lab, pool: ThreadPoolExecutor) -> None:
        self._lab = lab
        self._pool = pool
        self._runs: dict[str, list[Future[tuple[Spent, Spent]]]] = {}
        self._begun = 0

    def begin(self, name: str, servers: Sequence[Server]) -> None:
        """Begin all rounds of a variant."""
        self._runs[name] = []
        for server in servers:
            self._runs[name].append(self._pool.submit(self._run, name, self._begun, server))
            self._begun += 1

    def rounds(self, name: str, which: int) -> Measure:
        """Return what gives round after round of a variant: its run (``which`` 0), or the bound of it (1)."""
        left = iter(self._runs[name])
        return lambda: next(left).result()[which]

    def _run(self, name: str, number: int, server: Server) -> tuple[Spent, Spent]:
        quick = self._lab.sizes.quick
        time.sleep(0 if quick else 2 * number)
        server.delay(inflow=0.0 if quick else _LATENCY)
        config = self._lab.write_json(
            f"{name}-{number}.json", server.tap_config(requests_per_minute=0 if quick else _LIMIT)
        )
        spent = self._lab.run("-m", "tap_inventory", "--config", str(config))
        log = server.ask("GET", "log")
        refused = sum(entry["status"] == HTTPStatus.TOO_MANY_REQUESTS for entry in log)
        return replace(spent, extra={"refused": refused}), Spent(_bound(log))


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, with a sandbox a round that keeps the limit as the API does."""
    with ExitStack() as stack:
        paced = Paced(lab, stack.enter_context(ThreadPoolExecutor(1 if lab.sizes.quick else len(_DATA) * lab.rounds)))
        for name, data in _DATA.items():
            counts = _TINY if lab.sizes.quick else data
            size = [word for collection, count in counts.items() for word in (f"--{collection}", str(count))]
            paced.begin(name, [stack.enter_context(sandbox(*size)) for _ in range(lab.rounds)])
        yield [
            Row(
                f"paced-{name}",
                f"the tap, 60 requests a minute, answers after 1.5 s, where {_WHAT[name]}",
                "the larger of what the limit forces and the longest chain of pages times the answer time",
                (
                    Figure("times the larger of the two", longer, at_most=1.08),
                    Figure("requests refused", lambda subject, _bound: subject.extra["refused"], at_most=0),
                ),
                paced.rounds(name, 0),
                paced.rounds(name, 1),
            )
            for name in _DATA
        ]
