"""OptiFlow's products, with the stock of each workspace, to Optiply's products."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from target_optiply.model import EntityRecord, Facts, Instruction, Skip, Upsert
from target_optiply.translate.fields import whole_stock
from target_optiply.translate.money import cents
from target_optiply.translate.reading import Raw, flag, number, rows, word
from target_optiply.translate.settings import MappingSettings

_PLAIN = (("name", "name"), ("sku", "skuCode"), ("unit", "stockMeasurementUnit"))


def translate(product_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one product. A service is skipped for good: nothing of it is ever in stock."""
    if word(record, "product_type") == "service":
        return [Skip("products", product_id, "a service has no stock")]
    attributes: dict[str, Any] = {target: record[source] for source, target in _PLAIN if source in record}
    if "price" in record:
        price = number(record, "price")
        attributes["price"] = None if price is None else cents(Fraction(price))
    if record.get("is_active") is not None:
        attributes["status"] = "enabled" if flag(record, "is_active") else "disabled"
    if record.get("track_stock") is not None:
        attributes["unlimitedStock"] = not flag(record, "track_stock")
    return [Upsert(EntityRecord("products", product_id, attributes, stock=_stock(record)))]


def _stock(record: Raw) -> int | None:
    """Return what all workspaces have, added up and then rounded down; None where the record says nothing of it."""
    stocks = rows(record, "stocks")
    if stocks is None:
        return None
    return whole_stock(sum((number(stock, "quantity") or Decimal(0) for stock in stocks), Decimal(0)))
