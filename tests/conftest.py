"""Fixtures for all tests, and the paths that make a plain checkout testable without installing it."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
# The checkout for ``sandbox`` (which is not installed), the tests for their own ``support`` and ``pair``.
for path in (TESTS, TESTS.parent):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))
