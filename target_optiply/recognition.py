"""Knows a record by its bytes: one that says, byte for byte, what stands in Optiply needs no further look.

A source reads out far more than it has changed. The fingerprint of a record is a hash of its bytes on the input and of
everything its mapping depends on; it is kept with the record's entry once all that the record says stands in Optiply,
and goes with whatever changes that (see the triggers in ``store``). So most records of most runs cost one look-up. A
fingerprint that is not there costs nothing but the longer way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import Any

from target_optiply.books import Books
from target_optiply.entities import ENTITIES
from target_optiply.facts import StoredFacts
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.tables import Status
from target_optiply.takeover import Takeover
from target_optiply.translate.settings import MappingSettings


class Seal:
    """Makes the fingerprints of one stream's records.

    Args:
        entity: What its records become.
        stream: Its name.
        schema: Its SCHEMA, which decides how it is mapped and what of it is valid.
        keys: Its key properties.
        mapping: The settings of mapping, and the release of the program that maps.
        facts: What earlier records said that these are mapped with.
    """

    def __init__(
        self,
        entity: str,
        stream: str,
        schema: Mapping[str, Any],
        keys: tuple[str, ...],
        mapping: tuple[MappingSettings, str],
        facts: StoredFacts,
    ) -> None:
        self.entity = entity
        self.concerned = _concerned(entity)
        self._facts = facts
        self._as_of = -1
        self._stream = [repr(mapping), stream, schema, keys]
        self._begun = blake2b(digest_size=16)

    def fingerprint(self, record: bytes) -> str:
        """Return the fingerprint of a record's bytes: 32 hex digits."""
        if self._as_of != self._facts.changes:
            self._as_of = self._facts.changes
            what = json.dumps([*self._stream, self._facts.mapped_with()], sort_keys=True, default=str)
            self._begun = blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16)
        hasher = self._begun.copy()
        hasher.update(record)
        return hasher.hexdigest()


@cache
def _concerned(name: str) -> tuple[str, ...]:
    """Return the entities of which a record on its way may change what becomes of a record of this one."""
    entity = ENTITIES[name]
    own = [entity, *(ENTITIES[each] for each in entity.children)]
    lines = [ENTITIES[each.line_entity] for each in own if each.line_entity]
    referred = [reference.entity for each in (*own, *lines) for reference in each.references]
    return tuple(dict.fromkeys([*(each.name for each in (*own, *lines)), *referred]))


class Recognition:
    """Knows which records need nothing, and learns them.

    Args:
        books: What is known, and where unchanged records are counted.
        lanes: What is on its way.
        takeover: What is still to be held against Optiply.
        mapping: The settings of mapping, and the release of the program that maps.
    """

    def __init__(self, books: Books, lanes: Lanes, takeover: Takeover, mapping: tuple[MappingSettings, str]) -> None:
        self._mapping = mapping
        self._books = books
        self._store = books.store
        self._lanes = lanes
        self._takeover = takeover
        self._noted: dict[int, str] = {}  # tickets of records under way: fingerprint
        self._expected: dict[int, list[tuple[Key, str | None]]] = {}  # and the pieces that must stand, with hashes
        books.ledger.whole = self._whole

    def seal(self, entity: str, stream: str, schema: Mapping[str, Any], keys: tuple[str, ...]) -> Seal:
        """Return what makes the fingerprints of a stream's records; see :class:`Seal`."""
        return Seal(entity, stream, schema, keys, self._mapping, self._books.facts)

    def knows(self, seal: Seal, fingerprint: str) -> bool:
        """Whether a record needs nothing; it is counted then."""
        if self._books.has_renewed or not self._lanes.is_quiet(seal.concerned):
            return False
        kin = self._store.printed(fingerprint)
        if kin is None or any(self._takeover.is_due(name) for name in seal.concerned):
            return False
        counts = self._books.summary.counts
        counts[seal.entity]["unchanged"] += 1
        if kin:
            for name, number in _counts_of(kin):
                counts[name]["unchanged"] += number
        return True

    def note(self, ticket: int, fingerprint: str) -> None:
        """Note the fingerprint of a record that goes the longer way."""
        self._noted[ticket] = fingerprint

    def expect(self, ticket: int, jobs: list[Job]) -> None:
        """Note what must stand in Optiply for a record's fingerprint to be kept.

        Args:
            ticket: The record's ticket.
            jobs: The record's own job first, then those of its children.
        """
        if any(job.remarked for job in jobs):  # what is to be remarked of a record is so each time it is read
            self._noted.pop(ticket, None)
        elif ticket in self._noted:
            self._expected[ticket] = [(job.key, job.hash) for job in jobs]

    def _whole(self, ticket: int) -> None:
        """Keep the fingerprint of a record whose last piece has settled, if all of it stands as it says."""
        fingerprint, pieces = self._noted.pop(ticket, None), self._expected.pop(ticket, None)
        if fingerprint is None or pieces is None or not all(self._stands(*piece) for piece in pieces):
            return
        kin = Counter(key.entity for key, _ in pieces[1:])
        self._store.set_print(*pieces[0][0], fingerprint, " ".join(f"{name}={n}" for name, n in kin.items()))

    def _stands(self, key: Key, content: str | None) -> bool:
        entry = self._store.get(*key)
        if entry is None or entry.status != Status.SENT or entry.hash is None or entry.hash != content:
            return False
        return key not in self._books.removals and not self._books.is_parked(key)


@cache
def _counts_of(kin: str) -> tuple[tuple[str, int], ...]:
    pairs = (each.partition("=") for each in kin.split())
    return tuple((name, int(number)) for name, _, number in pairs)
