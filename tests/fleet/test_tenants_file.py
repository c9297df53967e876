"""``tenants.yml``: what it may say, and what is said to whoever gets it wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.processes import ROOT

from fleet.crons import spread, together
from fleet.references import Reference, RefusedSetting, resolve
from fleet.tenants import Retries, TenantsProblem, parse, read

TENANT: dict[str, Any] = {"tap": {"company_id": "c"}, "target": {"account_id": 1, "coupling_id": 2}}


def document(**changes: Any) -> str:
    return yaml.safe_dump({"tenants": {"acme": TENANT}, **changes})


def test_the_example_is_a_fleet_of_two_with_defaults_and_their_own_schedules() -> None:
    fleet = read(str(ROOT / "fleet" / "tenants.example.yml"))
    assert list(fleet.tenants) == ["acme", "acme-nl"]
    one, two = fleet.tenants.values()
    assert one.tap["api_key"] == Reference(env="ACME_INFLOW_KEY")
    assert two.tap["api_key"] == Reference(env="ACME_NL_INFLOW_KEY")
    assert two.target["password"] == Reference(url="secrets/acme-nl.json", key="password")
    assert (one.cron, two.cron) == ("H * * * *", "H/15 * * * *")
    assert one.tap["start_date"] == two.tap["start_date"]
    assert one.folder != two.folder
    assert fleet.retries == Retries(attempts=5, first_wait=60, longest_wait=3600)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tenants: {a: {}, a: {}}", "a stands twice, again in line 1"),
        ("tenants: [", "not YAML"),
        ("tenants: {}", "tenants names none"),
        ("[]", "the file must be a mapping"),
        (document(tenant={}), "the file has no tenant; it may have defaults, executor, retries, state, tenants"),
        (document(tenants={"../x": TENANT}), "the tenant '../x' must be named by letters"),
        (document(tenants={"a": {"tap": {"api_keys": 1}}}), "a: tap has no setting api_keys"),
        (document(tenants={"a": {"target": {"state_path": "x"}}}), "a: target.state_path is seen to by the fleet"),
        (document(tenants={"a": {"tap": {"api_key": "hush-hush"}}}), "a: tap.api_key is a secret; name where it is"),
        (document(tenants={"a": {"tap": {"api_key": {"env": ""}}}}), "a: tap.api_key must be {env: NAME}"),
        (document(tenants={"a": TENANT, "b": TENANT}), "a and b write to one account under one coupling"),
        (document(retries={"attempts": 0.5}), "retries: attempts must be a whole number"),
        (document(retries={"first_wait": -1}), "retries: first_wait must be a number from 0"),
        (document(executor="in_process"), "executor must be module:name"),
        (document(defaults={"schedule": 5}), "acme: schedule and timezone must be text"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence_that_names_it_and_no_secret(text: str, said: str) -> None:
    with pytest.raises(TenantsProblem) as caught:
        parse(text)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TenantsProblem, match=r"nowhere\.yml cannot be read"):
        read(str(tmp_path / "nowhere.yml"))


def test_a_setting_that_is_an_object_is_no_reference() -> None:
    include = {"env": ["lines"], "url": ["lines"]}
    fleet = parse(document(tenants={"a": {"tap": {"include": include}}}))
    assert fleet.tenants["a"].tap["include"] == include


def test_references_are_read_from_the_environment_a_file_and_any_url(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts.json"
    whole.write_text("  a key\n")
    parts.write_text('{"user": "u", "number": 7}')
    settings = {
        "a": Reference(env="KEY"),
        "b": Reference(url=str(whole)),
        "c": Reference(url=parts.as_uri(), key="user"),
        "d": Reference(url=f"simplecache::{parts.as_uri()}", key="number"),
        "e": "as it is",
    }
    assert resolve(settings, {"KEY": "k"}) == {"a": "k", "b": "a key", "c": "u", "d": 7, "e": "as it is"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (Reference(env="NONE"), "password: the environment variable NONE is not set"),
        (Reference(url="{}/none"), r"password: .*/none is not there"),
        (Reference(url="{}/text", key="x"), r"password: .*/text is no JSON object with a member x"),
        (Reference(url="nowhere://x"), r"password: nowhere://x cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_is_told_by_setting_and_place(
    reference: Reference, said: str, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("hush")
    placed = Reference(reference.env, reference.url and reference.url.format(tmp_path), reference.key)
    with pytest.raises(RefusedSetting, match=said) as caught:
        resolve({"password": placed}, {})
    assert "hush" not in str(caught.value)


def test_a_wait_doubles_up_to_the_longest_and_is_drawn_a_little() -> None:
    retries = Retries(attempts=9, first_wait=10, longest_wait=60)
    for retry, least in enumerate((10, 20, 40, 60, 60)):
        assert least <= retries.wait(retry) <= least * 1.1
    assert len({retries.wait(0) for _ in range(20)}) > 1


def test_tenants_of_one_cron_are_spread_over_the_hour_and_each_keeps_its_minute() -> None:
    minutes = [spread("H * * * *", f"tenant-{number}") for number in range(600)]
    assert minutes == [spread("H * * * *", f"tenant-{number}") for number in range(600)]
    by_minute = {text: minutes.count(text) for text in minutes}
    assert len(by_minute) == 60
    assert max(by_minute.values()) < 30
    assert spread("5 4 * * *", "x") == "5 4 * * *"
    begin, _, rest = spread("H/15 H * * *", "x").partition("-")
    assert int(begin) < 15
    assert rest.startswith("59/15 ")
    for wrong in ("* * H * *", "H/90 * * * *", "H/0 * * * *"):
        with pytest.raises(TenantsProblem, match="cannot stand in the schedule"):
            spread(wrong, "x")


def test_tenants_that_run_at_the_same_times_share_one_schedule() -> None:
    given = {name: {"schedule": "0 5 * * *", "timezone": zone} for name, zone in (("a", "UTC"), ("b", "UTC"))}
    fleet = parse(yaml.safe_dump({"tenants": {**given, "c": {"schedule": "0 6 * * *"}, "d": {}}}))
    assert together(fleet.tenants.values()) == {("0 5 * * *", "UTC"): ["a", "b"], ("0 6 * * *", "UTC"): ["c"]}
