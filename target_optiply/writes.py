"""Plans: how a row is created, changed, deleted or looked for, with every recovery, as plain sequences.

A plan yields requests and pauses (see ``dispatch``) and returns an :class:`Outcome`. It decides nothing about what to
write; that is done in ``references`` and ``needs``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from singer_http.redact import redact
from singer_http.retry import backoff_delay
from target_optiply.answers import Meaning, meaning_of, resource, resource_id, resources, words
from target_optiply.client import Answer, Request
from target_optiply.compare import differing
from target_optiply.dispatch import Pause, Plan
from target_optiply.entities import Entity
from target_optiply.wire import ALWAYS_NULL, PAGE, Wire

TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between tries: the bound of the first pause, and of any
_TWICE = 2
MARGIN = timedelta(minutes=10)  # between our clock, the server's and its database's
_BAD_EMAIL = "is not a valid address"
_UNSETTLED = (Meaning.TRANSIENT, Meaning.BROKEN, Meaning.UNREADABLE)


@dataclass(slots=True)
class Outcome:
    """What became of a record.

    Attributes:
        kind: ``missing``: a reference of a POST, or the row of a PATCH, is gone; ``duplicate``: another row holds the
            unique pair (``optiply_id`` is that row); ``unsettled``: nobody knows, so nothing may be said of it.
        optiply_id: The row's id.
        reason: Why it was rejected.
        warnings: What was given up to have it written.
        lines: Product's Optiply id to line id, where the order's lines were read.
    """

    kind: Literal["created", "updated", "unchanged", "deleted", "rejected", "missing", "duplicate", "unsettled"]
    optiply_id: str | None = None
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    lines: dict[str, str] | None = None


class Witness(NamedTuple):
    """A row that stands in Optiply as it should, rather of the entity asked about."""

    entity: str
    optiply_id: str
    remote_id: str


class Book(Protocol):
    """What plans need to know and to note; implemented by ``books`` on the main thread."""

    def intend(self, entity: str, remote_id: str) -> int:
        """Note a POST before it is sent; it is on disk when it leaves. Returns the intent's number."""

    def settle_intent(self, number: int) -> None:
        """Drop an intent whose outcome is known."""

    def note_repeated(self, entity: str, remote_id: str, since: datetime, key: Mapping[str, Any]) -> None:
        """Note a record whose POST is sent a second time, with its natural key."""

    def is_known(self, entity: str, optiply_id: str) -> bool:
        """Whether the state holds a row."""

    def note_gone(self, entity: str, optiply_id: str) -> None:
        """Note a row that was deleted; a list that was read before may still tell of it."""

    def others_succeed(self, since: float) -> bool:
        """Whether some write succeeded after this monotonic second."""

    def witness(self, entity: str, but_not: str | None) -> Witness | None:
        """A row other than ``but_not`` by which it can be told whether Optiply takes writes; None: not now."""

    def server_now(self) -> datetime:
        """The server's time."""


class _Tries:
    """Counts the failures of one record, and tells how long to wait after each."""

    def __init__(self) -> None:
        self._failures = 0
        self.began = 0.0

    def failed(self) -> bool:
        """Note a failure; True where as many were made as a record is worth."""
        self._failures += 1
        if self._failures == 1:
            self.began = time.monotonic()
        return self._failures >= TRIES

    def pause(self) -> Pause:
        """The back-off before the next try."""
        return Pause(backoff_delay(min(self._failures, 8), base=FIRST_PAUSE, cap=LONGEST_PAUSE))


@dataclass(slots=True)
class Search:
    """By what a row is found whose POST's answer was lost.

    Attributes:
        remote_id: Decides where the row says whose it is.
        attributes: What was sent, references as Optiply ids.
        since: No row created before this is meant.
    """

    remote_id: str | None
    attributes: Mapping[str, Any]
    since: datetime


