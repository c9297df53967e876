"""Whether a server keeps the newest-first order it is asked for: judged on its answers, never assumed (pure)."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tap_inventory.versions import own_version

Row = Mapping[str, Any]

TOLERATED = 2
"""Rows that may lie, by their own versions, between a row and its newest child: two saves at the same moment."""


def descending(rows: Sequence[Row], field: str, below: int | None = None, *, ties: bool = False) -> bool:
    """Return whether the rows' own versions fall, from ``below`` on: strictly, unless rows may share one (``ties``)."""
    for row in rows:
        version = own_version(row, field)
        if version is None or (below is not None and version >= below + ties):
            return False
        below = version
    return True


def children_lead(own: Sequence[int], greatest: Sequence[int]) -> bool:
    """Return whether some row's child changed without the row: then the newest changes are not among the first rows.

    Args:
        own: The rows' own versions.
        greatest: For each, the greatest version of the row and its children.
    """
    ranked = sorted(own)
    return any(
        bisect_left(ranked, great) - bisect_right(ranked, mine) > TOLERATED
        for mine, great in zip(own, greatest, strict=True)
        if great > mine
    )


class Proof:
    """Compares the newest page, asked for before a full scan, with the scan.

    Args:
        field: The field that was sorted by.
        newest: The newest page.
        key: Gives the key of a row.
        ties: Whether rows may share a version: then whatever order these come in is as good as another.
    """

    def __init__(
        self,
        field: str,
        newest: Sequence[dict[str, Any]],
        key: Callable[[dict[str, Any]], str],
        *,
        ties: bool = False,
    ) -> None:
        self._field = field
        self._ties = ties
        self._newest = newest
        self._key = key
        self._keys = [key(row) for row in newest]
        self._top = max((own_version(row, field) or 0 for row in newest), default=0)
        self._arrived: list[str] = []
        self._heap: list[tuple[int, str]] = []
        self._own: list[int] = []
        self._greatest: list[int] = []
        self._unversioned = False

    def add(self, row: dict[str, Any], greatest: int | None) -> None:
        """Take note of a row of the scan, with its greatest version."""
        own, key = own_version(row, self._field), self._key(row)
        if len(self._arrived) < len(self._newest):
            self._arrived.append(key)
        if own is None or greatest is None:
            self._unversioned = True
            return
        self._own.append(own)
        self._greatest.append(greatest)
        if own <= self._top:  # what changed during the scan could not be on the page
            entry = (own, key)
            if len(self._heap) < len(self._newest):
                heapq.heappush(self._heap, entry)
            else:
                heapq.heappushpop(self._heap, entry)

    def fails(self) -> str | None:
        """Return why the order is not proven, or None where it is."""
        if self._unversioned:
            return "some rows have no version"
        if not descending(self._newest, self._field, ties=self._ties):
            return "the newest page is not in falling order"
        ranked = sorted(self._heap, reverse=True)
        version_of = {key: version for version, key in ranked}
        standing = [(version_of[key], key) for key in self._keys if key in version_of]
        compared = 1 if self._ties else 2
        if [each[:compared] for each in ranked[: len(standing)]] != [each[:compared] for each in standing]:
            return "the newest page does not hold the newest rows"
        if len(self._keys) > 1 and self._arrived == self._keys:
            return "the list comes in the same order whatever is asked"
        if children_lead(self._own, self._greatest):
            return "children change without their row"
        return None
