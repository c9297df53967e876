"""One sandbox and one project a module: Meltano takes seconds to start, so that each run shows several things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from meltano_project import SMALL, Project
from support.processes import Sandbox


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a project that has never run, against a sandbox of its own."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as sandbox:
        yield Project.in_folder(tmp_path_factory.mktemp("project"), sandbox)
