"""OptiFlow's contacts to Optiply's suppliers: those that are suppliers, and no one else's data."""

from __future__ import annotations

from typing import Any

from target_optiply.convert import to_emails
from target_optiply.model import EntityRecord, Facts, Instruction, Remember, Remove, Upsert, Warn
from target_optiply.translate.reading import Raw, word
from target_optiply.translate.settings import MappingSettings

_KNOWN = "is_supplier"


def translate(contact_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Map one contact. A supplier that became something else is removed; that it was one is remembered."""
    kind = word(record, "contact_type")
    if kind != "supplier":
        if facts.get(_KNOWN, contact_id) is None:
            return [Warn("contacts", "contacts: those that are no suppliers are not sent", info=True)]
        return [Remove("suppliers", contact_id, "no supplier any more"), Remember(_KNOWN, contact_id, None)]
    attributes: dict[str, Any] = {}
    instructions: list[Instruction] = []
    if "name" in record:
        attributes["name"] = record["name"]
    if "email" in record:
        warnings: list[str] = []
        attributes["emails"] = to_emails(record["email"], "emails", warnings) or []
        instructions += [Warn("emails", f"contact {contact_id}: {warning}") for warning in warnings[:1]]
    if record.get("status") is not None:
        attributes["ignored"] = word(record, "status") != "active"
    if facts.get(_KNOWN, contact_id) is None:
        instructions.append(Remember(_KNOWN, contact_id, "true"))
    return [*instructions, Upsert(EntityRecord("suppliers", contact_id, attributes))]
