"""Measures what a tenant's run takes of a machine, and writes how many tenants that allows into docs/fleet.md.

``make fleet-sizing``. A run is measured as a worker does it: Dagster's process, and the two programs below it.
Processor time is what the kernel counts; memory is what all three hold at once, shared pages counted once.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from support.processes import ROOT, Sandbox
from yard import MODULE, PARTITION, Site, Yard

from fleet.location import JOB

NAME = "measured"
PAGE = ROOT / "docs" / "fleet.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SIZE = {"products": 1000, "customers": 100, "vendors": 40, "sales-orders": 1500, "purchase-orders": 150}
TENANTS = 10_000
INTERVAL = 3600.0  # seconds between two runs of a tenant
PACE = 60  # requests a minute that an inventory allows
SHARE = 0.7  # of a core that is planned to be busy
CORE_MEMORY = 4096.0  # MiB that go with a core, as clouds sell them


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        what: Which run.
        programs: Processor seconds of the tap and the target.
        worker: Processor seconds of Dagster's own process.
        memory: The most that all three held at once, in MiB.
        reads: Requests to the inventory.
        writes: Requests to Optiply.
        stored: Bytes that Dagster keeps of the run.
    """

    what: str
    programs: float
    worker: float
    memory: float
    reads: int
    writes: int
    stored: int

    @property
    def cpu(self) -> float:
        """Processor seconds in all."""
        return self.programs + self.worker

    @property
    def waiting(self) -> float:
        """Seconds that the pace makes a run wait: a minute's requests go at once, the others one after another."""
        return max(0.0, (self.reads - PACE) * 60.0 / PACE)


def tenants_per_core(cost: Cost, interval: float = INTERVAL) -> tuple[int, int]:
    """Return how many tenants one core carries, by its time and by its memory; the smaller counts.

    By time: ``interval * SHARE / cpu``. By memory: ``CORE_MEMORY / memory`` runs at once, each of which stays for
    ``waiting + cpu / SHARE`` seconds of every interval.
    """
    by_time = interval * SHARE / cost.cpu
    by_memory = CORE_MEMORY / cost.memory * interval / (cost.waiting + cost.cpu / SHARE)
    return math.floor(by_time), math.floor(by_memory)


def measure(yard: Yard, site: Site, what: str) -> Cost:
    """Run the tenant once, as a worker does."""
    control = site.sandbox.control
    control.clear_log()
    command = ["job", "execute", "-m", MODULE, "-j", JOB, "--tags", json.dumps({PARTITION: NAME})]
    with (yard.directory / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", *command], env=yard.environment(), stdout=log, stderr=log
        )
        most = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, sum(map(_held, _tree(process.pid))))
            time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError((yard.directory / "worker.log").read_text(errors="replace")[-3000:])
    with dg.DagsterInstance.from_config(str(yard.directory / "home")) as instance:
        run = instance.get_runs(limit=1)[0]
        events = list(instance.all_logs(run.run_id))
    [told] = [event.asset_materialization for event in events if event.asset_materialization]
    programs = float(told.metadata["cpu_seconds"].value)  # type: ignore[arg-type]  # a number, as fleet.told makes it
    requests = control.log()
    return Cost(
        what,
        programs,
        usage.ru_utime + usage.ru_stime - programs,
        most,
        sum(entry["api"] == "inflow" for entry in requests),
        sum(entry["api"] == "optiply" for entry in requests),
        sum(len(dg.serialize_value(event)) for event in events),
    )


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:  # it has just ended
            continue
        for each in below:
            yield from _tree(int(each))


def _held(pid: int) -> float:
    """Return a process's share of memory in MiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def change(site: Site, collection: str, percent: float, made: Mapping[str, Any]) -> None:
    """Change some of the inventory's rows."""
    rows = site.sandbox.control.collection(collection)
    chosen = rows[: math.ceil(len(rows) * percent / 100)]
    site.sandbox.control.put(collection, *({**row, **made} for row in chosen))


def costs() -> Iterator[Cost]:
    """Measure a first load, runs that find nothing changed, and one that finds a hundredth changed."""
    with tempfile.TemporaryDirectory() as temporary, Yard(Path(temporary), []) as yard:
        box = yard.directory / "boxes" / NAME
        box.mkdir()
        sizes = [part for name, number in SIZE.items() for part in (f"--{name}", str(number))]
        with Sandbox(box, sizes, patience=120) as sandbox:
            sandbox.control.timeout = 300.0  # whole collections, on a machine that others use as well
            site = yard.sites[NAME] = Site(NAME, sandbox, yard.directory / "state" / NAME)
            yard.entrust(NAME)
            (yard.directory / "tenants.yml").write_text(yard.document(), encoding="utf-8")
            yield measure(yard, site, "the first: everything")
            measure(yard, site, "the second proves the order of the lists, and is like no other")
            yield measure(yard, site, "nothing changed")
            change(site, "products", 1, {"name": "Renamed for the measurement"})
            change(site, "sales-orders", 1, {"orderRemarks": "Changed for the measurement"})
            yield measure(yard, site, "1 % changed")


def table(found: list[Cost]) -> str:
    """Return the measured numbers and what follows from them, as Markdown."""
    sizes = ", ".join(f"{number:,} {name.replace('-', ' ')}" for name, number in SIZE.items())
    made = f"Python {sys.version.split()[0]} and Dagster {dg.__version__}"
    titles = ("run", "processor seconds: programs + worker", "most memory", "requests: inventory, Optiply")
    lines = [
        f"A tenant of {sizes}; measured by `make fleet-sizing` with {made}.",
        "",
        f"| {' | '.join((*titles, 'waits for the pace', 'kept by Dagster'))} |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.what} | {each.programs:.1f} + {each.worker:.1f} | {each.memory:.0f} MiB "
        f"| {each.reads}, {each.writes} | {each.waiting:.0f} s | {each.stored / 1024:.0f} KiB |"
        for each in found
    ]
    lines += [
        "",
        "| run, once an hour | tenants per core: by time, by memory | cores for 10,000 tenants |",
        "|---|---|---|",
    ]
    for each in found[1:]:
        by_time, by_memory = tenants_per_core(each)
        cores = math.ceil(TENANTS / min(by_time, by_memory))
        lines.append(f"| {each.what} | {by_time}, {by_memory} | {cores} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and bring the page up to date."""
    made = table(list(costs()))
    print(made)  # noqa: T201 - what the command is for
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