class Writer:
    """Makes plans for one account.

    Args:
        wire: Builds requests.
        book: Knows and notes.
    """

    def __init__(self, wire: Wire, book: Book) -> None:
        self.wire = wire
        self._book = book

    def create(self, entity: Entity, remote_id: str | None, attributes: dict[str, Any]) -> Plan[Outcome]:
        """Create a row, once, whatever happens to the answer."""
        search = Search(remote_id, attributes, self._book.server_now() - MARGIN)
        number = self._book.intend(entity.name, remote_id or "")
        outcome = yield from self._create(entity, search, dict(attributes))
        if outcome.kind != "unsettled":
            self._book.settle_intent(number)
        return outcome

    def _create(self, entity: Entity, search: Search, attributes: dict[str, Any]) -> Plan[Outcome]:
        warnings: list[str] = []
        tries, sent = _Tries(), 0
        while True:
            request = self.wire.post(entity.name, attributes)
            answer = yield request
            sent += answer.reached
            if sent == _TWICE:
                self._book.note_repeated(entity.name, search.remote_id or "", search.since, _key_of(entity, search))
            meaning = meaning_of(answer, wants_document=True)
            if meaning is Meaning.DONE and (row := resource(answer)):
                return Outcome("created", resource_id(row), warnings=warnings)
            if meaning is Meaning.MISSING:
                return Outcome("missing", reason=_said(answer))
            if meaning is Meaning.DUPLICATE and entity.unique_pair:
                return (yield from self._holder_of_pair(entity, attributes, answer))
            if meaning not in (*_UNSETTLED, Meaning.DONE):
                if "emails" in attributes and _is_bad_email(answer):
                    warnings.append(f"emails: left out, the server says: {_said(answer)}")
                    del attributes["emails"]
                    continue
                return Outcome("rejected", reason=_said(answer), warnings=warnings)
            last = yield from self._is_hopeless(tries, request)
            found = yield from self._look_twice(entity, search, answer, tries)
            if found is None:
                return Outcome("unsettled", reason=_said(answer))
            if found:
                return Outcome("created", found[0], warnings=warnings)
            if last:
                return Outcome("rejected", reason=f"{_said(answer)} ({TRIES} tries)", warnings=warnings)

    def _is_hopeless(self, tries: _Tries, request: Request) -> Plan[bool]:
        """Note a failure; True where the tries are used up and it is this record that fails, not Optiply.

        In an outage no try counts; whether it is one is decided in ``outage``. Where nothing else is being written, a
        row that stands is written once more as it is, which changes nothing, and tells.
        """
        if not tries.failed():
            return False
        if request.method != "GET" and not self._book.others_succeed(tries.began):
            optiply_id = request.path.partition("/")[2] or None
            if (witness := self._book.witness(request.entity, optiply_id)) is not None:
                yield self.wire.patch(witness.entity, witness.optiply_id, {"remoteId": witness.remote_id})
        return self._book.others_succeed(tries.began)

    def _look_twice(self, entity: Entity, search: Search, answer: Answer, tries: _Tries) -> Plan[list[str] | None]:
        """Look for a row whose POST may have been done, back off, and look again; None where a look-up failed."""
        found: list[str] | None = []
        if answer.reached:
            found = yield from self.find(entity, search)
        if found == []:
            yield tries.pause()
            if answer.reached:
                found = yield from self.find(entity, search)
        return found

    def _holder_of_pair(self, entity: Entity, attributes: Mapping[str, Any], answer: Answer) -> Plan[Outcome]:
        pair = entity.unique_pair or ()
        rows = yield from self.read_all(entity.name, tuple((name, str(attributes[name])) for name in pair))
        if rows is None:
            return Outcome("unsettled", reason=_said(answer))
        wanted = {name: attributes[name] for name in pair}
        same = [row for row in rows if not differing(entity.name, wanted, row.get("attributes", {}))]
        if not same:
            return Outcome("rejected", reason=_said(answer))
        return Outcome("duplicate", resource_id(same[0]), reason=_said(answer))

    def update(self, entity: Entity, optiply_id: str, attributes: dict[str, Any]) -> Plan[Outcome]:
        """Change a row."""
        warnings: list[str] = []
        while True:
            answer = yield from self._persist_on(
                entity, optiply_id, self.wire.patch(entity.name, optiply_id, attributes)
            )
            if isinstance(answer, Outcome):
                return answer
            meaning = meaning_of(answer, wants_document=False, patched=optiply_id)
            if meaning is Meaning.DONE:
                return Outcome("updated", optiply_id, warnings=warnings)
            if meaning is Meaning.MISSING:
                return Outcome("missing", optiply_id, reason=_said(answer))
            if attributes.get("emails") and _is_bad_email(answer):
                warnings.append(f"emails: left out, the server says: {_said(answer)}")
                attributes = {name: value for name, value in attributes.items() if name != "emails"}
                continue
            return Outcome("rejected", optiply_id, reason=_said(answer), warnings=warnings)

    def delete(self, entity: Entity, optiply_id: str, *, soft: bool) -> Plan[Outcome]:
        """Delete a row, or switch it off where that is asked for and there is such a form."""
        if soft and entity.soft_delete is not None:
            request = self.wire.patch(entity.name, optiply_id, dict(entity.soft_delete))
        else:
            request = self.wire.delete(entity.name, optiply_id)
        answer = yield from self._persist_on(entity, optiply_id, request)
        if isinstance(answer, Outcome):
            return answer
        patched = optiply_id if request.method == "PATCH" else None
        meaning = meaning_of(answer, wants_document=False, patched=patched)
        if meaning in _UNSETTLED:  # each try failed, but one of them may have been done: a row that is gone tells
            row = yield from self.read_one(entity.name, optiply_id)
            meaning = Meaning.MISSING if isinstance(row, Outcome) and row.kind == "missing" else meaning
        if meaning in (Meaning.DONE, Meaning.MISSING):
            if request.method == "DELETE":
                self._book.note_gone(entity.name, optiply_id)
            return Outcome("deleted", optiply_id)
        return Outcome("rejected", optiply_id, reason=_said(answer))

    def read_one(self, entity: str, optiply_id: str) -> Plan[dict[str, Any] | Outcome]:
        """Read one row; an outcome of kind ``missing`` or ``unsettled`` where there is none."""
        answer = yield from self._persist(self.wire.get(entity, optiply_id), wants_document=True)
        row = resource(answer) if meaning_of(answer, wants_document=True) is Meaning.DONE else None
        if row is not None and resource_id(row) == optiply_id:
            return row
        missing = meaning_of(answer, wants_document=True) is Meaning.MISSING
        return Outcome("missing" if missing else "unsettled", optiply_id, reason=_said(answer))

    def find_one(self, entity: str, optiply_id: str) -> Plan[dict[str, Any] | Outcome]:
        """Read a row of which nothing but its number is known; ``missing`` where the list does not have it either.

        A gateway in trouble answers 404 too, and what is believed missing here would be left out for good.
        """
        row = yield from self.read_one(entity, optiply_id)
        if not isinstance(row, Outcome) or row.kind != "missing":
            return row
        answer = yield from self._persist(
            self.wire.list(entity, (), after=str(int(optiply_id) - 1)), wants_document=True
        )
        page = resources(answer) if meaning_of(answer, wants_document=True) is Meaning.DONE else None
        if page is None:
            return Outcome("unsettled", optiply_id, reason=_said(answer))
        return next((each for each in page if resource_id(each) == optiply_id), row)

    def read_all(self, entity: str, filters: tuple[tuple[str, str], ...]) -> Plan[list[dict[str, Any]] | None]:
        """Read every row that the filters leave, by rising id; None where a page could not be read."""
        rows: list[dict[str, Any]] = []
        return rows if (yield from self.read_pages(entity, filters, rows.extend)) else None

    def read_pages(
        self, entity: str, filters: tuple[tuple[str, str], ...], take: Callable[[list[dict[str, Any]]], None]
    ) -> Plan[bool]:
        """Read every row that the filters leave and hand it over page by page; False where a page could not be read."""
        after: str | None = None
        while True:
            answer = yield from self._persist(self.wire.list(entity, filters, after=after), wants_document=True)
            page = resources(answer) if meaning_of(answer, wants_document=True) is Meaning.DONE else None
            if page is None:
                return False
            take(page)
            if len(page) < PAGE:
                return True
            last = str(page[-1]["id"])
            if after is not None and int(last) <= int(after):
                return False  # a server that does not honour the filter would be read for ever
            after = last

    def find(self, entity: Entity, search: Search) -> Plan[list[str] | None]:
        """Look for the rows of a record whose POST may have been done; None where the look-up failed.

        The oldest comes first. ``remoteIdMap`` decides where it is returned; a row that the state holds is no match.
        """
        key = _key_of(entity, search)
        filters = tuple((name, text) for name, value in key.items() if (text := _filter_text(value)) is not None)
        since = search.since.strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = yield from self.read_all(entity.name, (("createdAt][GE", since), *filters))
        if rows is None:
            return None
        found = []
        for row in rows:
            identity = str(row["id"])
            says, remote_id = self.wire.remote_id_of(row)
            if self.wire.ours(row) is False or self._book.is_known(entity.name, identity):
                continue
            if says:
                matches = search.remote_id is not None and remote_id == search.remote_id
            else:
                matches = not differing(entity.name, key, row.get("attributes", {}))
            if matches:
                found.append(identity)
        return found

    def keep_oldest(self, entity: Entity, search: Search, kept: str | None) -> Plan[str | None]:
        """Of the rows of a record whose POST was sent twice, delete all but the oldest.

        Args:
            entity: Its entity.
            search: By what its rows are found.
            kept: The row that the state holds, if any.

        Returns:
            The id of the row that stays; None where it could not be told.
        """
        found = yield from self.find(entity, search)
        if found is None:
            return None
        rows = sorted({int(each) for each in [*found, *([kept] if kept else [])]})
        for surplus in rows[1:]:
            outcome = yield from self.delete(entity, str(surplus), soft=False)
            if outcome.kind != "deleted":
                return None
        return str(rows[0]) if rows else ""

    def _persist_on(self, entity: Entity, optiply_id: str, request: Request) -> Plan[Answer | Outcome]:
        """Send a write to a row that should be there; a 404 is an answer only where the row cannot be read either.

        A gateway in trouble answers 404 as well, and what is taken for gone would be created twice, or left standing.
        """
        patched = optiply_id if request.method == "PATCH" else None
        for _ in range(_TWICE):
            answer = yield from self._persist(request, patched=patched)
            if meaning_of(answer, wants_document=False) is not Meaning.MISSING:
                return answer
            row = yield from self.read_one(entity.name, optiply_id)
            if isinstance(row, Outcome):
                return answer if row.kind == "missing" else row
            yield _Tries().pause()
        return Outcome("rejected", optiply_id, reason=f"{_said(answer)} (but it is there)")

    def _persist(self, request: Request, *, wants_document: bool = False, patched: str | None = None) -> Plan[Answer]:
        """Send a request that may be repeated until it gets an answer that settles it, or its tries are used up."""
        tries = _Tries()
        while True:
            answer: Answer = yield request
            meaning = meaning_of(answer, wants_document=wants_document, patched=patched)
            if meaning not in _UNSETTLED or (yield from self._is_hopeless(tries, request)):
                return answer
            yield tries.pause()


def _key_of(entity: Entity, search: Search) -> dict[str, Any]:
    return {name: search.attributes.get(name) for name in entity.natural_key}


def _filter_text(value: Any) -> str | None:
    """Return a value as a filter takes it; None where it cannot (a comma would part alternatives, "null" is none)."""
    text = str(value)
    return None if value is None or "," in text or text.lower() == ALWAYS_NULL else text


def _is_bad_email(answer: Answer) -> bool:
    return answer.status in (400, 422) and _BAD_EMAIL in words(answer).lower()


def _said(answer: Answer) -> str:
    # A server may echo what it was sent, the token included.
    return redact(words(answer))
