"""One sandbox a module: starting one takes longer than a run of the pair."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pair.pipeline import SMALL, Pipeline
from support.launcher import AVAILABLE, Launcher
from support.processes import Sandbox, launcher


@pytest.fixture(scope="session")
def quick() -> Iterator[Launcher | None]:
    """Return what starts the programs without importing them anew, where the platform can fork."""
    if not AVAILABLE:
        yield None
        return
    with launcher() as started:
        yield started


@pytest.fixture(scope="module")
def small_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox with a small but complete inventory."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as sandbox:
        yield sandbox


@pytest.fixture
def fresh(
    small_sandbox: Sandbox, quick: Launcher | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """Return a pipeline that has never run, on an empty Optiply with default switches."""
    control = small_sandbox.control
    control.reset()
    defaults = control.switches()
    yield Pipeline(small_sandbox, tmp_path_factory.mktemp("pipeline"), by=quick)
    control.set_switches(**defaults)
    control.clear_faults()


@pytest.fixture(scope="module")
def pipeline(small_sandbox: Sandbox, quick: Launcher | None, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Return a pipeline that the module's tests use one after the other."""
    return Pipeline(small_sandbox, tmp_path_factory.mktemp("pipeline"), by=quick)
