"""Every request of the tap meets every fault; with the run that continues, every row was written, as it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from reliability.faults import FAULTS, FOR_GOOD, ONCE, REFUSALS, Fault, one_each
from reliability.matrix import Cell, bundles, cover
from reliability.recording import Recordings
from reliability.scale import SOAK
from reliability.table import keep
from support.interference import NOTED, rule
from support.launcher import Launcher
from support.processes import Finished, Sandbox, forked, write_json

Rows = dict[str, dict[str, Any]]


class Tap:
    """The tap against one sandbox."""

    def __init__(self, sandbox: Sandbox, directory: Path, by: Launcher) -> None:
        self.sandbox, self.directory, self.by = sandbox, directory, by

    def run(self, state: str | None = None, refused: Sequence[Mapping[str, Any]] = ()) -> Finished:
        """Run it, from a STATE if one is given, with small pages and little patience.

        Args:
            state: The text of the STATE.
            refused: Rules of ``support.interference``.
        """
        config = self.sandbox.tap_config(page_size=10, request_timeout=1, max_retries=3)
        arguments = ["--config", str(write_json(self.directory / "tap.json", config))]
        if state is not None:
            (self.directory / "tap-state.json").write_text(state, encoding="utf-8")
            arguments += ["--state", str(self.directory / "tap-state.json")]
        constants = {"tests.support.interference.RULES": [dict(each) for each in refused]} if refused else {}
        return forked([("tap_inventory", arguments)], self.directory, self.by, constants=constants)[0]


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
    busy_sandbox: Sandbox, recordings: Recordings, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[set[str], Rows]:
    """Return the kinds of requests of a run in which all goes well, and the rows that it wrote."""
    del recordings  # recording them changes the inventory
    busy_sandbox.control.reset()
    done = Tap(busy_sandbox, tmp_path_factory.mktemp("whole"), launcher).run()
    assert done.code == 0, done.stderr
    rows = rows_of(done.stdout)
    assert all(rows.values())
    return {entry["kind"] for entry in busy_sandbox.control.log()}, rows


def promised(_kind: str, fault: Fault) -> int | None:
    """Return the exit code that is promised to the run in which a fault befalls requests of a kind.

    None where it hangs on which request is refused: the tap can do without some (see ``_is_needed``).
    """
    if fault.status in REFUSALS and fault.times is not None:
        return None
    return 1 if fault.status == 401 or fault.times is None else 0


def _is_needed(entry: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Whether a refused request ends a run, or leaves a stream unread.

    A list can be read in its own order, or from its oldest row. But where the very first request of a run finds no
    company, or no right to read it, the settings are wrong.
    """
    if entry == first and entry["status"] in (403, 404):
        return True
    return not ("sortDesc=" in entry["query"] or (entry["status"] == 400 and "sort=" in entry["query"]))


@pytest.mark.parametrize(
    "faults", [(fault,) for fault in FAULTS] if SOAK else [(*ONCE, FOR_GOOD)], ids=lambda each: each[0].name
)
def test_every_request_survives(
    faults: tuple[Fault, ...], busy_sandbox: Sandbox, whole: tuple[set[str], Rows], launcher: Launcher, place: Path
) -> None:
    control = busy_sandbox.control
    tap = Tap(busy_sandbox, place, launcher)
    kinds, wanted = whole

    def attempt(cells: list[Cell]) -> tuple[int, set[str]]:
        control.reset()
        noted = place / NOTED
        noted.unlink(missing_ok=True)
        refused = []
        for kind, fault in cells:
            method, _, path = kind.partition(" ")
            if fault.is_refusal:
                refused.append(rule(kind, "refuse", method, rf"/{path}(\?|$)", times=fault.times))
            else:
                control.add_fault({"api": "inflow", "method": method, "path": f"/{path}$"}, fault.rule, fault.times)
        broken = tap.run(refused=refused)
        log = control.log()
        refusals = [entry for entry in log if entry["fault"]]
        struck = {entry["kind"] for entry in refusals}
        struck |= set(noted.read_text(encoding="utf-8").splitlines()) if noted.exists() else set()
        control.clear_faults()
        assert "Traceback" not in broken.stderr, broken.stderr[-3000:]
        after = tap.run(last_state(broken.stdout))
        assert after.code == 0, after.stderr[-3000:]
        found = rows_of(broken.stdout, after.stdout)
        for stream, rows in wanted.items():
            assert found.get(stream) == rows, f"{stream} is not whole:\n{broken.stderr[-3000:]}"
        if all(promised(*cell) is None for cell in cells):
            assert broken.code == any(_is_needed(entry, log[0]) for entry in refusals), broken.stderr[-3000:]
        return broken.code, struck

    cells = one_each(sorted(kinds), faults)
    found: dict[tuple[str, str], int] = {}
    for bundle in bundles(cells, promised):
        found |= cover("tap", bundle, attempt, promised)
    assert found.keys() == {(kind, fault.name) for kind, fault in cells}
    assert {kind for kind, _ in found} == kinds
    keep("tap", found)
