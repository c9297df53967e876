"""Which STATE may be released: a watermark over records that settle in any order. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


def _nobody(ticket: int) -> None:
    """Be told, and do nothing."""


class Ledger:
    """Counts the unsettled pieces of each record read and holds STATE lines back behind them.

    A record is *opened* when it is read and *settled* when each of its pieces is written, rejected, skipped or
    parked on disk. A STATE line is released once every record opened before it is settled.

    Attributes:
        whole: Called with a record's ticket when its last piece has settled.
    """

    def __init__(self) -> None:
        self.whole: Callable[[int], None] = _nobody
        self._next = 0
        self._open: dict[int, int] = {}  # ticket -> unsettled pieces; insertion order is reading order
        self._held: deque[tuple[int, bytes]] = deque()

    @property
    def unsettled(self) -> int:
        """Number of records with an unsettled piece."""
        return len(self._open)

    def open(self) -> int:
        """Open a record with one piece and return its ticket."""
        ticket = self._next
        self._next += 1
        self._open[ticket] = 1
        return ticket

    def add(self, ticket: int) -> None:
        """Add a piece to an open record.

        Raises:
            KeyError: The record has settled already.
        """
        self._open[ticket] += 1

    def settle(self, ticket: int) -> None:
        """Settle one piece of a record.

        Raises:
            KeyError: The record has settled already.
        """
        left = self._open[ticket] - 1
        if left:
            self._open[ticket] = left
        else:
            del self._open[ticket]
            self.whole(ticket)

    def hold(self, line: bytes) -> None:
        """Queue a STATE line behind every record opened so far."""
        self._held.append((self._next, line))

    def release(self) -> list[bytes]:
        """Return, in order, the STATE lines that nothing unsettled stands before any more."""
        low = next(iter(self._open), self._next)
        lines = []
        while self._held and self._held[0][0] <= low:
            lines.append(self._held.popleft()[1])
        return lines
