"""Settings come from four places in one order, and what is wrong with them is said without their values."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from target_optiply.errors import ConfigProblem
from target_optiply.settings import CONFIG_SCHEMA, environment, problems, settings_from, with_environment

NEEDED = {"client_id": "c", "client_secret": "s", "username": "u", "password": "p", "account_id": "1380"}
HOTGLUE = ("JOB_ID", "JOB_ROOT", "FLOW", "ENV_ID", "MELTANO_PROJECT_ROOT")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in (*HOTGLUE, "optiply_base_url", "optiply_dashboard_url"):
        monkeypatch.delenv(name, raising=False)
    for name in CONFIG_SCHEMA["properties"]:
        monkeypatch.delenv(f"TARGET_OPTIPLY_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def merged(config=None, **more):
    return with_environment({**NEEDED, **(config or {}), **more}, environment())


def settings(state_flag=False, **config):
    return settings_from(merged(config), state_flag=state_flag)


def test_the_defaults_are_those_that_are_promised():
    found = settings()
    assert (found.api_url, found.auth_url) == (
        "https://api.optiply.com/v1",
        "https://dashboard.optiply.nl/api/auth/oauth/token",
    )
    assert (found.state_path, found.max_connections, found.max_writes_per_second) == ("target-state.json", 16, 0)
    assert (found.request_timeout, found.max_rejected_records, found.delete) == (30, 0, "soft")
    assert (found.max_delete_percent, found.adopt_existing, found.stock) == (10, True, "available")
    assert (found.open_sales_orders, found.source, found.unknown_stream) == ("hold", "auto", "warn")
    assert (found.coupling_id, found.price_tax_percent, found.report_path, found.verify_days) == (None, None, None, 0)
    assert found.optiply_orders is not None
    assert found.optiply_orders.search("Optiply #123")[1] == "123"
    assert found.state_output == "singer"


def test_the_config_file_comes_before_the_variable_before_the_platforms_before_the_default(monkeypatch):
    monkeypatch.setenv("optiply_base_url", "https://platform/v1/")
    assert settings().api_url == "https://platform/v1"
    monkeypatch.setenv("TARGET_OPTIPLY_API_URL", "https://variable/v1")
    assert settings().api_url == "https://variable/v1"
    assert settings(api_url="https://file/v1/").api_url == "https://file/v1"
    assert settings(api_url=None).api_url == "https://variable/v1"


def test_the_platforms_dashboard_is_where_tokens_come_from(monkeypatch):
    monkeypatch.setenv("optiply_dashboard_url", "https://platform/api/")
    assert settings().auth_url == "https://platform/api/auth/oauth/token"
    monkeypatch.setenv("TARGET_OPTIPLY_AUTH_URL", "https://variable/token")
    assert settings().auth_url == "https://variable/token"
    assert settings(auth_url="https://file/token").auth_url == "https://file/token"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("account_id", "1380", "1380"),
        ("account_id", "0042", "0042"),
        ("client_id", "12", "12"),
        ("max_connections", "8", 8),
        ("max_writes_per_second", "2.5", 2.5),
        ("request_timeout", "5", 5.0),
        ("adopt_existing", "false", False),
        ("adopt_existing", "On", True),
        ("adopt_existing", "0", False),
        ("price_tax_percent", "21", "21"),
        ("optiply_orders", "", ""),
        ("verify_days", "30", 30),
    ],
)
def test_a_variable_is_read_by_its_settings_type(monkeypatch, name, text, value):
    monkeypatch.setenv(f"TARGET_OPTIPLY_{name.upper()}", text)
    assert environment() == {name: value}


def test_a_blank_variable_for_a_number_is_none(monkeypatch):
    monkeypatch.setenv("TARGET_OPTIPLY_MAX_CONNECTIONS", " ")
    assert settings().max_connections == 16


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("max_connections", "many-secret"),
        ("max_connections", "8.5"),
        ("adopt_existing", "perhaps-secret"),
        ("request_timeout", "nan"),
        ("request_timeout", "inf"),
        ("delete", "secret"),
    ],
)
def test_a_variable_of_the_wrong_type_is_named_without_its_value(monkeypatch, name, text):
    monkeypatch.setenv(f"TARGET_OPTIPLY_{name.upper()}", text)
    wrong = problems(merged())
    assert len(wrong) == 1
    assert wrong[0].startswith(f"{name} must be ")
    assert text not in wrong[0]


def test_the_nearest_dotenv_file_is_read_on_demand(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("TARGET_OPTIPLY_ACCOUNT_ID=77\n")
    monkeypatch.setenv("TARGET_OPTIPLY_ACCOUNT_ID", "")  # so that what the file sets is undone after the test
    monkeypatch.delenv("TARGET_OPTIPLY_ACCOUNT_ID")
    assert environment() == {}
    assert environment(dotenv=True) == {"account_id": "77"}


def test_every_missing_setting_is_named_with_what_it_is():
    wrong = problems(with_environment({}, {}))
    assert len(wrong) == 5
    for name in NEEDED:
        assert any(each.startswith(f"{name} is missing (") for each in wrong)


SPOILT = [
    ({"client_secret": 12345678}, "client_secret must be string"),
    ({"client_secret": ["hunter2"]}, "client_secret must be string"),
    ({"password": {"hunter2": "hunter2"}}, "password must be string"),
    ({"password": "   "}, "password is empty"),
    ({"username": ""}, "username is empty"),
    ({"account_id": ""}, "account_id is empty"),
    ({"account_id": 12.5}, "account_id must be string or integer"),
    ({"account_id": True}, "account_id must be string or integer"),
    ({"state_path": ""}, "state_path is empty"),
    ({"api_url": "hunter2"}, "api_url must be an http(s) URL"),
    ({"auth_url": "ftp://hunter2"}, "auth_url must be an http(s) URL"),
    ({"api_url": "https://"}, "api_url must be an http(s) URL"),
    ({"max_connections": 0}, "max_connections is out of bounds (minimum 1)"),
    ({"max_connections": 10_000_000}, "max_connections is out of bounds (maximum 256)"),
    ({"request_timeout": 0}, "request_timeout is out of bounds (exclusiveMinimum 0)"),
    ({"max_rejected_records": -1}, "max_rejected_records is out of bounds (minimum 0)"),
    ({"max_delete_percent": 101}, "max_delete_percent is out of bounds (maximum 100)"),
    ({"delete": "hunter2"}, "delete must be one of soft, hard, ignore"),
    ({"optiply_orders": "hunter2("}, "optiply_orders is no regular expression (at position 7)"),
    ({"optiply_orders": 12345678}, "optiply_orders must be string"),
    ({"price_tax_percent": "hunter2"}, "price_tax_percent must be a number from 0 up"),
    ({"price_tax_percent": -1}, "price_tax_percent must be a number from 0 up"),
]


@pytest.mark.parametrize(("config", "sentence"), SPOILT)
def test_what_is_wrong_is_one_sentence_that_never_holds_the_value(config, sentence):
    assert problems(merged(config)) == [sentence]
    with pytest.raises(ConfigProblem) as refusal:
        settings(**config)
    assert str(refusal.value) == sentence
    assert "hunter2" not in sentence
    assert "12345678" not in sentence


def test_all_problems_are_told_at_once():
    with pytest.raises(ConfigProblem) as refusal:
        settings(delete="x", max_connections="y", client_id="")
    for name in ("delete", "max_connections", "client_id"):
        assert name in str(refusal.value)


@pytest.mark.parametrize(("given", "text"), [(1380, "1380"), ("1380", "1380"), (1380.0, "1380"), (" 1380 ", "1380")])
def test_an_account_is_text_or_a_number(given, text):
    assert settings(account_id=given, coupling_id=given).account_id == text
    assert settings(account_id=given, coupling_id=given).coupling_id == text


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_no_coupling_is_no_coupling(nothing):
    assert settings(coupling_id=nothing).coupling_id is None


def test_empty_turns_the_search_for_own_orders_off():
    assert settings(optiply_orders="").optiply_orders is None


@pytest.mark.parametrize(
    ("given", "value"), [("21", Decimal(21)), (21, Decimal(21)), (8.1, Decimal("8.1")), ("", None)]
)
def test_the_tax_is_exact(given, value):
    assert settings(price_tax_percent=given).price_tax_percent == value


CASES = [
    (present, flag) for size in range(len(HOTGLUE) + 1) for present in itertools.combinations(HOTGLUE, size)
    for flag in (False, True)
]  # fmt: skip


@pytest.mark.parametrize(("present", "flag"), CASES)
def test_stdout_carries_the_target_state_in_a_hotglue_job_and_never_under_meltano(monkeypatch, present, flag):
    for name in present:
        monkeypatch.setenv(name, "x")
    job = "JOB_ID" in present and bool({"JOB_ROOT", "FLOW", "ENV_ID"} & set(present))
    hotglue = "MELTANO_PROJECT_ROOT" not in present and (flag or job)
    assert settings(state_flag=flag).state_output == ("hotglue" if hotglue else "singer")
    for asked in ("singer", "hotglue"):
        assert settings(state_flag=flag, state_output=asked).state_output == asked


def test_secrets_are_known_by_value_for_the_redaction():
    assert settings().secrets == ["c", "s", "u", "p"]


def test_the_schema_marks_every_secret_and_describes_every_setting():
    for name, schema in CONFIG_SCHEMA["properties"].items():
        assert schema["description"].endswith(".")
        assert bool(schema.get("secret")) == (name in ("client_id", "client_secret", "username", "password"))
