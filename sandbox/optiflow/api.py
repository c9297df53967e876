"""The OptiFlow API: a Bearer token, workspaces, pages in an envelope, sorting, filters, relations, a limit a minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import identity
from sandbox.http import Request, Response, json_response
from sandbox.lists import ListApi, RefusedError, Row, Table, cut, ordered, whole_number
from sandbox.switches import Switches

_PREFIX = ("api", "v1")
_SCOPED = frozenset({"invoices", "quotations"})
_RELATIONS = {"products": "stocks", "invoices": "items", "quotations": "items"}
_OWN = frozenset({"page", "per_page", "sort", "include", "workspace_id"})


class OptiflowApi(ListApi):
    """One tenant of OptiFlow.

    Args:
        make: Makes the tenant's tables.
        switches: How it behaves where that is not known; read on every request.
    """

    def __init__(self, make: Callable[[], dict[str, Table]], switches: Switches) -> None:
        super().__init__(make)
        self._switches = switches

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        switches = self._switches
        if request.headers.get("authorization") != f"Bearer {identity.OPTIFLOW_TOKEN}":
            raise RefusedError(401, "Unauthenticated.")
        refused = self._limit.take(request.now, switches.optiflow_requests_per_minute, switches.optiflow_retry_after)
        if refused is not None:
            return refused
        name, table = self.table(request, _PREFIX)
        rows = self._listed(name, table, request)
        size = whole_number(request, "per_page", 15)
        if size > 100 and switches.optiflow_per_page_over_100 == "refuse":
            raise RefusedError(422, "The given data was invalid.", {"per_page": ["The per_page is at most 100."]})
        shown, figures = cut(rows, whole_number(request, "page", 1), min(size, 100))
        shown = [self._shown(name, row, request) for row in shown]
        path = f"{request.base_url}{request.path}"
        if switches.optiflow_envelope == "flat":
            return json_response(200, {**figures, "path": path, "data": shown})
        links = {"first": f"{path}?page=1", "last": f"{path}?page={figures['last_page']}", "prev": None, "next": None}
        return json_response(200, {"data": shown, "links": links, "meta": {**figures, "path": path}})

    def _listed(self, name: str, table: Table, request: Request) -> list[Row]:
        rows = list(table.rows.values())
        workspace = self._workspace(request)
        if name in _SCOPED and workspace is not None:
            rows = [row for row in rows if row["workspace_id"] == workspace]
        for parameter, wanted in request.query:
            field = parameter.removeprefix("filter[").removesuffix("]")
            if parameter not in _OWN and rows and field in rows[0]:
                rows = [row for row in rows if str(row[field]) in wanted.split(",")]
        sort = request.parameter("sort")
        if sort and self._switches.optiflow_sort == "refused":
            raise RefusedError(400, "Requested sort(s) are not allowed.")
        return ordered(rows, sort if self._switches.optiflow_sort == "honoured" else None)

    def _workspace(self, request: Request) -> int | None:
        """Return the workspace whose data are meant; None for all that the token may see."""
        text = request.headers.get("x-workspace-id") or request.parameter("workspace_id")
        if text is None:
            return None
        if not text.isdecimal() or int(text) not in self.tables["workspaces"].rows:
            raise RefusedError(403, "You do not belong to this workspace.")
        return int(text)

    def _shown(self, name: str, row: Row, request: Request) -> dict[str, Any]:
        relation = _RELATIONS.get(name)
        if relation is None:
            return row
        asked = relation in (request.parameter("include") or "").split(",")
        how = self._switches.optiflow_relations
        if how == "none" or (how == "asked" and not asked):
            return {field: value for field, value in row.items() if field != relation}
        workspace = self._workspace(request)
        if relation == "stocks" and workspace is not None:
            return {**row, "stocks": [stock for stock in row["stocks"] if stock["workspace_id"] == workspace]}
        return row
