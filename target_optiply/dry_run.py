"""``--dry-run``: reads go to Optiply, writes are answered here as Optiply would answer them, and nothing is written."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import msgspec

from target_optiply.client import Answer, Client, Request

_FIRST_ID = 9_000_000_000_000_000_000  # far from any id that Optiply has given, and still a 64-bit one


class DryClient(Client):
    """A client whose writes go nowhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ids = itertools.count(_FIRST_ID)
        self._lines: dict[str, list[dict[str, Any]]] = {}  # of orders that were not created

    def send(self, request: Request) -> Answer:
        """Send a read; answer a write, and a read of what was not written, from here."""
        if request.method == "GET":
            invented = self._invented(request)
            return super().send(request) if invented is None else _answer(200, invented)
        if request.method == "DELETE":
            return Answer(204)
        document = msgspec.json.decode(request.body or b"{}")
        data = document.get("data", {})
        if request.method == "POST":
            data["id"] = str(next(self._ids))
            self._lines[data["id"]] = [self._line(each) for each in data["attributes"].get("orderLines", ())]
            return _answer(201, data)
        return _answer(200, data)

    def _line(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": str(next(self._ids)), "attributes": dict(attributes)}

    def _invented(self, request: Request) -> Any:
        """Return what is asked for of a row that was not created; None where Optiply can be asked."""
        for name, value in request.query:
            if name.startswith("filter[") and value in self._lines and not name.endswith("[GT]"):
                return self._lines[value]
        return None


def _answer(status: int, data: Any) -> Answer:
    return Answer(status, msgspec.json.encode({"data": data}))
