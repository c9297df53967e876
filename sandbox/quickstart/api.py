"""The quick-start API: OAuth 2 with refresh tokens that are replaced, a paginator, sorting and filters in places."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from sandbox import identity
from sandbox.http import Request, Response, json_response
from sandbox.lists import ListApi, RefusedError, Row, Table, cut, ordered, whole_number
from sandbox.switches import Switches

_SORTABLE = frozenset({"customers", "orders"})


class QuickstartApi(ListApi):
    """One user's data, and the server of the tokens.

    Args:
        make: Makes the user's tables.
        switches: How it behaves where that is not known; read on every request.
    """

    def __init__(self, make: Callable[[], dict[str, Table]], switches: Switches) -> None:
        super().__init__(make)
        self._switches = switches
        self._access: dict[str, float] = {}
        self._refresh = {identity.QUICKSTART_REFRESH_TOKEN}

    def answer(self, request: Request) -> Response:
        """Answer one request, for a token or for a list."""
        if request.path == "/oauth/token":
            return self._token(request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._access.get(bearer, 0.0) <= request.now:
            raise RefusedError(401, "Unauthenticated.")
        switches = self._switches
        refused = self._limit.take(
            request.now, switches.quickstart_requests_per_minute, switches.quickstart_retry_after
        )
        if refused is not None:
            return refused
        name, table = self.table(request)
        rows = self._listed(name, table, request)
        if request.parameter("page") is None and switches.quickstart_user == "agent":
            return json_response(200, [self._shown(row) for row in rows])
        shown, figures = cut(rows, whole_number(request, "page", 1), switches.quickstart_page_size)
        return json_response(200, self._enveloped(name, rows, shown, figures, request))

    def _enveloped(
        self, name: str, rows: list[Row], shown: list[Row], figures: dict[str, Any], request: Request
    ) -> dict[str, Any]:
        path = f"{request.base_url}{request.path}"
        page, last = figures["current_page"], figures["last_page"]
        body: dict[str, Any] = {
            **figures,
            "first_page_url": f"{path}?page=1",
            "last_page_url": f"{path}?page={last}",
            "next_page_url": f"{path}?page={page + 1}" if page < last else None,
            "prev_page_url": f"{path}?page={page - 1}" if page > 1 else None,
            "path": path,
            "data": [self._shown(row) for row in shown],
        }
        if name == "invoices" and request.parameter("metadata") is not None:
            body["metadata"] = {"total": round(sum(row["total"] for row in rows), 2)}
        return body

    def _listed(self, name: str, table: Table, request: Request) -> list[Row]:
        rows = list(table.rows.values())
        if name not in _SORTABLE:
            return rows
        for parameter, wanted in request.query:
            if parameter.startswith("filter["):
                field = parameter[7:-1]
                rows = [row for row in rows if str(row.get(field)) in wanted.split(",")]
        return ordered(rows, request.parameter("sort") if self._switches.quickstart_sort == "honoured" else None)

    def _shown(self, row: Row) -> Row:
        """Return a row with its items as the switch says: with their product, with its id alone, or without items."""
        how = self._switches.quickstart_items
        if "items" not in row or how == "product":
            return row
        if how == "none":
            return {field: value for field, value in row.items() if field != "items"}
        items = [{field: value for field, value in item.items() if field != "product"} for item in row["items"]]
        return {**row, "items": items}

    def _token(self, request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        client = (form.get("client_id"), form.get("client_secret"))
        if request.method != "POST":
            raise RefusedError(405, "The GET method is not supported for this route.")
        if client != (identity.QUICKSTART_CLIENT_ID, identity.QUICKSTART_CLIENT_SECRET):
            return json_response(401, {"error": "invalid_client", "message": "Client authentication failed"})
        if form.get("grant_type") != "refresh_token":
            return json_response(400, {"error": "unsupported_grant_type"})
        used = form.get("refresh_token", "")
        if used not in self._refresh:
            return json_response(
                401, {"error": "invalid_request", "message": "The refresh token is invalid.", "hint": used}
            )
        access, refresh = _new_token(), used
        if self._switches.quickstart_rotation:
            self._refresh.discard(used)
            refresh = _new_token()
            self._refresh.add(refresh)
        life = self._switches.quickstart_token_lifetime
        self._access[access] = request.now + life
        body = {"token_type": "Bearer", "expires_in": life, "access_token": access, "refresh_token": refresh}
        return json_response(200, body)

    def forget(self) -> None:
        """Let every access token be refused, and take the first refresh token again, as after a new authorisation."""
        self._access.clear()
        self._refresh.add(identity.QUICKSTART_REFRESH_TOKEN)


def _new_token() -> str:
    return f"{identity.QUICKSTART_TOKEN_MARK}{secrets.token_hex(8)}"
