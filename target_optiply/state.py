"""target-state.json: one JSON document, one entry a line, so that a million entries are read and written one by one."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import IO, Any

import msgspec

from target_optiply.entities import ENTITIES, entity_of
from target_optiply.errors import ConfigProblem
from target_optiply.hotglue import custom
from target_optiply.opening import NATURAL
from target_optiply.statefile import StateFile
from target_optiply.store import Entry, Parked, Repeated, Status, Store

_COMPLETE = ("ok", "rejected")  # outcomes of runs that read all their input
_CHUNK = 1_000  # entries handed to the store at once
_line_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Identity:
    """Which Optiply account a state belongs to; a state of another one is refused."""

    api: str
    account_id: str
    coupling_id: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the members of ``run`` that identify the account."""
        return {"api": self.api, "account_id": self.account_id, "coupling_id": self.coupling_id}


@dataclass(slots=True)
class Document:
    """What a state document says beside its entries.

    Attributes:
        run: Outcome, time and account of the run that wrote it.
        entries: How many entries it holds.
    """

    run: dict[str, Any] = field(default_factory=dict)
    entries: int = 0


# reading


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

    def entry(self, entity: str) -> Entry:
        """Return the entry as the store keeps it."""
        status = Status.SENT if self.success else Status.REJECTED
        return Entry(
            entity,
            f"#{self.id}" if self.external_id in (None, "") else str(self.external_id),
            None if self.id is None else str(self.id),
            self.hash,
            Status.REMOVED if self.removed else status,
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
            if first.strip() == b'{"bookmarks": {':
                _load_lines(source, store, document)
            else:  # on one line, as hotglue hands it back, or laid out by another program
                _load_whole(first + source.read(), store, document)
        except (msgspec.DecodeError, RecursionError, LookupError, TypeError, ValueError, OverflowError, sqlite3.Error):
            raise ConfigProblem("the state is no state of target-optiply; move it away to start anew") from None
    return document


def _load_lines(source: Iterable[bytes], store: Store, document: Document) -> None:
    lines = iter(source)
    for line in lines:
        head = line.strip()
        if not head:  # no entries at all
            continue
        if head.startswith(b"}"):
            break
        name = json.loads(head.rstrip(b" [").rstrip(b":"))
        document.entries += _put_entries(name, _section(lines), store)
    rest = b"{" + b"".join(lines).lstrip(b", \n")
    _load_rest(msgspec.json.decode(rest, type=_Rest), store, document)


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
    for name, entries in content.bookmarks.items():
        document.entries += _put_entries(name, iter(entries), store)
    _load_rest(content, store, document)


def _put_entries(name: str, lines: Iterator[_Line], store: Store) -> int:
    entity = entity_of(name)
    if entity is None:
        raise KeyError(name)
    number = 0
    # Other programs' states hold refusals of records that nobody can name; they would stand for ever.
    named = (line for line in lines if line.id is not None or line.external_id not in (None, ""))
    while chunk := list(islice(named, _CHUNK)):
        entries = _with_ids([line.entry(entity.name) for line in chunk], store)
        store.fill(entries)
        for line, entry in zip(chunk, entries, strict=True):
            if line.custom_data:
                custom.note_stored(store, entry, line.custom_data)
        number += len(chunk)
    if number:
        store.put_meta(f"opened:{entity.name}", "1")
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


# writing


def pieces(
    store: Store,
    run: dict[str, Any],
    summary: dict[str, Any],
    members: Callable[[Entry], Mapping[str, Any]] | None = None,
) -> Iterator[bytes]:
    """Yield the document piece by piece.

    Args:
        store: The working copy.
        run: Outcome, time and account.
        summary: Counts per entity.
        members: Gives further members of an entry, where a runner wants any.
    """
    yield b'{"bookmarks": {\n'
    entries = (
        entry for entry in store.entries() if entry.status != Status.SKIPPED and not entry.remote_id.startswith(NATURAL)
    )
    by_name = {name: entity.title for name, entity in ENTITIES.items()}
    separator = b""
    for name, group in groupby(entries, key=lambda entry: entry.entity):
        yield separator + json.dumps(by_name[name]).encode() + b": [\n"
        yield from _separated(
            _line_encoder.encode({**_entry_document(entry), **(members(entry) if members else {})}) for entry in group
        )
        yield b"\n]"
        separator = b",\n"
    yield b"\n},\n"
    yield b'"summary": ' + _line_encoder.encode(summary) + b",\n"
    yield b'"source": {\n' + b",\n".join(_source_sections(store, complete=run.get("outcome") in _COMPLETE)) + b"\n},\n"
    yield b'"run": ' + _line_encoder.encode(run) + b"}\n"


def _separated(lines: Iterable[bytes]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    first = True
    for line in lines:
        if not first:
            buffer.write(b",\n")
        first = False
        buffer.write(line)
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer = io.BytesIO()
    yield buffer.getvalue()


def _entry_document(entry: Entry) -> dict[str, Any]:
    document: dict[str, Any] = {"hash": entry.hash, "id": entry.optiply_id, "externalId": entry.remote_id}
    if entry.remote_id == f"#{entry.optiply_id}":
        del document["externalId"]
    document["success"] = entry.status != Status.REJECTED
    if entry.status == Status.REMOVED:
        document["removed"] = True
    if entry.status == Status.REJECTED:
        document["error"] = entry.note
        if entry.payload is not None:
            document["record"] = msgspec.Raw(entry.payload)
    document.update(owner=entry.owner, refs=entry.refs, stock=entry.stock)
    if entry.print is not None:
        document.update(print=entry.print, kin=entry.kin or None)
    return {name: value for name, value in document.items() if value is not None}


def _source_sections(store: Store, *, complete: bool) -> Iterator[bytes]:
    """Yield what is kept of the source: facts, skipped ids, figures, parked records, removals put off."""
    yield b'"opened": ' + _line_encoder.encode([name for name in ENTITIES if _is_opened(store, name, complete)])
    skipped: dict[str, list[tuple[str, str | None]]] = {}
    for entry in store.entries(status=Status.SKIPPED):
        skipped.setdefault(entry.entity, []).append((entry.remote_id, entry.note))
    sections: dict[str, Any] = {
        "skipped": skipped,
        "facts": store.facts(),
        "figures": store.figures(),
        "removals": [(name, *row) for name in ENTITIES for row in store.removals(name)],
        "repeated": [(*row[:3], msgspec.Raw(row.natural_key)) for row in store.repeated()],
        "seen": store.seen(),
        "parked": [(*row[:4], msgspec.Raw(row.payload), row.owner) for row in store.parked()],
    }
    for name, value in sections.items():
        if value:
            yield b'"' + name.encode() + b'": ' + _line_encoder.encode(value)


def _is_opened(store: Store, name: str, complete: bool) -> bool:
    """Whether all that stood in Optiply of an entity is known: not where a run ended amid taking rows over.

    Rows that are known by their natural key alone are not kept, so the next run must read them again.
    """
    return bool(store.meta(f"opened:{name}")) and (complete or store.first_with_prefix(name, NATURAL) is None)


def check_identity(run: dict[str, Any], identity: Identity) -> None:
    """See that a state belongs to the account at hand.

    Raises:
        ConfigProblem: It belongs to another API, account or coupling.
    """
    for name, ours in identity.as_dict().items():
        theirs = run.get(name)
        if name in run and (theirs if theirs is None else str(theirs)) != ours:
            raise ConfigProblem(
                f"the state belongs to another {name.replace('_', ' ')} ({run[name]}) than the settings name ({ours}); "
                "use one state_path per account"
            )


__all__ = ["Document", "Identity", "StateFile", "check_identity", "load", "pieces"]
