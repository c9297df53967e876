"""A state document into the store: entry by entry, or read through and left in its file until one is asked for."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from target_optiply.entities import ENTITIES, entity_of
from target_optiply.errors import ConfigProblem
from target_optiply.hotglue import custom
from target_optiply.state import Document
from target_optiply.store import Store
from target_optiply.tables import LAYOUT, Entry, Parked, Repeated, Status
from target_optiply.unread import Unread

_CHUNK = 1_000  # entries handed to the store at once
_FIRST_LINE = b'{"bookmarks": {'
_UNUSABLE = (msgspec.DecodeError, RecursionError, LookupError, TypeError, ValueError, OverflowError, sqlite3.Error)


class _Line(msgspec.Struct):
    """One entry of ``bookmarks``; members that others add are left alone, and payloads stay as they were written."""

    id: str | int | None = None
    external_id: str | int | None = msgspec.field(default=None, name="externalId")
    hash: str | None = None
    success: bool = False
    removed: bool = False
    error: str | None = None
    owner: str | None = None
    refs: str | None = None
    stock: int | None = None
    record: msgspec.Raw = msgspec.Raw()
    print: str | None = None
    kin: str | None = None
    custom_data: dict[str, Any] | None = msgspec.field(default=None, name="customData")

    @property
    def status(self) -> Status:
        """How the record stands."""
        if self.removed:
            return Status.REMOVED
        return Status.SENT if self.success else Status.REJECTED

    @property
    def is_plain(self) -> bool:
        """Whether this program wrote it, and nothing of it is to be kept elsewhere."""
        return self.custom_data is None and (self.success or bool(self.external_id)) and self.id != ""

    def entry(self, entity: str) -> Entry:
        """Return the entry as the store keeps it."""
        return Entry(
            entity,
            f"#{self.id}" if self.external_id in (None, "") else str(self.external_id),
            None if self.id is None else str(self.id),
            self.hash,
            self.status,
            self.owner,
            self.refs,
            self.stock,
            self.error,
            bytes(self.record) or None,
            self.print,
            self.kin if self.print is None else self.kin or "",
        )


class _Source(msgspec.Struct):
    """What is kept of the source, as :func:`_source_sections` writes it."""

    opened: list[str] | None = None
    skipped: dict[str, list[tuple[str, str | None]]] = {}
    facts: list[tuple[str, str, str]] = []
    figures: list[tuple[str, int]] = []
    removals: list[tuple[str, str, str]] = []
    repeated: list[tuple[str, str, str, msgspec.Raw]] = []
    seen: list[tuple[str, int, str]] = []
    parked: list[tuple[str, str, str, str, msgspec.Raw, str | None]] = []


class _Rest(msgspec.Struct):
    run: dict[str, Any] | None = None
    source: _Source | None = None


class _Whole(_Rest, kw_only=True):
    bookmarks: dict[str, list[_Line]]  # a tap's are objects, and refused


_line_decoder = msgspec.json.Decoder(_Line)


def _refused() -> ConfigProblem:
    return ConfigProblem("the state is no state of target-optiply; move it away to start anew")


def load(source: IO[bytes], store: Store) -> Document:
    """Read a state document into the store.

    Args:
        source: The document; it is closed.
        store: An empty working copy.

    Raises:
        ConfigProblem: It is not a state of this program.
    """
    document = Document()
    with source, store.filling():
        try:
            first = source.readline()
            if first.strip() == _FIRST_LINE:
                _load_lines(source, store, document)
            else:  # on one line, as hotglue hands it back, or laid out by another program
                _load_whole(first + source.read(), store, document)
        except _UNUSABLE:
            raise _refused() from None
    return document


def read_through(path: Path, store: Store) -> Document | None:
    """Read a state document but for its entries, which are looked through and left where they are until needed.

    Args:
        path: The document.
        store: An empty working copy.

    Returns:
        The document with its unread entries; None where it is not laid out as this program does.

    Raises:
        ConfigProblem: It is not a state of this program.
    """
    document, unread = Document(), Unread(path, _fill)
    with path.open("rb") as source:
        if source.readline().strip() != _FIRST_LINE:
            return None
        size = len(_FIRST_LINE) + 1
        try:
            for line in source:
                if line.startswith(b"}"):
                    break
                size += len(line)
                if line.startswith(b'"'):
                    name = _entity_name(line)
                elif line.startswith(b"{"):
                    entry = _line_decoder.decode(line.rstrip(b",\n"))
                    if not entry.is_plain:
                        return None
                    unread.note(name, entry.status, entry.print, entry.kin)
            unread.ends_at(size - 1)
            rest = b"{" + source.read().lstrip(b", \n")
            _note_opened({name for name, _ in unread.counts}, store)
            _load_rest(msgspec.json.decode(rest, type=_Rest), store, document)
        except _UNUSABLE:
            raise _refused() from None
    document.entries, document.unread = sum(unread.counts.values()), unread
    return document


def _fill(path: Path, store: Store) -> None:
    """Store the entries that :func:`read_through` left; the rest of the document was taken in by it."""
    with path.open("rb") as source, store.filling():
        source.readline()
        try:
            _load_entries(source, store)
        except _UNUSABLE:
            raise _refused() from None
    store.put_meta("ready", LAYOUT)


def _load_lines(source: Iterable[bytes], store: Store, document: Document) -> None:
    lines = iter(source)
    numbers = _load_entries(lines, store)
    document.entries = sum(numbers.values())
    _note_opened(numbers, store)
    rest = b"{" + b"".join(lines).lstrip(b", \n")
    _load_rest(msgspec.json.decode(rest, type=_Rest), store, document)


def _load_entries(source: Iterable[bytes], store: Store) -> Counter[str]:
    """Store all entries and return how many there are of each resource type."""
    numbers: Counter[str] = Counter()
    lines = iter(source)
    for line in lines:
        head = line.strip()
        if not head:  # no entries at all
            continue
        if head.startswith(b"}"):
            break
        name = _entity_name(head)
        numbers[name] += _put_entries(name, _section(lines), store)
    return +numbers


def _note_opened(names: Iterable[str], store: Store) -> None:
    """Note that what stands in Optiply of these is known; what the document itself says of it comes after."""
    for name in names:
        store.put_meta(f"opened:{name}", "1")


def _entity_name(head: bytes) -> str:
    """Return the resource type that a section's first line names.

    Raises:
        KeyError: There is none of that name.
    """
    name = json.loads(head.strip().rstrip(b" [").rstrip(b":"))
    entity = entity_of(name)
    if entity is None:
        raise KeyError(name)
    return entity.name


def _section(lines: Iterator[bytes]) -> Iterator[_Line]:
    """Yield the entries of a section up to its closing bracket."""
    for line in lines:
        text = line.strip()
        if text.startswith(b"]"):
            return
        if text:
            yield _line_decoder.decode(text.rstrip(b","))


def _load_whole(text: bytes, store: Store, document: Document) -> None:
    if text.split() in ([], [b"{}"], [b"{", b"}"]):  # nothing is no state, not a broken one
        return
    content = msgspec.json.decode(text, type=_Whole)
    numbers: Counter[str] = Counter()
    for title, entries in content.bookmarks.items():
        name = _entity_name(json.dumps(title).encode())
        numbers[name] += _put_entries(name, iter(entries), store)
    document.entries = sum(numbers.values())
    _note_opened(+numbers, store)
    _load_rest(content, store, document)


def _put_entries(name: str, lines: Iterator[_Line], store: Store) -> int:
    number = 0
    # Other programs' states hold refusals of records that nobody can name; they would stand for ever.
    named = (line for line in lines if line.id is not None or line.external_id not in (None, ""))
    while chunk := list(islice(named, _CHUNK)):
        entries = _with_ids([line.entry(name) for line in chunk], store)
        store.fill(entries)
        for line, entry in zip(chunk, entries, strict=True):
            if line.custom_data:
                custom.note_stored(store, entry, line.custom_data)
        number += len(chunk)
    return number


def _with_ids(entries: list[Entry], store: Store) -> list[Entry]:
    """Give entries without an id the one that an earlier entry of the same record has.

    Other programs append what became of a record to what was known of it: a change that was refused comes after the
    creation, and does not repeat the id.
    """
    ids: dict[str, str] = {}
    result = []
    for entry in entries:
        if entry.optiply_id is not None:
            ids[entry.remote_id] = entry.optiply_id
        elif (earlier := ids.get(entry.remote_id) or _id_in(store, entry)) is not None:
            entry = entry._replace(optiply_id=earlier)  # noqa: PLW2901 - the same entry, completed
        result.append(entry)
    return result


def _id_in(store: Store, entry: Entry) -> str | None:
    known = store.get(entry.entity, entry.remote_id)
    return known.optiply_id if known is not None else None


def _load_rest(content: _Rest, store: Store, document: Document) -> None:
    document.run = content.run or {}
    known = content.source or _Source()
    if known.opened is not None:
        for name in ENTITIES:
            store.put_meta(f"opened:{name}", "1" if name in known.opened else "")
    for name, skipped in known.skipped.items():
        store.put_many(Entry(name, remote_id, status=Status.SKIPPED, note=note) for remote_id, note in skipped)
    for fact in known.facts:
        store.put_fact(*fact)
    for figure in known.figures:
        store.put_figure(*figure)
    for removal in known.removals:
        store.remove_later(*removal)
    for entity, remote_id, since, key in known.repeated:
        store.put_repeated(Repeated(entity, remote_id, since, bytes(key)))
    for seen in known.seen:
        store.put_seen(*seen)
    for entity, remote_id, parent_entity, parent_id, payload, owner in known.parked:
        store.park(Parked(entity, remote_id, parent_entity, parent_id, bytes(payload), owner))
