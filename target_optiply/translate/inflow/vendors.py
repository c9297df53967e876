"""inFlow's vendors to Optiply's suppliers."""

from __future__ import annotations

from typing import Any

from target_optiply.convert import to_emails
from target_optiply.model import EntityRecord, Facts, Instruction, Remember, Upsert, Warn
from target_optiply.translate.reading import Raw, flag, key, number
from target_optiply.translate.settings import MappingSettings

_LONGEST_DELIVERY = 365


def translate(vendor_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one vendor, and remember its currency for the prices of what it sells."""
    instructions: list[Instruction] = []
    if "currencyId" in record:
        currency = key(record, "currencyId")
        if facts.get("vendor_currency", vendor_id) != currency:
            instructions.append(Remember("vendor_currency", vendor_id, currency))
    attributes: dict[str, Any] = {}
    if "name" in record:
        attributes["name"] = record["name"]
    if "email" in record:
        warnings: list[str] = []
        attributes["emails"] = to_emails(record["email"], "emails", warnings) or []
        instructions += [Warn("emails", f"vendor {vendor_id}: {warning}") for warning in warnings[:1]]
    if "leadTimeDays" in record:
        days = number(record, "leadTimeDays")
        attributes["deliveryTime"] = days if days is not None and 1 <= days <= _LONGEST_DELIVERY else None
    if record.get("isActive") is not None:
        attributes["ignored"] = not flag(record, "isActive")
    instructions.append(Upsert(EntityRecord("suppliers", vendor_id, attributes)))
    return instructions
