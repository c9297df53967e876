"""One sandbox and one launcher for all tests of the target: each test gets them emptied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.launcher import Launcher
from support.processes import Sandbox
from support.processes import launcher as new_launcher
from target.lab import Lab

TINY = ("--products", "1", "--customers", "1", "--vendors", "1", "--sales-orders", "1", "--purchase-orders", "1")


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Return what starts the target."""
    with new_launcher() as started:
        yield started


@pytest.fixture(scope="session")
def tiny_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox whose inventory is of no interest."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), TINY) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tiny_sandbox: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return an empty Optiply with default switches, and a target that has never run."""
    control = tiny_sandbox.control
    control.reset()
    defaults = control.switches()
    lab = Lab(tiny_sandbox, launcher, tmp_path_factory.mktemp("lab"))
    yield lab
    lab.end()
    control.clear_faults()
    control.request("PUT", "latency", {"optiply": 0, "auth": 0})
    control.set_switches(**defaults)
