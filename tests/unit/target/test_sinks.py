"""Records are validated by their SCHEMA, and what does not fit is named without its value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from singer_sdk.exceptions import InvalidRecord

from target_optiply.errors import InputProblem
from target_optiply.sinks import CompiledValidator

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": ["string", "null"]},
        "price": {"type": "number"},
        "at": {"type": "string", "format": "date-time"},
        "kind": {"enum": ["a", "b"], "default": "a"},
        "line": {"type": "object", "properties": {"product": {"type": "string"}}},
    },
    "required": ["name"],
}


def complaint(record):
    with pytest.raises(InvalidRecord) as refusal:
        CompiledValidator(SCHEMA, "products").validate(record)
    return refusal.value.error_message


def test_a_record_that_fits_passes_and_is_left_as_it_is():
    record = {"name": None, "price": Decimal("19.90"), "more": 1, "at": "not a date: the mapping reads it anyway"}
    CompiledValidator(SCHEMA, "products").validate(record)
    assert "kind" not in record


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"name": ["hunter2"]}, "name"),
        ({"name": "x", "price": "hunter2"}, "price"),
        ({"name": "x", "kind": "hunter2"}, "kind"),
        ({"name": "x", "line": {"product": {"hunter2": 1}}}, "line.product"),
        ({"price": 1}, "record"),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(record, name):
    said = complaint(record)
    assert said.startswith(f"{name}: ")
    assert "hunter2" not in said


def test_a_missing_property_is_named():
    assert "name" in complaint({"price": 1})


def test_a_record_without_an_end_is_wrong_in_itself():
    schema = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    record: dict = {}
    for _ in range(100_000):
        record = {"a": record}
    with pytest.raises(InvalidRecord, match="nested too deeply"):
        CompiledValidator(schema, "products").validate(record)
    while record:  # taken apart by hand, as taking it apart recursively would be too deep as well
        record = record.pop("a")


@pytest.mark.parametrize("schema", [{"type": "hunter2"}, {"type": 7}, {"properties": {"a": {"pattern": "("}}}])
def test_a_schema_that_is_none_ends_the_run_with_the_streams_name(schema):
    with pytest.raises(InputProblem, match="SCHEMA of stream products is no valid JSON Schema"):
        CompiledValidator(schema, "products")
