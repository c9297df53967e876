"""Every request of the tap meets every fault; with the run that continues, every row was written, as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reliability.faults import FAULTS, REFUSALS, Fault
from reliability.matrix import cover
from reliability.recording import Recordings
from reliability.scale import SOAK
from reliability.table import keep
from support.launcher import Launcher
from support.processes import Finished, Sandbox, forked, launcher, write_json

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def starter() -> Iterator[Launcher]:
    """Return what starts the tap quickly."""
    with launcher() as by:
        yield by


class Tap:
    """The tap against one sandbox."""

    def __init__(self, sandbox: Sandbox, directory: Path, by: Launcher) -> None:
        self.sandbox, self.directory, self.by = sandbox, directory, by

    def run(self, state: str | None = None) -> Finished:
        """Run it, from a STATE if one is given, with small pages and little patience."""
        config = self.sandbox.tap_config(page_size=10, request_timeout=1, max_retries=3)
        arguments = ["--config", str(write_json(self.directory / "tap.json", config))]
        if state is not None:
            (self.directory / "tap-state.json").write_text(state, encoding="utf-8")
            arguments += ["--state", str(self.directory / "tap-state.json")]
        return forked([("tap_inventory", arguments)], self.directory, self.by)[0]


def rows_of(*outputs: str) -> Rows:
    """Return what several outputs say of each row in the end, by stream and key."""
    rows: Rows = {}
    keys: dict[str, list[str]] = {}
    for message in (json.loads(line) for output in outputs for line in output.splitlines()):
        if message["type"] == "SCHEMA":
            keys[message["stream"]] = message["key_properties"]
        elif message["type"] == "RECORD":
            record = message["record"]
            key = "/".join(str(record[name]) for name in keys[message["stream"]])
            rows.setdefault(message["stream"], {})[key] = record
    return rows


def last_state(output: str) -> str | None:
    """Return the last STATE's value, as the next run is given it."""
    states = [message["value"] for message in map(json.loads, output.splitlines()) if message["type"] == "STATE"]
    return json.dumps(states[-1]) if states else None


@pytest.fixture(scope="module")
def whole(
    busy_sandbox: Sandbox, recordings: Recordings, starter: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[set[str], Rows]:
    """Return the kinds of requests of a run in which all goes well, and the rows that it wrote."""
    del recordings  # recording them changes the inventory
    busy_sandbox.control.reset()
    done = Tap(busy_sandbox, tmp_path_factory.mktemp("whole"), starter).run()
    assert done.code == 0, done.stderr
    rows = rows_of(done.stdout)
    assert all(rows.values())
    return {entry["kind"] for entry in busy_sandbox.control.log()}, rows


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_every_request_survives(
    fault: Fault,
    busy_sandbox: Sandbox,
    whole: tuple[set[str], Rows],
    starter: Launcher,
    place: Path,
    request: pytest.FixtureRequest,
) -> None:
    control = busy_sandbox.control
    tap = Tap(busy_sandbox, place, starter)
    kinds, wanted = whole

    def attempt(tried: set[str]) -> tuple[int, set[str]]:
        control.reset()
        for kind in sorted(tried):
            method, _, path = kind.partition(" ")
            control.add_fault({"api": "inflow", "method": method, "path": f"/{path}$"}, fault.rule)
        broken = tap.run()
        struck = {entry["kind"] for entry in control.log() if entry["fault"] == fault.rule["kind"]}
        control.clear_faults()
        assert "Traceback" not in broken.stderr, broken.stderr[-3000:]
        after = tap.run(last_state(broken.stdout))
        assert after.code == 0, after.stderr[-3000:]
        found = rows_of(broken.stdout, after.stdout)
        for stream, rows in wanted.items():
            assert found.get(stream) == rows, f"{stream} is not whole:\n{broken.stderr[-3000:]}"
        return broken.code, struck

    code = 1 if fault.status in REFUSALS | {401} else 0
    found = cover(fault.name, dict.fromkeys(kinds, code), attempt, alone=SOAK)
    assert found.keys() == kinds
    keep(request.config, "tap", fault, found)
