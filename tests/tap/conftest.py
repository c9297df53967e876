"""One sandbox for all tests of a worker, a tap that runs against it, and what starts it quickly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import SIZE, Tap
from support.launcher import Launcher
from support.processes import Sandbox
from support.processes import launcher as new_launcher


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    with new_launcher() as started:
        yield started


@pytest.fixture(scope="session")
def small_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SIZE) as started:
        yield started


@pytest.fixture(scope="module")
def sandbox(small_sandbox: Sandbox) -> Sandbox:
    """Return the sandbox of a module's tests; they leave its data as they are."""
    return small_sandbox


@pytest.fixture
def tap(sandbox: Sandbox, launcher: Launcher, tmp_path: Path) -> Iterator[Tap]:
    """Return a tap on a sandbox with default switches and no faults."""
    control = sandbox.control
    defaults = control.switches()
    yield Tap(sandbox, tmp_path, launcher)
    control.set_switches(**defaults)
    control.clear_faults()
    control.request("PUT", "latency", {"inflow": 0.0})
