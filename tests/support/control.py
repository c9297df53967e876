"""A client of the sandbox's control interface: what both APIs hold, what was asked of them, what shall go wrong."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

# The inventory's collections that say something about what must stand in Optiply.
COLLECTIONS = (
    "products",
    "product-summaries",
    "vendors",
    "currencies",
    "pricing-schemes",
    "sales-orders",
    "purchase-orders",
)
WRITES = frozenset({"POST", "PATCH", "DELETE", "PUT"})

# Loopback only: a proxy of the machine must never see these requests.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Control:
    """One running sandbox, seen from the outside.

    Args:
        url: The ``control_url`` of the sandbox's ready line.
        timeout: Seconds that one answer may take.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Return the parsed answer (None where it is empty); raise ``urllib.error.HTTPError`` above 399."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own loopback address
            f"{self.url}/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with _OPENER.open(request, timeout=self.timeout) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the whole rows of one of the inventory's collections, relations nested."""
        rows: list[dict[str, Any]] = self.request("GET", f"inflow/{name}")
        return rows

    def inventory(self) -> dict[str, list[dict[str, Any]]]:
        """Return every collection of ``COLLECTIONS``, by name."""
        return {name: self.collection(name) for name in COLLECTIONS}

    def put(self, collection: str, *rows: Mapping[str, Any]) -> None:
        """Insert or replace rows of the inventory; their rowversions are renewed as a change in the inventory does."""
        self.request("PUT", f"inflow/{collection}", list(rows))

    def optiply(self, entity: str, *, account_id: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of an entity in Optiply that are not deleted, of one account or of all."""
        rows = self.request("GET", f"optiply/{entity}")
        return [
            row for row in rows if not row["deleted"] and (account_id is None or int(row["accountId"]) == account_id)
        ]

    def insert(self, entity: str, attributes: Mapping[str, Any], *, account_id: int, coupling_id: int | None) -> Any:
        """Insert an Optiply row past the API and return the answer."""
        body = {"account_id": account_id, "coupling_id": coupling_id, "attributes": dict(attributes)}
        return self.request("POST", f"optiply/{entity}", body)

    def log(self) -> list[dict[str, Any]]:
        """Return the requests handled so far, oldest first."""
        entries: list[dict[str, Any]] = self.request("GET", "log")
        return entries

    def clear_log(self) -> None:
        """Forget the requests handled so far."""
        self.request("DELETE", "log")

    def writes(self) -> list[str]:
        """Return the kinds of the writes that Optiply's entities were asked for, in their order."""
        return [entry["kind"] for entry in self.log() if entry["api"] == "optiply" and entry["method"] in WRITES]

    def set_switches(self, **switches: Any) -> None:
        """Change how the two APIs behave where their documentation is silent."""
        self.request("PATCH", "switches", switches)

    def switches(self) -> dict[str, Any]:
        """Return the behaviour switches and their values."""
        values: dict[str, Any] = self.request("GET", "switches")
        return values

    def add_fault(self, match: Mapping[str, Any], fault: Mapping[str, Any], times: int | None = 1) -> None:
        """Let the next ``times`` requests that match go wrong (None: all of them)."""
        self.request("POST", "faults", {"match": dict(match), "fault": dict(fault), "times": times})

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self.request("DELETE", "faults")

    def reset(self) -> None:
        """Empty Optiply, log, faults and tokens; the inventory stays."""
        self.request("POST", "reset")

    def keep(self, name: str) -> None:
        """Keep Optiply's rows as they are now, under a name."""
        self.request("POST", f"keep/{name}")

    def bring_back(self, name: str) -> None:
        """Reset, but for Optiply's rows: they are as they were when they were kept."""
        self.request("POST", f"bring-back/{name}")


def first(rows: Iterable[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """Return the first row whose fields have these values; raise ``LookupError`` where there is none."""
    for row in rows:
        if all(row.get(name) == value for name, value in fields.items()):
            return row
    raise LookupError(f"no row with {fields}")
