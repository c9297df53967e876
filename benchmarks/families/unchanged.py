"""The target reading records that it knows and that have not changed: nothing is sent, so only its own work counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks import feeds, known
from benchmarks.lab import Lab
from benchmarks.model import Figure, Measure, Point, Row, Spent, longer, rate, times

_CONFIG = {
    "client_id": "bench-client",
    "client_secret": "bench-secret",
    "username": "bench-user",
    "password": "bench-password",
    "account_id": 1380,
    "coupling_id": 77,
    # Nothing listens there: a run that sends anything fails.
    "api_url": "http://127.0.0.1:9/v1",
    "auth_url": "http://127.0.0.1:9/token",
}
_MILLION = 1_000_000


class Known:
    """Feeds and the states that know them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._made: dict[str, tuple[Path, Path]] = {}

    def make(self, wanted: Mapping[str, tuple[Callable[[int], feeds.Feed], int]]) -> None:
        """Write feeds and their states, each in a folder of its own, the longest first and on all cores.

        Args:
            wanted: By name, what yields the feed, and of how many records.
        """
        longest = sorted(wanted.items(), key=lambda each: -each[1][1])
        for name, _ in longest:
            folder = self._lab.folder / name
            folder.mkdir()
            config = {**_CONFIG, "state_path": str(folder / "state.json")}
            self._made[name] = folder / "feed", self._lab.write_json(f"{name}/target.json", config)
        if self._lab.by is not None:
            for name, (feed, number) in longest:
                _write(feed, number, *self._made[name])
            return
        # Not within this process in any case: a child's peak memory is never told below that of what started it.
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            for done in [pool.submit(_write, feed, number, *self._made[name]) for name, (feed, number) in longest]:
                done.result()

    def files(self, name: str) -> tuple[Path, Path]:
        """Return a feed and the configuration of a target that knows it."""
        return self._made[name]

    def target(self, name: str, number: int) -> Measure:
        """Return what runs the target over a feed that it knows."""
        feed, config = self._made[name]
        return lambda: self._lab.run("-m", "target_optiply", "--config", str(config), stdin=feed, units=number)

    def read(self, name: str, number: int, *arguments: str) -> Measure:
        """Return what reads the lines of a feed with the standard library."""
        return lambda: self._lab.baseline("read_lines", *arguments, stdin=self._made[name][0], units=number)


def _write(feed: Callable[[int], feeds.Feed], number: int, into: Path, config: Path) -> None:
    with into.open("wb") as out:
        out.writelines(feed(number))
    settings = json.loads(config.read_text(encoding="utf-8"))
    known.write(Path(settings["state_path"]), feed(number), settings, into.parent)


def _megabytes(subject: Spent, _baseline: Spent) -> float:
    return subject.megabytes


def _headroom(known_: Known, name: str, number: int, target: Measure) -> Row:
    return Row(
        f"headroom-{name}",
        f"the feed of {name} records, its lines read from the file and not parsed",
        "the target reading the same",
        (Figure("lines a second ÷ those of the target", times, at_least=2.0),),
        known_.read(name, number, "lines"),
        target,
    )


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows; the states that know all records are made first, without a request."""
    size, made = lab.sizes.of, Known(lab)
    optiply, inventory, many, few = size(300_000), size(100_000), size(_MILLION), size(_MILLION // 10)
    made.make(
        {
            "many": (feeds.optiply_products, many),
            "optiply": (feeds.optiply_products, optiply),
            "inventory": (feeds.inventory_products, inventory),
            "few": (feeds.optiply_products, few),
        }
    )
    longer_than = partial(Figure, "times the baseline's time", longer)
    plain, related = made.target("optiply", optiply), made.target("inventory", inventory)
    yield [
        _headroom(made, "optiply", optiply, plain),
        _headroom(made, "inventory", inventory, related),
        Row(
            "unchanged-optiply",
            "the target, unchanged Optiply-shaped records",
            "reading and parsing the same lines with the standard library",
            (Figure("records a second", rate, at_least=60_000, unit="/s"), longer_than(at_most=6.0)),
            plain,
            made.read("optiply", optiply),
        ),
        Row(
            "unchanged-inventory",
            "the target, unchanged `tap-inventory` products with relations",
            "reading and parsing the same lines with the standard library",
            (Figure("records a second", rate, at_least=30_000, unit="/s"), longer_than()),
            related,
            made.read("inventory", inventory),
        ),
        Row(
            "known-million",
            f"the target, {many:,} known records, all of them read",
            f"{few:,} known records, all of them read",
            (longer_than(at_most=11.0), Figure("peak memory", _megabytes, at_most=400.0, unit=" MB")),
            made.target("many", many),
            made.target("few", few),
        ),
    ]


@contextmanager
def points(lab: Lab) -> Iterator[list[Point]]:
    """Yield the points of the plot over records."""
    made = Known(lab)
    sizes = (10, 50) if lab.sizes.quick else (1_000, 10_000, 100_000)
    names = {number: f"points-{number}" for number in sizes}
    made.make({name: (feeds.optiply_products, number) for number, name in names.items()})
    yield [
        Point("records", line, number, run(name, number), _seconds)
        for number, name in names.items()
        for line, run in (("target", made.target), ("standard library", made.read))
    ]


def _seconds(spent: Spent) -> float:
    return spent.seconds
