"""A mapped record to what a request may carry: checked, hashed, rendered and encoded; pure throughout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from math import isfinite
from typing import Any, Literal

import msgspec

from target_optiply.convert import Converter, InvalidRecord, converter_for
from target_optiply.entities import ENTITIES, Entity
from target_optiply.model import EntityRecord, Line, Reference

__all__ = ["InvalidRecord", "attributes_for", "check", "content_hash", "encode"]

_HASHED = msgspec.json.Encoder(decimal_format="string", order="sorted")
_SENT = msgspec.json.Encoder(decimal_format="number")
_NO_FRACTIONS = frozenset({str, int, bool, type(None)})
_DEFAULTS = {
    entity.name: {attribute.name: attribute.default for attribute in entity.attributes if attribute.default is not None}
    for entity in ENTITIES.values()
}
_REQUIRED = {
    entity.name: frozenset(attribute.name for attribute in entity.attributes if attribute.required)
    for entity in ENTITIES.values()
}
CONVERTERS: dict[str, dict[str, Converter]] = {
    entity.name: {attribute.name: converter_for(attribute) for attribute in entity.attributes}
    for entity in ENTITIES.values()
}
"""Per entity and attribute, what brings a value to the API's type and limits."""


def _checked(entity: str, attributes: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    converters, required = CONVERTERS[entity], _REQUIRED[entity]
    canonical: dict[str, Any] = {}
    for name, raw in attributes.items():
        converter = converters.get(name)
        if converter is None:
            # The API may refuse what it does not know, and refuses the whole record then.
            warnings.append(f"{name}: left out, {entity} have no such attribute")
            continue
        value = converter(raw, warnings)
        if value is None and name in required:
            value = _DEFAULTS[entity].get(name)
            if value is None:
                raise InvalidRecord(name, "missing")
        canonical[name] = value
    return canonical


def _checked_lines(entity: Entity, lines: list[Line], warnings: list[str]) -> list[Line]:
    if entity.line_entity is None:
        raise InvalidRecord("orderLines", f"{entity.name} have no lines")
    required = _REQUIRED[entity.line_entity]
    canonical = []
    for line in lines:
        try:
            attributes = _checked(entity.line_entity, line.attributes, warnings)
        except InvalidRecord as error:
            raise InvalidRecord("orderLines", str(error)) from error
        missing = required - attributes.keys()
        if missing:
            raise InvalidRecord("orderLines", f"{min(missing)}: missing")
        canonical.append(Line(line.product, attributes))
    return canonical


def check(record: EntityRecord) -> tuple[EntityRecord, list[str]]:
    """Bring each attribute to the API's type and limits.

    Canonical values are: text, ``int``, ``Decimal`` of two places, ``bool``, ``2025-07-01T04:00:00Z``, a list of
    addresses, None. An attribute that is absent stays absent (a PATCH may carry a part); whether a POST has all it
    needs is known to :func:`attributes_for`. Children are records of their own and are not looked into.

    Args:
        record: A mapped record; it is not changed.

    Returns:
        The canonical record (checking it again changes nothing), and what was repaired with a loss.

    Raises:
        InvalidRecord: A value cannot be brought to the API's limits.
    """
    if record.defect is not None:
        attribute, _, reason = record.defect.partition(": ")
        raise InvalidRecord(attribute, reason)
    warnings: list[str] = []
    attributes = _checked(record.entity, record.attributes, warnings)
    lines = record.lines
    if lines is not None:
        lines = _checked_lines(ENTITIES[record.entity], lines, warnings)
    return (
        EntityRecord(
            record.entity,
            record.remote_id,
            attributes,
            record.references,
            lines,
            record.children,
            record.stock,
            record.stock_is_fallback,
            record.optiply_id,
            record.own,
            record.deleted,
            record.total_of_lines,
        ),
        warnings,
    )


def _pointer(reference: Reference) -> str:
    # "#" keeps an Optiply id apart from a remote id of the same digits.
    return f"#{reference.optiply_id}" if reference.remote_id is None else reference.remote_id


def content_hash(record: EntityRecord) -> str:
    """Return a hash of what a checked record says: 32 hex digits, the same in every process and release.

    It covers attributes, references (as remote ids where known) and lines in any order; not the stock figure, the
    record's own ids, its children or the date of synchronisation.
    """
    content: list[Any] = [
        record.attributes,
        {name: _pointer(reference) for name, reference in record.references.items()},
    ]
    if record.lines is not None:
        content.append(sorted(([_pointer(line.product), line.attributes] for line in record.lines), key=_product))
    return blake2b(_HASHED.encode(content), digest_size=16).hexdigest()


def _product(line: list[Any]) -> str:
    return str(line[0])


def _number_of(optiply_id: str | None, attribute: str) -> int:
    if optiply_id is None:
        raise InvalidRecord(attribute, "missing")
    return int(optiply_id)


def _order_lines(lines: list[Line], products: Mapping[str, str]) -> list[dict[str, Any]]:
    # Flat objects without a type: an embedded JSON:API resource is refused here.
    rendered = []
    for line in lines:
        product = line.product
        identifier = products.get(product.remote_id) if product.remote_id is not None else None
        number = _number_of(identifier or product.optiply_id, "orderLines")
        present = {name: value for name, value in line.attributes.items() if value is not None}
        rendered.append({**present, "productId": number})
    return rendered


def attributes_for(
    record: EntityRecord,
    ids: Mapping[str, str],
    *,
    method: Literal["POST", "PATCH"],
    stock: int | None = None,
    products: Mapping[str, str] | None = None,
    synced_at: str | None = None,
) -> dict[str, Any]:
    """Return the ``attributes`` member of a request for a checked record.

    Args:
        record: A record that :func:`check` returned.
        ids: Reference attribute to Optiply id, for the record's references.
        method: A POST carries defaults, references and lines but no nulls; a PATCH nulls and none of these.
        stock: The stock figure, where there is one; a POST of a product without one says 0.
        products: Remote id to Optiply id, for the products of the lines.
        synced_at: ``remoteDataSyncedToDate``; given with it go the remote id and the date, or neither.

    Raises:
        InvalidRecord: A POST lacks what the API requires; a reference or a line's product has no Optiply id.
    """
    entity = ENTITIES[record.entity]
    attributes = dict(record.attributes)
    if method == "POST":  # a changed reference makes another row, and an unchanged one may be refused in a PATCH
        for name, reference in record.references.items():
            attributes[name] = _number_of(ids.get(name) or reference.optiply_id, name)
    if entity.stock_attribute is not None and (stock is not None or method == "POST"):
        attributes[entity.stock_attribute] = stock or 0
    if method == "POST":
        attributes = {name: value for name, value in attributes.items() if value is not None}
        for name, default in _DEFAULTS[entity.name].items():
            attributes.setdefault(name, default)
        missing = next((row.name for row in entity.attributes if row.required and row.name not in attributes), None)
        missing = missing or next(
            (row.name for row in entity.references if row.required and row.name not in attributes), None
        )
        if missing is not None:
            raise InvalidRecord(missing, "missing")
        if record.lines is not None:
            attributes["orderLines"] = _order_lines(record.lines, products or {})
    if synced_at is not None and entity.takes_remote_id and record.remote_id is not None:
        attributes["remoteId"] = record.remote_id
        attributes["remoteDataSyncedToDate"] = synced_at
    return attributes


def _refuse_nan(value: Any, path: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if type(item) not in _NO_FRACTIONS:  # most are, and a call for each would be dear
                _refuse_nan(item, name)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_nan(item, path)
    elif (isinstance(value, float) and not isfinite(value)) or (isinstance(value, Decimal) and not value.is_finite()):
        raise InvalidRecord(path, "is not a number")


def encode(document: Any) -> bytes:
    """Return a document as JSON, decimals as exact JSON numbers.

    Raises:
        InvalidRecord: It holds NaN or an infinity.
    """
    _refuse_nan(document, "data")
    return _SENT.encode(document)
