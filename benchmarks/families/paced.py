"""The tap under a limit of 60 requests a minute, answers after 1.5 s: it waits most of the time, never too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.lab import Lab, MeasurementError, Server, sandbox
from benchmarks.model import Figure, Row, Spent, longer

_LATENCY = 1.5
_LIMIT = 60
# Which of the two bounds is the larger: the allowance is used up twice, or one long list is read page by page.
_DATA = {
    "limit": {"products": 900, "customers": 1500, "vendors": 300, "sales-orders": 4500, "purchase-orders": 2500},
    "chain": {"products": 300, "customers": 200, "vendors": 12, "sales-orders": 3600, "purchase-orders": 200},
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
    """All rounds of one variant at the same time: each waits, so none is in another's way."""

    def __init__(self, lab: Lab, name: str, servers: list[Server], pool: ThreadPoolExecutor) -> None:
        self._lab = lab
        self._name = name
        self._servers = servers
        self._pool = pool
        self._runs: list[Future[Spent]] = []
        self._bounds: list[float] = []

    def subject(self) -> Spent:
        """Return one round's run; the first call begins all of them."""
        if not self._runs:
            self._runs = [self._pool.submit(self._run, *each) for each in enumerate(self._servers)]
        return self._runs[len(self._bounds)].result()

    def bound(self) -> Spent:
        """Return the bound of one round: what no reader could be faster than."""
        self.subject()
        log = self._servers[len(self._bounds)].ask("GET", "log")
        if any(entry["status"] == 429 for entry in log):
            raise MeasurementError("a request was refused")
        self._bounds.append(_bound(log))
        return Spent(self._bounds[-1])

    def _run(self, number: int, server: Server) -> Spent:
        server.delay(inflow=0.0 if self._lab.sizes.quick else _LATENCY)
        config = self._lab.write_json(
            f"{self._name}-{number}.json", server.tap_config(requests_per_minute=0 if self._lab.sizes.quick else _LIMIT)
        )
        return self._lab.run("-m", "tap_inventory", "--config", str(config))


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, with a sandbox a round that keeps the limit as the API does."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2 * lab.rounds))
        found = []
        for name, data in _DATA.items():
            counts = _TINY if lab.sizes.quick else data
            size = [word for name, count in counts.items() for word in (f"--{name}", str(count))]
            servers = [stack.enter_context(sandbox(*size)) for _ in range(lab.rounds)]
            paced = Paced(lab, name, servers, pool)
            found.append(
                Row(
                    f"paced-{name}",
                    f"the tap, 60 requests a minute, answers after 1.5 s, where {_WHAT[name]}; none refused",
                    "the larger of what the limit forces and the longest chain of pages times the answer time",
                    (Figure("times the larger of the two", longer, at_most=1.08),),
                    paced.subject,
                    paced.bound,
                )
            )
        yield found
