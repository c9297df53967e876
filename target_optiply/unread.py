"""A state's entries, read through once and left in their file until one of them is asked for.

A run that finds nothing changed then neither copies its entries into a database nor lays them out again at its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_optiply.store import Store

_CHUNK = 1 << 20


class Unread:
    """Entries that stay in a state document.

    Attributes:
        counts: How many entries of each resource type and status there are.

    Args:
        path: The document.
        fill: Reads the entries into a store.
    """

    def __init__(self, path: Path, fill: Callable[[Path, Store], None]) -> None:
        self._path = path
        self._fill = fill
        self._size = 0
        self._prints: dict[bytes, str] = {}  # as bytes, since there may be a million
        self._kinds: dict[str, str] = {}
        self.counts: Counter[tuple[str, int]] = Counter()

    def note(self, entity: str, status: int, fingerprint: str | None, kin: str | None) -> None:
        """Note an entry that was read through."""
        self.counts[entity, status] += 1
        if fingerprint is not None:
            kin = kin or ""
            self._prints[bytes.fromhex(fingerprint)] = self._kinds.setdefault(kin, kin)

    def ends_at(self, size: int) -> None:
        """Note where the entries end: after so many bytes."""
        self._size = size

    def printed(self, fingerprint: str) -> str | None:
        """Return the kin of the source record of a fingerprint; None where no record has it."""
        return self._prints.get(bytes.fromhex(fingerprint))

    def has(self, status: int) -> bool:
        """Whether some entry has a status."""
        return any(each == status for _, each in self.counts)

    def fill(self, store: Store) -> None:
        """Read the entries into a store.

        Raises:
            ConfigProblem: The document is not what it was.
        """
        self._prints.clear()
        self._fill(self._path, store)

    def document(self) -> Iterator[bytes]:
        """Yield the document up to the end of its entries, as it is."""
        left = self._size
        with self._path.open("rb") as source:
            while left and (chunk := source.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
