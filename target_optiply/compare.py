"""Whether what stands in Optiply is what would be sent: values compared by the entity table's own types. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_optiply.convert import InvalidRecord
from target_optiply.entities import ENTITIES
from target_optiply.records import CONVERTERS

_FILLED_BY_SERVER = {
    entity.name: frozenset(attribute.name for attribute in entity.attributes if attribute.filled_by_server)
    for entity in ENTITIES.values()
}


def canonical(entity: str, name: str, value: Any) -> Any:
    """Return a value in the one spelling in which equal values are equal."""
    converter = CONVERTERS[entity].get(name)
    if converter is None:  # references and stock figures: whole numbers, or text of them
        return None if value is None else _whole(value)
    try:
        return converter(value, [])
    except InvalidRecord:
        return value


def same_value(entity: str, name: str, ours: Any, theirs: Any) -> bool:
    """Whether two values of one attribute are the same, whatever their spelling (``"19.9"`` and 19.90)."""
    return bool(canonical(entity, name, ours) == canonical(entity, name, theirs))


def _whole(value: Any) -> str:
    text = str(value)
    head, _, tail = text.partition(".")
    return head if not tail.strip("0") else text


def differing(entity: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the attributes of ours that stand differently in a row; nothing of ours is no different from a default."""
    filled = _FILLED_BY_SERVER[entity]
    return [
        name
        for name, value in ours.items()
        if not same_value(entity, name, value, theirs.get(name)) and not (value is None and name in filled)
    ]
