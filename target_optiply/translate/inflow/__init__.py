"""The streams of tap-inventory, by name: which function maps them, and which are known to map to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from target_optiply.convert import InvalidRecord
from target_optiply.identity import remote_id
from target_optiply.model import Facts, Instruction, Reject, Remove, Upsert, Warn
from target_optiply.translate.fields import override
from target_optiply.translate.inflow import currencies, products, purchases, sales, stock, vendors
from target_optiply.translate.reading import Raw, is_deleted
from target_optiply.translate.settings import MappingSettings, Translator

Mapper: TypeAlias = Callable[[str, Raw, Facts, MappingSettings], "list[Instruction]"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: its key, the entity its records become (None where they are facts only), and the mapping."""

    key: str
    entity: str | None
    mapper: Mapper


STREAMS: Mapping[str, Stream] = {
    "products": Stream("productId", "products", products.translate),
    "product_summaries": Stream("productId", None, stock.translate),
    "vendors": Stream("vendorId", "suppliers", vendors.translate),
    "currencies": Stream("currencyId", None, currencies.translate),
    "pricing_schemes": Stream("pricingSchemeId", None, currencies.translate_pricing_scheme),
    "sales_orders": Stream("salesOrderId", "sellOrders", sales.translate),
    "purchase_orders": Stream("purchaseOrderId", "buyOrders", purchases.translate),
}

WITHOUT_MAPPING = frozenset(
    {
        "adjustment_reasons",
        "categories",
        "custom_field_definitions",
        "customers",
        "locations",
        "manufacturing_orders",
        "operation_types",
        "payment_terms",
        "product_cost_adjustments",
        "stock_adjustments",
        "stock_counts",
        "stock_transfers",
        "stockroom_scans",
        "stockroom_users",
        "tax_codes",
        "taxing_schemes",
        "team_members",
        "webhooks",
    }
)
"""Streams of the tap that Optiply has no use for."""


def translator(stream: str, settings: MappingSettings) -> Translator:
    """Return the translator of one stream of ``STREAMS``."""
    row = STREAMS[stream]

    def translate(record: Raw, facts: Facts, key: tuple[Any, ...]) -> list[Instruction]:
        identity = None
        try:
            identity = remote_id(record.get(row.key), row.key) or (remote_id(key[0], row.key) if key else None)
            if identity is None:
                raise InvalidRecord(row.key, "missing")  # noqa: TRY301 - one place turns reasons into rejections
            if is_deleted(record):
                return [] if row.entity is None else [Remove(row.entity, identity, "deleted at the source")]
            instructions = row.mapper(identity, record, facts, settings)
            upserts = [item for item in instructions if isinstance(item, Upsert)]
            for upsert in upserts:
                instructions += override(upsert.record, record.get("optiply"))
        except InvalidRecord as error:
            if row.entity is None:
                return [Warn(f"{stream}.{error.attribute}", f"{stream} {identity}: {error}")]
            return [Reject(row.entity, identity or "", str(error))]
        return instructions

    return translate


def silent(stream: str) -> Translator:
    """Return the translator of a stream that maps to nothing; it says so once."""
    notice: list[Instruction] = [Warn(f"stream.{stream}", f"{stream}: Optiply has no use for this stream", info=True)]

    def translate(record: Raw, facts: Facts, key: tuple[Any, ...]) -> list[Instruction]:  # noqa: ARG001
        return notice

    return translate
