"""One sandbox for all APIs and all tests of a worker, and a bench for each API on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from apis.cases import CASES, PAGE, SIZE, Bench, Case
from support.launcher import AVAILABLE, Launcher
from support.processes import Sandbox, launcher


@pytest.fixture(scope="session")
def quick() -> Iterator[Launcher]:
    if not AVAILABLE:
        pytest.fail("these tests fork the programs, which this platform cannot")
    with launcher() as started:
        yield started


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SIZE) as started:
        yield started


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def bench(case: Case, sandbox: Sandbox, quick: Launcher, tmp_path: Path) -> Iterator[Bench]:
    """Return an API with its switches set, no faults, and no token used."""
    control = sandbox.control
    defaults = control.switches()
    control.reset()
    control.set_switches(**case.switches, **({case.size_switch: PAGE} if case.size_switch else {}))
    yield Bench(case, sandbox, tmp_path, quick)
    control.set_switches(**defaults)
    control.clear_faults()
