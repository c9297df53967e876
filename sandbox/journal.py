"""The log of what was asked: one entry a request, in the order of arrival, and counters over them."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sandbox.identity import ALL_APIS, OTHER_APIS

#: Older entries give way beyond this number, so that a long run does not fill the memory.
CAPACITY = 2_000_000
_WRITES = frozenset({"POST", "PATCH", "DELETE"})


@dataclass(slots=True)
class Entry:
    """One request; ``status`` is None while it is under way, and where no whole answer was sent."""

    number: int
    at: float
    api: str
    method: str
    path: str
    query: str
    authorization: str | None
    in_flight: int
    fault: str | None = None
    status: int | None = None
    client_port: int | None = None  # the same for all requests of one connection
    attributes: list[str] | None = None  # which ones a PATCH carries


@dataclass(slots=True)
class Journal:
    """All entries, and the counters of ``GET /control/stats``."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=CAPACITY))
    requests: int = 0
    writes: int = 0
    max_in_flight: int = 0
    in_flight: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ALL_APIS, 0))
    max_by_api: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ALL_APIS, 0))
    by_status: dict[str, int] = field(default_factory=dict)
    numbered: int = 0

    def arrive(self, at: float, api: str, method: str, path: str, query: str, authorization: str | None) -> Entry:
        """Note a request's arrival; ``at`` is in epoch seconds of the machine, whatever the sandbox's clock says."""
        flying = self.in_flight[api] + 1
        self.in_flight[api] = flying
        if flying > self.max_by_api[api]:
            self.max_by_api[api] = flying
            self.max_in_flight = max(self.max_in_flight, flying)
        self.requests += 1
        self.numbered += 1
        entry = Entry(self.numbered, at, api, method, path, query, authorization, flying)
        self.entries.append(entry)
        return entry

    def leave(self, entry: Entry) -> None:
        """Note that a request is over."""
        self.in_flight[entry.api] -= 1
        key = f"{entry.api} {entry.status}"
        self.by_status[key] = self.by_status.get(key, 0) + 1
        if entry.api == "optiply" and entry.method in _WRITES and entry.status is not None and entry.status < 300:
            self.writes += 1

    def clear(self) -> None:
        """Forget entries and counters; requests under way stay counted as such."""
        self.entries.clear()
        self.requests = self.writes = self.max_in_flight = 0
        self.max_by_api = dict.fromkeys(self.max_by_api, 0)
        self.by_status = {}

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the entries as the control interface shows them."""
        return [
            {
                "n": entry.number,
                "at": entry.at,
                "api": entry.api,
                "method": entry.method,
                "path": entry.path,
                "query": entry.query,
                "status": entry.status,
                "kind": kind(entry.api, entry.method, entry.path),
                "fault": entry.fault,
                "authorization": entry.authorization and fingerprint(entry.authorization),
                "in_flight": entry.in_flight,
                "client_port": entry.client_port,
                "attributes": entry.attributes,
            }
            for entry in self.entries
        ]


def attributes_of(body: bytes) -> list[str] | None:
    """Return the names, in order, of the attributes that a JSON:API document carries; None where it is none."""
    try:
        return sorted(json.loads(body)["data"]["attributes"])
    except (ValueError, LookupError, TypeError):
        return None


_NAMING = {"inflow": slice(1, None)} | dict.fromkeys(OTHER_APIS, slice(-1, None))
"""Which parts of a path name what is asked for: without the company, and without the version; else all."""


@lru_cache(maxsize=1024)
def fingerprint(authorization: str) -> str:
    """Return the SHA-256 of an Authorization header, so that the log tells tokens apart without holding one."""
    return hashlib.sha256(authorization.encode()).hexdigest()


def kind(api: str, method: str, path: str) -> str:
    """Return what a request asks for, without ids: ``POST products``, ``GET products``, ``token``."""
    if api == "auth":
        return "token"
    parts = [part for part in path.split("/") if part][_NAMING.get(api, slice(None))]
    return " ".join([method, "/".join(part for part in parts if not _is_id(part))]).strip()


def _is_id(part: str) -> bool:
    return any(character.isdigit() for character in part)
