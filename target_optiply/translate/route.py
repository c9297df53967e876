"""Which translator a stream gets, from its name and its SCHEMA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from target_optiply.entities import entity_of, squeeze
from target_optiply.translate import inflow, optiply
from target_optiply.translate.settings import MappingSettings, Translator

__all__ = ["MappingSettings", "Translator", "translator_for"]

_INFLOW = {squeeze(name): name for name in inflow.STREAMS}
_NOTHING = {squeeze(name): name for name in inflow.WITHOUT_MAPPING}


def translator_for(
    stream: str, schema: Mapping[str, Any], key_properties: Iterable[str], settings: MappingSettings
) -> Translator | None:
    """Return what maps the records of a stream, None where the stream is of neither shape.

    Args:
        stream: The stream's name, in any spelling (``Products``, ``sell_order_lines``).
        schema: The stream's JSON schema.
        key_properties: The stream's Singer key.
        settings: ``source`` decides where both shapes know the name.
    """
    name, key = squeeze(stream), tuple(key_properties)
    entity = entity_of(stream)
    if name in _INFLOW and (entity is None or _is_inflow(_INFLOW[name], schema, key, settings)):
        return inflow.translator(_INFLOW[name], settings)
    if entity is not None:
        return optiply.translator(entity, key)
    return inflow.silent(_NOTHING[name]) if name in _NOTHING else None


def _is_inflow(stream: str, schema: Mapping[str, Any], key: tuple[str, ...], settings: MappingSettings) -> bool:
    if settings.source != "auto":
        return settings.source == "inflow"
    # inFlow's key, which is no attribute of the entity; a stream without a key is told by its properties.
    known = key or tuple(schema.get("properties") or ())
    return inflow.STREAMS[stream].key in known
