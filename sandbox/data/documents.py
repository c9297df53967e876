"""Documents that only inFlow cares about: manufacturing orders, adjustments, transfers and counts of stock."""

from __future__ import annotations

from random import Random

from sandbox.data.basics import LAST_DAY, OWN_VERSION, Row, exact, guid, midnight, rowversion, stream
from sandbox.data.names import custom_fields
from sandbox.data.world import ProductFacts, World

#: Collection to its number of rows; they stay that small in a data set of any size.
SIZES = {
    "manufacturing-orders": 9,
    "product-cost-adjustments": 6,
    "stock-adjustments": 8,
    "stock-counts": 4,
    "stock-transfers": 7,
}
KEYS = {
    "manufacturing-orders": "manufacturingOrderId",
    "product-cost-adjustments": "productCostAdjustmentId",
    "stock-adjustments": "stockAdjustmentId",
    "stock-counts": "stockCountId",
    "stock-transfers": "stockTransferId",
}


def _amount(value: str, unit: str) -> Row:
    return {"standardQuantity": exact(value, 4), "uomQuantity": exact(value, 4), "uom": unit, "serialNumbers": []}


def _line(product: ProductFacts, key: str, value: str, rng: Random, version: int) -> Row:
    return {
        key: guid(rng),
        "productId": product.product_id,
        "description": product.name,
        "quantity": _amount(value, product.standard_unit),
        "timestamp": rowversion(version),
    }


def _manufacturing_order(world: World, index: int, key: str, product: ProductFacts, version: int) -> Row:
    rng = stream(world.seed, 12, index)
    location_id = world.reference.location_ids[0]
    owner = {"manufacturingOrderId": key}
    day = LAST_DAY - 40 + index
    line = _line(product, "manufacturingOrderLineId", "3", rng, version)
    line |= {**owner, "parentManufacturingOrderLineId": None, "manufacturingOrderOperations": []}
    pick = _line(product, "manufacturingOrderPickLineId", "3", rng, version + 1)
    put = _line(product, "manufacturingOrderPutLineId", "1", rng, version + 2)
    place = {**owner, "locationId": location_id, "sublocation": ""}
    return {
        "manufacturingOrderId": key,
        "manufacturingOrderNumber": f"MO-{index + 1:06d}",
        "orderDate": midnight(day),
        "dueDate": midnight(day + 14) if index % 2 else None,
        "completedDate": midnight(day + 9) if index % 3 == 2 else None,
        "status": ("open", "inProgress", "completed")[index % 3],
        "isCompleted": index % 3 == 2,
        "isCancelled": index == 4,
        "isPrioritized": index == 1,
        "currencyId": None,
        "extraCosts": None,
        "locationId": location_id if index % 4 else None,
        "primaryFinishedProductId": product.product_id,
        "splitPartNumber": None,
        "version": 1,
        "remarks": "",
        "pickRemarks": "",
        "putAwayRemarks": "",
        "assignedToTeamMemberId": None,
        "customFields": custom_fields(),
        "lines": [line],
        "pickLines": [pick | place | {"pickDate": midnight(day + 1)}] if index % 3 else [],
        "putLines": [put | place] if index % 3 == 2 else [],
        "pickMatchings": [],
        "attachments": [],
    }


def _stock_adjustment(world: World, index: int, key: str, product: ProductFacts, version: int) -> Row:
    rng = stream(world.seed, 13, index)
    return {
        "stockAdjustmentId": key,
        "adjustmentNumber": f"SA-{index + 1:06d}",
        "adjustmentReasonId": world.reference.adjustment_reason_ids[index % 3] if index % 4 else None,
        "date": midnight(LAST_DAY - 30 + index),
        "isCancelled": index == 5,
        "locationId": world.reference.location_ids[index % 3],
        "remarks": "",
        "customFields": custom_fields(),
        "lines": [_line(product, "stockAdjustmentLineId", "-2", rng, version) | {"sublocation": None}],
        "attachments": [],
    }


def _stock_transfer(world: World, index: int, key: str, product: ProductFacts, version: int) -> Row:
    rng = stream(world.seed, 14, index)
    day = LAST_DAY - 30 + index
    line = _line(product, "stockTransferLineId", "5", rng, version)
    return {
        "stockTransferId": key,
        "transferNumber": f"ST-{index + 1:06d}",
        "transferDate": midnight(day),
        "sentDate": midnight(day + 1) if index % 3 else None,
        "receivedDate": midnight(day + 2) if index % 3 == 2 else None,
        "status": ("open", "inTransit", "completed")[index % 3],
        "isCancelled": index == 3,
        "fromLocationId": world.reference.location_ids[0],
        "toLocationId": world.reference.location_ids[1 + index % 2],
        "assignedToTeamMemberId": None,
        "remarks": "",
        "customFields": custom_fields(),
        "lines": [line | {"fromSublocation": None, "toSublocation": "A-12-B"}],
        "attachments": [],
    }


def _stock_count(world: World, index: int, key: str, product: ProductFacts, version: int) -> Row:
    rng = stream(world.seed, 15, index)
    day = LAST_DAY - 20 + index
    done = index % 2 == 1
    state = {"isCompleted": done, "startedDate": midnight(day), "completedDate": midnight(day + 1) if done else None}
    state |= {"isCancelled": False, "assignedToTeamMemberId": None, "remarks": ""}
    sheet = {
        "countSheetId": guid(rng),
        "stockCountId": key,
        "sheetNumber": 1,
        "status": "completed" if done else "inProgress",
        **state,
        "lastModifiedById": world.reference.team_member_ids[1],
        "timestamp": rowversion(version + 1),
        "lines": [
            {
                "countSheetLineId": guid(rng),
                "productId": product.product_id,
                "description": product.name,
                "countedQuantity": _amount("7", product.standard_unit),
                "snapshotQuantity": _amount("8", product.standard_unit),
                "sublocation": None,
                "timestamp": rowversion(version + 2),
            }
        ],
    }
    return {
        "stockCountId": key,
        "stockCountNumber": f"SC-{index + 1:06d}",
        "status": "completed" if done else "inProgress",
        "isPrepared": True,
        "isStarted": True,
        "isReviewed": done,
        **state,
        "locationId": world.reference.location_ids[index % 3],
        "sheets": [sheet],
        "attachments": [],
    }


def _cost_adjustment(_world: World, index: int, key: str, product: ProductFacts, _version: int) -> Row:
    return {
        "productCostAdjustmentId": key,
        "productId": product.product_id,
        "dateTime": midnight(LAST_DAY - 60 + index),
        "serial": None if index % 2 else f"SN-{index}",
        "unitCost": exact(product.cost, 5),
    }


_BUILDERS = {
    "manufacturing-orders": _manufacturing_order,
    "product-cost-adjustments": _cost_adjustment,
    "stock-adjustments": _stock_adjustment,
    "stock-counts": _stock_count,
    "stock-transfers": _stock_transfer,
}


def document(world: World, name: str, index: int) -> Row:
    """Return the whole row at ``index`` of the collection ``name``.

    Raises:
        ValueError: The data set has no product that is not a service.
    """
    product = world.pick_product(index * 7 % len(world.ids["products"]))
    if product is None:
        raise ValueError("documents need a product that is not a service")
    version = world.versions[name][index]
    row = _BUILDERS[name](world, index, world.ids[name][index], product, version)
    row["lastModifiedById"] = world.reference.team_member_ids[index % 3]
    row["timestamp"] = rowversion(version + OWN_VERSION)
    return row
