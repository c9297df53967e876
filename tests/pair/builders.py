"""The smallest inventory rows that are whole, as building blocks for examples computed by hand."""

from __future__ import annotations

from typing import Any

from pair.expected import Inventory

Row = dict[str, Any]
MIDNIGHT = "2025-07-01T00:00:00-04:00"


def unit(name: str = "ea.", standard: str = "1.0000", uom: str = "1.0000") -> Row:
    """Return a sales or purchasing unit: ``standard`` stock units are ``uom`` of it."""
    return {"name": name, "conversionRatio": {"standardQuantity": standard, "uomQuantity": uom}}


def price(amount: str | None, kind: str = "fixedPrice", price_list: str = "L1") -> Row:
    """Return a default price."""
    return {"unitPrice": amount, "priceType": kind, "pricingSchemeId": price_list, "fixedMarkup": None}


def product(key: str = "P1", **fields: Any) -> Row:
    """Return a stocked, active product without relations."""
    base: Row = {
        "productId": key,
        "name": f"Product {key}",
        "sku": f"SKU-{key}",
        "itemType": "stockedProduct",
        "isActive": True,
        "standardUomName": "ea.",
        "salesUom": unit(),
        "purchasingUom": unit(),
        "totalQuantityOnHand": None,
        "defaultPrice": None,
        "vendorItems": [],
        "itemBoms": [],
        "productBarcodes": [],
    }
    return {**base, **fields}


def vendor(key: str = "V1", **fields: Any) -> Row:
    """Return an active vendor that invoices in the home currency."""
    base = {"vendorId": key, "name": f"Vendor {key}", "email": "", "leadTimeDays": None, "isActive": True}
    return {**base, "currencyId": "EUR", **fields}


def vendor_item(key: str = "I1", vendor_id: str = "V1", **fields: Any) -> Row:
    """Return what a vendor asks for a product."""
    base = {"vendorItemId": key, "vendorId": vendor_id, "vendorItemCode": "", "cost": None, "leadTimeDays": None}
    return {**base, "lineNum": 1, **fields}


def part(child: str, quantity: str) -> Row:
    """Return a component of a bill of materials."""
    return {"itemBomId": f"B-{child}-{quantity}", "childProductId": child, "quantity": amount(quantity)}


def currency(key: str, rate: str) -> Row:
    """Return a currency of which ``rate`` units are worth one home unit."""
    return {"currencyId": key, "currencyConversions": [{"currencyId": key, "exchangeRate": rate}]}


def summary(product_id: str, location_id: str | None, **figures: Any) -> Row:
    """Return the stock figures of a product at a location."""
    return {"productId": product_id, "locationId": location_id, **figures}


def amount(quantity: str | None) -> Row:
    """Return a quantity in standard units."""
    return {"standardQuantity": quantity, "uomQuantity": quantity, "uom": "ea.", "serialNumbers": []}


def line(product_id: str, quantity: str | None, value: str, **fields: Any) -> Row:
    """Return an order line without tax."""
    base = {"productId": product_id, "quantity": amount(quantity), "subTotal": value, "serviceCompleted": None}
    return {**base, "tax1Rate": "0.00000", "tax2Rate": "0.00000", **fields}


def sale(key: str = "S1", *lines: Row, **fields: Any) -> Row:
    """Return a completed sales order in the home currency."""
    base: Row = {
        "salesOrderId": key,
        "orderDate": MIDNIGHT,
        "inventoryStatus": "fulfilled",
        "isCancelled": False,
        "isQuote": False,
        "isCompleted": True,
        "isTaxInclusive": False,
        "calculateTax2OnTax1": False,
        "needsConfirmation": False,
        "confirmerTeamMemberId": None,
        "exchangeRate": "1.0000000000",
        "invoicedDate": None,
        "lines": list(lines),
        "shipLines": [],
    }
    return {**base, **fields}


def purchase(key: str = "O1", *lines: Row, **fields: Any) -> Row:
    """Return an open purchase order in the home currency."""
    base: Row = {
        "purchaseOrderId": key,
        "orderNumber": f"PO-{key}",
        "vendorOrderNumber": "",
        "orderRemarks": "",
        "orderDate": MIDNIGHT,
        "inventoryStatus": "unfulfilled",
        "vendorId": "V1",
        "isCancelled": False,
        "isQuote": False,
        "isCompleted": False,
        "isTaxInclusive": False,
        "calculateTax2OnTax1": False,
        "exchangeRate": "1.0000000000",
        "requestShipDate": None,
        "lines": list(lines),
        "receiveLines": [],
    }
    return {**base, **fields}


def receipt(key: str, product_id: str, quantity: str, date: str = MIDNIGHT) -> Row:
    """Return what arrived of a product on a day."""
    return {
        "purchaseOrderReceiveLineId": key,
        "productId": product_id,
        "quantity": amount(quantity),
        "receiveDate": date,
    }


def inventory(*products: Row, **collections: list[Row]) -> Inventory:
    """Return an inventory of these products, vendor V1 and the home currency EUR, unless told otherwise."""
    defaults: dict[str, Any] = {
        "summaries": [],
        "vendors": [vendor()],
        "currencies": [currency("EUR", "1.0000000000")],
        "price_lists": [],
        "sales_orders": [],
        "purchase_orders": [],
    }
    return Inventory(products=list(products), **{**defaults, **collections})
