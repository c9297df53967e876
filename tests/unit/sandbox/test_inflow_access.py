"""Who may ask the inFlow sandbox, how often, and what a refusal looks like."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

import pytest
from inflow_caller import HEADERS, Caller

OPTIONAL = (
    "stockroom-scans",
    "stockroom-users",
    "manufacturing-orders",
    "webhooks",
    "team-members",
    "custom-field-definitions",
)


@pytest.fixture
def inflow() -> Caller:
    return Caller()


@pytest.mark.parametrize("authorization", [None, "sandbox-inflow-key", "Bearer wrong", "Basic c2FuZGJveA==", "Bearer "])
def test_anything_but_the_bearer_key_gets_a_401(inflow: Caller, authorization: str | None) -> None:
    headers = (
        {**HEADERS, "authorization": authorization} if authorization is not None else {"accept": HEADERS["accept"]}
    )
    response = inflow.ask("products", headers=headers)
    assert response.status == 401
    assert json.loads(response.body).keys() == {"code", "message"}


@pytest.mark.parametrize("status", [403, 401, 404])
def test_a_foreign_company_gets_the_status_of_the_switch(inflow: Caller, status: int) -> None:
    inflow.switches.update({"inflow_wrong_company": status})
    assert inflow.ask("products", company="00000000-0000-4000-8000-000000000000").status == status


def test_a_missing_version_is_accepted_or_refused(inflow: Caller) -> None:
    without = {**HEADERS, "accept": "application/json"}
    assert inflow.ask("products", headers=without).status == 200
    inflow.switches.update({"inflow_missing_version": "refuse"})
    assert inflow.ask("products", headers=without).status == 400
    assert inflow.ask("products").status == 200


@pytest.mark.parametrize("collection", OPTIONAL)
def test_endpoints_that_not_every_plan_has_can_be_off(inflow: Caller, collection: str) -> None:
    assert inflow.status(collection) == 200
    for status in (403, 404):
        inflow.switches.update({"inflow_optional_streams": str(status)})
        assert inflow.status(collection) == status
        assert inflow.status("products") == 200
    inflow.switches.update({"inflow_optional_streams": "403"})
    assert ("Stockroom" in inflow.ask(collection).body.decode()) == collection.startswith("stockroom")


def test_the_window_of_requests_slides(inflow: Caller) -> None:
    inflow.switches.update({"inflow_requests_per_minute": 3})
    start = inflow.now
    for second in (0, 10, 20):
        inflow.now = start + second
        assert inflow.status("locations") == 200
    inflow.now = start + 30
    refused = inflow.ask("locations")
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    inflow.now = start + 59.9
    assert inflow.status("locations") == 429
    inflow.now = start + 60
    assert inflow.status("locations") == 200
    assert inflow.status("locations") == 429
    inflow.now = start + 70
    assert inflow.status("locations") == 200


def test_the_hour_is_a_second_window(inflow: Caller) -> None:
    inflow.switches.update({"inflow_requests_per_hour": 2, "inflow_rate_headers": True})
    assert inflow.ask("locations").headers["x-ratelimit-limit"] == "1/2"
    assert inflow.ask("locations").headers["x-inflow-api-rate-limit"] == "2/60"
    refused = inflow.ask("locations")
    assert (refused.status, refused.headers["retry-after"]) == (429, "3600")
    inflow.now += 3600
    assert inflow.status("locations") == 200


def test_nothing_is_said_of_limits_unless_the_switch_says_so(inflow: Caller) -> None:
    assert inflow.ask("locations").headers.keys() == {"content-type"}
    inflow.switches.update({"inflow_rate_headers": True})
    headers = inflow.ask("locations").headers
    assert headers["x-inflow-api-rate-limit"] == "2/60"
    assert "x-ratelimit-limit" not in headers, "it stands for an hourly limit"


def test_requests_that_are_not_let_in_cost_nothing(inflow: Caller) -> None:
    inflow.switches.update({"inflow_requests_per_minute": 1})
    assert inflow.ask("locations", headers={}).status == 401
    assert inflow.status("locations") == 200
    assert inflow.status("locations") == 429


def test_retry_after_is_seconds_a_date_or_absent(inflow: Caller) -> None:
    inflow.switches.update({"inflow_requests_per_minute": 1})
    inflow.ask("locations")
    inflow.now += 15.5
    assert inflow.ask("locations").headers["retry-after"] == "45"
    inflow.switches.update({"inflow_retry_after": "date"})
    date = parsedate_to_datetime(inflow.ask("locations").headers["retry-after"])
    assert 44.5 <= date.timestamp() - inflow.now <= 45.5
    inflow.switches.update({"inflow_retry_after": "absent"})
    assert "retry-after" not in inflow.ask("locations").headers


@pytest.mark.parametrize(
    ("kind", "content_type", "start"),
    [("json", "application/json", b"{"), ("text", "text/plain", b"Rate"), ("html", "text/html", b"<!doctype html>")],
)
def test_a_429_has_the_body_of_the_switch(inflow: Caller, kind: str, content_type: str, start: bytes) -> None:
    inflow.switches.update({"inflow_requests_per_minute": 1, "inflow_error_body": kind})
    inflow.ask("locations")
    refused = inflow.ask("locations")
    assert refused.headers["content-type"] == content_type
    assert refused.body.startswith(start)
    inflow.switches.update({"inflow_error_body": "empty"})
    assert inflow.ask("locations").body == b""
