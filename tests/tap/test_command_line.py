"""The command line: discovery without a request, a test with one, settings from everywhere, sentences for mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from runs import DEFAULT_STREAMS, Tap
from support.processes import TAP, TARGET, run, write_json

from tap_inventory.apis.inflow.profile import PROFILE
from tap_inventory.settings import PROPERTIES


def test_discovery_needs_no_settings_and_no_request(tmp_path: Path) -> None:
    ended = run([*TAP, "--discover"], cwd=tmp_path)
    assert ended.code == 0
    streams = {entry["tap_stream_id"]: entry for entry in json.loads(ended.stdout)["streams"]}
    assert list(streams) == [profile.name for profile in PROFILE.streams]
    for profile in PROFILE.streams:
        entry = streams[profile.name]
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        assert entry["key_properties"] == list(profile.key)
        assert root["selected-by-default"] == (profile.name in DEFAULT_STREAMS)


def test_the_credentials_are_tested_with_one_request(tap: Tap) -> None:
    ended = tap.run("--test")
    assert len(tap.requests) == 1
    assert "credentials are good" in ended.said
    tap.run("--test", api_key="another", code=1)
    assert len(tap.requests) == 1


def test_schemas_are_written_without_a_request(tap: Tap) -> None:
    ended = tap.run("--test=schema")
    assert {message["type"] for message in ended.messages} == {"SCHEMA"}
    assert not tap.requests


def test_about_names_every_setting() -> None:
    about = json.loads(run([*TAP, "--about", "--format", "json"]).stdout)
    assert {
        *("api", "api_key", "company_id", "api_url", "api_version", "start_date", "page_size", "requests_per_minute"),
        *("requests_per_hour", "request_timeout", "max_retries", "include", "location_ids", "lookback_days"),
        *("rescan_days", "tenant", "workspace_id", "token", "client_id", "client_secret", "refresh_token"),
        *("token_url", "token_file", "emit_activate_version_messages", "stream_maps", "flattening_enabled"),
    } <= about["settings"]["properties"].keys()
    assert PROPERTIES.keys() <= about["settings"]["properties"].keys()
    assert all(known.get("description") for known in about["settings"]["properties"].values())
    capabilities = {"catalog", "state", "discover", "test", "about", "stream-maps", "schema-flattening"}
    assert capabilities <= set(about["capabilities"])


def test_settings_come_from_the_file_then_the_environment_then_their_defaults(tap: Tap, tmp_path: Path) -> None:
    config = tap.sandbox.tap_config()
    key = config.pop("api_key")
    path = write_json(tmp_path / "config.json", config | {"page_size": None})
    env = {"TAP_INVENTORY_API_KEY": key, "TAP_INVENTORY_API_URL": "http://127.0.0.1:9", "TAP_INVENTORY_PAGE_SIZE": "7"}
    tap.sandbox.control.clear_log()
    write_json(tmp_path / "catalog.json", tap.catalog(["vendors"]))
    ended = run([*TAP, "--config", str(path), "--catalog", str(tmp_path / "catalog.json")], env=env)
    assert ended.code == 0, ended.stderr
    assert all("count=7&" in entry["query"] for entry in tap.requests)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"api_key": None}, "api_key is required"),
    ({"company_id": ""}, "company_id"),
    ({"company_id": "a/b"}, "company_id"),
    ({"page_size": 101}, "page_size must be at most 100"),
    ({"page_size": "many"}, "page_size must be of type"),
    ({"requests_per_minute": -1}, "requests_per_minute must be at least 0"),
    ({"api": "other"}, "api must be one of inflow"),
    ({"api_url": "cloudapi"}, "api_url"),
    ({"start_date": "last week"}, "start_date"),
    ({"include": {"orders": []}}, "include names the stream orders"),
    ({"include": {"vendors": ["friends"]}}, "include asks for friends with vendors"),
    ({"include": {"vendors": "addresses"}}, "include"),
    ({"emit_activate_version_messages": True}, "emit_activate_version_messages"),
]


@pytest.mark.parametrize(("settings", "text"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistaken_setting_is_named_in_a_sentence_without_its_neighbours(
    tap: Tap, settings: dict[str, Any], text: str
) -> None:
    ended = tap.run(code=1, **settings)
    assert text in ended.said
    assert not tap.requests
    assert not ended.messages
    assert "sandbox-inflow-key" not in ended.ended.stderr
    assert "Traceback" not in ended.ended.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_a_configuration_or_catalog_that_is_none_is_said_in_a_sentence(tap: Tap, tmp_path: Path, text: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(text)
    good = write_json(tmp_path / "config.json", tap.sandbox.tap_config())
    for arguments in (["--config", str(broken)], ["--config", str(good), "--catalog", str(broken)]):
        ended = run([*TAP, *arguments])
        assert ended.code == 1
        assert "Traceback" not in ended.stderr
        assert ended.stderr.strip().splitlines()[-1].endswith(".")


def test_streams_that_are_emitted_in_full_end_with_their_version(tap: Tap) -> None:
    ended = tap.run(catalog=tap.catalog(["team_members"]), emit_activate_version_messages=True)
    kinds = [message["type"] for message in ended.messages]
    assert kinds.index("ACTIVATE_VERSION") > max(at for at, kind in enumerate(kinds) if kind == "RECORD")
    versions = {message["version"] for message in ended.messages if message["type"] in ("RECORD", "ACTIVATE_VERSION")}
    assert len(versions) == 1


@pytest.mark.parametrize("program", [TAP, TARGET], ids=["tap", "target"])
def test_the_help_says_what_each_option_is_for_and_shows_how_it_is_used(program: tuple[str, ...]) -> None:
    said = run([*program, "--help"]).stdout
    assert "Execute the Singer" not in said
    for example in ("target-optiply --config target.json", "tap-inventory"):
        assert example in said.partition("Examples:")[2]


@pytest.mark.parametrize("program", [TAP, TARGET], ids=["tap", "target"])
def test_about_tells_people_what_each_setting_means_and_what_it_is_without_them(program: tuple[str, ...]) -> None:
    known = json.loads(run([*program, "--about", "--format", "json"]).stdout)["settings"]
    said = run([*program, "--about"]).stdout
    for name, schema in known["properties"].items():
        entry = next(part for part in said.split("\n\n") if part.startswith(f"  {name} ("))
        assert " ".join(schema["description"].split())[:60] in " ".join(entry.split())
        assert ("secret" in entry.partition(")")[0]) == bool(schema.get("secret"))
        default = schema.get("default")
        assert default is None or f"default {default if isinstance(default, str) else json.dumps(default)}" in entry
