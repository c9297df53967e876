"""What the programs say of themselves, asked once for all tests of the project's documents."""

from __future__ import annotations

from typing import Any

import pytest
from about import PROGRAMS, about


@pytest.fixture(scope="session")
def abouts() -> dict[str, dict[str, Any]]:
    return {program: about(program) for program in PROGRAMS}
