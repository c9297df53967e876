"""The code location that Dagster loads: ``dagster dev -m fleet.definitions``.

``FLEET_TENANTS`` names the file of the tenants, a path or an fsspec URL; without it, ``tenants.yml`` in this folder.
"""

from __future__ import annotations

import os

from fleet.location import definitions
from fleet.tenants import read

defs = definitions(read(os.environ.get("FLEET_TENANTS", "tenants.yml")))
