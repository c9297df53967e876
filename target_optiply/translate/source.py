"""A source's streams as data: which function maps each, what tells it from others, and which map to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from target_optiply.convert import InvalidRecord
from target_optiply.identity import remote_id
from target_optiply.model import Facts, Instruction, Reject, Remove, Upsert, Warn
from target_optiply.translate.fields import override
from target_optiply.translate.reading import Raw, is_deleted
from target_optiply.translate.settings import MappingSettings, Translator

Mapper: TypeAlias = Callable[[str, Raw, Facts, MappingSettings], "list[Instruction]"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a source.

    Attributes:
        key: The field that identifies a record.
        entity: What its records become; None where they are facts only.
        mapper: The mapping.
        marks: Properties that a SCHEMA of this stream has, and one of another stream of its name has not.
    """

    key: str
    entity: str | None
    mapper: Mapper
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of one source.

    Attributes:
        streams: Its streams that are mapped, by name.
        nothing: Those that Optiply has no use for, each with its marks.
    """

    streams: Mapping[str, Stream]
    nothing: Mapping[str, frozenset[str]]


def translator(name: str, stream: Stream, settings: MappingSettings) -> Translator:
    """Return the translator of one stream."""

    def translate(record: Raw, facts: Facts, key: tuple[Any, ...]) -> list[Instruction]:
        identity = None
        try:
            identity = remote_id(record.get(stream.key), stream.key) or (remote_id(key[0], stream.key) if key else None)
            if identity is None:
                raise InvalidRecord(stream.key, "missing")  # noqa: TRY301 - one place turns reasons into rejections
            if is_deleted(record):
                return [] if stream.entity is None else [Remove(stream.entity, identity, "deleted at the source")]
            instructions = stream.mapper(identity, record, facts, settings)
            for upsert in [item for item in instructions if isinstance(item, Upsert)]:
                if upsert.record.entity == stream.entity:
                    instructions += override(upsert.record, record.get("optiply"))
        except InvalidRecord as error:
            if stream.entity is None:
                return [Warn(f"{name}.{error.attribute}", f"{name} {identity}: {error}")]
            return [Reject(stream.entity, identity or "", str(error))]
        return instructions

    return translate


def silent(name: str) -> Translator:
    """Return the translator of a stream that maps to nothing; it says so once."""
    notice: list[Instruction] = [Warn(f"stream.{name}", f"{name}: Optiply has no use for this stream", info=True)]

    def translate(record: Raw, facts: Facts, key: tuple[Any, ...]) -> list[Instruction]:  # noqa: ARG001
        return notice

    return translate
