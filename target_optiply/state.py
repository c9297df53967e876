"""target-state.json: one JSON document, one entry a line, so that a million entries are read and written line by line.

The document is written anew and put in the place of the old one in one step; a reader sees the old or the new one.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

import fsspec
import msgspec
from fsspec.implementations.local import LocalFileSystem

from target_optiply.entities import ENTITIES, entity_of
from target_optiply.errors import ConfigProblem
from target_optiply.opening import NATURAL
from target_optiply.store import Entry, Intent, Parked, Repeated, Status, Store

_SAVED_AT = re.compile(rb'"saved_at": ?"([^"]+)"')
_CHUNK = 5_000  # entries handed to the store at once
_line_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder()


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


class StateFile:
    """The place of a state document: a local path or an fsspec URL.

    Args:
        location: Path or URL.

    Raises:
        ConfigProblem: The URL's scheme is not known, or the folder does not exist or cannot be written to.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        try:
            self._filesystem, self._path = fsspec.core.url_to_fs(location)
        except (ValueError, ImportError) as error:
            raise ConfigProblem(f"state_path: {error}") from None
        self.is_local = isinstance(self._filesystem, LocalFileSystem)

    @property
    def work_path(self) -> Path:
        """Where the working copy lies: beside a local state, else in the folder for temporary files."""
        if self.is_local:
            return Path(self._path + ".work")
        name = "".join(each if each.isalnum() else "-" for each in self.location)
        return Path(tempfile.gettempdir()) / f"target-optiply-{name}.work"

    @property
    def local_path(self) -> Path:
        """The path of a local state."""
        return Path(self._path)

    def check_writable(self) -> None:
        """See that the state can be written, before anything else is.

        Raises:
            ConfigProblem: It cannot.
        """
        if not self.is_local:
            return
        folder = self.local_path.absolute().parent
        if not folder.is_dir():
            raise ConfigProblem(f"state_path: the folder {folder} does not exist")
        if not os.access(folder, os.W_OK | os.X_OK) or (
            self.local_path.exists() and not os.access(self.local_path, os.W_OK)
        ):
            raise ConfigProblem(f"state_path: {self.local_path} cannot be written")

    def open(self) -> IO[bytes] | None:
        """Open the document for reading; None where there is none, or an empty one."""
        with suppress(FileNotFoundError):
            if self._filesystem.size(self._path):
                return self._filesystem.open(self._path, "rb")  # type: ignore[no-any-return]
        return None

    def saved_at(self) -> str | None:
        """Return when the document was saved, from its end alone where it is one of ours; None where there is none."""
        source = self.open()
        if source is None:
            return None
        with source:
            source.seek(0, io.SEEK_END)
            source.seek(max(0, source.tell() - 4096))
            tail = source.read()
        found = _SAVED_AT.findall(tail)
        return found[-1].decode() if found else None

    def replace(self, pieces: Iterable[bytes]) -> None:
        """Write a new document and put it in the place of the old one.

        Raises:
            OSError: The disk is full, or the folder cannot be written to; the old document stands.
        """
        folder = self.local_path.absolute().parent if self.is_local else None
        descriptor, name = tempfile.mkstemp(prefix=".target-state-", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as new:
                for piece in pieces:
                    new.write(piece)
                new.flush()
                os.fsync(new.fileno())
            if folder is None:
                self._filesystem.put_file(name, self._path)
                Path(name).unlink()
                return
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the new name is on disk too
        finally:
            os.close(handle)


# reading


def load(source: IO[bytes], store: Store) -> Document:
    """Read a state document into the store.

    Args:
        source: The document; it is closed.
        store: An empty working copy.

    Raises:
        ConfigProblem: It is not a state of this program.
    """
    document = Document()
    with source:
        try:
            first = source.readline()
            if first.strip() == b'{"bookmarks": {':
                _load_lines(source, store, document)
            else:  # on one line, as hotglue hands it back, or laid out by another program
                _load_whole(first + source.read(), store, document)
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, TypeError, KeyError, ValueError):
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
    _load_rest(msgspec.json.decode(rest), store, document)


