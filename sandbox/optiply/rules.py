"""Rules that look beyond one attribute: what the server fills in, and what must hold between rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.optiply.attributes import Entity
from sandbox.optiply.errors import Refusal
from sandbox.optiply.store import Row, Store
from sandbox.optiply.values import parse_instant
from sandbox.switches import Switches


class Rules:
    """Checks and completes rows of ``store``; a row under change is given as its values before and after."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._checks = {
            "promotions": self._promotion,
            "productCompositions": self._composition,
            "supplierProducts": self._supplier_product,
            "sellOrderLines": self._order_line,
            "buyOrderLines": self._order_line,
        }

    def check(self, entity: Entity, values: list[Any], row: Row | None) -> None:
        """Hold the values of a row, that is new where ``row`` is None, against the rules of its entity.

        Raises:
            Refusal: One does not hold.
        """
        check = self._checks.get(entity.name)
        if check is not None:
            check(entity, values, row)
        self._unique(entity, values, row)

    def fill(self, entity: Entity, values: list[Any]) -> None:
        """Set what the server works out on a POST: expected deliveries, and the product's uuid on buy order lines."""
        place = entity.position
        if entity.name == "buyOrders" and values[place["expectedDeliveryDate"]] is None:
            supplier = self._store.tables["suppliers"].rows[values[place["supplierId"]]]
            days = supplier.values[self._store.tables["suppliers"].entity.position["deliveryTime"]]
            values[place["expectedDeliveryDate"]] = days_after(values[place["placed"]], days)
        elif entity.name == "buyOrderLines":
            values[place["productUuid"]] = self._store.tables["products"].rows[values[place["productId"]]].uuid
            if values[place["expectedDeliveryDate"]] is None:
                values[place["expectedDeliveryDate"]] = self._line_expected(values, place)

    def _line_expected(self, values: list[Any], place: dict[str, int]) -> str | None:
        orders, offers = self._store.tables["buyOrders"], self._store.tables["supplierProducts"]
        order = orders.rows[values[place["buyOrderId"]]].values
        of_order = orders.entity.position
        if order[of_order["expectedDeliveryDate"]] is not None:
            return str(order[of_order["expectedDeliveryDate"]])
        for offer in offers.pairs.get((values[place["productId"]], order[of_order["supplierId"]]), ()):
            days = offers.rows[offer].values[offers.entity.position["deliveryTime"]]
            return days_after(order[of_order["placed"]], days)
        return None

    def _invalid(self, detail: str) -> Refusal:
        return Refusal(self._switches.optiply_validation_status, detail, pointer="/data/attributes")

    def _unique(self, entity: Entity, values: list[Any], row: Row | None) -> None:
        table = self._store.tables[entity.name]
        pair = table.pair_of(values)
        if pair is None or (
            entity.name == "promotionProducts" and not self._switches.optiply_unique_promotion_products
        ):
            return
        if any(row is None or holder != row.id for holder in table.pairs.get(pair, ())):
            names = " and ".join(entity.unique or ())
            raise Refusal(409, f"{entity.name}: the combination of {names} must be unique")

    def _promotion(self, entity: Entity, values: list[Any], _row: Row | None) -> None:
        start, end = values[entity.position["startDate"]], values[entity.position["endDate"]]
        if end[:-1] < start[:-1]:
            raise self._invalid("endDate: must not be before startDate")

    def _composition(self, entity: Entity, values: list[Any], row: Row | None) -> None:
        status = self._switches.optiply_circular_composition
        composed, part = values[entity.position["composedProductId"]], values[entity.position["partProductId"]]
        table = self._store.tables[entity.name]
        reverse = [holder for holder in table.pairs.get((part, composed), ()) if row is None or holder != row.id]
        if status and (composed == part or reverse):
            raise Refusal(status, "productCompositions: a product must not be part of itself")

    def _supplier_product(self, entity: Entity, values: list[Any], row: Row | None) -> None:
        place = entity.position
        if self._switches.optiply_preferred != "refused" or not _is_preferred(values, place):
            return
        for other in self._store.tables[entity.name].children("productId", values[place["productId"]]):
            if (row is None or other.id != row.id) and _is_preferred(other.values, place):
                raise self._invalid("preferred: another supplier of this product is preferred")

    def _order_line(self, entity: Entity, values: list[Any], row: Row | None) -> None:
        if self._switches.optiply_product_twice != "refused":
            return
        place, product = entity.position, entity.position["productId"]
        for other in self._store.tables[entity.name].children(entity.owner, values[place[entity.owner]]):
            if (row is None or other.id != row.id) and other.values[product] == values[product]:
                raise self._invalid("productId: the order has a line of this product")


def _is_preferred(values: list[Any], place: dict[str, int]) -> bool:
    return values[place["preferred"]] is True and values[place["status"]] != "disabled"


def days_after(instant: str, days: int | None) -> str | None:
    """Return a canonical instant ``days`` later; None where there are none, or beyond the calendar."""
    if days is None:
        return None
    try:
        moment = datetime.fromisoformat(instant[:19]) + timedelta(days=days)
    except OverflowError:
        return None
    return parse_instant(moment.isoformat() + instant[19:])
