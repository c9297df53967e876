"""One sandbox and one recording for all tests under fire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.recording import INVENTORY, Recordings, record
from reliability.scale import SOAK
from support.launcher import Launcher
from support.processes import Sandbox
from support.processes import launcher as new_launcher
from target.lab import Lab

# What takes minutes is not collected at all in the short form.
collect_ignore = [] if SOAK else ["test_load.py"]


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Return what starts the target quickly."""
    with new_launcher() as started:
        yield started


@pytest.fixture(scope="session")
def busy_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox with a small inventory in which everything occurs."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), INVENTORY) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def recordings(busy_sandbox: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Return what the tap writes of that inventory, before and after the changes."""
    return record(busy_sandbox, tmp_path_factory.mktemp("recording"), launcher)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the programs of one test."""
    return tmp_path_factory.mktemp("under-fire")


@pytest.fixture
def lab(busy_sandbox: Sandbox, recordings: Recordings, launcher: Launcher, place: Path) -> Iterator[Lab]:
    """Return an empty Optiply, and a target that has never run."""
    control = busy_sandbox.control
    control.reset()
    defaults = control.switches()
    lab = Lab(busy_sandbox, launcher, place, {"delete": "hard"})
    yield lab
    lab.end()
    control.clear_faults()
    control.set_switches(**defaults)
    for run in place.glob("run-*/stdout"):  # a STATE line may be cut by a kill, but never anything else
        for line in run.read_text(encoding="utf-8").splitlines(keepends=True):
            assert not line.endswith("\n") or json.loads(line)