def _section(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the entries of a section up to its closing bracket."""
    for line in lines:
        text = line.strip()
        if text.startswith(b"]"):
            return
        yield _line_decoder.decode(text.rstrip(b","))


def _load_whole(text: bytes, store: Store, document: Document) -> None:
    if not text.strip():
        return
    content = msgspec.json.decode(text)
    for name, entries in content.get("bookmarks", {}).items():
        if not isinstance(entries, list):
            raise TypeError  # a tap's state: its bookmarks are objects
        document.entries += _put_entries(name, iter(entries), store)
    _load_rest(content, store, document)


def _put_entries(name: str, entries: Iterator[dict[str, Any]], store: Store) -> int:
    entity = entity_of(name)
    if entity is None:
        raise KeyError(name)
    number = 0
    while chunk := [_entry(entity.name, each) for each in islice(entries, _CHUNK)]:
        store.put_many(chunk)
        number += len(chunk)
    if number:
        store.put_meta(f"opened:{entity.name}", "1")
    return number


def _entry(entity: str, each: dict[str, Any]) -> Entry:
    identity = each.get("id")
    status = Status.SENT if each.get("success") else Status.REJECTED
    if each.get("removed"):
        status = Status.REMOVED
    payload = each.get("record")
    return Entry(
        entity,
        str(each.get("externalId") or f"#{identity}"),
        None if identity is None else str(identity),
        each.get("hash"),
        status,
        each.get("owner"),
        each.get("refs"),
        each.get("stock"),
        each.get("error"),
        None if payload is None else _line_encoder.encode(payload),
    )


def _load_rest(content: dict[str, Any], store: Store, document: Document) -> None:
    document.run = content.get("run") or {}
    known = content.get("source") or {}
    for name, skipped in (known.get("skipped") or {}).items():
        store.put_many(Entry(name, each[0], status=Status.SKIPPED, note=each[1]) for each in skipped)
    for kind, name, value in known.get("facts") or ():
        store.put_fact(kind, name, value)
    for product, figure in known.get("figures") or ():
        store.put_figure(product, figure)
    for entity, remote_id, reason in known.get("removals") or ():
        store.remove_later(entity, remote_id, reason)
    for entity, remote_id, since, key in known.get("repeated") or ():
        store.put_repeated(Repeated(entity, remote_id, since, msgspec.json.encode(key)))
    for stream, version, remote_id in known.get("seen") or ():
        store.put_seen(stream, version, remote_id)
    for each in known.get("parked") or ():
        entity, remote_id, parent_entity, parent_id, payload, owner = each
        store.park(Parked(entity, remote_id, parent_entity, parent_id, msgspec.json.encode(payload), owner))


# writing


def pieces(store: Store, run: dict[str, Any], summary: dict[str, Any]) -> Iterator[bytes]:
    """Yield the document piece by piece.

    Args:
        store: The working copy.
        run: Outcome, time and account.
        summary: Counts per entity.
    """
    yield b'{"bookmarks": {\n'
    entries = (
        entry for entry in store.entries() if entry.status != Status.SKIPPED and not entry.remote_id.startswith(NATURAL)
    )
    by_name = {name: entity.title for name, entity in ENTITIES.items()}
    separator = b""
    for name, group in groupby(entries, key=lambda entry: entry.entity):
        yield separator + json.dumps(by_name[name]).encode() + b": [\n"
        yield from _separated(_line_encoder.encode(_entry_document(entry)) for entry in group)
        yield b"\n]"
        separator = b",\n"
    yield b"\n},\n"
    yield b'"summary": ' + _line_encoder.encode(summary) + b",\n"
    yield b'"source": {\n' + b",\n".join(_source_sections(store)) + b"\n},\n"
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
    return {name: value for name, value in document.items() if value is not None}


def _source_sections(store: Store) -> Iterator[bytes]:
    """Yield what is kept of the source: facts, skipped ids, figures, parked records, removals put off."""
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


def check_identity(run: dict[str, Any], identity: Identity) -> None:
    """See that a state belongs to the account at hand.

    Raises:
        ConfigProblem: It belongs to another API, account or coupling.
    """
    for name, ours in identity.as_dict().items():
        if name in run and run[name] != ours:
            raise ConfigProblem(
                f"the state belongs to another {name.replace('_', ' ')} ({run[name]}) than the settings name ({ours}); "
                "use one state_path per account"
            )


__all__ = ["Document", "Identity", "Intent", "StateFile", "check_identity", "load", "pieces"]
