"""Measurements of both programs as whole processes, each beside a baseline in the same run: ``make bench``."""

from __future__ import annotations

import sys
from pathlib import Path

#: Where the harness and the oracle of the tests are, which are no packages of this checkout's top.
_TESTS = str(Path(__file__).resolve().parents[1] / "tests")
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
