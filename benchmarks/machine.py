"""What is said of the machine that measured: what figures depend on, and nothing that tells whose it is."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

BUSY = 0.5
"""A load, in processes that want to run, from which on what else runs shows in the figures."""


def describe() -> dict[str, Any]:
    """Return the cores, the system, the Python and how busy the machine is before anything is measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "cores": cores,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0,
    }


def warn_if_busy(machine: dict[str, Any]) -> None:
    """Say so where the machine has something else to do."""
    if machine["load"] > BUSY:
        sys.stderr.write(f"the machine is busy (load {machine['load']}): what is counted in seconds proves little\n")
