"""What the smaller APIs share: tables of rows with ids and times, lists in pages counted from 1, a limit a minute."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any

import orjson

from sandbox.http import Request, Response, json_response

Row = dict[str, Any]
MINUTE = 60.0


def iso(seconds: float) -> str:
    """Return an instant as the framework of these APIs serialises it: whole seconds, shown with microseconds."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def plain_time(seconds: float) -> str:
    """Return an instant as a database shows it, without a zone."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Row = {"message": message, **({"errors": dict(errors)} if errors else {})}


class Table:
    """Rows by id, in order of insertion.

    Args:
        rows: What it begins with.
        time: How instants are written.
        parts: Lists inside a row whose rows keep times of their own.
        bumps: Whether a change of such a part alone counts as a change of the row.
        tracked: Whether rows say when they were changed.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        time: Callable[[float], str] = iso,
        *,
        parts: tuple[str, ...] = (),
        bumps: Callable[[], bool] = lambda: True,
        tracked: bool = True,
    ) -> None:
        self.rows: dict[int, Row] = {row["id"]: row for row in rows}
        self._time = time
        self._parts = parts
        self._bumps = bumps
        self._tracked = tracked

    def put(self, row: Row, now: float) -> None:
        """Insert or change a row as a user of the API's product would; ``"_deleted": true`` takes it out.

        Fields that are left out stay as they are; a given ``updated_at`` is kept.
        """
        identity = row.get("id") or max(self.rows, default=0) + 1
        if row.get("_deleted"):
            self.rows.pop(identity, None)
            return
        moment = self._time(now)
        before = self.rows.get(identity)
        after: Row = {**(before or {"created_at": moment}), **row, "id": identity}
        for part in self._parts:
            if part in row:
                after[part] = [_part(each, (before or {}).get(part) or [], moment) for each in row[part]]
        if self._tracked and "updated_at" not in row:
            own = [{k: v for k, v in each.items() if k not in self._parts} for each in (before or {}, after)]
            moved = before is None or own[0] != own[1] or (self._bumps() and before != after)
            after["updated_at"] = moment if moved else own[0]["updated_at"]
        self.rows[identity] = after


def _part(row: Row, before: list[Row], moment: str) -> Row:
    known = next((each for each in before if each.get("id") == row.get("id")), None)
    if known == row:
        return row
    return {"created_at": moment, **row, "updated_at": moment}


def ordered(rows: Iterable[Row], sort: str | None) -> list[Row]:
    """Return rows by a field (with a minus sign: the greatest first); rows without it come first, as null does.

    Raises:
        RefusedError: The rows have no such field.
    """
    listed = list(rows)
    if not sort:
        return listed
    name, down = sort.lstrip("-"), sort.startswith("-")
    if listed and name not in listed[0]:
        raise RefusedError(400, f"Requested sort(s) `{name}` is not allowed.")
    return sorted(listed, key=lambda row: (row.get(name) is not None, row.get(name) or 0), reverse=down)


def whole_number(request: Request, name: str, default: int) -> int:
    """Return a parameter that counts something, from 1.

    Raises:
        RefusedError: It is no such number.
    """
    text = request.parameter(name)
    if text is None or not text.strip():
        return default
    if not text.isdecimal() or int(text) < 1:
        raise RefusedError(422, "The given data was invalid.", {name: [f"The {name} must be at least 1."]})
    return int(text)


def cut(rows: list[Row], page: int, size: int) -> tuple[list[Row], dict[str, Any]]:
    """Return a page of rows, and the figures that an envelope tells of it."""
    first = (page - 1) * size
    shown = rows[first : first + size]
    figures = {
        "current_page": page,
        "last_page": max(math.ceil(len(rows) / size), 1),
        "per_page": size,
        "total": len(rows),
        "from": first + 1 if shown else None,
        "to": first + len(shown) if shown else None,
    }
    return shown, figures


class MinuteLimit:
    """Counts the requests of any 60 seconds that were let through."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def take(self, now: float, limit: int, retry_after: str) -> Response | None:
        """Count a request at ``now`` (epoch seconds), or return the 429 it gets instead; 0 is no limit."""
        while self._admitted and self._admitted[0] <= now - MINUTE:
            self._admitted.popleft()
        if not limit or len(self._admitted) < limit:
            self._admitted.append(now)
            return None
        wait = self._admitted[-limit] + MINUTE - now
        headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": "0"}
        if retry_after == "seconds":
            headers["retry-after"] = str(math.ceil(wait))
        elif retry_after == "date":
            headers["retry-after"] = formatdate(math.ceil(now + wait), usegmt=True)
        return json_response(429, {"message": "Too Many Attempts."}, headers=headers)


class ListApi:
    """An API of lists, read by GET: who asks, how often, and which list. Subclasses answer.

    Args:
        make: Makes the tables; called when the first request needs them.
    """

    def __init__(self, make: Callable[[], dict[str, Table]]) -> None:
        self._make = make
        self._tables: dict[str, Table] | None = None
        self._limit = MinuteLimit()

    @property
    def tables(self) -> dict[str, Table]:
        """The tables, by the name of their list."""
        if self._tables is None:
            self._tables = self._make()
        return self._tables

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self.answer(request)
        except RefusedError as error:
            return json_response(error.status, error.body)

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            RefusedError: It is not granted.
        """
        raise NotImplementedError

    def table(self, request: Request, prefix: tuple[str, ...] = ()) -> tuple[str, Table]:
        """Return the list that a GET asks for.

        Raises:
            RefusedError: It is no GET, or there is no such list.
        """
        parts = tuple(request.path.strip("/").split("/"))
        name = parts[-1]
        if parts[:-1] != prefix or name not in self.tables:
            raise RefusedError(404, "Not Found.")
        if request.method != "GET":
            raise RefusedError(405, f"The {request.method} method is not supported for this route.")
        return name, self.tables[name]

    def dump(self, collection: str) -> list[Row]:
        """Return all rows of a list, in order of insertion.

        Raises:
            KeyError: There is no such list.
        """
        rows: list[Row] = orjson.loads(orjson.dumps(list(self.tables[collection].rows.values())))
        return rows

    def put(self, collection: str, rows: list[Row], now: float) -> int:
        """Insert, change or take out rows past the API; returns how many.

        Raises:
            KeyError: There is no such list.
        """
        for row in rows:
            self.tables[collection].put(row, now)
        return len(rows)

    def forget(self) -> None:
        """Let every token be refused from now on; an API whose tokens last for ever has none to forget."""
