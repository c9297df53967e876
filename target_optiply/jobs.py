"""A record on its way to Optiply, and the lanes that keep the order: versions of one record, parents and children."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import msgspec

from target_optiply.entities import ENTITIES
from target_optiply.model import EntityRecord


class Key(NamedTuple):
    """What identifies an entity record: resource type and remote id."""

    entity: str
    remote_id: str


OWNER_ENTITY = {child: entity.name for entity in ENTITIES.values() for child in entity.children}
"""Which entity's records carry the complete lists of another."""


@dataclass(slots=True, eq=False)
class Job:
    """One record (or one stock figure) on its way.

    Attributes:
        record: The checked record; for a job that only carries a stock figure, one without attributes.
        tickets: The ledger's tickets that this job settles.
        owner: Remote id of the record whose complete list it is part of.
        after: Keys that must settle first, though nothing refers to them.
        figure_only: Whether only the stock figure is to be brought over.
        removal: Why the record is to be removed, where that is the job.
        refusal: Why the record cannot be sent, where that is known already.
        remarked: Whether something was said of the record that was repaired with a loss.
        concedes: Whether a row to be removed gives its mark of preference up at once.
        left: Called when the job has left its lane.
        hash: Content hash of the record, computed once.
        attempt: How often the job was started over, because a row or a reference turned out to be gone.
        on_disk: Whether it stands on disk, as it was parked, until it settles: no ticket of its own holds a STATE back.
    """

    record: EntityRecord
    tickets: list[int] = field(default_factory=list)
    owner: str | None = None
    after: tuple[Key, ...] = ()
    figure_only: bool = False
    removal: str | None = None
    refusal: str | None = None
    remarked: bool = False
    concedes: bool = False
    left: Callable[[], None] | None = None
    hash: str | None = None
    attempt: int = 0
    on_disk: bool = False

    @property
    def key(self) -> Key:
        """The key of the record."""
        return Key(self.record.entity, self.record.remote_id or f"#{self.record.optiply_id}")

    @property
    def owner_key(self) -> Key | None:
        """The key of the owner, if any."""
        return None if self.owner is None else Key(OWNER_ENTITY[self.record.entity], self.owner)


class _Stored(msgspec.Struct, omit_defaults=True):
    record: EntityRecord
    owner: str | None = None
    figure_only: bool = False


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(_Stored, float_hook=Decimal)


def encode_job(job: Job) -> bytes:
    """Return a job's mapped record as JSON, for the working copy and the state; without its children."""
    record = job.record
    bare = EntityRecord(
        record.entity,
        record.remote_id,
        record.attributes,
        record.references,
        record.lines,
        stock=record.stock,
        stock_is_fallback=record.stock_is_fallback,
        optiply_id=record.optiply_id,
        own=record.own,
        total_of_lines=record.total_of_lines,
    )
    return _encoder.encode(_Stored(bare, job.owner, job.figure_only))


def decode_job(payload: bytes) -> Job:
    """Return the job of :func:`encode_job`.

    Raises:
        msgspec.ValidationError: The payload is of another shape.
    """
    stored = _decoder.decode(payload)
    return Job(stored.record, owner=stored.owner, figure_only=stored.figure_only)


class Lanes:
    """Which records are on their way, and who waits for them.

    A record occupies its lane from the moment it is considered until it is settled, so that a second version of it,
    its children and whoever must come after it queue up behind.

    Args:
        start: Takes a job that waited for its own lane.
        consider: Takes a job that holds its lane and waited for another's.
    """

    def __init__(self, start: Callable[[Job], None], consider: Callable[[Job], None]) -> None:
        self.start = start
        self.consider = consider
        self._occupied: dict[Key, list[Job]] = {}
        self._per_entity: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._occupied)

    def is_busy(self, key: Key) -> bool:
        """Whether a record is on its way."""
        return key in self._occupied

    def is_quiet(self, entities: Iterable[str]) -> bool:
        """Whether no record of these entities is on its way."""
        return not self._occupied or not any(self._per_entity[name] for name in entities)

    def enter(self, key: Key) -> None:
        """Occupy a free lane."""
        self._occupied[key] = []
        self._per_entity[key.entity] += 1

    def wait(self, job: Job, key: Key) -> None:
        """Queue a job behind a record on its way."""
        self._occupied[key].append(job)

    def free(self, key: Key) -> None:
        """Free a lane and wake whoever waited for it, in order."""
        self._per_entity[key.entity] -= 1
        for job in self._occupied.pop(key):
            if job.key == key:
                self.start(job)
            else:
                self.consider(job)
