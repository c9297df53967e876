"""Which translator a stream gets, from its name and its SCHEMA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from target_optiply.entities import entity_of, squeeze
from target_optiply.translate import inflow, opterius, optiflow, optiply, quickstart
from target_optiply.translate.settings import MappingSettings, Translator
from target_optiply.translate.source import Source, Stream, silent, translator

__all__ = ["OTHERS", "SHAPES", "MappingSettings", "Translator", "stream_of_a_source", "translator_for"]

OTHERS: Mapping[str, Source] = {
    "optiflow": optiflow.SOURCE,
    "quickstart": quickstart.SOURCE,
    "opterius": opterius.SOURCE,
}
"""The sources whose streams are told by their marks; those of inFlow are told by their names alone."""

SHAPES = ("auto", "optiply", "inflow", *(name for name, source in OTHERS.items() if source.streams))
"""Values of the setting ``source``."""

_INFLOW = {squeeze(name): name for name in inflow.STREAMS}
_NOTHING = {squeeze(name): name for name in inflow.WITHOUT_MAPPING}
_NOTHING_BY_MARKS = tuple(
    (squeeze(name), marks) for source in OTHERS.values() for name, marks in source.nothing.items()
)


def translator_for(
    stream: str, schema: Mapping[str, Any], key_properties: Iterable[str], settings: MappingSettings
) -> Translator | None:
    """Return what maps the records of a stream, None where the stream is of neither shape.

    Args:
        stream: The stream's name, in any spelling (``Products``, ``sell_order_lines``).
        schema: The stream's JSON schema.
        key_properties: The stream's Singer key.
        settings: ``source`` decides where several shapes know the name.
    """
    name, key = squeeze(stream), tuple(key_properties)
    entity = entity_of(stream)
    if name in _INFLOW and (entity is None or _is_inflow(_INFLOW[name], schema, key, settings)):
        return translator(_INFLOW[name], inflow.STREAMS[_INFLOW[name]], settings)
    known = stream_of_a_source(stream, schema, settings)
    if known is not None:
        return translator(name, known, settings)
    if entity is not None:
        return optiply.translator(entity, key)
    known_for_nothing = any(each == name and marks <= set(_properties(schema)) for each, marks in _NOTHING_BY_MARKS)
    return silent(_NOTHING.get(name, stream)) if name in _NOTHING or known_for_nothing else None


def stream_of_a_source(stream: str, schema: Mapping[str, Any], settings: MappingSettings) -> Stream | None:
    """Return the stream of another source than inFlow that a stream is, by its SCHEMA or by the settings, or None."""
    properties = set(_properties(schema))
    for name, source in OTHERS.items():
        known = next((row for each, row in source.streams.items() if squeeze(each) == squeeze(stream)), None)
        told = settings.source == name or (
            settings.source == "auto" and known is not None and known.marks <= properties
        )
        if known is not None and told:
            return known
    return None


def _is_inflow(stream: str, schema: Mapping[str, Any], key: tuple[str, ...], settings: MappingSettings) -> bool:
    if settings.source != "auto":
        return settings.source == "inflow"
    # inFlow's key, which is no attribute of the entity; a stream without a key is told by its properties.
    known = key or _properties(schema)
    return inflow.STREAMS[stream].key in known


def _properties(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(schema.get("properties") or ())
