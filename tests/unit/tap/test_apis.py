"""What each API states of itself as data, and that nothing but such data knows an API by its name."""

from __future__ import annotations

import ast
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests_mock
from support.clock import Clock

import tap_inventory
from singer_http.pacing import Pacer, SlidingWindow
from tap_inventory.address import headers_of, needs, root_of
from tap_inventory.apis import APIS, load_profile
from tap_inventory.client import Client
from tap_inventory.profile import ApiProfile, Numbered
from tap_inventory.settings import PROPERTIES, problems, settle
from tap_inventory.tap import TapInventory

SCHEMA = TapInventory.config_jsonschema
CONFIGS: dict[str, dict[str, Any]] = {
    "inflow": {"api_key": "k3y", "company_id": "c"},
    "optiflow": {"token": "1|t", "tenant": "acme.example.com"},
    "quickstart": {
        "api_url": "https://api.example.com",
        "client_id": "a",
        "client_secret": "b",
        "refresh_token": "r",
        "token_url": "https://api.example.com/oauth/token",
    },
    "opterius": {"token": "t", "api_url": "https://billing.example.com"},
}
ROOTS = {
    "inflow": "https://cloudapi.inflowinventory.com/c",
    "optiflow": "https://acme.example.com/api/v1",
    "quickstart": "https://api.example.com",
    "opterius": "https://billing.example.com/api/v1",
}


@pytest.fixture(params=APIS)
def profile(request: pytest.FixtureRequest) -> ApiProfile:
    return load_profile(request.param)


def config(profile: ApiProfile, folder: Path, **more: Any) -> dict[str, Any]:
    kept = {"token_file": str(folder / "tokens.json")} if profile.token else {}
    return {"api": profile.name, **CONFIGS[profile.name], **kept, **more}


def test_a_complete_configuration_has_no_problems_and_leads_to_the_documented_address(
    profile: ApiProfile, tmp_path: Path
) -> None:
    made = config(profile, tmp_path)
    assert problems(made, SCHEMA) == []
    assert root_of(profile, settle(made).values) == ROOTS[profile.name]


def test_an_address_may_end_with_what_every_path_follows_or_not(profile: ApiProfile, tmp_path: Path) -> None:
    root = profile.root.format_map({"company_id": "c"})
    for given in ("https://x.example.com/a", f"https://x.example.com/a{root}", f"https://x.example.com/a{root}/"):
        values = settle(config(profile, tmp_path, api_url=given)).values
        assert root_of(profile, values) == f"https://x.example.com/a{root}"


def test_a_key_never_goes_to_the_address_of_another_api(profile: ApiProfile, tmp_path: Path) -> None:
    """Runners pass the default of a setting on as if it were given."""
    default = PROPERTIES["api_url"]["default"]
    made = config(profile, tmp_path, api_url=default)
    assert (settle(made)["api_url"] == default) is (profile.name == "inflow")


def test_every_setting_that_is_missing_is_told_at_once(profile: ApiProfile) -> None:
    said = problems({"api": profile.name}, SCHEMA)
    names = [" or ".join(each) if isinstance(each, tuple) else each for each in profile.required]
    assert said == [f"The setting {name} is required." for name in names]


@pytest.mark.parametrize(
    ("settings", "root"),
    [
        ({"tenant": "acme", "api_url": "https://{tenant}.example.com"}, "https://acme.example.com/api/v1"),
        ({"tenant": "acme.example.com"}, "https://acme.example.com/api/v1"),
        ({"api_url": "http://127.0.0.1:1/api/v1/"}, "http://127.0.0.1:1/api/v1"),
    ],
)
def test_a_tenant_is_a_host_or_stands_in_the_address(settings: dict[str, Any], root: str) -> None:
    made = {"api": "optiflow", "token": "t", **settings}
    assert problems(made, SCHEMA) == []
    assert root_of(load_profile("optiflow"), settle(made).values) == root


def test_a_tenant_without_a_domain_is_told_before_a_token_goes_anywhere() -> None:
    said = problems({"api": "optiflow", "token": "t", "tenant": "acme"}, SCHEMA)
    assert said == [
        "The setting tenant must be a whole host, such as acme.example.com, where api_url does not hold {tenant}."
    ]


def test_the_key_may_be_given_under_its_common_name() -> None:
    values = settle({"api": "opterius", "api_key": "k", "api_url": "https://b.example.com"}).values
    assert headers_of(load_profile("opterius"), values)["Authorization"] == "Bearer k"


