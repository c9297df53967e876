"""The tables of the working copy, and what their rows hold."""

from __future__ import annotations

import enum
from typing import NamedTuple

from target_optiply.entities import ENTITIES

NATURAL = "\x1f"
"""Begins the key of a row known by its natural key alone (see ``opening``); remote ids hold no control characters."""
LAYOUT = "2"
"""Of the tables; what another layout left behind is not gone on from."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    entity TEXT NOT NULL, remote_id TEXT NOT NULL, optiply_id TEXT, hash TEXT, status INTEGER NOT NULL,
    owner TEXT, refs TEXT, stock INTEGER, note TEXT, payload BLOB, print TEXT, kin TEXT,
    PRIMARY KEY (entity, remote_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_owner ON entries (entity, owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS parked (
    entity TEXT NOT NULL, remote_id TEXT NOT NULL, parent_entity TEXT NOT NULL, parent_id TEXT NOT NULL,
    payload BLOB NOT NULL, owner TEXT, PRIMARY KEY (entity, remote_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parked_owner ON parked (entity, owner);
CREATE INDEX IF NOT EXISTS parked_parent ON parked (parent_entity, parent_id);
CREATE TABLE IF NOT EXISTS removals (
    entity TEXT NOT NULL, remote_id TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (entity, remote_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS figures (product_id TEXT PRIMARY KEY, figure INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (kind TEXT, name TEXT, value TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intents (
    number INTEGER PRIMARY KEY, entity TEXT NOT NULL, remote_id TEXT NOT NULL, since TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS repeated (
    entity TEXT NOT NULL, remote_id TEXT NOT NULL, since TEXT NOT NULL, natural_key BLOB NOT NULL,
    PRIMARY KEY (entity, remote_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    stream TEXT NOT NULL, version INTEGER NOT NULL, remote_id TEXT NOT NULL,
    PRIMARY KEY (stream, version, remote_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_OWNERS = ", ".join(f"'{entity.name}'" for entity in ENTITIES.values() if entity.children)
# A fingerprint tells of a whole source record: it goes when anything of that record is changed, parked or to be
# removed. (An entry's own goes with every INSERT OR REPLACE, which does not name it.)
_LOSES_PRINT = f"UPDATE entries SET print=NULL WHERE entity IN ({_OWNERS}) AND print NOT NULL AND remote_id="  # noqa: S608 - constants only
_LOSES_ITS_PRINT = "UPDATE entries SET print=NULL WHERE entity=NEW.entity AND remote_id=NEW.remote_id"
_ITS_OWNER = "(SELECT owner FROM entries WHERE entity=NEW.entity AND remote_id=NEW.remote_id)"
TRIGGERS = {
    "entry_put": f"AFTER INSERT ON entries WHEN NEW.owner NOT NULL BEGIN {_LOSES_PRINT} NEW.owner; END",
    "entry_forgotten": f"AFTER DELETE ON entries WHEN OLD.owner NOT NULL BEGIN {_LOSES_PRINT} OLD.owner; END",
    "record_parked": f"AFTER INSERT ON parked BEGIN {_LOSES_ITS_PRINT}; {_LOSES_PRINT} NEW.owner; END",
    "removal_noted": f"AFTER INSERT ON removals BEGIN {_LOSES_ITS_PRINT}; {_LOSES_PRINT} {_ITS_OWNER}; END",
}


class Status(enum.IntEnum):
    """How an entity record stands."""

    SENT = 0
    REJECTED = 1
    SKIPPED = 2  # deliberately not sent: what mentions it leaves it out
    REMOVED = 3  # soft-deleted in Optiply; its id is kept for the day it returns
    ADOPTED = 4  # found in Optiply, not compared yet; ``payload`` holds its attributes


class Entry(NamedTuple):
    """What is known of one entity record.

    Attributes:
        entity: Resource type.
        remote_id: Key at the source.
        optiply_id: Key in Optiply, where it stands there.
        hash: Content hash of what was last sent (or refused).
        status: How it stands.
        owner: Remote id of the record whose complete list it is part of, if any.
        refs: What it refers to, as ``attribute=remote id`` lines.
        stock: The stock figure that stands in Optiply (products).
        note: Why it is rejected or skipped.
        payload: The encoded record where it is rejected, the row's attributes where it is adopted.
        print: Fingerprint of the source record that says so (see ``recognition``); known to :meth:`Store.entries`
            and :meth:`Store.fill` only, since storing an entry takes it away.
        kin: What else of that source record stands in Optiply.
    """

    entity: str
    remote_id: str
    optiply_id: str | None = None
    hash: str | None = None
    status: int = Status.SENT
    owner: str | None = None
    refs: str | None = None
    stock: int | None = None
    note: str | None = None
    payload: bytes | None = None
    print: str | None = None
    kin: str | None = None


class Parked(NamedTuple):
    """An encoded record on disk that waits for its parent."""

    entity: str
    remote_id: str
    parent_entity: str
    parent_id: str
    payload: bytes
    owner: str | None = None


class Intent(NamedTuple):
    """A POST that was about to be sent and whose outcome is not known."""

    number: int
    entity: str
    remote_id: str
    since: str


class Repeated(NamedTuple):
    """A record whose POST was sent twice, so that there may be two rows: when first, and with what natural key."""

    entity: str
    remote_id: str
    since: str
    natural_key: bytes
