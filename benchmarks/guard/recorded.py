"""The recorded counts, by version of Python: what a record may cost, and how far a count may be above it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.guard.measures import Cost

FILE = Path(__file__).parent / "counts.json"
TOLERANCE = 0.03
"""Counts of one version of Python differ by less than a hundredth from run to run, whatever else the machine does."""
TOLERANCE_ELSEWHERE = 0.25
"""Versions of Python count lines and calls differently, and bring along a standard library of their own."""

Version = tuple[int, int]
Counts = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By version of Python (``3.11``) and kind: ``work`` and ``requests`` of a record."""


@dataclass(frozen=True)
class Allowance:
    """What a record of a kind may cost.

    Attributes:
        cost: What is recorded.
        tolerance: The share by which its work may be above that; its requests may not.
        version: The version of Python that it was recorded with.
    """

    cost: Cost
    tolerance: float
    version: Version


def allowance(kind: str, counts: Counts, version: Version = sys.version_info[:2]) -> Allowance:
    """Return what a record of a kind may cost on this version of Python, else what it cost on the nearest one.

    Args:
        kind: One of ``measures.KINDS``.
        counts: What is recorded.
        version: Of Python.
    """
    nearest = min((_version(text) for text in counts), key=lambda each: (abs(each[1] - version[1]), each))
    cost = Cost(**counts[_text(nearest)][kind])
    return Allowance(cost, TOLERANCE if nearest == version else TOLERANCE_ELSEWHERE, nearest)


def read(file: Path = FILE) -> Counts:
    """Return what a file has recorded."""
    counts: Counts = json.loads(file.read_text(encoding="utf-8"))
    return counts


def write(costs: Mapping[str, Cost]) -> None:
    """Put the counts of this version of Python into the file; those of others stay."""
    known = dict(read()) if FILE.is_file() else {}
    known[_text(sys.version_info[:2])] = {kind: asdict(cost) for kind, cost in costs.items()}
    text = json.dumps({name: known[name] for name in sorted(known, key=_version)}, indent=2)
    FILE.write_text(text + "\n", encoding="utf-8")


def _version(text: str) -> Version:
    major, minor = text.split(".")
    return int(major), int(minor)


def _text(version: Version) -> str:
    return ".".join(map(str, version))
