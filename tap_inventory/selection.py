"""What a catalog deselects, as a tree of fields, and rows without it (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Deselected = dict[str, "Deselected | None"]
"""Fields to be left out (None), or objects that hold some."""


def deselected_fields(mask: Mapping[tuple[str, ...], bool]) -> Deselected:
    """Return what a selection mask, by breadcrumb, leaves out; what lies below a field left out goes with it."""
    found: Deselected = {}
    for crumb, kept in mask.items():
        if crumb and not kept and mask[crumb[:-2]]:
            *parents, name = crumb[1::2]
            place: Any = found
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = None
    return found


def leave_out(row: dict[str, Any], deselected: Deselected) -> None:
    """Remove, in place, what is deselected of a row."""
    for name in deselected.keys() & row.keys():
        deeper = deselected[name]
        if deeper is None:
            del row[name]
        elif isinstance(row[name], dict):
            leave_out(row[name], deeper)
