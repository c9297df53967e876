"""The fleet's tests; ``make test-fleet`` runs them, in an environment that has Dagster."""

from __future__ import annotations

import os

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
