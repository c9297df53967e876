from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml
from about import PROGRAMS, catalog_of_tap, is_selected
from meltano_settings import MELTANO_YML, regenerated

# What Meltano hands over for a setting of each kind.
TYPES = {
    "string": {"string"},
    "options": {"string"},
    "date_iso8601": {"string"},
    "integer": {"integer"},
    "decimal": {"number"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return yaml.safe_load(MELTANO_YML.read_text(encoding="utf-8"))


def plugin(project: dict[str, Any], name: str) -> dict[str, Any]:
    plugins = project["plugins"]["extractors"] + project["plugins"]["loaders"]
    return next(each for each in plugins if each["name"] == name)


def test_it_is_what_meltano_expects() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.meltano", str(MELTANO_YML)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_it_is_up_to_date() -> None:
    text = MELTANO_YML.read_text(encoding="utf-8")
    assert text == regenerated(text), "settings or capabilities changed: run `make docs-tables`"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_settings_are_those_of_the_program(
    name: str, project: dict[str, Any], abouts: dict[str, dict[str, Any]]
) -> None:
    schema = abouts[name]["settings"]["properties"]
    settings = {each["name"]: each for each in plugin(project, name)["settings"]}
    assert list(settings) == list(schema)
    for setting, said in schema.items():
        entry = settings[setting]
        assert entry["label"], setting
        assert entry["description"], setting
        assert entry.get("sensitive", False) == bool(said.get("secret")), setting
        assert entry.get("value") == said.get("default"), setting
        types = {said["type"]} if isinstance(said["type"], str) else set(said["type"])
        assert types & TYPES[entry["kind"]], setting
        allowed = [value for value in said.get("enum", []) if value is not None]
        assert [each["value"] for each in entry.get("options", [])] == allowed, setting


@pytest.mark.parametrize("name", PROGRAMS)
def test_meltano_asks_for_what_the_program_requires(
    name: str, project: dict[str, Any], abouts: dict[str, dict[str, Any]]
) -> None:
    entry = plugin(project, name)
    asked = set(entry["settings_group_validation"][0])
    assert set(abouts[name]["settings"].get("required", ())) <= asked
    assert asked <= {each["name"] for each in entry["settings"]}


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_plugins_come_from_this_checkout(name: str, project: dict[str, Any]) -> None:
    entry = plugin(project, name)
    assert entry["executable"] == name
    assert entry["pip_url"].endswith("--editable .")


def test_meltano_reads_the_streams_that_are_read_by_default(project: dict[str, Any]) -> None:
    selected = [stream["tap_stream_id"] for stream in catalog_of_tap()["streams"] if is_selected(stream)]
    assert plugin(project, "tap-inventory")["select"] == [f"{stream}.*" for stream in selected]


def test_no_credentials_stand_in_it(project: dict[str, Any]) -> None:
    sensitive = {
        (name, each["name"]) for name in PROGRAMS for each in plugin(project, name)["settings"] if each.get("sensitive")
    }
    assert sensitive
    for environment in project["environments"]:
        for plugins in environment["config"]["plugins"].values():
            for entry in plugins:
                for setting, value in entry["config"].items():
                    assert (entry["name"], setting) not in sensitive or value.startswith("$SANDBOX_"), setting


def test_each_environment_keeps_a_state_of_its_own(project: dict[str, Any]) -> None:
    paths = [
        entry["config"]["state_path"]
        for environment in project["environments"]
        for entry in environment["config"]["plugins"]["loaders"]
    ]
    assert len(set(paths)) == len(project["environments"])
