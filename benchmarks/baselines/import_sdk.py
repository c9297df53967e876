"""Baseline: an interpreter that imports ``singer_sdk`` and ends."""

from __future__ import annotations

import singer_sdk  # noqa: F401 - the import is what is measured
