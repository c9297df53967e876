"""Puts the data set together: how many rows of what, when each was placed and changed, and its rowversion."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sandbox.data import documents
from sandbox.data.basics import (
    FIRST_DAY,
    LAST_DAY,
    OWN_VERSION,
    VERSION_BLOCK,
    Row,
    Table,
    instant,
    midnight,
    rowversion,
    stream,
)
from sandbox.data.partners import customer, vendor
from sandbox.data.products import product
from sandbox.data.purchases import purchase_order
from sandbox.data.sales import sales_order
from sandbox.data.stock import summaries
from sandbox.data.world import World

#: Small collections whose rows have no rowversion, as the API shows them.
_WITHOUT_VERSION = frozenset(
    {
        "adjustment-reasons",
        "custom-field-definitions",
        "stockroom-scans",
        "stockroom-users",
        "team-members",
        "webhooks",
    }
)
_SMALL_KEYS = {
    "currencies": "currencyId",
    "locations": "locationId",
    "pricing-schemes": "pricingSchemeId",
    "taxing-schemes": "taxingSchemeId",
    "tax-codes": "taxCodeId",
    "payment-terms": "paymentTermsId",
    "categories": "categoryId",
    "adjustment-reasons": "adjustmentReasonId",
    "operation-types": "operationTypeId",
    "team-members": "teamMemberId",
    "stockroom-users": "stockroomUserId",
    "stockroom-scans": "stockroomScanId",
    "webhooks": "webHookSubscriptionId",
    "custom-field-definitions": "customFieldDefinitionId",
}
_FIRST_VERSION = 0x200000
_EPOCH = 719163  # 1970-01-01 as a proleptic ordinal
_DAY = 86400


@dataclass(frozen=True, slots=True)
class DataSet:
    """A company's inventory as inFlow holds it; rows are built when asked for and always come out the same.

    Attributes:
        seed: What it was made from.
        tables: Every collection by its path, for example ``sales-orders``.
        summaries: Position of a product to its stock figures, one row for each location that can hold stock.
        stock_location_ids: Those locations; the first is the main warehouse.
        last_rowversion: The highest rowversion of the database.
    """

    seed: int
    tables: dict[str, Table]
    summaries: Callable[[int], list[Row]]
    stock_location_ids: list[str]
    last_rowversion: int


def _order_days(seed: int, kind: int, size: int) -> array[int]:
    """Return the day of each order; they grow with the order number, as in life, but not strictly."""
    rng = stream(seed, 16, kind)
    span = LAST_DAY - FIRST_DAY - 3
    return array("q", (FIRST_DAY + span * index // max(size, 1) + rng.randrange(4) for index in range(size)))


def _changes(seed: int, kind: int, days: array[int]) -> array[float]:
    """Return when each row was last changed, in epoch seconds: mostly soon after it was made, some long after."""
    rng = stream(seed, 17, kind)
    last = (LAST_DAY - _EPOCH + 1) * _DAY - 1
    lags = ((0.2, 30, 90, 700)[rng.randrange(4) if rng.random() < 0.4 else 0] for _ in days)
    return array(
        "d",
        (min((day - _EPOCH + rng.random() * (lag + 0.5)) * _DAY, last) for day, lag in zip(days, lags, strict=True)),
    )


def _versions(changes: dict[str, array[float]]) -> tuple[dict[str, array[int]], int]:
    """Return the first rowversion of each row's block, in the order of the last changes, and the last one of all."""
    moments = [(moment, name, index) for name, column in changes.items() for index, moment in enumerate(column)]
    moments.sort()
    versions = {name: array("q", bytes(8 * len(column))) for name, column in changes.items()}
    for place, (_, name, index) in enumerate(moments):
        versions[name][index] = _FIRST_VERSION + place * VERSION_BLOCK
    return versions, _FIRST_VERSION + len(moments) * VERSION_BLOCK


