"""What must stand in Optiply, computed from the inventory's rows and the promised mapping alone.

The oracle shares no code with the programs: it was written from the mapping's wording, so that both being wrong in the
same way takes two mistakes. Numbers are exact fractions until the promised rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Mapping[str, Any]]

ENTITIES = (
    "products",
    "suppliers",
    "supplierProducts",
    "productCompositions",
    "sellOrders",
    "sellOrderLines",
    "buyOrders",
    "buyOrderLines",
    "receiptLines",
)


@dataclass(frozen=True)
class Options:
    """The settings of the target that change what is sent.

    Attributes:
        stock: ``available`` or ``on_hand``.
        open_sales_orders: ``hold`` or ``send``.
        price_tax_percent: The tax in tax-inclusive price lists, as a number; None where nothing is taken off.
        optiply_orders: The pattern for orders that Optiply placed itself; None where it is turned off.
        location_ids: The locations whose figures count; None for all.
    """

    stock: str = "available"
    open_sales_orders: str = "hold"
    price_tax_percent: Fraction | None = None
    optiply_orders: str | None = r"(?i)optiply[\s#:_-]*(\d*)"
    location_ids: frozenset[str] | None = None


@dataclass(frozen=True)
class Inventory:
    """The inventory's rows by collection, relations nested."""

    products: Rows
    summaries: Rows
    vendors: Rows
    currencies: Rows
    price_lists: Rows
    sales_orders: Rows
    purchase_orders: Rows

    @classmethod
    def of(cls, collections: Mapping[str, list[Row]]) -> Inventory:
        """Return the inventory of a dump by collection name."""
        return cls(
            products=collections["products"],
            summaries=collections.get("product-summaries", []),
            vendors=collections.get("vendors", []),
            currencies=collections.get("currencies", []),
            price_lists=collections.get("pricing-schemes", []),
            sales_orders=collections.get("sales-orders", []),
            purchase_orders=collections.get("purchase-orders", []),
        )


@dataclass
class Expectation:
    """What must stand in Optiply, and what must not, with the reason.

    Keys are remote ids; of compositions ``composed/part``, of order lines ``order/product``. References are given as
    the remote id of the record they point to (a receipt's line as the key of that line).

    Attributes:
        rows: Entity to key to attributes.
        rejected: Entity to key to the reason why the record itself cannot be sent.
        orphaned: Entity to key to the parent because of which it cannot be sent.
        skipped: Entity to key to the reason why it is deliberately not sent.
        either: Pairs of composition keys of which exactly one stands; the other is rejected.
    """

    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {entity: {} for entity in ENTITIES})
    rejected: dict[str, dict[str, str]] = field(default_factory=lambda: {entity: {} for entity in ENTITIES})
    orphaned: dict[str, dict[str, str]] = field(default_factory=lambda: {entity: {} for entity in ENTITIES})
    skipped: dict[str, dict[str, str]] = field(default_factory=lambda: {entity: {} for entity in ENTITIES})
    either: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rejections(self) -> int:
        """How many records are rejected for a reason of their own."""
        return sum(len(keys) for keys in self.rejected.values()) + len(self.either)

    @property
    def refusals(self) -> int:
        """How many records stand rejected at the end at most: those that miss their parent may count as one with it."""
        return self.rejections + sum(len(keys) for keys in self.orphaned.values())


def expect(inventory: Inventory, options: Options | None = None) -> Expectation:
    """Return what must stand in Optiply after the inventory was read once, Optiply having been empty."""
    from pair import oracle_catalogue, oracle_orders  # noqa: PLC0415 - they need the types of this module

    options = options or Options()
    expectation = Expectation()
    oracle_catalogue.suppliers(inventory, expectation)
    oracle_catalogue.products(inventory, options, expectation)
    oracle_catalogue.supplier_products(inventory, expectation)
    oracle_catalogue.compositions(inventory, expectation)
    oracle_orders.sales(inventory, options, expectation)
    oracle_orders.purchases(inventory, options, expectation)
    return expectation
