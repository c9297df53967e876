"""The Opterius API: the documented variant with pages and ``meta``, the observed one with every row at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from sandbox import identity
from sandbox.http import Request, Response, json_response
from sandbox.lists import ListApi, Row, Table, cut, whole_number
from sandbox.switches import Switches

_PREFIX = ("api", "v1")
_MONEY = ("amount", "total", "amount_due")


class OpteriusApi(ListApi):
    """One client of an installation.

    Args:
        make: Makes the client's tables.
        switches: Which variant answers; read on every request.
    """

    def __init__(self, make: Callable[[], dict[str, Table]], switches: Switches) -> None:
        super().__init__(make)
        self._switches = switches

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        switches = self._switches
        documented = switches.opterius_variant == "documented"
        if request.headers.get("authorization") != f"Bearer {identity.OPTERIUS_TOKEN}":
            body = {"message": "Unauthenticated."} if documented else {"error": "Invalid or expired token."}
            return json_response(401, body)
        refused = self._limit.take(request.now, switches.opterius_requests_per_minute, switches.opterius_retry_after)
        if refused is not None:
            return refused
        name, table = self.table(request, _PREFIX)
        # Both variants list the newest first; neither lets one choose.
        rows = sorted(table.rows.values(), key=lambda row: (row["created_at"], row["id"]), reverse=True)
        status = request.parameter("status")
        if status is not None and (documented or name == "invoices"):
            rows = [row for row in rows if row.get("status") == status]
        if name == "me":
            row = _shown(rows[0], documented=documented)
            return json_response(200, {"data": row} if documented else row)
        if not documented:
            return json_response(200, {"data": [_shown(row, documented=False) for row in rows]})
        size = min(whole_number(request, "per_page", 15), 100)
        shown, figures = cut(rows, whole_number(request, "page", 1), size)
        meta = {name: figures[name] for name in ("current_page", "last_page", "per_page", "total")}
        return json_response(200, {"data": [_shown(row, documented=True) for row in shown], "meta": meta})


def _shown(row: Row, *, documented: bool) -> dict[str, Any]:
    """Return a row with its amounts: whole numbers of the smallest unit, or numbers of the major one."""
    if documented:
        return {**row, "currency_code": "EUR"}
    # Written digit by digit: 12.10 is not the float nearest to it.
    money = {
        name: orjson.Fragment(f"{row[name] // 100}.{row[name] % 100:02}")
        for name in _MONEY
        if row.get(name) is not None
    }
    return {**row, **money, "currency": "EUR"}
