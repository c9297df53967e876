"""The company's database: reads rows, takes changes past the API, and draws rowversions as SQL Server does."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from sandbox.data import DataSet, Row
from sandbox.data.basics import exact, finite, instant, rowversion
from sandbox.inflow.endpoints import COLLECTIONS
from sandbox.inflow.shapes import PICKS, RELATIONS, UNVERSIONED
from sandbox.inflow.table import LiveTable
from sandbox.switches import Switches

#: Fields that say when a row was last changed, by shape.
_MODIFIED = {"Product": "lastModifiedDateTime", "Customer": "lastModifiedDttm", "Vendor": "lastModifiedDttm"}

#: In a row that is put: takes the row out of the database.
DELETED = "_deleted"

#: The key field of the rows of a shape, where it is not the shape's name with ``Id``.
_CHILD_KEYS = {"CustomerOrderHistory": "id", "PaymentTerms": "paymentTermsId", "ReorderSettings": "reorderSettingsId"}


def child_key(shape: str) -> str:
    """Return the name of the key field of a shape."""
    return _CHILD_KEYS.get(shape, f"{shape[:1].lower()}{shape[1:]}Id")


class Store:
    """All collections, and the one sequence of rowversions that they share."""

    def __init__(self, data: DataSet, switches: Switches, clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self._last = data.last_rowversion
        self._held: list[tuple[str, str, Row]] = []
        self.tables = {name: LiveTable(table) for name, table in data.tables.items()}
        #: By how much every rowversion is shown lower than it was drawn: a database restored elsewhere.
        self.lowered_by = 0

    @property
    def last_rowversion(self) -> str:
        """The highest rowversion drawn so far, as shown."""
        return rowversion(self._last - self.lowered_by)

    def row(self, collection: str, key: str) -> Row | None:
        """Return a whole row; it must not be changed in place."""
        return self.tables[collection].row(key)

    def draw(self) -> str:
        """Return the next rowversion."""
        self._last += 1
        return rowversion(self._last)

    def release(self) -> None:
        """Commit rows that were held back, the oldest first, until only as many are held as the switch says."""
        while len(self._held) > self._switches.inflow_late_commits:
            name, key, row = self._held.pop(0)
            self.tables[name].write(key, row)

    def put(self, collection: str, given: Row) -> None:
        """Insert or change one row, known by its key, as a user of inFlow would.

        Keys that are not given stay as they are, in children too; a list of children is complete. Changed and new
        children get new rowversions, and the row itself one after them, unless nothing but children changed and the
        switch says that they do not renew it.

        Args:
            collection: The collection's path, for example ``sales-orders``.
            given: The row; with ``_deleted`` true it is taken out. Relations that are rows of other collections, and
                any ``timestamp``, are left aside.

        Raises:
            ValueError: The row has no key.
        """
        table, shape = self.tables[collection], COLLECTIONS[collection].shape
        key = given.get(table.key)
        if not isinstance(key, str) or not key:
            raise ValueError(f"a row of {collection} needs a text as its {table.key}")
        if given.get(DELETED):
            self._held = [held for held in self._held if held[:2] != (collection, key)]
            if key in table:
                table.remove(key)
            return
        waiting = next((place for place, held in enumerate(self._held) if held[:2] == (collection, key)), None)
        old = self._held[waiting][2] if waiting is not None else table.row(key)
        row = self._merged(shape, old, given)
        if waiting is not None:
            self._held[waiting] = (collection, key, row)
        elif len(self._held) < self._switches.inflow_late_commits:
            self._held.append((collection, key, row))
        else:
            table.write(key, row)

    def _merged(self, shape: str, old: Row | None, given: Row) -> Row:
        row = {} if old is None else dict(old)
        relations = RELATIONS.get(shape, {})
        own = {name: deepcopy(value) for name, value in given.items() if name not in relations and name != "timestamp"}
        own.pop(DELETED, None)
        fields_changed = any(name not in row or row[name] != value for name, value in own.items())
        children_changed = self._merge_children(shape, row, given)
        if shape == "Product":
            lines = row.get("inventoryLines") or ()
            own["totalQuantityOnHand"] = exact(
                sum((finite(line["quantityOnHand"]) or Decimal(0) for line in lines), Decimal(0)), 4
            )
        bumped = old is None or fields_changed or not children_changed or self._switches.inflow_child_bumps_parent
        modified = _MODIFIED.get(shape)
        if bumped and modified and (modified not in own or own[modified] == row.get(modified)):
            own[modified] = instant(self._clock())
        row |= own
        if bumped and shape not in UNVERSIONED:
            row["timestamp"] = self.draw()
        return row

    def _merge_children(self, shape: str, row: Row, given: Row) -> bool:
        """Bring the owned relations that are given into ``row``; tell whether any of them changed."""
        changed = False
        picks = PICKS.get(shape, {})
        for name, relation in RELATIONS.get(shape, {}).items():
            if not relation.owned or name not in given or name in picks:
                continue
            value, differs = (
                self._children(relation.shape, row.get(name) or [], given[name] or [])
                if relation.many
                else self._child(relation.shape, row.get(name), given[name])
            )
            row[name] = value
            changed |= differs
        for name in picks:
            changed |= self._pick(shape, row, given, name)
        return changed

    def _pick(self, shape: str, row: Row, given: Row, name: str) -> bool:
        """Keep a relation that holds one row of a list in step with the list, whichever of the two was changed."""
        many, key = PICKS[shape][name]
        old = row.get(name)
        value, changed = self._child(RELATIONS[shape][name].shape, old, given.get(name, old))
        listed = list(row.get(many) or [])
        place = next((at for at, item in enumerate(listed) if old is not None and item[key] == old[key]), None)
        if not changed:
            row[name] = deepcopy(listed[place]) if place is not None else None
            return False
        if place is not None:
            del listed[place]
        if value is not None:
            listed = [item for item in listed if item[key] != value[key]]
            listed.insert(len(listed) if place is None else place, deepcopy(value))
        row[name], row[many] = value, listed
        return True

    def _children(self, shape: str, old: list[Row], given: list[Row]) -> tuple[list[Row], bool]:
        key = child_key(shape)
        known = {item.get(key): item for item in old}
        merged = [self._child(shape, known.get(item.get(key)), item) for item in given]
        rows = [row for row, _ in merged if row is not None]
        same_ids = [item.get(key) for item in old] == [row.get(key) for row in rows]
        return rows, not same_ids or any(differs for _, differs in merged)

    def _child(self, shape: str, old: Row | None, given: Any) -> tuple[Row | None, bool]:
        if given is None:
            return None, old is not None
        relations = RELATIONS.get(shape, {})
        row = {} if old is None else dict(old)
        own = {name: deepcopy(value) for name, value in given.items() if name not in relations and name != "timestamp"}
        changed = old is None or any(name not in row or row[name] != value for name, value in own.items())
        row |= own
        changed |= self._merge_children(shape, row, given)
        row.setdefault(child_key(shape), str(uuid.UUID(int=self._last, version=4)))
        if changed and shape not in UNVERSIONED:
            row["timestamp"] = self.draw()
        return row, changed
