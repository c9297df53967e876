"""``python -m benchmarks.guard``: count anew, and record the counts for this version of Python."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.guard.measures import KINDS, RECORDED, Counter, version
from benchmarks.lab import Lab, Sizes


def main() -> None:
    """Count every kind and write the file."""
    known = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.is_file() else {}
    for kind, count in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="guard-") as folder:
            column = {**known.get(kind, {}), version(): round(count(Counter(Lab(Path(folder), Sizes()))), 1)}
        known[kind] = dict(sorted(column.items(), key=lambda each: tuple(map(int, each[0].split(".")))))
        sys.stderr.write(f"{kind}: {known[kind][version()]}\n")
    RECORDED.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
