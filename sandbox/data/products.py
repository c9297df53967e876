"""Products with everything that hangs on them: prices, vendors, barcodes, bills of material, stock."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from sandbox.data import barcodes
from sandbox.data.basics import OWN_VERSION, Row, exact, guid, instant, rowversion, stream
from sandbox.data.names import custom_fields
from sandbox.data.offers import vendor_items
from sandbox.data.stock import inventory_lines
from sandbox.data.world import ProductFacts, World, item_type, uom

LABOUR = 3
#: Components as (offset, quantity), for one assembled product in five each; equal ones add up to whole numbers.
BOM_PATTERNS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((1, "1.0000"),),
    ((1, "2.0000"), (2, "4.0000"), (4, "1.0000")),
    ((1, "2.0000"), (2, "1.0000"), (1, "3.0000")),
    ((2, "12.0000"), (5, "1.0000"), (LABOUR, "1.0000")),
    ((1, "0.5000"), (2, "2.0000"), (1, "0.5000")),
)


def has_bom(index: int) -> bool:
    """Tell whether the product at ``index`` is assembled; its components stand before it, so there are no cycles."""
    return index % 10 == 9 and index > 10 and item_type(index) != "service"


def _prices(world: World, facts: ProductFacts, rng: Random, version: int) -> list[Row]:
    schemes = world.reference.pricing_scheme_ids
    rows: list[Row] = []
    for number, scheme_id in enumerate(schemes):
        markup = number == 0 and facts.index % 9 == 3
        if number == 0 and facts.index % 9 == 5:
            continue
        rate = (Decimal(1), Decimal("1.21"), Decimal("1.08375"))[number]
        rows.append(
            {
                "productPriceId": guid(rng),
                "productId": facts.product_id,
                "pricingSchemeId": scheme_id,
                "priceType": "fixedMarkup" if markup else "fixedPrice",
                "unitPrice": None if markup else exact(facts.price * rate, 5),
                "fixedMarkup": "35.00000" if markup else None,
                "timestamp": rowversion(version + 20 + number),
            }
        )
    return rows


def _components(world: World, facts: ProductFacts, rng: Random, version: int, fractional_boms: int) -> list[Row]:
    if not has_bom(facts.index):
        return []
    turn = facts.index // 10
    rows: list[Row] = []
    for number, (offset, quantity) in enumerate(BOM_PATTERNS[turn % len(BOM_PATTERNS)]):
        at = facts.index - 2 * offset
        # One of the patterns has labour among its components.
        while (item_type(at) == "service") != (offset == LABOUR):
            at -= 1
        part = world.product(at)
        # The first assembled product of the data set stands at 19, so its turn is 1.
        amount = "2.5000" if number == 0 and turn <= fractional_boms else quantity
        rows.append(
            {
                "itemBomId": guid(rng),
                "productId": facts.product_id,
                "childProductId": part.product_id,
                "quantity": {
                    "standardQuantity": amount,
                    "uomQuantity": amount,
                    "uom": part.standard_unit,
                    "serialNumbers": [],
                },
                "timestamp": rowversion(version + 30 + number),
            }
        )
    return rows


def _settings(world: World, facts: ProductFacts, rng: Random, version: int) -> Row:
    """Return the relations that only matter to inFlow itself."""
    reference, index, key = world.reference, facts.index, facts.product_id
    scheme = index % 3
    reorder = {
        "reorderSettingsId": guid(rng),
        "productId": key,
        "locationId": reference.location_ids[0],
        "enableReordering": True,
        "reorderMethod": "workOrder" if has_bom(index) else "purchaseOrder",
        "reorderPoint": "20.0000",
        "reorderQuantity": None if index % 2 else "24.0000",
        "vendorId": None,
        "fromLocationId": None,
        "defaultSublocation": "A-12-B",
        "timestamp": rowversion(version + 40),
    }
    operation = {
        "productOperationId": guid(rng),
        "productId": key,
        "operationTypeId": reference.operation_type_ids[0],
        "lineNum": 1,
        "instructions": "Assemble",
        "cost": "1.50000",
        "estimatedMinutes": "5.0000",
        "estimatedSeconds": None,
        "perHourCost": None,
        "timestamp": rowversion(version + 41),
    }
    tax_code = {
        "productTaxCodeId": guid(rng),
        "productId": key,
        "taxCodeId": reference.tax_code_ids[scheme][0],
        "taxingSchemeId": reference.taxing_scheme_ids[scheme],
        "timestamp": rowversion(version + 42),
    }
    return {
        "reorderSettings": [reorder] if index % 2 == 0 and facts.item_type == "stockedProduct" else [],
        "productOperations": [operation] if has_bom(index) else [],
        "taxCodes": [tax_code],
        "cost": {"productCostId": key, "productId": key, "cost": exact(facts.cost, 5)},
        "attachments": [],
    }


def _images(facts: ProductFacts, rng: Random) -> Row:
    image = {"imageId": guid(rng), "originalUrl": f"https://img.shop.test/{facts.index}.png", "thumbUrl": None}
    image |= dict.fromkeys(("largeUrl", "mediumUncroppedUrl", "mediumUrl", "smallUrl"))
    has_image = facts.index % 12 == 7
    return {
        "images": [image] if has_image else [],
        "defaultImage": dict(image) if has_image else None,
        "defaultImageId": image["imageId"] if has_image else None,
    }


def product(world: World, index: int, modified: float, fractional_boms: int) -> Row:
    """Return the whole product at ``index``.

    Args:
        world: What the data set consists of.
        index: The position of the product.
        modified: When it was last changed, in epoch seconds.
        fractional_boms: So many assembled products have a component with a quantity that is not whole.
    """
    facts = world.product(index)
    rng = stream(world.seed, 7, index)
    version = world.versions["products"][index]
    reference = world.reference
    prices = _prices(world, facts, rng, version)
    lines = inventory_lines(world, index, version)
    items = vendor_items(world, index, version)
    return {
        "productId": facts.product_id,
        "name": facts.name,
        "sku": "" if index % 19 == 8 else f"SKU-{index:06d}" if index % 5 else f"sku {index:06d}/é",
        "description": ("", "Sturdy & well made.\r\nSecond line", "Größe: 20 x 30 cm")[index % 3],
        "itemType": facts.item_type,
        "isActive": index % 11 != 6,
        "isManufacturable": has_bom(index),
        "autoAssemble": has_bom(index) and index % 4 == 1,
        "includeQuantityBuildable": has_bom(index),
        "trackSerials": index % 31 == 11,
        "trackLots": False,
        "trackExpiry": False,
        "shelfLifeDays": None,
        "expiryNotificationDays": None,
        "categoryId": reference.category_ids[index % len(reference.category_ids)],
        "standardUomName": facts.standard_unit,
        "salesUom": uom(facts.sales_unit),
        "purchasingUom": uom(facts.purchasing_unit),
        "weight": exact(rng.randint(1, 90_000), 4) if index % 4 else None,
        "length": None,
        "width": None,
        "height": None,
        "hsTariffNumber": "",
        "originCountry": ("", "CN", "NL")[index % 3],
        "remarks": "",
        "customFields": custom_fields("", "True" if index % 6 == 0 else "False"),
        "lastVendorId": items[0]["vendorId"] if items else None,
        "lastModifiedById": reference.api_key_id if index % 7 == 2 else reference.team_member_ids[index % 3],
        "lastModifiedDateTime": instant(modified),
        "totalQuantityOnHand": exact(sum((Decimal(line["quantityOnHand"]) for line in lines), Decimal(0)), 4),
        "timestamp": rowversion(version + OWN_VERSION),
        "inventoryLines": lines,
        "prices": prices,
        "defaultPrice": next((dict(row) for row in prices if row["pricingSchemeId"] == default_scheme(world)), None),
        "vendorItems": items,
        "itemBoms": _components(world, facts, rng, version, fractional_boms),
        "productBarcodes": [
            {
                "productBarcodeId": guid(rng),
                "productId": facts.product_id,
                "barcode": code,
                "lineNum": line_num,
                "timestamp": rowversion(version + 36 + number),
            }
            for number, (code, line_num) in enumerate(barcodes.of_product(index))
        ],
        **_settings(world, facts, rng, version),
        **_images(facts, rng),
    }


def default_scheme(world: World) -> str:
    """Return the id of the pricing scheme whose prices are the default ones."""
    return world.reference.pricing_scheme_ids[0]
