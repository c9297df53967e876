"""Stock figures per product and location: kept per location, added up where no location is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from sandbox.data import DataSet, Row
from sandbox.data.basics import exact, finite
from sandbox.data.stock import FIGURES
from sandbox.inflow.errors import RefusedError
from sandbox.inflow.store import Store
from sandbox.switches import Switches

LARGEST_BATCH = 100
_PLACES = 5


class Summaries:
    """The figures of all products; a product that was added takes them from where it lies."""

    def __init__(self, data: DataSet, store: Store, switches: Switches) -> None:
        self._data = data
        self._store = store
        self._switches = switches
        self._changed: dict[str, list[Row]] = {}

    def per_location(self, product_id: str) -> list[Row] | None:
        """Return one row for each location that can hold stock; None for a product that does not exist."""
        if product_id in self._changed:
            return self._changed[product_id]
        products = self._store.tables["products"]
        if product_id not in products:
            return None
        place = products.generated_place(product_id)
        return self._data.summaries(place) if place is not None else self._from_lines(product_id)

    def _from_lines(self, product_id: str) -> list[Row]:
        product = self._store.row("products", product_id) or {}
        on_hand = dict.fromkeys(self._data.stock_location_ids, Decimal(0))
        for line in product.get("inventoryLines", ()):
            location_id = line["locationId"]
            on_hand[location_id] = on_hand.get(location_id, Decimal(0)) + (finite(line["quantityOnHand"]) or 0)
        known = ("quantityOnHand", "quantityAvailable", "rawQuantityAvailable")
        return [
            {"productId": product_id, "locationId": location_id, "imageSmallUrl": None}
            | {name: exact(figure if name in known else 0, _PLACES) for name in FIGURES}
            for location_id, figure in on_hand.items()
        ]

    def figures(self, product_id: str, location_id: str | None) -> Row | None:
        """Return the figures at a location, or of all locations together; None where there are none."""
        rows = self.per_location(product_id)
        if rows is None:
            return None
        if location_id is not None:
            return next((row for row in rows if row["locationId"] == location_id), None)
        return {
            "productId": product_id,
            "locationId": None,
            "imageSmallUrl": None,
            **{name: _total([row.get(name) for row in rows]) for name in FIGURES},
        }

    def dump(self) -> list[Row]:
        """Return, product by product, the row of all locations together and then one a location."""
        rows: list[Row] = []
        for product_id in self._store.tables["products"]:
            total = self.figures(product_id, None)
            rows += [dict(row) for row in ([total] if total else []) + (self.per_location(product_id) or [])]
        return rows

    def put(self, given: Row) -> None:
        """Change the figures of a product at a location.

        For all locations together (``locationId`` null) the difference goes to the first location, so that the sum
        is what was given.

        Raises:
            ValueError: The product does not exist.
        """
        product_id, location_id = given.get("productId"), given.get("locationId")
        rows = self.per_location(product_id) if isinstance(product_id, str) else None
        if rows is None or not isinstance(product_id, str):
            raise ValueError("a row of product-summaries needs the productId of an existing product")
        rows = [dict(row) for row in rows]
        new = {name: value for name, value in given.items() if name in FIGURES}
        if location_id is None:
            total = self.figures(product_id, None) or {}
            rows[0] |= {name: _moved(rows[0].get(name), total.get(name), value) for name, value in new.items()}
        else:
            row = next((row for row in rows if row["locationId"] == location_id), None)
            if row is None:
                zeros = dict.fromkeys(FIGURES, exact(0, _PLACES))
                row = {"productId": product_id, "locationId": location_id, "imageSmallUrl": None, **zeros}
                rows.append(row)
            row |= {name: _written(value) for name, value in new.items()}
        self._changed[product_id] = rows

    def shown(self, row: Row) -> Row:
        """Return a row with its figures as the switch says that the API writes them."""
        if self._switches.inflow_summary_numbers == "string":
            return row
        return {
            name: orjson.Fragment(value) if name in FIGURES and isinstance(value, str) else value
            for name, value in row.items()
        }

    def batch(self, body: bytes) -> list[Row]:
        """Return the rows for a batch of pairs; pairs without a product or location are left out.

        Args:
            body: A JSON array of at most 100 ``{"productId", "locationId"}``.

        Raises:
            RefusedError: The body is something else.
        """
        try:
            pairs: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            pairs = None
        if not isinstance(pairs, list) or not all(
            isinstance(pair, dict)
            and isinstance(pair.get("productId"), str)
            and isinstance(pair.get("locationId"), str | None)
            for pair in pairs
        ):
            raise RefusedError(400, "InvalidBody", "The body must be an array of product and location ids.")
        if len(pairs) > LARGEST_BATCH:
            raise RefusedError(400, "TooManyItems", f"No more than {LARGEST_BATCH} items can be requested at once.")
        found = (self.figures(pair["productId"], pair.get("locationId")) for pair in pairs)
        return [self.shown(row) for row in found if row is not None]


def _written(value: Any) -> Any:
    """Return a figure as the API writes it; what is no figure stays as it was put, to see what clients make of it."""
    number = finite(value)
    return value if number is None else exact(number, _PLACES)


def _total(values: list[Any]) -> Any:
    # A figure that is unlimited, or no figure, at one location is so for all.
    for value in values:
        if finite(value) is None:
            return value
    return exact(sum((Decimal(value) for value in values), Decimal(0)), _PLACES)


def _moved(here: Any, total: Any, wanted: Any) -> Any:
    """Return what a location must hold so that the sum over all is ``wanted``."""
    number = finite(wanted)
    if number is None:
        return wanted
    return exact(number - (finite(total) or 0) + (finite(here) or 0), _PLACES)
