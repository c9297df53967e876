"""Singer messages by hand: Optiply-shaped records, and inventory records as ``pair.builders`` makes them."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]

INFLOW_KEYS = {
    "products": ("productId",),
    "product_summaries": ("productId", "locationId"),
    "vendors": ("vendorId",),
    "currencies": ("currencyId",),
    "sales_orders": ("salesOrderId",),
    "purchase_orders": ("purchaseOrderId",),
}
PLACED = "2025-07-01T04:00:00Z"


def schema(stream: str, *keys: str, **properties: Any) -> Message:
    """Return a SCHEMA message; properties are JSON schemas, none says nothing of a property."""
    fields = {**{key: {} for key in keys}, **properties}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": fields}, "key_properties": list(keys)}


def record(stream: str, _row: Message | None = None, **fields: Any) -> Message:
    """Return a RECORD message."""
    return {"type": "RECORD", "stream": stream, "record": {**(_row or {}), **fields}}


def state(value: Any) -> Message:
    """Return a STATE message."""
    return {"type": "STATE", "value": value}


def optiply(stream: str, *rows: Message) -> list[Message]:
    """Return an Optiply-shaped stream: its SCHEMA, and a RECORD for each row."""
    return [schema(stream, "externalId"), *(record(stream, row) for row in rows)]


def inflow(stream: str, *rows: Message) -> list[Message]:
    """Return a stream as tap-inventory writes it."""
    return [schema(stream, *INFLOW_KEYS[stream]), *(record(stream, row) for row in rows)]


def product(key: str, **fields: Any) -> Message:
    """Return an Optiply-shaped product."""
    base = {"externalId": key, "name": f"Product {key}", "skuCode": f"SKU-{key}", "stockLevel": 5, "price": "9.50"}
    return {**base, "unlimitedStock": False, "status": "enabled", **fields}


def products(*keys: str, **fields: Any) -> list[Message]:
    """Return a stream of products."""
    return optiply("Products", *(product(key, **fields) for key in keys))


def supplier(key: str, **fields: Any) -> Message:
    """Return an Optiply-shaped supplier."""
    return {"externalId": key, "name": f"Supplier {key}", "emails": [f"{key.lower()}@example.com"], **fields}


def suppliers(*keys: str, **fields: Any) -> list[Message]:
    """Return a stream of suppliers."""
    return optiply("Suppliers", *(supplier(key, **fields) for key in keys))


def offer(key: str, product_id: str, supplier_id: str, **fields: Any) -> Message:
    """Return an Optiply-shaped supplier product."""
    base = {"externalId": key, "name": f"Offer {key}", "price": "4.20", "status": "enabled"}
    return {**base, "Remote_productId": product_id, "Remote_supplierId": supplier_id, **fields}


def composition(key: str, whole: str, part: str, quantity: int = 2) -> Message:
    """Return an Optiply-shaped composition."""
    references = {"Remote_composedProductId": whole, "Remote_partProductId": part}
    return {"externalId": key, "partQuantity": quantity, **references}


def line(product_id: str, quantity: int, value: str) -> Message:
    """Return an embedded order line."""
    return {"Remote_productId": product_id, "quantity": quantity, "subtotalValue": value}


def sell_order(key: str, *lines: Message, **fields: Any) -> Message:
    """Return an Optiply-shaped sell order; its total is the sum of its lines."""
    return {"externalId": key, "placed": PLACED, "completed": PLACED, "line_items": list(lines), **fields}


def buy_order(key: str, supplier_id: str, *lines: Message, **fields: Any) -> Message:
    """Return an Optiply-shaped buy order."""
    base = {"externalId": key, "placed": PLACED, "Remote_supplierId": supplier_id, "line_items": list(lines)}
    return {**base, **fields}


def buy_order_line(key: str, order_id: str, product_id: str, quantity: int = 3, value: str = "9.00") -> Message:
    """Return an Optiply-shaped buy order line that comes on its own."""
    return {"externalId": key, "Remote_buyOrderId": order_id, **line(product_id, quantity, value)}


def receipt(key: str, line_id: str, quantity: int = 3, occurred: str = "2025-07-05T04:00:00Z") -> Message:
    """Return an Optiply-shaped receipt line."""
    return {"externalId": key, "Remote_buyOrderLineId": line_id, "quantity": quantity, "occurred": occurred}


def promotion(key: str, **fields: Any) -> Message:
    """Return an Optiply-shaped promotion."""
    dates = {"startDate": "2026-04-01T00:00:00Z", "endDate": "2026-04-14T00:00:00Z"}
    return {"externalId": key, "name": f"Promotion {key}", "enabled": True, "upliftType": "relative", **dates, **fields}


def promotion_product(key: str, promotion_id: str, product_id: str, **fields: Any) -> Message:
    """Return an Optiply-shaped product of a promotion."""
    base = {"externalId": key, "Remote_promotionId": promotion_id, "Remote_productId": product_id}
    return {**base, "specificUpliftType": "relative", "specificUpliftIncrease": 20, **fields}
