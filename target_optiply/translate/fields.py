"""Optiply-shaped fields in all their spellings, laid into an entity record; used for whole streams and overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import Any

import msgspec

from target_optiply import convert
from target_optiply.convert import InvalidRecord, quoted
from target_optiply.entities import ENTITIES, LONG
from target_optiply.identity import optiply_id, remote_id
from target_optiply.model import EntityRecord, Instruction, Reference, Warn
from target_optiply.translate.reading import Raw

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JSON = msgspec.json.Decoder(float_hook=Decimal)


def _spellings(name: str) -> tuple[str, ...]:
    return (name, _HUMP.sub("_", name).lower())


@dataclass(frozen=True, slots=True)
class Fields:
    """What the field names of one entity's records mean.

    Attributes:
        attributes: Field to attribute.
        references: Field to attribute, entity, and whether it holds a remote id.
        stock: Fields that hold the stock figure.
    """

    attributes: Mapping[str, str]
    references: Mapping[str, tuple[str, str, bool]]
    stock: frozenset[str]


@cache
def fields_of(entity_name: str) -> Fields:
    """Return the meaning of an entity's field names."""
    entity = ENTITIES[entity_name]
    attributes = {spelling: row.name for row in entity.attributes for spelling in _spellings(row.name)}
    if "createdAtRemote" in attributes:
        attributes["created_at"] = "createdAtRemote"
    references: dict[str, tuple[str, str, bool]] = {}
    for row in entity.references:
        for spelling in _spellings(row.name):
            references[spelling] = (row.name, row.entity, False)
            references[f"Remote_{spelling}"] = references[f"remote_{spelling}"] = (row.name, row.entity, True)
    stock = frozenset(() if entity.stock_attribute is None else _spellings(entity.stock_attribute))
    return Fields(attributes, references, stock)


def whole_stock(value: Any) -> int | None:
    """Return a stock figure as the API takes it: rounded towards minus infinity, since half a piece cannot be sold."""
    figure = convert.to_number(value, "stockLevel")
    if figure is None:
        return None
    level = int(figure.to_integral_value(ROUND_FLOOR))
    if not -LONG <= level <= LONG:
        raise InvalidRecord("stockLevel", "beyond the range of whole numbers")
    return level


def lay_in(record: EntityRecord, raw: Raw) -> list[str]:
    """Put every field of ``raw`` that the entity knows into ``record``; return the names of the others.

    Raises:
        InvalidRecord: A reference is no key, a stock figure no number.
    """
    fields = fields_of(record.entity)
    unknown = []
    for name, value in raw.items():
        attribute = fields.attributes.get(name)
        if attribute is not None:
            # A record of another JSON:API reader carries its resource type under the name of the attribute.
            if not (attribute == "type" and value == record.entity):
                record.attributes[attribute] = value
            continue
        pointer = fields.references.get(name)
        if pointer is not None:
            _point(record, pointer, name, value)
        elif name in fields.stock:
            record.stock, record.stock_is_fallback = whole_stock(value), False
        else:
            unknown.append(name)
    return unknown


def _point(record: EntityRecord, pointer: tuple[str, str, bool], field: str, value: Any) -> None:
    attribute, entity, is_remote = pointer
    known = record.references.get(attribute)
    remote, own = (known.remote_id, known.optiply_id) if known else (None, None)
    if is_remote:
        remote = remote_id(value, field) or remote
    else:
        own = optiply_id(value, field) or own
    if remote is not None or own is not None:
        record.references[attribute] = Reference(entity, remote, own)


def json_value(value: Any, field: str) -> Any:
    """Return a value that may have been written as JSON text, decimals exact.

    Raises:
        InvalidRecord: The text is no JSON.
    """
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("", "nan", "none", "null"):
        return None
    try:
        return _JSON.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidRecord(field, f"{quoted(value)} is not JSON") from error


def override(record: EntityRecord, value: Any) -> list[Instruction]:
    """Lay the record's own ``optiply: {attribute: value}`` over what the mapping made of it.

    Raises:
        InvalidRecord: It is no object, or a value in it cannot be used.
    """
    raw = json_value(value, "optiply")
    if raw is None:
        return []
    if not isinstance(raw, Mapping):
        raise InvalidRecord("optiply", f"{quoted(raw)} is not an object")
    references = fields_of(record.entity).references
    for name in raw:
        if name in references:
            record.references.pop(references[name][0], None)
    if "totalValue" in raw:
        record.total_of_lines = False
    return [
        Warn(
            f"override.{record.entity}.{name}", f"optiply: {quoted(name)} is no attribute of {record.entity}: left out"
        )
        for name in lay_in(record, raw)
    ]
