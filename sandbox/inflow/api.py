"""The inFlow API: checks who asks and how often, finds what is asked for, and lets tests look past it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import orjson

from sandbox.data import DataSet, Row
from sandbox.http import Request, Response, json_response
from sandbox.identity import INFLOW_API_KEY, INFLOW_COMPANY_ID
from sandbox.inflow import includes
from sandbox.inflow.endpoints import COLLECTIONS
from sandbox.inflow.errors import RefusedError
from sandbox.inflow.limits import RateLimit
from sandbox.inflow.listing import Lists
from sandbox.inflow.oddments import Oddments
from sandbox.inflow.store import Store
from sandbox.inflow.summaries import Summaries
from sandbox.switches import Switches

_VERSION = re.compile(r"(?:^|;)\s*version=\d{4}-\d\d-\d\d\s*(?:;|,|$)")
_NOT_FOUND = RefusedError(404, "NotFound", "The requested resource was not found.")


class InflowApi:
    """One company's inFlow account.

    Args:
        data: What the company has.
        switches: How the API behaves where its behaviour is not known; read on every request.
        clock: The time that changes made by ``put`` carry, in epoch seconds.
    """

    def __init__(self, data: DataSet, switches: Switches, clock: Callable[[], float] = time.time) -> None:
        self._switches = switches
        self._store = Store(data, switches, clock)
        self._limit = RateLimit(switches)
        self._lists = Lists(self._store, switches)
        self._summaries = Summaries(data, self._store, switches)
        self._oddments = Oddments(self._store, self._lists)

    def handle(self, request: Request) -> Response:
        """Answer one request; its path is ``/{companyId}/…``."""
        self._store.release()
        try:
            path = self._admitted(request)
            response = self._limit.take(request.now) or self._answer(path, request)
        except RefusedError as error:
            response = json_response(error.status, {"code": error.code, "message": error.message})
        response.headers.update(self._limit.headers())
        return response

    def _admitted(self, request: Request) -> list[str]:
        """Return the path below the company, once the key, the company and the version are checked."""
        if request.headers.get("authorization") != f"Bearer {INFLOW_API_KEY}":
            raise RefusedError(401, "Unauthorized", "The API key is missing or not valid.")
        company, *path = request.path.strip("/").split("/")
        if company.lower() != INFLOW_COMPANY_ID:
            raise RefusedError(self._switches.inflow_wrong_company, "Forbidden", "This company is not accessible.")
        accept = request.headers.get("accept", "")
        if self._switches.inflow_missing_version == "refuse" and not _VERSION.search(accept):
            raise RefusedError(400, "VersionRequired", "The Accept header must name a version.")
        return path

    def _answer(self, path: list[str], request: Request) -> Response:
        collection = COLLECTIONS.get(path[0]) if path else None
        if collection is not None and collection.optional and self._switches.inflow_optional_streams != "on":
            if self._switches.inflow_optional_streams == "404":
                raise _NOT_FOUND
            feature = "Stockroom" if path[0].startswith("stockroom") else path[0]
            raise RefusedError(403, "FeatureNotEnabled", f"Your plan does not include {feature}.")
        if path == ["products", "summary"]:
            if request.method != "POST":
                raise RefusedError(405, "MethodNotAllowed", "Summaries of several products are asked for by POST.")
            return json_response(200, self._summaries.batch(request.body))
        if request.method != "GET":
            raise RefusedError(405, "MethodNotAllowed", "This sandbox is read through its API, and changed past it.")
        if collection is not None and len(path) == 1:
            return self._lists.page(path[0], request)
        if collection is not None and len(path) == 2 and collection.by_id:
            return self._lists.single(path[0], path[1].lower(), request)
        if len(path) == 3 and (path[0], path[2]) == ("products", "summary"):
            row = self._summaries.figures(path[1].lower(), request.parameter("locationId") or None)
            if row is None:
                raise _NOT_FOUND
            return json_response(200, self._summaries.shown(row))
        response = self._oddments.answer(path, request)
        if response is None:
            raise _NOT_FOUND
        return response

    def dump(self, collection: str) -> list[Row]:
        """Return all rows of a collection in order of insertion, with every relation one level deep.

        Args:
            collection: A collection's path; ``product-summaries`` for the stock figures (``locationId`` null is all
                locations together); ``database`` for one row with the highest ``rowversion`` and ``loweredBy``.

        Raises:
            KeyError: There is no such collection.
        """
        self._store.release()
        if collection == "database":
            return [{"rowversion": self._store.last_rowversion, "loweredBy": self._store.lowered_by}]
        if collection == "product-summaries":
            return self._summaries.dump()
        table, shape = self._store.tables[collection], COLLECTIONS[collection].shape
        tree = includes.everything(shape)
        rows = [self._lists.renderer.row(table.row(key) or {}, shape, tree) for key in table]
        # A copy, so that whoever changes it does not change the database; several times faster than deepcopy.
        copies: list[Row] = orjson.loads(orjson.dumps(rows))
        return copies

    def put(self, collection: str, rows: list[Any]) -> int:
        """Insert or change rows by key, as users of inFlow would, and return how many.

        Rows are whole; keys that are left out stay as they are, ``"_deleted": true`` takes a row out. In
        ``database``, ``{"loweredBy": n}`` shows every rowversion lower by n, as after a move to another server.

        Raises:
            KeyError: There is no such collection.
            ValueError: A row is no object or lacks its key; rows before it are put.
        """
        self._store.release()
        for row in rows:
            if not isinstance(row, dict):
                raise ValueError("a row must be an object")  # noqa: TRY004 - the sender's mistake, told as such
            if collection == "database":
                self._store.lowered_by = int(row["loweredBy"])
            elif collection == "product-summaries":
                self._summaries.put(row)
            else:
                self._store.put(collection, row)
        return len(rows)
