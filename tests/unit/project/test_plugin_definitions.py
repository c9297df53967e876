from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from about import settings_of
from plugin_definitions import HUB, LISTINGS, MANIFESTS, Listing, files, manifest

# What Meltano Hub's own schema asks of a definition, and no more than it allows.
TEXT = {"type": "string", "minLength": 1}
HUB_SETTING = {
    "type": "object",
    "required": ["name", "label", "description", "kind"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("name", "label", "description"), TEXT),
        "kind": {"enum": ["string", "integer", "decimal", "boolean", "object", "array", "options", "date_iso8601"]},
        "sensitive": {"const": True},
        "value": {},
        "options": {"type": "array", "items": {"type": "object", "required": ["label", "value"]}},
    },
}
HUB_DEFINITION = {
    "type": "object",
    "required": ["name", "namespace", "variant", "label", "pip_url", "executable", "settings", "capabilities"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("name", "namespace", "variant", "label", "description", "pip_url", "executable"), TEXT),
        "domain_url": {"type": "string", "pattern": "^https://"},
        "maintenance_status": {"enum": ["active", "beta", "development", "inactive", "unknown"]},
        "keywords": {"type": "array", "items": TEXT},
        "capabilities": {"type": "array", "items": TEXT, "uniqueItems": True},
        "settings": {"type": "array", "items": HUB_SETTING},
        "settings_group_validation": {"type": "array", "items": {"type": "array", "items": TEXT}},
    },
}
EACH = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.program)


def hub_path(listing: Listing) -> Path:
    [path] = (HUB / "_data" / "meltano" / listing.folder / listing.program).iterdir()
    return path


def test_each_is_up_to_date() -> None:
    for path, content in files():
        assert path.read_text(encoding="utf-8") == content, f"{path.name}: run `make docs-tables`"


@EACH
def test_the_hub_takes_the_definition(listing: Listing, abouts: dict[str, dict[str, Any]]) -> None:
    definition = yaml.safe_load(hub_path(listing).read_text(encoding="utf-8"))
    jsonschema.validate(definition, HUB_DEFINITION)
    own = {each.name: each for each in settings_of(abouts[listing.program])}
    assert [each["name"] for each in definition["settings"]] == list(own)
    assert {each["name"] for each in definition["settings"] if each.get("sensitive")} == {
        name for name, each in own.items() if each.secret
    }
    needed = {name for group in definition["settings_group_validation"] for name in group}
    assert {name for name, each in own.items() if each.required} <= needed <= own.keys()


def test_meltano_takes_both_definitions_as_plugins_of_a_project(tmp_path: Path) -> None:
    plugins = {
        each.folder: [
            {key: value for key, value in yaml.safe_load(hub_path(each).read_text()).items() if key != "domain_url"}
        ]
        for each in LISTINGS
    }
    for entries in plugins.values():
        for extra in ("keywords", "maintenance_status"):
            del entries[0][extra]  # the Hub's own, which it does not hand on
    project = tmp_path / "meltano.yml"
    project.write_text(yaml.safe_dump({"requires_meltano": ">=4.0", "plugins": plugins}))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.meltano", str(project)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@EACH
def test_a_manifest_asks_for_what_the_program_needs_and_its_defaults_are_valid(
    listing: Listing, abouts: dict[str, dict[str, Any]]
) -> None:
    document = json.loads((MANIFESTS / listing.program / "connector-config.json").read_text(encoding="utf-8"))
    assert document == manifest(listing)
    schema = abouts[listing.program]["settings"]["properties"]
    asked, config = document["connect_ui_params"], document["config"]
    assert not asked.keys() & config.keys()
    assert asked.keys() | config.keys() <= schema.keys()
    assert {name for name, each in asked.items() if each["type"] == "password"} == {
        name for name in asked if schema[name].get("secret")
    }
    for name, value in config.items():
        jsonschema.validate(value, schema[name])
