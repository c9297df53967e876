"""The STATE that a run is given: what of it can be used, and sentences about the rest (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tap_inventory.errors import StateError

_TEXTS = ("replication_key", "replication_key_value", "floor", "top", "remembered", "reads", "emitted_at", "order")
_PROGRESS: dict[str, type | tuple[type, ...]] = {
    "after": str,
    "seen": int,
    "bookmark": str,
    "began": str,
    "everything": bool,
    "latest": (str, type(None)),
    "window": (str, type(None)),
}


def usable(state: Any, streams: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the bookmarks that this tap wrote, and a sentence for each that it did not.

    Bookmarks of streams that this tap does not have are kept as they are, as long as they are objects: another
    program, or another version of this one, may want them back.

    Raises:
        StateError: It is no STATE at all.
    """
    if not isinstance(state, Mapping):
        raise StateError("The given STATE is not a JSON object.")
    bookmarks = state.get("bookmarks", {})
    if not isinstance(bookmarks, Mapping):
        raise StateError("The given STATE holds bookmarks that are not a JSON object.")
    kept: dict[str, Any] = {}
    warnings: list[str] = []
    for stream, mark in bookmarks.items():
        if not isinstance(mark, Mapping):
            warnings.append(f"The STATE's bookmark of {stream} is of another program and not used.")
        elif stream not in streams:
            kept[stream] = _without_partitions(mark)
        elif clean := _own(mark):
            kept[stream] = clean
        elif mark:
            warnings.append(f"The STATE's bookmark of {stream} is of another program and not used: it is read in full.")
    return kept, warnings


def _without_partitions(mark: Mapping[str, Any]) -> dict[str, Any]:
    # The SDK walks through them and fails over any that are not as it writes them.
    return {name: value for name, value in mark.items() if name not in ("partitions", "progress_markers")}


def _own(mark: Mapping[str, Any]) -> dict[str, Any]:
    """Return what this tap wrote of a bookmark; nothing where another program wrote it."""
    if not isinstance(mark.get("reads"), str):
        return {}
    clean = {name: mark[name] for name in _TEXTS if isinstance(mark.get(name), str)}
    progress = mark.get("progress")
    if isinstance(progress, Mapping):
        known = {name: value for name, value in progress.items() if isinstance(value, _PROGRESS.get(name, ()))}
        if {"after", "seen"} <= known.keys() and (_is_hex(str(known.get("bookmark", "0")))):
            clean["progress"] = {"everything": False, **known}
    return clean


def _is_hex(text: str) -> bool:
    try:
        int(text, 16)
    except ValueError:
        return False
    return True
