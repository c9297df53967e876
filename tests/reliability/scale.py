"""How long the tests under fire may take: short within ``make test``, long with ``make soak``."""

from __future__ import annotations

import os

SOAK = os.environ.get("RELIABILITY") == "soak"
"""Whether this is the long form: each row in a run of its own, a hundred kills, a thousand mutated streams."""

SEED = int(os.environ.get("RELIABILITY_SEED", "1"))
"""Draws the instants of the kills and the mutations; a soak run names another."""
