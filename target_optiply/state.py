"""target-state.json: one JSON document, one entry a line, so that a million entries pass one by one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import msgspec

from target_optiply.entities import ENTITIES
from target_optiply.errors import ConfigProblem
from target_optiply.statefile import StateFile
from target_optiply.store import Store
from target_optiply.tables import NATURAL, Entry, Status
from target_optiply.unread import Unread

_COMPLETE = ("ok", "rejected")  # outcomes of runs that read all their input
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
        unread: Its entries, where they were left in the file.
    """

    run: dict[str, Any] = field(default_factory=dict)
    entries: int = 0
    unread: Unread | None = None


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
    if store.unread is not None and members is None:
        yield from store.unread.document()  # its entries are as they were
    else:
        yield b'{"bookmarks": {\n'
        yield from _sections(store, members)
    yield b"\n},\n"
    yield b'"summary": ' + _line_encoder.encode(summary) + b",\n"
    yield b'"source": {\n' + b",\n".join(_source_sections(store, complete=run.get("outcome") in _COMPLETE)) + b"\n},\n"
    yield b'"run": ' + _line_encoder.encode(run) + b"}\n"


def _sections(store: Store, members: Callable[[Entry], Mapping[str, Any]] | None) -> Iterator[bytes]:
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


__all__ = ["Document", "Identity", "StateFile", "check_identity", "pieces"]
