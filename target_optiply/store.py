"""The working copy: what is known of Optiply and what is still to be done, in SQLite, safe against a crash.

Changes gather in one transaction until :meth:`Store.commit`, which the run calls before it sends a POST (so that the
intent is on disk first) and before it releases a STATE (so that what the STATE passes is on disk first). Each statement
lets another thread take the interpreter, which costs more than the statement where many threads want it. So entries and
intents are kept in memory first and written together: before a commit, and before anything is asked that they bear on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from target_optiply.sieve import Sieve
from target_optiply.tables import NATURAL, SCHEMA, TRIGGERS, Entry, Intent, Parked, Repeated, Status
from target_optiply.unread import Unread

_RECENT = 2048  # entries kept at hand: more than are under way at once
_MOST_UNWRITTEN = 512  # entries held back that are written though nothing asks for it
_ENTRY = "entity, remote_id, optiply_id, hash, status, owner, refs, stock, note, payload"
_WHOLE = f"{_ENTRY}, print, kin"
_PUT_WHOLE = f"INSERT OR REPLACE INTO entries ({_WHOLE}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants only


class Store:
    """The working copy of one run.

    Args:
        path: The database file, or ``:memory:``.
    """

    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(str(path), isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-32000")
        self._db.executescript(SCHEMA)
        for name, trigger in TRIGGERS.items():
            self._db.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {trigger}")
        self._open = False  # a transaction is
        self._gone: set[tuple[str, str]] = set()  # rows that went in this run
        # What was asked for or stored lately: a record on its way is asked for again and again.
        self._recent: dict[tuple[str, str], Entry | None] = {}
        self._has_figures = bool(self.figures())
        self._has_natural: dict[str, bool] = {}
        # Keys and fingerprints that were stored, so that nothing is asked about new records where all are new.
        is_new = self._db.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is None
        self._stored = Sieve() if is_new else None
        # Held back until the next commit. Of entries the order counts, by which a change takes an owner's fingerprint.
        self._unwritten: dict[tuple[str, str], Entry] = {}
        self._intended: list[Intent] = []
        self._settled: list[tuple[int]] = []
        self._last_intent: int = self._db.execute("SELECT coalesce(max(number), 0) FROM intents").fetchone()[0]
        self.unread: Unread | None = None
        self._lookup = f"SELECT {_ENTRY} FROM entries WHERE entity=? AND remote_id=?"  # noqa: S608
        self._by_id_indexed = self._by_print_indexed = False

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._db.close()

    def commit(self) -> None:
        """Bring every change so far to disk."""
        self._write_entries()
        self._write_intents()
        if self._open:
            self._db.execute("COMMIT")
            self._open = False

    def _change(self, statement: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
        database = self._known
        self._begin()
        return database.execute(statement, tuple(values))

    def _begin(self) -> None:
        self._read_rest()  # whatever is to be changed: a run that dies must leave all that is known, or nothing
        if not self._open:
            self._db.execute("BEGIN")
            self._open = True

    def leave_unread(self, unread: Unread) -> None:
        """Leave a state's entries where they are until one is asked for, or something is to be changed."""
        self.unread = unread

    def _read_rest(self) -> None:
        """Read the entries that were left unread."""
        if self.unread is not None:
            unread, self.unread = self.unread, None
            unread.fill(self)

    @property
    def _known(self) -> sqlite3.Connection:
        """The database, with all entries in it."""
        self._read_rest()
        self._write_entries()
        return self._db

    # entries

    def get(self, entity: str, remote_id: str) -> Entry | None:
        """Return what is known of a record, or None."""
        key = (entity, remote_id)
        try:
            return self._recent[key]
        except KeyError:
            self._read_rest()
            entry = self._unwritten.get(key)
        if entry is None and self._may_be_stored(key):
            row = self._db.execute(self._lookup, key).fetchone()
            entry = Entry(*row) if row else None
        return self._remember(entity, remote_id, entry)

    def _may_be_stored(self, what: Hashable) -> bool:
        return self._stored is None or self._stored.may_hold(what)

    def _remember(self, entity: str, remote_id: str, entry: Entry | None) -> Entry | None:
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[entity, remote_id] = entry
        return entry

    def put(self, entry: Entry) -> None:
        """Store what is known of a record, in place of what was."""
        self._read_rest()
        key = (entry.entity, entry.remote_id)
        if entry.print is not None or entry.kin is not None:
            entry = entry._replace(print=None, kin=None)
        self._unwritten.pop(key, None)
        self._unwritten[key] = entry
        if self._stored is not None:
            self._stored.note(key)
        self._remember(*key, entry)
        if entry.remote_id.startswith(NATURAL):
            self._has_natural[entry.entity] = True
        if len(self._unwritten) >= _MOST_UNWRITTEN:
            self._write_entries()

    def _write_entries(self) -> None:
        if self._unwritten:
            self._begin()
            self._db.executemany(_PUT_WHOLE, self._unwritten.values())
            self._unwritten.clear()

    def forget_gone(self, entity: str, remote_id: str) -> None:
        """Drop what is known of a record whose row is gone in Optiply; an older answer may still tell of the row."""
        known = self.get(entity, remote_id)
        if known is not None and known.optiply_id is not None:
            self._gone.add((entity, known.optiply_id))
        self.forget(entity, remote_id)

    def note_gone(self, entity: str, optiply_id: str) -> None:
        """Note a row that was deleted; where it was adopted and not compared yet, that is forgotten."""
        self._gone.add((entity, optiply_id))
        adopted = self.known_as(entity, optiply_id)
        if adopted is not None and adopted.status == Status.ADOPTED:
            self.forget(entity, adopted.remote_id)

    def is_gone(self, entity: str, optiply_id: str) -> bool:
        """Whether a row was found gone, or was deleted, in this run."""
        return (entity, optiply_id) in self._gone

    def put_many(self, entries: Iterable[Entry]) -> None:
        """Store many entries."""
        self.fill(entry._replace(print=None, kin=None) for entry in entries)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Let entries be stored with their fingerprints, by :meth:`fill`, in any order."""
        for name in TRIGGERS:
            self._change(f"DROP TRIGGER {name}")
        yield
        for name, trigger in TRIGGERS.items():
            self._change(f"CREATE TRIGGER {name} {trigger}")

    def fill(self, entries: Iterable[Entry]) -> None:
        """Store entries with their fingerprints."""
        self._write_entries()
        self._begin()
        if self._db.executemany(_PUT_WHOLE, entries).rowcount > 0:
            self._stored = None
        self._recent.clear()
        self._has_natural.clear()

    def forget(self, entity: str, remote_id: str) -> None:
        """Drop what is known of a record."""
        self._change("DELETE FROM entries WHERE entity=? AND remote_id=?", (entity, remote_id))
        self._remember(entity, remote_id, None)

    # fingerprints of source records (see ``recognition``)

    def set_print(self, entity: str, remote_id: str, fingerprint: str, kin: str) -> None:
        """Keep the fingerprint of a source record that stands in Optiply as it says.

        Args:
            entity: Resource type of the record's main part.
            remote_id: Its key.
            fingerprint: Of all the record says.
            kin: What else of it stands there, as a text that is handed back.
        """
        if self._stored is not None:
            self._stored.note(fingerprint)
        key = (entity, remote_id)
        entry = self._unwritten.get(key)
        if entry is not None and entry.owner is None:
            if entry.status == Status.SENT and entry.hash is not None:
                del self._unwritten[key]  # what was changed before it does not take it
                self._unwritten[key] = entry._replace(print=fingerprint, kin=kin)
            return
        statement = "UPDATE entries SET print=?, kin=? WHERE entity=? AND remote_id=? AND status=0 AND hash IS NOT NULL"
        self._change(statement, (fingerprint, kin, entity, remote_id))

    def printed(self, fingerprint: str) -> str | None:
        """Return the kin of the source record of a fingerprint; None where no record has it."""
        if self.unread is not None:
            return self.unread.printed(fingerprint)
        if not self._may_be_stored(fingerprint):
            return None
        if not self._by_print_indexed:  # made when it is first asked for: after the state was loaded
            self._change("CREATE INDEX IF NOT EXISTS entries_print ON entries (print, kin) WHERE print NOT NULL")
            self._by_print_indexed = True
        row = self._known.execute("SELECT kin FROM entries WHERE print=? AND print NOT NULL", (fingerprint,)).fetchone()
        return row[0] if row else None

    def owned(self, entity: str, owner: str) -> list[Entry]:
        """Return the records of an entity that belong to an owner's list."""
        query = (
            f"SELECT {_ENTRY} FROM entries INDEXED BY entries_owner WHERE entity=? AND owner=? AND owner IS NOT NULL"  # noqa: S608
        )
        return [Entry(*row) for row in self._known.execute(query, (entity, owner))]

    def known_as(self, entity: str, optiply_id: str) -> Entry | None:
        """Return the record that stands under an Optiply id, or None; rather one known by its own key."""
        if not self._by_id_indexed:  # needed for recoveries only, so a clean run does not pay for the index
            self._change("CREATE INDEX IF NOT EXISTS entries_id ON entries (entity, optiply_id)")
            self._by_id_indexed = True
        query = f"SELECT {_ENTRY} FROM entries WHERE entity=? AND optiply_id=? ORDER BY remote_id DESC LIMIT 1"  # noqa: S608
        row = self._known.execute(query, (entity, optiply_id)).fetchone()
        return Entry(*row) if row else None

    def has_natural(self, entity: str) -> bool:
        """Whether a row of an entity may be known by its natural key alone."""
        if entity not in self._has_natural:
            self._has_natural[entity] = self.first_with_prefix(entity, NATURAL) is not None
        return self._has_natural[entity]

    def forget_natural(self, entity: str) -> None:
        """Drop the rows of an entity that are known by their natural key alone."""
        self._change("DELETE FROM entries WHERE entity=? AND remote_id >= char(31) AND remote_id < char(32)", (entity,))
        self._recent.clear()

    def forget_adopted(self) -> None:
        """Drop the rows that were found in Optiply and that no record has matched."""
        self._change("DELETE FROM entries WHERE status=?", (int(Status.ADOPTED),))
        self._recent.clear()

    def first_with_prefix(self, entity: str, prefix: str) -> Entry | None:
        """Return the first entry of an entity whose key begins so, or None."""
        where = "entity=? AND remote_id >= ? AND remote_id < ? ORDER BY remote_id LIMIT 1"
        query = f"SELECT {_ENTRY} FROM entries WHERE {where}"  # noqa: S608
        row = self._known.execute(query, (entity, prefix, prefix + "\U0010ffff")).fetchone()
        return Entry(*row) if row else None

    def any_sent(self, entity: str, but_not: str | None) -> tuple[str, str] | None:
        """Return Optiply id and remote id of some row of an entity that stands as it should, but not of that one."""
        query = (
            "SELECT optiply_id, remote_id FROM entries"
            " WHERE entity=? AND status=0 AND hash NOT NULL AND remote_id NOT LIKE '#%' AND optiply_id IS NOT ? LIMIT 1"
        )
        found: tuple[str, str] | None = self._known.execute(query, (entity, but_not)).fetchone()
        return found

    def entries(self, *, status: Status | None = None) -> Iterator[Entry]:
        """Return all entries in key order, or those of one status."""
        where, values = ("", ()) if status is None else (" WHERE status=?", (int(status),))
        none_unread = self.unread is not None and status is not None and not self.unread.has(status)
        database = self._db if none_unread else self._known
        for row in database.execute(f"SELECT {_WHOLE} FROM entries{where} ORDER BY entity, remote_id", values):  # noqa: S608
            yield Entry(*row)

    def counts(self) -> dict[str, int]:
        """Return, per entity, how many records stand in Optiply."""
        if self.unread is not None:
            return {name: count for (name, status), count in self.unread.counts.items() if status == Status.SENT}
        query = "SELECT entity, count(*) FROM entries WHERE status IN (0, 4) GROUP BY entity"
        return dict(self._known.execute(query).fetchall())

    def update_where_referring(self, change: Callable[[Entry], Entry]) -> None:
        """Change every entry that refers to something; ``change`` returns the new entry, or the same to leave it."""
        query = f"SELECT {_ENTRY} FROM entries WHERE refs NOT NULL"  # noqa: S608
        entries = (Entry(*row) for row in self._known.execute(query))
        self.put_many([new for old in entries if (new := change(old)) is not old])

    # verification

    def begin_presence(self, entity: str) -> None:
        """Begin to note which rows of an entity stand in Optiply."""
        self._change("CREATE TEMP TABLE IF NOT EXISTS present (entity, optiply_id, PRIMARY KEY (entity, optiply_id))")
        self._change("DELETE FROM present WHERE entity=?", (entity,))

    def note_present(self, entity: str, optiply_id: str) -> None:
        """Note a row that stands in Optiply."""
        self._change("INSERT OR IGNORE INTO present VALUES (?,?)", (entity, optiply_id))

    def absent(self, entity: str) -> list[Entry]:
        """Return an entity's entries whose rows were not noted."""
        where = (
            "entity=?1 AND optiply_id IS NOT NULL AND status IN (0, 4)"
            " AND optiply_id NOT IN (SELECT optiply_id FROM present WHERE entity=?1)"
        )
        query = f"SELECT {_ENTRY} FROM entries WHERE {where}"  # noqa: S608
        return [Entry(*row) for row in self._known.execute(query, (entity,))]

    # parked records

    def park(self, parked: Parked) -> None:
        """Put a record to disk until its parent is there; a newer version takes its place."""
        self._change("INSERT OR REPLACE INTO parked VALUES (?,?,?,?,?,?)", parked)

    def unpark(self, entity: str, remote_id: str) -> None:
        """Drop a parked record."""
        self._change("DELETE FROM parked WHERE entity=? AND remote_id=?", (entity, remote_id))

    def waiting_for(self, parent_entity: str, parent_id: str) -> list[Parked]:
        """Return the records parked for a parent."""
        query = "SELECT * FROM parked WHERE parent_entity=? AND parent_id=?"
        return [Parked._make(row) for row in self._db.execute(query, (parent_entity, parent_id))]

    def parked_of(self, entity: str, owner: str) -> list[Parked]:
        """Return the parked records of an entity that belong to an owner's list."""
        query = "SELECT * FROM parked WHERE entity=? AND owner=?"
        return [Parked._make(row) for row in self._db.execute(query, (entity, owner))]

    def parked(self) -> list[Parked]:
        """Return all parked records."""
        return [Parked._make(row) for row in self._db.execute("SELECT * FROM parked")]

    def awaited(self) -> set[tuple[str, str]]:
        """Return the parents that parked records wait for."""
        return set(self._db.execute("SELECT DISTINCT parent_entity, parent_id FROM parked").fetchall())

    # removals, put off until it is known how many there are

    def remove_later(self, entity: str, remote_id: str, reason: str) -> None:
        """Note that a record is to be removed at the end of the run."""
        self._change("INSERT OR REPLACE INTO removals VALUES (?,?,?)", (entity, remote_id, reason))

    def keep(self, entity: str, remote_id: str) -> bool:
        """Take a noted removal back; True if there was one."""
        return self._change("DELETE FROM removals WHERE entity=? AND remote_id=?", (entity, remote_id)).rowcount > 0

    def removals(self, entity: str) -> list[tuple[str, str]]:
        """Return remote id and reason of an entity's noted removals."""
        return self._db.execute("SELECT remote_id, reason FROM removals WHERE entity=?", (entity,)).fetchall()

    # stock figures without a product

    def put_figure(self, product_id: str, figure: int) -> None:
        """Keep a stock figure until its product arrives."""
        self._change("INSERT OR REPLACE INTO figures VALUES (?,?)", (product_id, figure))
        self._has_figures = True

    def figure(self, product_id: str) -> int | None:
        """Return a kept stock figure, or None."""
        if not self._has_figures:
            return None
        row = self._db.execute("SELECT figure FROM figures WHERE product_id=?", (product_id,)).fetchone()
        return row[0] if row else None

    def take_figure(self, product_id: str) -> int | None:
        """Return and drop a kept stock figure."""
        figure = self.figure(product_id)
        if figure is not None:
            self._change("DELETE FROM figures WHERE product_id=?", (product_id,))
        return figure

    def figures(self) -> list[tuple[str, int]]:
        """Return all kept stock figures."""
        return self._db.execute("SELECT product_id, figure FROM figures ORDER BY product_id").fetchall()

    # facts

    def put_fact(self, kind: str, name: str, value: str | None) -> None:
        """Keep a fact; None drops it."""
        if value is None:
            self._change("DELETE FROM facts WHERE kind=? AND name=?", (kind, name))
        else:
            self._change("INSERT OR REPLACE INTO facts VALUES (?,?,?)", (kind, name, value))

    def facts(self) -> list[tuple[str, str, str]]:
        """Return all facts as kind, name and value."""
        return self._db.execute("SELECT kind, name, value FROM facts ORDER BY kind, name").fetchall()

    # intents

    def intend(self, entity: str, remote_id: str, since: str) -> int:
        """Note a POST that is about to be sent; returns its number."""
        self._last_intent += 1
        self._intended.append(Intent(self._last_intent, entity, remote_id, since))
        return self._last_intent

    def settle_intent(self, number: int) -> None:
        """Drop an intent whose outcome is known."""
        self._settled.append((number,))

    def _write_intents(self) -> None:
        if self._intended or self._settled:
            self._begin()
            self._db.executemany("INSERT INTO intents VALUES (?,?,?,?)", self._intended)
            self._db.executemany("DELETE FROM intents WHERE number=?", self._settled)
            self._intended.clear()
            self._settled.clear()

    def intents(self) -> list[Intent]:
        """Return the intents whose outcome is not known."""
        self._write_intents()
        return [Intent._make(row) for row in self._db.execute("SELECT * FROM intents ORDER BY number")]

    # records whose POST was repeated

    def put_repeated(self, repeated: Repeated) -> None:
        """Note a record whose POST was sent a second time."""
        self._change("INSERT OR REPLACE INTO repeated VALUES (?,?,?,?)", repeated)

    def repeated(self) -> list[Repeated]:
        """Return the records that may stand in Optiply twice."""
        return [Repeated._make(row) for row in self._db.execute("SELECT * FROM repeated")]

    def settle_repeated(self, entity: str, remote_id: str) -> None:
        """Drop a record that stands in Optiply once."""
        self._change("DELETE FROM repeated WHERE entity=? AND remote_id=?", (entity, remote_id))

    # versions of a stream (ACTIVATE_VERSION)

    def put_seen(self, stream: str, version: int, remote_id: str) -> None:
        """Note that a stream's version has a record."""
        self._change("INSERT OR IGNORE INTO seen VALUES (?,?,?)", (stream, version, remote_id))

    def has_seen(self, stream: str, version: int) -> bool:
        """Whether a stream's version has any record."""
        query = "SELECT 1 FROM seen WHERE stream=? AND version=? LIMIT 1"
        return self._db.execute(query, (stream, version)).fetchone() is not None

    def not_seen(self, stream: str, version: int, entity: str) -> list[str]:
        """Return the records of an entity that a stream's version does not have; no owner's list is meant."""
        query = (
            "SELECT remote_id FROM entries WHERE entity=? AND owner IS NULL AND status IN (0, 1, 4)"
            " AND remote_id NOT IN (SELECT remote_id FROM seen WHERE stream=? AND version=?)"
        )
        return [row[0] for row in self._known.execute(query, (entity, stream, version))]

    def seen(self) -> list[tuple[str, int, str]]:
        """Return all records of versions that are not complete yet."""
        return self._db.execute("SELECT stream, version, remote_id FROM seen ORDER BY 1, 2, 3").fetchall()

    def forget_seen(self, stream: str) -> None:
        """Drop what was noted of a stream's versions."""
        self._change("DELETE FROM seen WHERE stream=?", (stream,))

    # meta

    def put_meta(self, name: str, value: str) -> None:
        """Keep a value about the working copy itself."""
        self._change("INSERT OR REPLACE INTO meta VALUES (?,?)", (name, value))

    def metas(self, prefix: str) -> list[str]:
        """Return the names of such values, without the prefix that they begin with."""
        query = "SELECT substr(name, ?) FROM meta WHERE substr(name, 1, ?)=?"
        return [row[0] for row in self._db.execute(query, (len(prefix) + 1, len(prefix), prefix))]

    def meta(self, name: str) -> str | None:
        """Return a value about the working copy itself, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return row[0] if row else None
