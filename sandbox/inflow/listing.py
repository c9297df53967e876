"""One page of a list: paging parameters, order, filters and the relations to include."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.data import Row
from sandbox.http import Request, Response, json_response
from sandbox.inflow import filters, includes
from sandbox.inflow.endpoints import COLLECTIONS
from sandbox.inflow.errors import RefusedError
from sandbox.inflow.order import Index
from sandbox.inflow.shapes import RELATIONS
from sandbox.inflow.store import Store
from sandbox.inflow.table import INSERTION, SHUFFLED, LiveTable, Reader
from sandbox.switches import Switches

DEFAULT_COUNT = 20
LARGEST_COUNT = 100


@dataclass(frozen=True, slots=True)
class _Order:
    name: str
    descending: bool = False


class Lists:
    """Answers requests for lists and for single rows."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self.renderer = includes.Renderer(store, switches)

    def page(self, collection: str, request: Request) -> Response:
        """Return one page as a bare array.

        Raises:
            RefusedError: A parameter is not acceptable.
        """
        spec, table = COLLECTIONS[collection], self._store.tables[collection]
        tree = self.tree(request, spec.shape)
        order = self._order(request, table)
        wanted = filters.read(request.query, spec.filters) if spec.paged else ()
        guid_order = self._switches.inflow_guid_sort
        if wanted:
            accept = filters.decision(
                wanted,
                spec.filters,
                lambda name, reader: self._related(spec.shape, name, reader),
                request.now,
                date_only=self._switches.inflow_date_filter == "date_only",
            )
            # A range in days ends with the day it is asked on.
            identity = (wanted, int(request.now // 60), self._switches.inflow_date_filter)
            fixed = all(spec.filters[name].kind != "days_since" for name, _ in wanted)
            index = table.selection(order.name, guid_order, identity if not fixed else (wanted, identity[2]), accept)
        else:
            index = table.index(order.name, guid_order)
        start, stop = self._places(request, table, order, index) if spec.paged else (0, len(index.entries))
        keys = index.slice(start, stop, descending=order.descending)
        rows = [self.renderer.shown(self._store.row(collection, key) or {}, spec.shape, tree) for key in keys]
        headers = {"x-listcount": str(len(index.entries))} if _flag(request, "includeCount") else {}
        return json_response(200, rows, headers=headers)

    def single(self, collection: str, key: str, request: Request) -> Response:
        """Return one row by its key.

        Raises:
            RefusedError: There is no such row, or a parameter is not acceptable.
        """
        spec = COLLECTIONS[collection]
        tree = self.tree(request, spec.shape)
        row = self._store.row(collection, key)
        if row is None:
            raise RefusedError(404, "NotFound", "The requested resource was not found.")
        return json_response(200, self.renderer.shown(row, spec.shape, tree))

    def tree(self, request: Request, shape: str) -> includes.Tree:
        """Return the relations that the request includes.

        Raises:
            RefusedError: One of them does not exist, and the switch says that this is refused.
        """
        lenient = self._switches.inflow_invalid_include == "ignore"
        try:
            return includes.parse(request.parameter("include") or "", shape, lenient=lenient)
        except includes.UnknownRelationError as error:
            raise RefusedError(400, "InvalidInclude", str(error)) from error

    def _related(self, shape: str, name: str, reader: Reader) -> Row | None:
        relation = RELATIONS.get(shape, {}).get(name)
        if relation is None or relation.owned or relation.many:
            return None
        key = reader(relation.field)
        return None if key is None else self._store.row(relation.collection, key)

    def _order(self, request: Request, table: LiveTable) -> _Order:
        name = request.parameter("sort")
        behaviour = self._switches.inflow_sort
        if name is None or behaviour == "ignored":
            return self._default_order(table)
        if behaviour == "refused":
            raise RefusedError(400, "InvalidSort", f"Sorting by '{name}' is not supported.")
        shape = next(spec.shape for spec in COLLECTIONS.values() if spec.key == table.key)
        sample = next((table.row(key) for key in table), None)
        if sample is not None and (name not in sample or name in RELATIONS.get(shape, {})):
            raise RefusedError(400, "InvalidSort", f"'{name}' is not a property to sort by.")
        if sample is not None and isinstance(sample[name], dict | list):
            raise RefusedError(400, "InvalidSort", f"'{name}' is not a property to sort by.")
        return _Order(name, _flag(request, "sortDesc"))

    def _default_order(self, table: LiveTable) -> _Order:
        behaviour = self._switches.inflow_default_order
        if behaviour == "newest_first":
            return _Order("timestamp", descending=True)
        return _Order({"id": table.key, "shuffled": SHUFFLED}.get(behaviour, INSERTION))

    def _places(self, request: Request, table: LiveTable, order: _Order, index: Index) -> tuple[int, int]:
        """Return the first and the last place of the page in the list."""
        count = self._count(request)
        start, stop = 0, len(index.entries)
        for name, inclusive in (("after", False), ("start", True), ("before", False)):
            key = request.parameter(name)
            if key is None:
                continue
            if key not in table:
                self._unknown(name)
                if self._switches.inflow_unknown_after == "empty":
                    return 0, 0
                continue
            entry = table.entry(order.name, self._switches.inflow_guid_sort, key)
            place = index.place(entry, descending=order.descending, inclusive=inclusive or name == "before")
            if name == "before":
                stop = place
            else:
                start = max(start, place)
        skip = _number(request, "skip", 0)
        backwards = request.parameter("before") is not None and start == 0 and not skip
        start = max(start, stop - count) if backwards else start + skip
        return start, min(start + count, stop)

    def _unknown(self, name: str) -> None:
        if self._switches.inflow_unknown_after == "refuse":
            raise RefusedError(400, "InvalidParameter", f"'{name}' does not identify an entity.")

    def _count(self, request: Request) -> int:
        count = _number(request, "count", DEFAULT_COUNT)
        if count < 1 or (count > LARGEST_COUNT and self._switches.inflow_count_over_100 == "refuse"):
            raise RefusedError(400, "InvalidParameter", f"'count' must be between 1 and {LARGEST_COUNT}.")
        return min(count, LARGEST_COUNT)


def _number(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()):
        raise RefusedError(400, "InvalidParameter", f"'{name}' must be a whole number.")
    return int(text)


def _flag(request: Request, name: str) -> bool:
    text: Any = request.parameter(name)
    if text is None:
        return False
    if text.lower() not in ("true", "false"):
        raise RefusedError(400, "InvalidParameter", f"'{name}' must be true or false.")
    return bool(text.lower() == "true")
