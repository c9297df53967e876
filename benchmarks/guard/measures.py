"""What the guard counts: the work and the requests of one record more, of four kinds.

A count over few records is taken off one over more, so that start-up and end fall out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import feeds, known
from benchmarks.counting.__main__ import Work, plant
from benchmarks.families.tap import products_catalog, tap_config
from benchmarks.families.unchanged import Known
from benchmarks.lab import Lab, MeasurementError, sandbox, serving
from target_optiply.facts import StoredFacts
from target_optiply.store import Store


@dataclass(frozen=True)
class Cost:
    """What one record more costs: lines and calls, and requests."""

    work: float
    requests: float


@dataclass(frozen=True)
class Kind:
    """A kind of record whose way through a program is counted.

    Attributes:
        what: The record and the program, in words.
        few: Records of the shorter run.
        many: Records of the longer run.
        count: Counts one run of so many records, with what is planted: its work and its requests.
        slowed: Where a slow-down is planted: ``module:function`` of what is called once a record.
    """

    what: str
    few: int
    many: int
    count: Callable[[Lab, int, str], tuple[int, int]]
    slowed: str

    def cost(self, lab: Lab, extra: float = 0.0) -> Cost:
        """Return what one record more costs, of a program that does so much extra work a record."""
        planted = f"{self.slowed}:{round(extra)}" if extra else ""
        few, many = (self.count(lab, number, planted) for number in (self.few, self.many))
        more = self.many - self.few
        return Cost((many[0] - few[0]) / more, (many[1] - few[1]) / more)


def _unchanged(lab: Lab, number: int, planted: str) -> tuple[int, int]:
    made, name = Known(lab), f"known-{number}"  # the lab forks: the state is made here
    made.make({name: (feeds.optiply_products, number)})
    feed, config = made.files(name)
    # Nothing listens where it would send its requests to: that it succeeds shows that it made none.
    return _work(lab, planted, "target_optiply", "--config", str(config), stdin=feed), 0


def _created(lab: Lab, number: int, planted: str) -> tuple[int, int]:
    feed, state = lab.folder / "new", lab.folder / "created.json"
    with feed.open("wb") as out:
        out.writelines(feeds.optiply_products(number))
    state.unlink(missing_ok=True)
    with sandbox() as server:
        config = lab.write_json("target.json", server.target_config(state, max_connections=1))
        work = _work(lab, planted, "target_optiply", "--config", str(config), stdin=feed)
        return work, server.ask("GET", "stats")["requests"]


def _mapped(lab: Lab, number: int, planted: str) -> tuple[int, int]:
    work, store = Work(), Store(lab.folder / f"mapped-{number}.sqlite")
    entries = known.entries(list(feeds.inventory_products(number)), StoredFacts(store))
    with plant(planted), work.counting():
        made = list(entries)
    store.close()
    (lab.folder / f"mapped-{number}.sqlite").unlink(missing_ok=True)
    if len(made) != 3 * number:
        raise MeasurementError(f"{len(made)} entries, not a product and two of its suppliers each")
    return work.total, 0


def _tapped(lab: Lab, number: int, planted: str) -> tuple[int, int]:
    catalog = lab.write_json("catalog.json", products_catalog(lab))
    with serving("-m", "benchmarks.pages", "full", str(number)) as server:
        config = lab.write_json("tap.json", tap_config("full", server.ready["url"]))
        work = _work(lab, planted, "tap_inventory", "--config", str(config), "--catalog", str(catalog))
        return work, server.asked()


def _work(lab: Lab, planted: str, module: str, *arguments: str, stdin: Path | None = None) -> int:
    out = lab.folder / "count"
    lab.run("-m", "benchmarks.counting", str(out), module, *arguments, stdin=stdin, env={"PLANT": planted})
    return int(out.read_text(encoding="ascii"))


KINDS: Mapping[str, Kind] = {
    "unchanged": Kind(
        "the target, an Optiply-shaped product that it knows and that has not changed",
        *(100, 600, _unchanged, "target_optiply.target:TargetOptiply._recognise"),
    ),
    "created": Kind(
        "the target, a product that it creates over one connection",
        *(20, 100, _created, "target_optiply.sinks:OptiplySink.process_record"),
    ),
    "mapped": Kind(
        "the target's mapping of an inventory product with two vendor items, and the checks of all three",
        *(20, 100, _mapped, "target_optiply.recognition:Seal.fingerprint"),
    ),
    "tapped": Kind(
        "the tap, a product with relations",
        *(100, 400, _tapped, "tap_inventory.writer:PageWriter.write_record"),
    ),
}
