"""Which rows changed since the last pass: the greatest version of a row and what it owns (pure).

A *version* is a number that grows with every write anywhere in the API's database. Versions are drawn before they are
committed, so a row may appear late with a version below one that was seen before; therefore the pairs (key, version)
of the newest rows are remembered beside the bookmark.
"""

from __future__ import annotations

import heapq
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any

import msgspec

from tap_inventory.profile import StreamProfile
from tap_inventory.start import parse_instant

OVERLAP = 100
"""Rows past the bookmark that every newest-first pass reads at least."""

REMEMBERED = 200
"""Rows at or below the bookmark whose pairs are remembered: what a pass may read past it, two pages."""

MAX_PAIRS = 50_000
"""Pairs kept at most. Beyond, rows are emitted again rather than remembered."""

_DIGEST = 8
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TICK = timedelta(microseconds=1)


def parse_version(value: Any) -> int | None:
    """Return a version as a number; None for anything else.

    A version is a rowversion (hexadecimal digits), or an instant: then the number counts microseconds since 1970, and
    one that names no zone is taken for UTC.
    """
    if not isinstance(value, str):
        return None
    try:
        return int(value, 16)
    except ValueError:
        instant = parse_instant(value)
    if instant is None:
        return None
    return ((instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)) - _EPOCH) // _TICK


def format_version(version: int, *, instants: bool = False) -> str:
    """Return a version as 16 hexadecimal digits, or as the instant that it is."""
    return (_EPOCH + version * _TICK).isoformat() if instants else f"{version:016X}"


def content_digest(row: Mapping[str, Any]) -> str:
    """Return a short digest of all that a row says."""
    return blake2b(_ENCODER.encode(row), digest_size=_DIGEST).hexdigest()


def owned_relations(stream: StreamProfile, include: Iterable[str]) -> frozenset[str]:
    """Return the included relations whose versions count as the row's own."""
    roots = {path.split(".")[0] for path in include}
    return frozenset(name for name in roots if stream.relations.get(name) == "child" and name not in stream.unversioned)


def own_version(row: Mapping[str, Any], name: str) -> int | None:
    """Return the version of the row itself, without what it owns."""
    return parse_version(row.get(name))


def greatest_version(row: Mapping[str, Any], name: str, owned: Iterable[str]) -> int | None:
    """Return the greatest version of a row and the relations it owns, however deep; None where it has none."""
    best = parse_version(row.get(name))
    for relation in owned:
        children = row.get(relation)
        for child in children if isinstance(children, list) else (children,):
            if isinstance(child, dict):
                if list in map(type, child.values()):
                    nested = [key for key, value in child.items() if isinstance(value, list)]
                    version = greatest_version(child, name, nested)
                else:  # most hold no further rows, and all of their fields would be looked at one by one
                    version = parse_version(child.get(name))
                if version is not None and (best is None or version > best):
                    best = version
    return best


def pair(key: str, version: int) -> bytes:
    """Return what is remembered of a row: a short digest of its key and version."""
    return blake2b(f"{key} {version:x}".encode(), digest_size=_DIGEST).digest()


@dataclass(frozen=True)
class Memory:
    """What a finished pass knows.

    Attributes:
        bookmark: No change before the pass has a version above it, late commits apart.
        floor: Rows at or below it are unchanged; above it, those whose pair is remembered are.
        pairs: Pairs of the rows above ``floor``.
        top: The highest version seen.
    """

    bookmark: int
    floor: int
    pairs: frozenset[bytes]
    top: int

    def knows(self, key: str, version: int | None) -> bool:
        """Return whether a row was seen, as it is now, by the pass."""
        if version is None:
            return False
        return version <= self.floor or pair(key, version) in self.pairs

    def to_state(self, *, instants: bool = False) -> dict[str, str]:
        """Return it as entries of a STATE; the bookmark as an instant where versions are such."""
        return {
            "replication_key_value": format_version(self.bookmark, instants=instants),
            "floor": format_version(self.floor),
            "top": format_version(self.top),
            "remembered": b64encode(b"".join(sorted(self.pairs))).decode(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Memory | None:
        """Return what a STATE holds; None where it holds no usable memory."""
        numbers = [parse_version(state.get(name)) for name in ("replication_key_value", "floor", "top")]
        text = state.get("remembered")
        if None in numbers or not isinstance(text, str):
            return None
        try:
            blob = b64decode(text, validate=True)
        except ValueError:
            return None
        if len(blob) % _DIGEST:
            return None
        bookmark, floor, top = (number for number in numbers if number is not None)
        pairs = frozenset(blob[at : at + _DIGEST] for at in range(0, len(blob), _DIGEST))
        return cls(bookmark, floor, pairs, top)


@dataclass
class Collector:
    """Gathers, row by row, what a pass will remember.

    Attributes:
        bookmark: The bookmark that the pass will leave: known before its second request.
        top: The highest version seen.
    """

    bookmark: int
    top: int = 0
    _above: set[bytes] = field(default_factory=set)
    _newest: list[tuple[int, bytes]] = field(default_factory=list)
    _dropped: bool = False

    def add(self, key: str, version: int | None) -> None:
        """Take note of a row."""
        if version is None:
            return
        self.top = max(self.top, version)
        if version > self.bookmark:
            if len(self._above) < MAX_PAIRS:
                self._above.add(pair(key, version))
        elif len(self._newest) < REMEMBERED:
            heapq.heappush(self._newest, (version, pair(key, version)))
        else:
            self._dropped = True
            heapq.heappushpop(self._newest, (version, pair(key, version)))

    def finish(self, *, whole: bool = True) -> Memory:
        """Return what is remembered.

        Args:
            whole: False where the pass did not see every row: then nothing below the remembered ones is judged.
        """
        lowest = self._newest[0][0] if self._newest else self.bookmark + 1
        floor = lowest - 1 if self._dropped or not whole else 0
        pairs = frozenset(self._above | {digest for _, digest in self._newest})
        return Memory(self.bookmark, floor, pairs, max(self.top, self.bookmark))
