"""The shipped schemas: complete, tolerant, and made by the script from a file of definitions."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tap_inventory.apis.inflow.profile import PROFILE
from tap_inventory.profile import StreamProfile

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "update_inflow_schemas.py"
CONTRACT = {
    "products", "product_summaries", "customers", "vendors", "sales_orders", "purchase_orders", "currencies",
    "locations", "adjustment_reasons", "categories", "custom_field_definitions", "manufacturing_orders",
    "operation_types", "payment_terms", "pricing_schemes", "product_cost_adjustments", "stock_adjustments",
    "stock_counts", "stock_transfers", "stockroom_scans", "stockroom_users", "tax_codes", "taxing_schemes",
    "team_members", "webhooks",
}  # fmt: skip


def walk(schema: dict[str, Any]) -> Any:
    yield schema
    for known in schema.get("properties", {}).values():
        yield from walk(known)
    if "items" in schema:
        yield from walk(schema["items"])


def test_every_stream_of_the_contract_is_there_and_the_first_eight_are_selected() -> None:
    assert {stream.name for stream in PROFILE.streams} == CONTRACT
    assert [stream.name for stream in PROFILE.streams if stream.selected] == [
        "vendors", "currencies", "product_summaries", "products",
        "sales_orders", "purchase_orders", "customers", "locations",
    ]  # fmt: skip


def test_every_schema_file_belongs_to_a_stream() -> None:
    shipped = {path.name[:-5] for path in (files("tap_inventory.apis.inflow") / "schemas").iterdir()}
    assert shipped == CONTRACT


@pytest.mark.parametrize("stream", PROFILE.streams, ids=lambda stream: stream.name)
def test_a_schema_declares_keys_relations_and_everything_nested(stream: StreamProfile) -> None:
    properties = stream.schema["properties"]
    assert set(stream.key) <= properties.keys()
    assert set(stream.relations) <= properties.keys()
    for name in (stream.version, stream.modified):
        assert name is None or name in properties
    for path in (*stream.include, *stream.include_alone):
        place: Any = stream.schema
        for part in path.split("."):
            place = place.get("items", place)["properties"][part]
        assert place.get("items", place)["properties"]
    for part in walk(dict(stream.schema)):
        types = part["type"] if isinstance(part["type"], list) else [part["type"]]
        assert "object" not in types or part["additionalProperties"] is True
        assert "array" not in types or part["items"]
        assert "enum" not in part
        if part.get("format") == "x-singer.decimal":
            assert part["type"] == ["string", "null"]
    for name, known in properties.items():
        assert name in stream.key or "null" in known["type"]


def test_owned_relations_carry_versions_or_nothing_of_their_own() -> None:
    orders = PROFILE.by_name["sales_orders"]
    assert orders.relations["lines"] == "child"
    assert orders.relations["customer"] == "reference"
    assert "timestamp" in orders.schema["properties"]["lines"]["items"]["properties"]
    assert "product" not in orders.schema["properties"]["lines"]["items"]["properties"]


DEFINITIONS = {
    "_about": {},
    "_definitions": {
        "Thing": {"type": "object", "properties": {"thingId": {"type": ["string"]}, "parts": {
            "type": ["array"], "include": True, "items": {"$ref": "#/_definitions/Part"}}}},
        "Part": {"type": "object", "properties": {
            "size": {"type": ["string"], "format": "decimal"},
            "owner": {"$ref": "#/_definitions/Thing", "include": True, "type": ["object", "null"]},
            "maker": {"$ref": "#/_definitions/Thing", "include": True, "type": ["object", "null"]},
        }},
    },
    "things": {
        "path": "/things", "method": "GET", "primary_key": ["thingId"], "list_endpoint": True,
        "schema_ref": "#/_definitions/Thing", "include_supported": ["parts.maker"], "include_recommended": None,
        "fields": {
            "thingId": {"type": ["string"], "format": "uuid"},
            "state": {"type": ["string"], "enum": ["new"], "format": "rowversion"},
            "parts": {"type": ["array"], "include": True, "items": {"$ref": "#/_definitions/Part"}},
            "next": {"$ref": "#/_definitions/Thing", "include": True, "type": ["object", "null"]},
        },
    },
    "thing_options": {
        "path": "/things/{id}", "method": "GET", "primary_key": ["id"], "list_endpoint": True, "schema_ref": None,
        "include_supported": [], "include_recommended": None, "fields": {"id": {"type": ["string"]}},
    },
}  # fmt: skip


def test_the_script_makes_tolerant_schemas_with_relations_as_deep_as_they_may_be_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "definitions.json"
    source.write_text(json.dumps(DEFINITIONS))
    subprocess.run([sys.executable, str(SCRIPT), str(source), "--out", str(tmp_path)], check=True, capture_output=True)
    assert not (tmp_path / "thing_options.json").exists()
    made = json.loads((tmp_path / "things.json").read_text())
    assert made["required"] == ["thingId"]
    assert made["x-relations"] == {"next": "reference", "parts": "child"}
    assert made["properties"]["thingId"] == {"type": ["string"], "format": "uuid"}
    assert made["properties"]["state"] == {"type": ["string", "null"]}
    part = made["properties"]["parts"]["items"]["properties"]
    assert part["size"] == {"type": ["string", "null"], "format": "x-singer.decimal"}
    assert "owner" not in part
    assert part["maker"]["properties"].keys() == {"thingId"}