@pytest.mark.parametrize(("workspace", "sent"), [(None, None), (7, "7"), ("7", "7")])
def test_a_workspace_is_named_where_it_is_set(workspace: Any, sent: str | None) -> None:
    values = settle({"api": "optiflow", "token": "t", "tenant": "a.b", "workspace_id": workspace}).values
    assert headers_of(load_profile("optiflow"), values).get("X-Workspace-ID") == sent


def test_every_template_stands_for_settings(profile: ApiProfile) -> None:
    templates = [profile.root, profile.address or "", *profile.headers.values()]
    assert set().union(*map(needs, templates)) <= PROPERTIES.keys()


def test_every_schema_belongs_to_a_stream_and_lets_further_fields_through(profile: ApiProfile) -> None:
    shipped = {path.name for path in (files(f"tap_inventory.apis.{profile.name}") / "schemas").iterdir()}
    assert shipped == {f"{stream.name}.json" for stream in profile.streams}
    for stream in profile.streams:
        properties = stream.schema["properties"]
        assert stream.schema["additionalProperties"] is True
        assert {
            *stream.key,
            *stream.relations,
            *filter(None, (stream.version, stream.newest_first)),
        } <= properties.keys()
        assert {path.split(".")[0] for path in stream.include} <= stream.relations.keys()


def modules() -> list[Path]:
    root = Path(tap_inventory.__file__).parent
    return sorted(path for path in root.rglob("*.py") if "apis" not in path.relative_to(root).parts)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.name)
def test_no_module_outside_an_apis_own_folder_decides_by_its_name(path: Path) -> None:
    """Texts for people may name an API; a comparison, a key or a path may not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = re.compile(rf"^({'|'.join(APIS)})$")
    found = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and names.match(node.value)
    ]
    # The one default, in the table of settings.
    assert len(found) <= (1 if path.name == "settings.py" else 0)


PROGRAMS = ("singer_http", "tap_inventory", "sandbox", "scripts")


def test_nothing_is_decided_by_comparing_with_the_name_of_an_api() -> None:
    root = Path(tap_inventory.__file__).parents[1]
    paths = [path for program in PROGRAMS for path in sorted((root / program).rglob("*.py"))]
    assert len(paths) > 100
    found = []
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            cases = [node.value] if isinstance(node, ast.MatchValue) else []
            constants = [each for part in (*sides, *cases) for each in ast.walk(part) if isinstance(each, ast.Constant)]
            found += [f"{path.name}:{each.lineno}" for each in constants if each.value in APIS]
    assert found == []


def test_the_folders_beside_the_schemas_are_the_apis_there_are() -> None:
    folder = Path(tap_inventory.__file__).parent / "apis"
    assert {path.parent.name for path in folder.glob("*/profile.py")} == set(APIS)


def test_what_an_api_requires_is_described_with_its_name(profile: ApiProfile) -> None:
    names = [name for each in profile.required for name in ((each,) if isinstance(each, str) else each)]
    assert [name for name in names if profile.name not in PROPERTIES[name]["description"]] == []


def test_never_more_requests_in_a_minute_than_allowed_and_never_fewer_than_needed(
    profile: ApiProfile, tmp_path: Path
) -> None:
    """Requests for tokens count as well."""
    clock, asked = Clock(), []
    stream = next(each for each in profile.streams if each.paged and not each.figures)

    def answer(request: Any, _context: Any) -> str:
        asked.append(clock.now)
        if request.method == "POST":
            return json.dumps({"access_token": "a-token", "refresh_token": "another", "expires_in": 9e9})
        return json.dumps({profile.paging.rows: []} if isinstance(profile.paging, Numbered) else [])

    with requests_mock.Mocker() as mock:
        mock.register_uri(requests_mock.ANY, requests_mock.ANY, text=answer)
        pacer = Pacer([SlidingWindow(4, 60.0)], clock=clock, sleep=clock.sleep)
        client = Client(settle(config(profile, tmp_path)), "tap/1", pacer=pacer)
        for number in range(11):
            client.get(stream.path, profile.paging.one_row(), stream.name, number)
        client.close()
    assert all(later - earlier >= 60 for earlier, later in zip(asked, asked[4:], strict=False))
    assert clock.now == 120
