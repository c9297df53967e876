"""Singer input of any length, the same every time: Optiply-shaped products, and inventory products with relations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Feed = Iterator[bytes]
KEYS = {"Products": ["externalId"], "products": ["productId"]}


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def optiply_products(number: int, *, named: str = "Product") -> Feed:
    """Yield a stream of Optiply-shaped products: thirteen fields, about 490 bytes a record."""
    text = {"type": ["string", "null"]}
    fields = {
        **dict.fromkeys(("externalId", "name", "skuCode", "articleCode", "eanCode", "status", "price"), text),
        **{key: {"type": ["integer", "null"]} for key in ("stockLevel", "minimumStock", "maximumStock")},
        **{key: {"type": ["boolean", "null"]} for key in ("unlimitedStock", "assembled")},
        "stockMeasurementUnit": text,
    }
    schema = {"type": "object", "properties": fields}
    yield _line({"type": "SCHEMA", "stream": "Products", "schema": schema, "key_properties": KEYS["Products"]})
    for index in range(number):
        yield _line({"type": "RECORD", "stream": "Products", "record": _optiply_product(index, named)})
    yield _line({"type": "STATE", "value": {"bookmarks": {"Products": {"replication_key_value": number}}}})


def _optiply_product(index: int, named: str) -> dict[str, Any]:
    return {
        "externalId": f"{index:08d}-4711-4c3e-9b1f-{index * 7919 % 10**12:012d}",
        "name": f"{named} number {index} of a catalogue as shops have them, with a name of usual length",
        "skuCode": f"SKU-{index:08d}",
        "articleCode": f"ART-{index * 31 % 1000003:07d}",
        "eanCode": None,
        "price": f"{index % 9000 / 100 + 0.5:.2f}",
        "stockLevel": index % 500,
        "unlimitedStock": False,
        "status": "enabled",
        "minimumStock": index % 12 + 1,
        "maximumStock": 1000 + index % 100,
        "assembled": False,
        "stockMeasurementUnit": "piece",
    }


def inventory_products(number: int) -> Feed:
    """Yield a stream of products as tap-inventory writes it, each with a price, two vendor items and a barcode."""
    text, number_, list_ = {"type": ["string", "null"]}, {"type": ["string", "null"]}, {"type": ["array", "null"]}
    nested = {"type": ["object", "null"], "additionalProperties": True}
    fields = {
        **dict.fromkeys(("productId", "name", "sku", "itemType", "standardUomName", "timestamp"), text),
        **dict.fromkeys(("lastModifiedDateTime", "remarks", "description", "hsTariffNumber"), text),
        **dict.fromkeys(("totalQuantityOnHand", "weight", "width", "height", "length"), number_),
        **{key: {"type": ["boolean", "null"]} for key in ("isActive", "trackSerials", "isManufacturable")},
        **dict.fromkeys(("salesUom", "purchasingUom", "defaultPrice", "customFields"), nested),
        **dict.fromkeys(("vendorItems", "itemBoms", "productBarcodes"), list_),
    }
    schema = {"type": "object", "properties": fields}
    yield _line({"type": "SCHEMA", "stream": "products", "schema": schema, "key_properties": KEYS["products"]})
    for index in range(number):
        yield _line({"type": "RECORD", "stream": "products", "record": inventory_product(index)})
    yield _line({"type": "STATE", "value": {"bookmarks": {"products": {"replication_key_value": number}}}})


def inventory_product(index: int) -> dict[str, Any]:
    """Return one product with its relations."""
    """Return one product as inFlow's API gives it, relations included; its key grows with the index."""
    key = f"{index:08d}-4711-4c3e-9b1f-{index * 7919 % 10**12:012d}"
    unit = {"name": "ea.", "conversionRatio": {"standardQuantity": "1.0000", "uomQuantity": "1.0000"}}
    return {
        "productId": key,
        "name": f"Product number {index} of a catalogue as shops have them",
        "sku": f"SKU-{index:08d}",
        "itemType": "stockedProduct",
        "description": "Text that nobody maps, but that every answer carries along.",
        "remarks": "",
        "hsTariffNumber": None,
        "isActive": True,
        "trackSerials": False,
        "isManufacturable": False,
        "standardUomName": "ea.",
        "salesUom": unit,
        "purchasingUom": unit,
        "totalQuantityOnHand": f"{index % 300}.0000",
        "weight": "0.5000",
        "width": None,
        "height": None,
        "length": None,
        "lastModifiedDateTime": "2026-02-03T04:05:06.0000000+00:00",
        "timestamp": f"0000000{index:09X}",
        "customFields": {"custom1": "", "custom2": "", "custom3": ""},
        "defaultPrice": {"unitPrice": f"{index % 900}.50000", "priceType": "fixedPrice", "pricingSchemeId": "L1"},
        "vendorItems": [_vendor_item(key, index, number) for number in (1, 2)],
        "itemBoms": [],
        "productBarcodes": [{"productBarcodeId": f"b-{key}", "barcode": "4006381333931", "lineNum": 1}],
    }


def _vendor_item(product: str, index: int, number: int) -> dict[str, Any]:
    return {
        "vendorItemId": f"{product}-{number}",
        "vendorId": f"vendor-{number}",
        "productId": product,
        "vendorItemCode": f"V{index}",
        "cost": f"{index % 400}.25000",
        "leadTimeDays": 7,
        "lineNum": number,
        "timestamp": f"0000000{index:09X}",
    }
