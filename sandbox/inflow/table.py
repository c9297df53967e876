"""One collection as it stands now: generated rows, what was changed since, and its indexes, kept in order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from sandbox.data import Row, Table
from sandbox.inflow.order import Entry, Index, guid_key, shuffle_key, sort_key

#: Names of orders that are not properties.
INSERTION = "(insertion)"
SHUFFLED = "(shuffled)"

#: Filtered lists that are kept, so that each page of one costs the same as a page of the whole.
_KEPT_SELECTIONS = 8

#: Reads a property of the row that a filter looks at.
Reader = Callable[[str], Any]


class LiveTable:
    """A generated table with the changes made to it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sequence = {key: place for place, key in enumerate(table.ids)}
        self._generated = len(table.ids)
        self._next = len(table.ids)
        self._changed: dict[str, Row] = {}
        self._indexes: dict[tuple[str, str], Index] = {}
        self._selections: OrderedDict[Hashable, tuple[int, Index]] = OrderedDict()
        #: Grows with every change.
        self.version = 0

    def __len__(self) -> int:
        return len(self._sequence)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sequence)

    def __contains__(self, key: str) -> bool:
        return key in self._sequence

    @property
    def key(self) -> str:
        """The name of the key field."""
        return self._table.key

    def generated_place(self, key: str) -> int | None:
        """Return the position at which the row was generated; None for one that was added."""
        place = self._sequence.get(key)
        return place if place is not None and place < self._generated else None

    def row(self, key: str) -> Row | None:
        """Return the whole row; it must not be changed in place."""
        if key in self._changed:
            return self._changed[key]
        place = self._sequence.get(key)
        return None if place is None else self._table.build(place)

    def reader(self, key: str) -> Reader:
        """Return what reads properties of a row, building the row only if a property needs it."""
        changed = self._changed.get(key)
        if changed is not None:
            return changed.get
        place = self._sequence[key]
        columns = self._table.columns
        built: list[Row] = []

        def read(name: str) -> Any:
            if name == self._table.key:
                return key
            if name in columns:
                return columns[name](place)
            if not built:
                built.append(self._table.build(place))
            return built[0].get(name)

        return read

    def write(self, key: str, row: Row) -> None:
        """Store a row, new or changed."""
        old = {order: self._entry(order, key) for order in self._indexes} if key in self._sequence else {}
        if key not in self._sequence:
            self._sequence[key] = self._next
            self._next += 1
        self._changed[key] = row
        self.version += 1
        for order, index in self._indexes.items():
            new = self._entry(order, key)
            if order not in old:
                index.add(new)
            elif old[order] != new:
                index.remove(old[order])
                index.add(new)

    def remove(self, key: str) -> None:
        """Take a row out as if it had never been."""
        for order, index in self._indexes.items():
            index.remove(self._entry(order, key))
        del self._sequence[key]
        self._changed.pop(key, None)
        self.version += 1

    def _entry(self, order: tuple[str, str], key: str) -> Entry:
        name, guid_order = order
        tie = guid_key(key, guid_order)
        if name == INSERTION:
            return self._sequence[key], tie, key
        if name == SHUFFLED:
            return shuffle_key(key), tie, key
        if name == self._table.key:
            return "", tie, key
        return sort_key(name, self.reader(key)(name), guid_order), tie, key

    def entry(self, name: str, guid_order: str, key: str) -> Entry:
        """Return where the row stands in the order of the property ``name``."""
        return self._entry((name, guid_order), key)

    def index(self, name: str, guid_order: str) -> Index:
        """Return all rows in the order of the property ``name``; the key breaks ties."""
        order = (name, guid_order)
        if order not in self._indexes:
            self._indexes[order] = Index(self._entry(order, key) for key in self._sequence)
        return self._indexes[order]

    def selection(self, name: str, guid_order: str, filters: Hashable, accept: Callable[[Reader], bool]) -> Index:
        """Return the rows that ``accept`` takes, in the order of ``name``.

        Args:
            name: A property, ``INSERTION`` or ``SHUFFLED``.
            guid_order: How GUIDs compare.
            filters: What stands for ``accept``: equal filters accept the same rows.
            accept: Decides on a row by reading its properties.
        """
        wanted = (name, guid_order, filters)
        kept = self._selections.get(wanted)
        if kept is None or kept[0] != self.version:
            entries = self.index(name, guid_order).entries
            kept = (self.version, Index(entry for entry in entries if accept(self.reader(entry[2]))))
            self._selections[wanted] = kept
        self._selections.move_to_end(wanted)
        while len(self._selections) > _KEPT_SELECTIONS:
            self._selections.popitem(last=False)
        return kept[1]
