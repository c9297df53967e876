"""When Optiply counts as out, so that sending stops and nothing is rejected for it. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

PATIENCE = 120.0  # seconds without one successful write while transient failures go on
ALIKE = 20  # first writes of an entity that all get the same of these answers
_TELLTALE = frozenset({401, 403, 404, 405, 415})


@dataclass(slots=True)
class _FirstWrites:
    count: int = 0
    status: int = 0


@dataclass(slots=True)
class OutageWatch:
    """Follows the answers to writes.

    Attributes:
        last_success: Monotonic seconds of the latest successful write; -inf where there was none.
        failing_since: Monotonic seconds of the first transient failure since then, or None.
        is_known_from_reads: Whether so far nothing but reading has failed, so that a read that succeeds ends it.
    """

    last_success: float = float("-inf")
    failing_since: float | None = None
    is_known_from_reads: bool = False
    _first: dict[str, _FirstWrites] = field(default_factory=lambda: defaultdict(_FirstWrites))
    _proven: set[str] = field(default_factory=set)

    def succeeded(self, entity: str, now: float) -> None:
        """Note a successful write."""
        self.last_success = now
        self.failing_since = None
        self._proven.add(entity)

    def read(self) -> None:
        """Note a successful read."""
        if self.is_known_from_reads:
            self.failing_since = None

    def failed(self, now: float, problem: str, *, reading: bool = False) -> str | None:
        """Note a transient failure, of a write or of reading; returns the reason to stop where there is one."""
        if self.failing_since is None:
            self.failing_since, self.is_known_from_reads = now, reading
        self.is_known_from_reads = self.is_known_from_reads and reading
        if now - self.failing_since < PATIENCE:
            return None
        return f"no write has succeeded for {int(now - self.failing_since)} seconds, the last failure was: {problem}"

    def refused(self, entity: str, status: int, problem: str) -> str | None:
        """Note a permanent refusal; returns the reason to stop where an entity's first writes all met the same one."""
        if entity in self._proven:
            return None
        first = self._first[entity]
        if status not in _TELLTALE or (first.count and first.status != status):
            self._proven.add(entity)
            return None
        first.count, first.status = first.count + 1, status
        if first.count < ALIKE:
            return None
        return f"the first {ALIKE} writes of {entity} were all refused: {problem}"

    def is_in_doubt(self, entity: str) -> bool:
        """Whether all writes of an entity so far were refused alike, so that its records may not be to blame."""
        return entity not in self._proven and self._first[entity].count > 0

    def others_succeed(self, since: float) -> bool:
        """Whether a write succeeded after ``since``: then a failing record is the record's own problem."""
        return self.last_success > since
