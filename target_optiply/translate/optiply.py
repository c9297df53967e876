"""Optiply-shaped streams, in every spelling that taps, stream maps and ETL jobs write, to entity records."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from target_optiply import convert
from target_optiply.convert import InvalidRecord, quoted
from target_optiply.entities import Attribute, Entity
from target_optiply.identity import optiply_id, remote_id
from target_optiply.model import EntityRecord, Facts, Instruction, Line, Reference, Reject, Remove, Upsert
from target_optiply.translate.fields import json_value, lay_in, override
from target_optiply.translate.reading import Raw, is_deleted
from target_optiply.translate.settings import Translator

_OPTIPLY_IDS = ("optiply_id", "id")
_REMOTE_IDS = ("externalId", "externalid", "remoteId", "external_id", "remote_id")
_LINES = ("line_items", "orderLines", "lineItems", "order_lines")


def _first(record: Raw, names: tuple[str, ...], read: Any) -> str | None:
    for name in names:
        value = record.get(name)
        if value is not None and (identity := read(value, name)) is not None:
            return str(identity)
    return None


def translator(entity: Entity, key_properties: tuple[str, ...]) -> Translator:
    """Return the translator of a stream of one entity's records.

    Args:
        entity: The entity.
        key_properties: The stream's Singer key; it identifies a record that has no id of its own.
    """
    # A Singer key of the Optiply id, or of a remote id, says nothing beyond those.
    is_source_key = not set(key_properties) & {*_OPTIPLY_IDS, *_REMOTE_IDS}

    def translate(record: Raw, facts: Facts, key: tuple[Any, ...]) -> list[Instruction]:  # noqa: ARG001
        remote = own = None
        try:
            own = _first(record, _OPTIPLY_IDS, optiply_id)
            remote = _first(record, _REMOTE_IDS, remote_id)
            result = EntityRecord(entity.name, remote, optiply_id=own)
            lay_in(result, record)
            if remote is None and own is None:
                remote = _singer_key(key) if is_source_key else None
                remote = result.remote_id = remote or _pair_of(result, entity)
                if remote is None:
                    raise InvalidRecord("externalId", "missing")  # noqa: TRY301 - one place turns reasons into rejections
            if is_deleted(record):
                return [Remove(entity.name, remote, "deleted at the source", own)]
            if entity.line_entity is not None:
                _lay_lines_in(result, entity.line_entity, record)
            instructions = override(result, record.get("optiply"))
        except InvalidRecord as error:
            return [Reject(entity.name, remote or own or "", str(error))]
        return [*instructions, Upsert(result)]

    return translate


def _singer_key(key: tuple[Any, ...]) -> str | None:
    parts = [remote_id(part) for part in key]
    return "_".join(part for part in parts if part is not None) if parts and None not in parts else None


def _pair_of(record: EntityRecord, entity: Entity) -> str | None:
    """Return the identity of a line or pair that has no key of its own: its two parents' remote ids."""
    if entity.name in ("sellOrderLines", "buyOrderLines"):
        names: tuple[str, ...] = (entity.owner or "", "productId")
    else:
        names = entity.unique_pair or ()
    parts = [record.references[name].remote_id for name in names if name in record.references]
    return "_".join(str(part) for part in parts) if len(parts) == 2 and None not in parts else None


def _lay_lines_in(record: EntityRecord, line_entity: str, raw: Raw) -> None:
    value = next((raw[name] for name in _LINES if raw.get(name) is not None), None)
    items = json_value(value, "line_items")
    if items is None:
        return
    if not isinstance(items, list):
        raise InvalidRecord("line_items", f"{quoted(items)} is not a list")
    record.lines = []
    by_product: dict[Reference, Line] = {}
    for item in items:
        line = _line(line_entity, item)
        known = by_product.get(line.product)
        if known is None:
            by_product[line.product] = line
            record.lines.append(line)
        else:
            _add_up(known, line)
    if convert.to_number(record.attributes.get("totalValue"), "totalValue") is None:
        values = [convert.to_number(line.attributes.get("subtotalValue"), "subtotalValue") for line in record.lines]
        rounded = (_CENTS(value, []) for value in values)
        record.attributes["totalValue"] = sum((value for value in rounded if value is not None), Decimal("0.00"))
        record.total_of_lines = True


_CENTS = convert.converter_for(Attribute("subtotalValue", "decimal"))


def _line(line_entity: str, item: Any) -> Line:
    if not isinstance(item, Mapping):
        raise InvalidRecord("line_items", f"{quoted(item)} is not an object")
    # Earlier targets wrapped each line as a JSON:API resource.
    wrapped = item.get("attributes")
    line = EntityRecord(line_entity, None)
    lay_in(line, wrapped if isinstance(wrapped, Mapping) else item)
    product = line.references.get("productId")
    if product is None:
        raise InvalidRecord("line_items", "productId: missing")
    return Line(product, line.attributes)


def _add_up(known: Line, further: Line) -> None:
    """Merge a second line of a product into the first: Optiply takes a product once in an order."""
    for name in ("quantity", "subtotalValue"):
        amounts = [convert.to_number(line.attributes.get(name), name) for line in (known, further)]
        known.attributes[name] = sum((amount for amount in amounts if amount is not None), Decimal(0))
