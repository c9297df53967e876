"""Fixtures for all tests, and the paths that make a plain checkout testable without installing it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
# The checkout for ``sandbox`` (which is not installed), the tests for their own ``support`` and ``pair``.
for path in (TESTS, TESTS.parent):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))


@pytest.fixture(scope="session", autouse=True)
def nothing_tells_a_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Search everything that the programs wrote in any test: logs, STATE, states, working copies, reports."""
    from support.secrets import leaks  # noqa: PLC0415 - the paths are set above

    yield
    assert leaks(tmp_path_factory.getbasetemp()) == []
