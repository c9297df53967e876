"""What the tests of the mapping share: facts in memory, inventory records, and a way to run a stream."""

from __future__ import annotations

from typing import Any

from target_optiply.model import EntityRecord, Instruction, Remember, Upsert
from target_optiply.translate.route import MappingSettings, translator_for

KEYS = {
    "products": "productId",
    "product_summaries": "productId",
    "vendors": "vendorId",
    "currencies": "currencyId",
    "pricing_schemes": "pricingSchemeId",
    "sales_orders": "salesOrderId",
    "purchase_orders": "purchaseOrderId",
}


class MemoryFacts:
    """Facts as the state keeps them."""

    def __init__(self, known: dict[tuple[str, str], str] | None = None) -> None:
        self.known = dict(known or {})

    def get(self, kind: str, key: str) -> str | None:
        return self.known.get((kind, key))

    def all(self, kind: str) -> dict[str, str]:
        return {key: value for (other, key), value in self.known.items() if other == kind}

    def note(self, instructions: list[Instruction]) -> None:
        for item in instructions:
            if isinstance(item, Remember):
                if item.value is None:
                    self.known.pop((item.kind, item.key), None)
                else:
                    self.known[item.kind, item.key] = item.value


def run(stream: str, record: dict[str, Any], facts: MemoryFacts | None = None, **settings: Any) -> list[Instruction]:
    """Map one record of an inventory stream, and note what is to be remembered."""
    facts = facts if facts is not None else MemoryFacts()
    translate = translator_for(stream, {}, [KEYS[stream]], MappingSettings(**settings))
    assert translate is not None
    instructions = translate(record, facts, (record.get(KEYS[stream]),))
    facts.note(instructions)
    return instructions


def run_optiply(stream: str, record: dict[str, Any], keys: tuple[str, ...] = ("externalId",)) -> list[Instruction]:
    """Map one Optiply-shaped record."""
    translate = translator_for(stream, {}, keys, MappingSettings())
    assert translate is not None
    return translate(record, MemoryFacts(), tuple(record.get(key) for key in keys))


def upserted(instructions: list[Instruction]) -> EntityRecord:
    """Return the one record that is to be brought to Optiply."""
    (upsert,) = (item for item in instructions if isinstance(item, Upsert))
    return upsert.record


def of(kind: type, instructions: list[Instruction]) -> list[Any]:
    """Return the instructions of one kind."""
    return [item for item in instructions if isinstance(item, kind)]


def unit(name: str, standard: str, measured: str = "1.0000") -> dict[str, Any]:
    return {"name": name, "conversionRatio": {"standardQuantity": standard, "uomQuantity": measured}}


def product(**changes: Any) -> dict[str, Any]:
    return {
        "productId": "p1",
        "name": "Desk lamp, brass",
        "sku": "LAMP-1",
        "itemType": "stockedProduct",
        "isActive": True,
        "standardUomName": "ea.",
        "salesUom": unit("ea.", "1.0000"),
        "purchasingUom": unit("ea.", "1.0000"),
        "totalQuantityOnHand": "37.0000",
        "defaultPrice": {"pricingSchemeId": "list", "priceType": "fixedPrice", "unitPrice": "49.95000"},
        "vendorItems": [],
        "itemBoms": [],
        "productBarcodes": [],
        **changes,
    }


def vendor_item(identity: str = "vi1", vendor: str = "v1", **changes: Any) -> dict[str, Any]:
    return {
        "vendorItemId": identity,
        "productId": "p1",
        "vendorId": vendor,
        "vendorItemCode": "BL-77",
        "cost": "10.00000",
        "leadTimeDays": 14,
        "lineNum": 1,
        **changes,
    }


def part(identity: str, child: str, quantity: str | None) -> dict[str, Any]:
    return {"itemBomId": identity, "productId": "p1", "childProductId": child, "quantity": amount(quantity)}


def amount(quantity: str | None) -> dict[str, Any]:
    return {"standardQuantity": quantity, "uomQuantity": "1.0000", "uom": "case", "serialNumbers": []}


def line(product_id: str, quantity: str | None, subtotal: str, **changes: Any) -> dict[str, Any]:
    return {
        "productId": product_id,
        "quantity": amount(quantity),
        "subTotal": subtotal,
        "tax1Rate": "0.00000",
        "tax2Rate": "0.00000",
        "serviceCompleted": None,
        **changes,
    }


def sales_order(**changes: Any) -> dict[str, Any]:
    return {
        "salesOrderId": "so1",
        "orderNumber": "SO-1",
        "orderDate": "2025-07-01T00:00:00-04:00",
        "inventoryStatus": "fulfilled",
        "isQuote": False,
        "isCancelled": False,
        "isCompleted": True,
        "needsConfirmation": False,
        "confirmerTeamMemberId": None,
        "invoicedDate": None,
        "exchangeRate": "1.0000000000",
        "isTaxInclusive": False,
        "calculateTax2OnTax1": False,
        "lines": [line("p1", "2.0000", "94.91000")],
        "shipLines": [],
        **changes,
    }


def receipt(identity: str, product_id: str, quantity: str, date: str | None) -> dict[str, Any]:
    return {
        "purchaseOrderReceiveLineId": identity,
        "productId": product_id,
        "quantity": amount(quantity),
        "receiveDate": date,
    }


def purchase_order(**changes: Any) -> dict[str, Any]:
    return {
        "purchaseOrderId": "po1",
        "orderNumber": "PO-1",
        "vendorOrderNumber": "",
        "orderRemarks": "",
        "vendorId": "v1",
        "orderDate": "2025-06-20T00:00:00-04:00",
        "requestShipDate": "2025-07-10T00:00:00-04:00",
        "inventoryStatus": "started",
        "isQuote": False,
        "isCancelled": False,
        "isCompleted": False,
        "exchangeRate": "1.0000000000",
        "isTaxInclusive": False,
        "calculateTax2OnTax1": False,
        "lines": [line("p1", "24.0000", "432.00000")],
        "receiveLines": [],
        **changes,
    }
