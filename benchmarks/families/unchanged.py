"""The target reading records that it knows and that have not changed: nothing is sent, so only its own work counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
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

    def make(self, name: str, feed: Callable[[int], feeds.Feed], number: int) -> None:
        """Write a feed and its state, in a folder of their own."""
        folder = self._lab.folder / name
        folder.mkdir()
        config = {**_CONFIG, "state_path": str(folder / "state.json")}
        with (folder / "feed").open("wb") as out:
            out.writelines(feed(number))
        known.write(folder / "state.json", feed(number), config, folder)
        self._made[name] = folder / "feed", self._lab.write_json(f"{name}/target.json", config)

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
    made.make("optiply", feeds.optiply_products, optiply)
    made.make("inventory", feeds.inventory_products, inventory)
    made.make("many", feeds.optiply_products, many)
    made.make("few", feeds.optiply_products, few)
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
    full = (1000, 5000) if lab.sizes.quick else (1_000, 10_000, 30_000, 100_000, 300_000)
    found = []
    for number in full:
        name = f"points-{number}"
        made.make(name, feeds.optiply_products, number)
        found += [
            Point("records", "target", number, made.target(name, number), _seconds),
            Point("records", "standard library", number, made.read(name, number), _seconds),
        ]
    yield found


def _seconds(spent: Spent) -> float:
    return spent.seconds
