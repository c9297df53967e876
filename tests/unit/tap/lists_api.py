"""A list API in memory, with every habit that is not proven of the real one, for tests of how it is read."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from tap_inventory.chains import Chains
from tap_inventory.client import Answer, Row
from tap_inventory.errors import RefusedError
from tap_inventory.incremental import Versioned
from tap_inventory.paging import Listing
from tap_inventory.passes import Plan, Step
from tap_inventory.profile import DateFilter, Keyset, StreamProfile
from tap_inventory.start import StartDate

PAGING = Keyset("count", 100, "after", "skip", "sort", "sortDesc", "includeCount", "x-listcount")
NOW = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)

ORDERS = StreamProfile(
    name="orders",
    path="/orders",
    key=("orderId",),
    schema={},
    relations={"lines": "child", "stock": "child", "customer": "reference"},
    include=("lines",),
    version="timestamp",
    modified="modified",
    since=DateFilter("filter[modified]", "modified", '{{"fromDate":"{date}"}}'),
    start=DateFilter("filter[orderDate]", "orderDate", '{{"fromDate":"{date}"}}'),
    newest_first="timestamp",
    unversioned=("stock",),
)


@dataclass
class Api:
    """Rows of one list, in order of insertion; a stand-in for the tap's client.

    Attributes:
        sort: ``honoured``; ``ignored`` altogether; ``keys`` only, other fields being ignored; ``refused`` with a 400
            for anything but the key; ``never`` refused for the key too; ``ascending`` whatever direction is asked.
        default: The order where the sort is ignored: ``oldest`` or ``newest`` inserted first.
        unknown: What an ``after`` that does not exist gets: ``empty``, ``refused`` or ``start``.
        counts: Whether the total is told.
        cap: The longest page the server gives.
        before: Called before each request with its number, to change the list while it is read.
    """

    sort: str = "honoured"
    default: str = "oldest"
    unknown: str = "empty"
    counts: bool = True
    cap: int = 100
    before: Callable[[int], None] = lambda _: None
    rows: dict[str, Row] = field(default_factory=dict)
    version: int = 1000
    requests: list[dict[str, str]] = field(default_factory=list)
    chains: Chains = field(default_factory=Chains)
    seed: random.Random = field(default_factory=lambda: random.Random(7))

    # What happens to the data.

    def draw(self) -> int:
        self.version += self.seed.randint(1, 3)
        return self.version

    def insert(self, number: int = 1, children: int = 1) -> list[str]:
        return [self._insert(children) for _ in range(number)]

    def _insert(self, children: int) -> str:
        key = str(UUID(int=self.seed.getrandbits(128), version=4))
        own = self.draw()
        lines = [{"lineId": f"{key}-{index}", "timestamp": f"{self.draw():016X}"} for index in range(children)]
        self.rows[key] = {"orderId": key, "timestamp": f"{own:016X}", "lines": lines, "note": 0}
        self._date(self.rows[key])
        return key

    def _date(self, row: Row) -> None:
        row["modified"] = (NOW - timedelta(days=90) + timedelta(minutes=self.version)).isoformat()

    def change(self, key: str, *, version: int | None = None) -> None:
        row = self.rows[key]
        self.rows[key] = row | {"timestamp": f"{version or self.draw():016X}", "note": row["note"] + 1}
        self._date(self.rows[key])

    def change_child(self, key: str, *, bumping: bool) -> None:
        row = self.rows[key]
        first, *others = row["lines"]
        changed = first | {"timestamp": f"{self.draw():016X}", "note": row["note"] + 1}
        self.rows[key] = row | {"lines": [changed, *others], "note": row["note"] + 1}
        if bumping:
            self.rows[key]["timestamp"] = f"{self.draw():016X}"
        self._date(self.rows[key])

    # What the tap asks.

    def get(
        self, path: str, params: Sequence[tuple[str, str]], stream: str, number: int, *, probing: bool = False
    ) -> Answer:
        del path, stream, number, probing
        self.before(len(self.requests) + 1)
        ask = dict(params)
        self.requests.append(ask)
        field_, down = ask.get("sort", ""), ask.get("sortDesc") == "true"
        if (self.sort == "refused" and field_ != "orderId") or (self.sort == "never" and field_):
            raise RefusedError("no such sort", 400)
        listed = self._filtered(self._sorted(field_, down), ask)
        total = len(listed)
        if after := ask.get("after"):
            keys = [row["orderId"] for row in listed]
            if after in keys:
                listed = listed[keys.index(after) + 1 :]
            elif self.unknown == "refused":
                raise RefusedError("no such row", 400)
            elif self.unknown == "empty":
                listed = []
        listed = listed[int(ask.get("skip", 0)) :][: min(int(ask["count"]), self.cap)]
        return Answer(json.loads(json.dumps(listed)), total if self.counts else None)

    def _sorted(self, field_: str, down: bool) -> list[Row]:
        rows = list(self.rows.values())
        if self.default == "newest":
            rows.reverse()
        if self.sort in ("ignored", "never") or (self.sort == "keys" and field_ != "orderId"):
            return rows
        if field_ == "orderId":  # an order that no client can compare with
            return sorted(rows, key=lambda row: row["orderId"][::-1], reverse=down)
        return sorted(rows, key=lambda row: row[field_] or "", reverse=down and self.sort != "ascending")

    @staticmethod
    def _filtered(rows: list[Row], ask: dict[str, str]) -> list[Row]:
        if text := ask.get("filter[modified]"):
            return [row for row in rows if row["modified"][:10] >= json.loads(text)["fromDate"]]
        return rows

    # How a run reads it.

    def plan(
        self,
        saved: dict[str, Any] | None = None,
        *,
        now: datetime = NOW,
        rescan: float = 7,
        size: int = 100,
        start: StartDate | None = None,
        filters: Sequence[tuple[str, str]] = (),
    ) -> Plan:
        listing = Listing(self, ORDERS, PAGING, size, filters)  # type: ignore[arg-type]
        return Plan(
            stream=ORDERS,
            listing=listing,
            owned=frozenset({"lines"}),
            reads="all",
            saved=dict(saved or {}),
            now=now,
            rescan=timedelta(days=rescan),
            lookback=timedelta(days=2),
            start=start,
        )


@dataclass
class Reader:
    """Reads an API run by run, as the tap does: what it emitted, and what it knows by that of every row.

    Attributes:
        state: The stream's entry in the STATE, which passes through JSON.
        copy: The rows as a target would hold them.
    """

    api: Api
    state: dict[str, Any] = field(default_factory=dict)
    copy: dict[str, Row] = field(default_factory=dict)

    def run(self, *, stop_after: int | None = None, **options: Any) -> list[str]:
        """Read once, or until so many pages were written; return the keys emitted."""
        self.api.requests.clear()
        emitted: list[str] = []
        for number, step in enumerate(self.steps(**options), 1):
            emitted += [row["orderId"] for row in step.changed]
            self.copy |= {row["orderId"]: row for row in step.changed}
            self.state = json.loads(json.dumps(step.bookmark))
            if number == stop_after:
                break
        return emitted

    def steps(self, **options: Any) -> Any:
        return Versioned(self.api.plan(self.state, **options)).steps()

    def missed(self) -> list[str]:
        """Return the keys of rows that the copy does not have as they are."""
        return [key for key, row in self.api.rows.items() if self.copy.get(key) != row]


__all__ = ["NOW", "ORDERS", "PAGING", "Api", "Reader", "Step"]
