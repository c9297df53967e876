"""The distribution, built once and installed once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.distribution import Built, Installed, build, install


@pytest.fixture(scope="session")
def built() -> Iterator[Built]:
    with TemporaryDirectory() as folder:  # not pytest's: what tests leave there must not hold the sandbox's secrets
        yield build(Path(folder))


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(built.wheel, tmp_path_factory.mktemp("installed"))
