"""``python -m benchmarks.guard``: count anew, and record the counts for this version of Python (`make bench-guard`)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.processes import launcher

from benchmarks.guard import recorded
from benchmarks.guard.measures import KINDS, Cost
from benchmarks.lab import Lab, Sizes


def main() -> None:
    """Count every kind and write the file."""
    costs = {}
    with tempfile.TemporaryDirectory(prefix="guard-") as folder, launcher() as by:
        for name, kind in KINDS.items():
            lab = Lab(Path(folder) / name, Sizes(), by=by)
            lab.folder.mkdir()
            cost = kind.cost(lab)
            costs[name] = Cost(round(cost.work, 1), round(cost.requests, 4))
            sys.stderr.write(f"{name}: {costs[name].work} lines and calls, {costs[name].requests} requests a record\n")
    recorded.write(costs)


if __name__ == "__main__":
    main()
