"""What the tap writes, recorded, so that a target can be given it again and again, from any STATE on.

Two runs of the tap are recorded: a full one, and one after every kind of change (``changes``). A target that ended
early is then given what a tap would write that continues from the STATE that came out: the rest of the recording.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pair.expected import Expectation, Inventory, expect
from reliability.changes import change_everything
from support.launcher import Launcher
from support.processes import Sandbox, forked, write_json

INVENTORY = (
    *("--products", "24", "--customers", "3", "--vendors", "5"),
    *("--sales-orders", "24", "--purchase-orders", "18"),
)
FIGURES = "product_summaries"  # emitted whole in every run of the tap


@dataclass(frozen=True)
class Recording:
    """The lines of one run of the tap, and what must stand in Optiply once they are all written.

    Attributes:
        lines: Its stdout.
        expectation: What the inventory asks for at that time.
    """

    lines: list[str]
    expectation: Expectation = field(repr=False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The lines, parsed."""
        return [json.loads(line) for line in self.lines]

    @property
    def last_state(self) -> str:
        """The value of its last STATE, as the next run of the tap is given it."""
        values = [each["value"] for each in self.messages if each["type"] == "STATE"]
        return json.dumps(values[-1])

    def after(self, released: str | None) -> list[str]:
        """Return what the tap would write when it continues from a STATE: all where that is not one of these."""
        state = None if released is None else json.loads(released)
        cut = 0
        for place, message in enumerate(self.messages):
            if message["type"] == "STATE" and message["value"] == state:
                cut = place + 1
        return [
            line
            for place, (line, message) in enumerate(zip(self.lines, self.messages, strict=True))
            if place >= cut or message["type"] == "SCHEMA" or message.get("stream") == FIGURES
        ]


@dataclass(frozen=True)
class Recordings:
    """A full run, and the run after the changes.

    Attributes:
        tap_kinds: The kinds of requests that the tap made for them.
    """

    full: Recording
    changed: Recording
    tap_kinds: frozenset[str]


def record(sandbox: Sandbox, directory: Path, by: Launcher) -> Recordings:
    """Record both runs against a fresh sandbox, whose inventory is changed by that."""
    config = str(write_json(directory / "tap.json", sandbox.tap_config()))
    full = _record(sandbox, directory, by, ["--config", config])
    change_everything(sandbox.control, full.expectation)
    state = directory / "tap-state.json"
    state.write_text(full.last_state, encoding="utf-8")
    changed = _record(sandbox, directory, by, ["--config", config, "--state", str(state)])
    kinds = frozenset(entry["kind"] for entry in sandbox.control.log() if entry["api"] == "inflow")
    return Recordings(full, changed, kinds)


def _record(sandbox: Sandbox, directory: Path, by: Launcher, arguments: list[str]) -> Recording:
    [done] = forked([("tap_inventory", arguments)], directory, by)
    assert done.code == 0, done.stderr
    expectation = expect(Inventory.of(sandbox.control.inventory()))
    assert not expectation.refusals, "a record that is always rejected would hide what a fault does"
    return Recording(done.stdout.splitlines(), expectation)
