"""One sink per stream: validates a record by the stream's SCHEMA, translates it, and hands it to the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import fastjsonschema
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks import Sink
from singer_sdk.sinks.core import BaseJSONSchemaValidator

from target_optiply.entities import entity_of
from target_optiply.errors import InputProblem
from target_optiply.hotglue.custom import Wanted, note
from target_optiply.jobs import Job
from target_optiply.model import EntityRecord, Instruction, Reject, Remember, Remove, Skip, Upsert
from target_optiply.recognition import Seal
from target_optiply.translate.inflow import STREAMS
from target_optiply.translate.route import stream_of_a_source, translator_for

if TYPE_CHECKING:
    from target_optiply.target import TargetOptiply


class CompiledValidator(BaseJSONSchemaValidator):
    """Validates by a function compiled from the schema; formats are not looked at, the mapping reads them anyway."""

    def __init__(self, schema: dict[str, Any], stream: str) -> None:
        super().__init__(schema)
        try:
            self._validate = fastjsonschema.compile(schema, use_formats=False, use_default=False)
        except (
            fastjsonschema.JsonSchemaDefinitionException,
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
            re.error,
        ):
            raise InputProblem(f"the SCHEMA of stream {stream} is no valid JSON Schema") from None

    def validate(self, record: dict[str, Any]) -> None:
        """Validate a record.

        Raises:
            InvalidRecord: It does not fit; the message names the property and holds no value.
        """
        try:
            self._validate(record)
        except fastjsonschema.JsonSchemaValueException as error:
            path, _, what = str(error.message).partition(" ")  # "data.name must be string"
            raise InvalidRecord(f"{path.removeprefix('data').lstrip('.') or 'record'}: {what}", record) from None
        except RecursionError:
            raise InvalidRecord("record: nested too deeply", record) from None


def _says_all(instructions: list[Instruction]) -> bool:
    """Whether a record is one to bring over and nothing besides that is said each time it is read."""
    kinds = [type(each) for each in instructions if not isinstance(each, Remember)]
    return kinds == [Upsert]


class OptiplySink(Sink):
    """Takes the records of one stream."""

    def __init__(
        self, target: TargetOptiply, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._run = target.run
        self._keys = tuple(key_properties or ())
        self._translate = translator_for(stream_name, schema, self._keys, self._run.mapping)
        self._entity = self._entity_of_stream()
        self.wanted = Wanted()
        self._seal: Seal | None = None
        if self._entity is not None and self._translate is not None:
            self._seal = self._run.recognition.seal(self._entity, stream_name, schema, self._keys)
        if self._translate is None:
            self._run.unknown_stream(stream_name)

    def _entity_of_stream(self) -> str | None:
        inflow = STREAMS.get(self.stream_name)
        if inflow is not None and inflow.key in self._keys:
            return inflow.entity
        known = stream_of_a_source(self.stream_name, self.schema, self._run.mapping)
        if known is not None:
            return known.entity
        entity = entity_of(self.stream_name)
        return entity.name if entity is not None else None

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """Return the compiled validator of the stream's schema, unless validation is switched off."""
        if not self.validate_schema:
            return None
        # A stream map types what it adds as text, whatever it is; the overrides are read by the mapping.
        properties = {name: schema for name, schema in self.schema["properties"].items() if name != "optiply"}
        return CompiledValidator({**self.schema, "properties": properties}, self.stream_name)

    def process_record(self, record: Any, context: dict[str, Any]) -> None:
        """Validate and translate a record, and hand over what is to be done."""
        run = self._run
        run.books.summary.records[self.stream_name] += 1
        self.record_counter_metric.increment()
        if self._translate is None:
            run.books.summary.unmapped[self.stream_name] += 1
            return
        ticket = run.ledger.open()
        instructions = self._instructions(record, context.get("defect"))
        if (fingerprint := context.get("fingerprint")) is not None and _says_all(instructions):
            run.recognition.note(ticket, fingerprint)
        if (version := context.get("version")) is not None:
            self._note_version(version, instructions)
        if self.wanted:
            self._note_custom_data(record, instructions)
        run.intake.take(instructions, ticket)
        run.ledger.settle(ticket)

    def knows(self, fingerprint: str) -> bool:
        """Whether a record is known by its fingerprint to need nothing; it is counted then."""
        if self.seal is None or not self._run.recognition.knows(self.seal, fingerprint):
            return False
        self._run.books.summary.records[self.stream_name] += 1
        self.record_counter_metric.increment()
        return True

    @property
    def seal(self) -> Seal | None:
        """What makes the fingerprints of the stream's records; None where they must be looked at all the same."""
        return None if self.wanted else self._seal

    def _note_custom_data(self, record: dict[str, Any], instructions: list[Instruction]) -> None:
        for each in instructions:
            if isinstance(each, Upsert) and each.record.entity == self._entity:
                note(self._run.store, each.record.entity, Job(each.record).key.remote_id, record, self.wanted)

    def _note_version(self, version: int, instructions: list[Instruction]) -> None:
        for each in instructions:
            record = each.record if isinstance(each, Upsert) else each
            if isinstance(record, (EntityRecord, Skip, Reject)) and record.entity == self._entity and record.remote_id:
                self._run.store.put_seen(self.stream_name, version, record.remote_id)

    def activate_version(self, new_version: int) -> None:
        """Remove what a complete version of the stream does not have any more.

        A version of which nothing was seen is no complete one: taps announce a new version before its records too.
        """
        run = self._run
        if self._entity is None or not run.store.has_seen(self.stream_name, new_version):
            return
        ticket = run.ledger.open()
        gone = run.store.not_seen(self.stream_name, new_version, self._entity)
        run.intake.take([Remove(self._entity, name, "not in the stream's new version") for name in gone], ticket)
        run.ledger.settle(ticket)
        run.store.forget_seen(self.stream_name)

    def _instructions(self, record: Any, defect: str | None) -> list[Instruction]:
        if defect is not None or not isinstance(record, dict):
            return self._rejection({}, f"record: {defect or 'is no object'}")
        missing = next((key for key in self._keys if key not in record), None)
        if missing is not None:
            return self._rejection(record, f"{missing}: missing, though it is a key property")
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                return self._rejection(record, error.error_message)
        key = tuple(record[key] for key in self._keys)
        return self._translate(record, self._run.books.facts, key) if self._translate else []

    def _rejection(self, record: dict[str, Any], reason: str) -> list[Instruction]:
        if self._entity is None:
            self.logger.warning("left out: a record of %s: %s", self.stream_name, reason)
            return []
        parts = [record.get(key) for key in self._keys]
        name = "_".join(str(part) for part in parts if isinstance(part, (str, int, Decimal)))
        clean = name.encode("utf-8", "replace").decode()
        return [Reject(self._entity, clean or f"line {self._run.line_number}", reason)]

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing is gathered in batches: records are handed over one by one."""
