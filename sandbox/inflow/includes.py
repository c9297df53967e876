"""What a row looks like from outside: the relations asked for, resolved, and everything else left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sandbox.data import Row
from sandbox.data.basics import rowversion
from sandbox.inflow.endpoints import COLLECTIONS
from sandbox.inflow.shapes import RELATIONS, Relation
from sandbox.inflow.store import Store
from sandbox.switches import Switches

#: Relation name to what is included below it.
Tree: TypeAlias = "dict[str, Tree]"

#: Properties whose values are enumerated; their case is a switch.
_ENUMERATED = frozenset(
    {
        "addressType",
        "customFieldType",
        "easyPostShipmentStatus",
        "entityType",
        "inventoryStatus",
        "itemType",
        "negativeType",
        "paymentStatus",
        "paymentType",
        "priceType",
        "reorderMethod",
        "status",
    }
)


class UnknownRelationError(ValueError):
    """An ``include`` names a relation that does not exist."""


def parse(text: str, shape: str, *, lenient: bool = False) -> Tree:
    """Return the tree of relations that the comma-separated ``text`` names, dotted where they are nested.

    Args:
        text: The value of the ``include`` parameter.
        shape: The shape of the rows.
        lenient: Whether names that do not exist are passed over.

    Raises:
        UnknownRelationError: A name does not exist, case and blanks included.
    """
    tree: Tree = {}
    for path in text.split(",") if text else ():
        level, at = tree, shape
        for name in path.split("."):
            relation = RELATIONS.get(at, {}).get(name)
            if relation is None:
                if lenient:
                    break
                raise UnknownRelationError(f"'{path}' is not a relation of {shape}.")
            level = level.setdefault(name, {})
            at = relation.shape
    return tree


def everything(shape: str) -> Tree:
    """Return the tree of every relation of a shape, one level deep."""
    return {name: {} for name in RELATIONS.get(shape, {})}


class Renderer:
    """Turns whole rows into answers."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._owners: dict[tuple[str, str, str], tuple[int, dict[str, list[Row]]]] = {}

    def row(self, row: Row, shape: str, tree: Tree) -> Row:
        """Return ``row`` with exactly the relations in ``tree``, as the data is."""
        relations = RELATIONS.get(shape, {})
        out = {name: value for name, value in row.items() if name not in relations}
        if shape == "Product" and "inventoryLines" not in tree:
            out["totalQuantityOnHand"] = None
        if self._store.lowered_by and "timestamp" in out:
            out["timestamp"] = rowversion(int(out["timestamp"], 16) - self._store.lowered_by)
        for name, below in tree.items():
            relation = relations[name]
            found = self._related(row, shape, name, relation)
            if relation.many:
                out[name] = [self.row(item, relation.shape, below) for item in found or ()]
            else:
                out[name] = None if found is None else self.row(found, relation.shape, below)
        return out

    def shown(self, row: Row, shape: str, tree: Tree) -> Row:
        """Return ``row`` as ``row()`` does, in the way in which the switches say that the API writes values."""
        out = self.row(row, shape, tree)
        if self._switches.inflow_enum_case == "pascal":
            out = _mapped(out, _pascal)
        if self._switches.inflow_empty_text == "null":
            out = _mapped(out, lambda _, value: None if value == "" else value)
        return out

    def _related(self, row: Row, shape: str, name: str, relation: Relation) -> Any:
        if relation.owned:
            return row.get(name)
        if not relation.many:
            key = row.get(relation.field)
            return None if key is None else self._store.row(relation.collection, key)
        collection = next(path for path, spec in COLLECTIONS.items() if spec.shape == shape)
        return self._referring(relation).get(row[COLLECTIONS[collection].key], [])

    def _referring(self, relation: Relation) -> dict[str, list[Row]]:
        """Return the rows elsewhere that point to this shape, by the key they point to."""
        table = self._store.tables[relation.collection]
        wanted = (relation.collection, relation.through, relation.field)
        kept = self._owners.get(wanted)
        if kept is None or kept[0] != table.version:
            owners: dict[str, list[Row]] = {}
            for key in table:
                whole = table.row(key) or {}
                for item in whole.get(relation.through, ()) if relation.through else (whole,):
                    owners.setdefault(item[relation.field], []).append(item)
            kept = (table.version, owners)
            self._owners[wanted] = kept
        return kept[1]


def _pascal(name: str, value: Any) -> Any:
    if name in _ENUMERATED and isinstance(value, str):
        return value[:1].upper() + value[1:]
    return value


def _mapped(row: Row, change: Callable[[str, Any], Any]) -> Row:
    """Return ``row`` with ``change`` applied to every value that is not an object or a list."""
    out: Row = {}
    for name, value in row.items():
        if isinstance(value, dict):
            out[name] = _mapped(value, change)
        elif isinstance(value, list):
            out[name] = [_mapped(item, change) if isinstance(item, dict) else item for item in value]
        else:
            out[name] = change(name, value)
    return out
