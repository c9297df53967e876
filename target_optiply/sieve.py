"""What surely was not noted before, told without asking the disk. Pure."""

from __future__ import annotations

from collections.abc import Hashable

_SIZE = 1 << 20  # bytes, whatever is noted


class Sieve:
    """Notes things in a fixed space; of a thing that was noted it never says that it was not."""

    def __init__(self) -> None:
        self._marks = bytearray(_SIZE)

    def note(self, what: Hashable) -> None:
        """Note a thing."""
        self._marks[hash(what) % _SIZE] = 1

    def may_hold(self, what: Hashable) -> bool:
        """Whether a thing may have been noted; the more was, the more often this is wrong."""
        return self._marks[hash(what) % _SIZE] != 0
