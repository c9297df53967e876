"""Stock of a product: what lies where, and the figures of the summary endpoint, which agree with it."""

from __future__ import annotations

from decimal import Decimal

from sandbox.data.basics import Row, exact, rowversion, stream
from sandbox.data.world import World

#: Stock lies in the first three locations; the fourth is closed.
STOCK_LOCATIONS = 3

FIGURES = (
    "quantityOnHand",
    "quantityAvailable",
    "rawQuantityAvailable",
    "quantityReserved",
    "quantityReservedForSales",
    "quantityReservedForManufacturing",
    "quantityReservedForTransfers",
    "quantityReservedForBuilds",
    "quantityPicked",
    "quantityInTransit",
    "quantityOnOrder",
    "quantityOnPurchaseOrder",
    "quantityOnWorkOrder",
    "quantityOnTransferOrder",
    "quantityBuildable",
)


def inventory_lines(world: World, index: int, version: int) -> list[Row]:
    """Return where the product at ``index`` lies: location, sublocation and serial, with the quantity there."""
    facts = world.product(index)
    if facts.item_type != "stockedProduct" or index % 13 == 12:
        return []
    rng = stream(world.seed, 4, index)
    lines: list[Row] = []
    for place in range(1 + index % 4):
        location = place % STOCK_LOCATIONS
        quantity = Decimal(rng.randint(0, 400))
        if facts.fractional:
            quantity += Decimal(rng.randint(1, 9999)) / 10000
        if index % 23 == 5:
            quantity = -quantity - 3
        serial = f"SN-{index}-{place}" if index % 31 == 11 else ""
        lines.append(
            {
                "inventoryLineId": f"{facts.product_id[:8]}-{location}-{place}",
                "productId": facts.product_id,
                "locationId": world.reference.location_ids[location],
                "sublocation": ("", "A-12-B", "Aisle 3 / Bin 07")[place % 3],
                "serial": serial,
                "lotId": None,
                "quantityOnHand": "1.0000" if serial else exact(quantity, 4),
                "timestamp": rowversion(version + 1 + place),
            }
        )
    return lines


def _figures(world: World, index: int, place: int, on_hand: Decimal) -> dict[str, Decimal | None]:
    figures: dict[str, Decimal | None] = dict.fromkeys(FIGURES, Decimal(0))
    if world.product(index).item_type != "stockedProduct":
        figures["quantityBuildable"] = None
        return figures
    rng = stream(world.seed, 5, index * 8 + place)
    # A third of the products has nothing reserved; for the others, what is available differs from what is on hand.
    sales, making, moving = (rng.randint(0, 30), rng.randint(0, 5), rng.randint(0, 4)) if index % 3 else (0, 0, 0)
    picked = rng.randint(0, 3) if index % 3 == 1 else 0
    purchases, work, transfers = rng.randint(0, 60), rng.randint(0, 6), rng.randint(0, 5)
    builds, buildable = (rng.randint(0, 3), rng.randint(0, 12)) if index % 10 == 9 else (0, 0)
    raw = on_hand - picked - sales - making - moving
    figures.update(
        quantityOnHand=on_hand - picked,
        quantityAvailable=raw + buildable - builds,
        rawQuantityAvailable=raw,
        quantityReserved=Decimal(sales + making + moving),
        quantityReservedForSales=Decimal(sales),
        quantityReservedForManufacturing=Decimal(making),
        quantityReservedForTransfers=Decimal(moving),
        quantityReservedForBuilds=Decimal(builds),
        quantityPicked=Decimal(picked),
        quantityInTransit=Decimal(transfers),
        quantityOnOrder=Decimal(purchases + work + transfers),
        quantityOnPurchaseOrder=Decimal(purchases),
        quantityOnWorkOrder=Decimal(work),
        quantityOnTransferOrder=Decimal(transfers),
        quantityBuildable=Decimal(buildable),
    )
    return figures


def summaries(world: World, index: int) -> list[Row]:
    """Return the figures of the product at ``index``, one row for each location that can hold stock."""
    product_id = world.ids["products"][index]
    on_hand = dict.fromkeys(world.reference.location_ids[:STOCK_LOCATIONS], Decimal(0))
    for line in inventory_lines(world, index, 0):
        on_hand[line["locationId"]] += Decimal(line["quantityOnHand"])
    return [
        {
            "productId": product_id,
            "locationId": location_id,
            "imageSmallUrl": None,
            **{
                name: None if figure is None else exact(figure, 5)
                for name, figure in _figures(world, index, place, quantity).items()
            },
        }
        for place, (location_id, quantity) in enumerate(on_hand.items())
    ]
