"""One sandbox a module, and a tap that runs against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import SIZE, Tap
from support.processes import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SIZE) as started:
        yield started


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Iterator[Tap]:
    """Return a tap on a sandbox with default switches and no faults."""
    control = sandbox.control
    defaults = control.switches()
    yield Tap(sandbox, tmp_path)
    control.set_switches(**defaults)
    control.clear_faults()
    control.request("PUT", "latency", {"inflow": 0.0})
