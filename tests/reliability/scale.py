"""How long the tests under fire may take: short within ``make test``, long with ``make soak``."""

from __future__ import annotations

import os

SOAK = os.environ.get("RELIABILITY") == "soak"
"""Whether this is the long form: each row in a run of its own, a hundred kills, a thousand mutated streams."""

SEED = int(os.environ.get("RELIABILITY_SEED", "1"))
"""Draws the instants of the kills and the mutations; a soak run names another."""

ALONE = int(os.environ.get("RELIABILITY_ALONE", "3"))
"""In the long form one cell of the matrix in so many gets a run of its own; which ones, the seed says."""

LOAD = float(os.environ.get("RELIABILITY_LOAD", "0.02"))
"""Which share of 200,000 products and 100,000 orders the load test of the long form takes through the pipe."""
