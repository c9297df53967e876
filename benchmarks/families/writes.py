"""The target creating products: behind a latency, where waiting counts, and answered at once, where only CPU does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import feeds
from benchmarks.lab import Lab, MeasurementError, Server, sandbox
from benchmarks.model import Figure, Measure, Point, Row, Spent, rate, times
from sandbox.bench import measure

LATENCY = 0.05
WITHOUT_HTTP = "without_http"
_names = itertools.count()


class Writes:
    """Runs that create products in a sandbox, each in an account that holds nothing yet."""

    def __init__(self, lab: Lab, server: Server) -> None:
        self._lab = lab
        self._server = server
        self._ready = lab.write_json("ready.json", server.ready)
        self._feeds: dict[int, Path] = {}

    def target(self, number: int, connections: int, latency: float, *, script: str = "") -> Measure:
        """Return what creates so many products over so many connections, and insists that all of them stand.

        With a ``script`` of ``baselines/`` the target is run by that; one without HTTP leaves nothing standing.
        """
        feed = self._feed(number)

        def run() -> Spent:
            self._server.ask("POST", "reset")
            self._server.delay(optiply=latency)
            state = self._lab.folder / f"state-{next(_names)}.json"
            config = self._lab.write_json("target.json", self._server.target_config(state, max_connections=connections))
            if script:
                spent = self._lab.baseline(script, "--config", str(config), stdin=feed, units=number)
            else:
                spent = self._lab.run("-m", "target_optiply", "--config", str(config), stdin=feed, units=number)
            stands = self._server.ask("GET", "stats")["rows"]["products"]
            if stands != (0 if script == WITHOUT_HTTP else number):
                raise MeasurementError(f"{stands} products stand, not {number}")
            state.unlink()
            return spent

        return run

    def post(self, number: int, latency: float, *, script: str = "post") -> Measure:
        """Return what posts so many ready-made bodies one after another."""

        def run() -> Spent:
            self._server.ask("POST", "reset")
            self._server.delay(optiply=latency)
            return self._lab.baseline(script, str(self._ready), str(number), units=number)

        return run

    def headroom(self, number: int, connections: int, latency: float) -> Measure:
        """Return what the sandbox takes of a client that does next to nothing."""

        def run() -> Spent:
            self._server.ask("POST", "reset")
            self._server.delay(optiply=latency)
            measured = measure(self._server.ready, number, connections)
            if measured["failed"]:
                raise MeasurementError(f"the sandbox refused {measured['failed']} writes")
            return Spent(measured["seconds"], number / measured["writes_per_cpu_second"], 0.0, number)

        return run

    def _feed(self, number: int) -> Path:
        if number not in self._feeds:
            path = self._lab.folder / f"new-{number}"
            with path.open("wb") as out:
                out.writelines(feeds.optiply_products(number))
            self._feeds[number] = path
        return self._feeds[number]


def _share(connections: int, latency: float = LATENCY) -> Figure:
    return Figure(
        "writes a second ÷ (connections ÷ latency)",
        lambda subject, _baseline: subject.rate / (connections / latency),
        at_least=0.85,
    )


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, with a sandbox that stands while they are measured."""
    size = lab.sizes.of
    with sandbox() as server:
        writes = Writes(lab, server)
        one_by_one = writes.post(size(100, 10), LATENCY)
        at_once = writes.target(size(8000), 16, 0.0)
        found = []
        for connections in (16, 64):
            behind = writes.target(size(300 * connections), connections, LATENCY)
            more = 3 * connections
            found += [
                Row(
                    f"headroom-create-{connections}",
                    f"the sandbox, answers after 50 ms, {more} connections from a client that does next to nothing",
                    f"the target, new products, answers after 50 ms, {connections} connections",
                    (Figure("writes a second ÷ those of the target", times, at_least=2.0),),
                    writes.headroom(size(125 * connections, more), more, LATENCY),
                    behind,
                ),
                Row(
                    f"create-{connections}",
                    f"the target, new products, answers after 50 ms, {connections} connections",
                    "one request at a time over one kept connection",
                    (
                        _share(connections),
                        Figure("times the baseline's writes a second", times),
                        Figure("writes a second", rate, unit="/s"),
                    ),
                    behind,
                    one_by_one,
                ),
            ]
        yield [
            *found,
            Row(
                "headroom-create-at-once",
                "the sandbox, answers at once, 16 connections from a client that does next to nothing",
                "the target, new products, answers at once",
                (Figure("writes a second ÷ those of the target", times, at_least=2.0),),
                writes.headroom(size(8000), 16, 0.0),
                at_once,
            ),
            Row(
                "create-at-once",
                "the target, new products, answers at once (CPU-bound)",
                "a bare loop of `requests.Session.post` over one session, bodies ready-made",
                (
                    Figure("times the baseline's writes a second", times, at_least=1.2),
                    Figure("writes a second", rate, unit="/s"),
                ),
                at_once,
                writes.post(size(8000), 0.0),
            ),
        ]


@contextmanager
def points(lab: Lab) -> Iterator[list[Point]]:
    """Yield the points of the plots over connections and over latency."""
    size = lab.sizes.of
    with sandbox() as server:
        writes = Writes(lab, server)
        connections = (1, 16) if lab.sizes.quick else (1, 4, 16, 32, 64)
        latencies = (0.0, 0.05) if lab.sizes.quick else (0.0, 0.02, 0.05, 0.2)
        found = [
            Point(
                "connections",
                "target",
                count,
                writes.target(size(80 * count, 10), count, LATENCY),
                _rate,
            )
            for count in connections
        ]
        for latency in latencies:
            number = size(min(4000, round(16 * 4 / latency)) if latency else 4000)
            found.append(Point("latency", "target, 16 connections", latency, writes.target(number, 16, latency), _rate))
            alone = size(min(2000, round(3 / latency)) if latency else 2000, 10)
            found.append(Point("latency", "one request at a time", latency, writes.post(alone, latency), _rate))
        yield found


def _rate(spent: Spent) -> float:
    return spent.rate