def _small_tables(world: World) -> tuple[dict[str, Table], int]:
    """Return the small collections; their rowversions lie below all others: they were set up first."""
    tables: dict[str, Table] = {}
    version = 0x100000
    for name, rows in world.reference.rows().items():
        for row in rows:
            version += 2
            for conversion in row.get("currencyConversions", ()):
                conversion["timestamp"] = rowversion(version + 1)
            if name not in _WITHOUT_VERSION:
                row["timestamp"] = rowversion(version)
        tables[name] = Table.of(_SMALL_KEYS[name], rows)
    return tables, version


def generate(
    seed: int = 1,
    products: int = 200,
    customers: int = 50,
    vendors: int = 12,
    sales_orders: int = 300,
    purchase_orders: int = 80,
    *,
    optiply_orders: int = 0,
    fractional_boms: int = 0,
) -> DataSet:
    """Return a data set; the same arguments give the same one, to the letter.

    Args:
        seed: What all randomness comes from.
        products: How many products.
        customers: How many customers; at least one if there are sales orders.
        vendors: How many vendors; at least one if there are purchase orders.
        sales_orders: How many sales orders.
        purchase_orders: How many purchase orders.
        optiply_orders: So many of the first purchase orders mention Optiply, with numbers of no existing order.
        fractional_boms: So many assembled products need a fraction of a component, which Optiply cannot hold.

    Raises:
        ValueError: A size is negative, or orders have nobody to belong to.
    """
    sizes = {
        "products": products,
        "vendors": vendors,
        "customers": customers,
        "sales-orders": sales_orders,
        "purchase-orders": purchase_orders,
        **(documents.SIZES if products else dict.fromkeys(documents.SIZES, 0)),
    }
    if min(sizes.values()) < 0:
        raise ValueError("a data set cannot have a negative size")
    if (sales_orders and not customers) or (purchase_orders and not vendors):
        raise ValueError("sales orders need a customer, purchase orders a vendor")
    world = World(seed, sizes)
    days = {name: _order_days(seed, kind, size) for kind, (name, size) in enumerate(sizes.items())}
    changes = {name: _changes(seed, kind, days[name]) for kind, name in enumerate(sizes)}
    versions, last_version = _versions(changes)
    world.versions = dict(versions)
    tables, _ = _small_tables(world)

    def add(name: str, key: str, build: Callable[[int], Row], **columns: Callable[[int], str]) -> None:
        column = versions[name]
        columns["timestamp"] = lambda index: rowversion(column[index] + OWN_VERSION)
        tables[name] = Table(key, world.ids[name], build, columns)

    def changed(name: str) -> Callable[[int], str]:
        return lambda index: instant(changes[name][index])

    def placed(name: str) -> Callable[[int], str]:
        return lambda index: midnight(days[name][index])

    add(
        "products",
        "productId",
        lambda index: product(world, index, changes["products"][index], fractional_boms),
        lastModifiedDateTime=changed("products"),
    )
    add(
        "vendors",
        "vendorId",
        lambda index: vendor(world, index, changes["vendors"][index]),
        lastModifiedDttm=changed("vendors"),
    )
    add(
        "customers",
        "customerId",
        lambda index: customer(world, index, changes["customers"][index]),
        lastModifiedDttm=changed("customers"),
    )
    add(
        "sales-orders",
        "salesOrderId",
        lambda index: sales_order(world, index, days["sales-orders"][index]),
        orderDate=placed("sales-orders"),
    )
    add(
        "purchase-orders",
        "purchaseOrderId",
        lambda index: purchase_order(world, index, days["purchase-orders"][index], optiply_orders),
        orderDate=placed("purchase-orders"),
    )
    for name, key in documents.KEYS.items():
        add(name, key, partial(documents.document, world, name))
    return DataSet(
        seed,
        tables,
        partial(summaries, world),
        world.reference.location_ids[:3],
        last_version,
    )
