"""Asks an inFlow sandbox in-process, as a client with a valid key would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.data import DataSet, generate
from sandbox.http import Request, Response
from sandbox.identity import INFLOW_API_KEY, INFLOW_COMPANY_ID
from sandbox.inflow.api import InflowApi
from sandbox.switches import Switches

NOW = 1_760_000_000.0
HEADERS = {"authorization": f"Bearer {INFLOW_API_KEY}", "accept": "application/json;version=2025-06-24"}


@dataclass
class Caller:
    """One sandbox and a clock that stands still."""

    data: DataSet = field(default_factory=generate)
    switches: Switches = field(default_factory=Switches)
    now: float = NOW

    def __post_init__(self) -> None:
        self.api = InflowApi(self.data, self.switches, clock=lambda: self.now)

    def ask(
        self,
        path: str,
        query: list[tuple[str, str]] | None = None,
        *,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        company: str = INFLOW_COMPANY_ID,
    ) -> Response:
        """Return the response to one request."""
        raw = b"" if body is None else orjson.dumps(body)
        asked = HEADERS if headers is None else headers
        return self.api.handle(Request(method, f"/{company}/{path}", query or [], asked, raw, self.now))

    def get(self, path: str, **query: Any) -> Any:
        """Return the decoded body of a request that must succeed; ``filter`` is a mapping of filters."""
        response = self.ask(path, self.query(**query))
        assert response.status == 200, (response.status, response.body)
        return json.loads(response.body)

    def status(self, path: str, **query: Any) -> int:
        """Return the status of a request."""
        return self.ask(path, self.query(**query)).status

    @staticmethod
    def query(filter: dict[str, Any] | None = None, **query: Any) -> list[tuple[str, str]]:  # noqa: A002 - as in the URL
        """Return query parameters; a filter that is a dictionary is sent as JSON, a list as repeated parameters."""
        pairs = [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in query.items()]
        for name, value in (filter or {}).items():
            if isinstance(value, list):
                pairs += [(f"filter[{name}][]", item) for item in value]
            else:
                text = json.dumps(value) if isinstance(value, dict | bool) else value
                pairs.append((f"filter[{name}]", text))
        return pairs

    def pages(self, path: str, key: str, **query: Any) -> list[str]:
        """Return the keys of a whole list, read page by page after the last key of the page before."""
        keys: list[str] = []
        count = query.setdefault("count", 7)
        while True:
            rows = self.get(path, **query)
            keys += [row[key] for row in rows]
            if len(rows) < count:
                return keys
            query["after"] = rows[-1][key]
            assert len(keys) < 10_000, "the list does not end"

    def summaries(self, *pairs: tuple[str, str | None]) -> Any:
        """Return the answer to a request for stock figures."""
        body = [{"productId": product, "locationId": location} for product, location in pairs]
        response = self.ask("products/summary", method="POST", body=body)
        assert response.status == 200, response.body
        return json.loads(response.body)
