"""Faults: nothing is missed, nothing is read twice, and what cannot be read is said in one sentence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from runs import Tap

SECRETS = ("sandbox-inflow-key", "5f2b7d64-9c1e-4a83-b0d7-3e6a8c94f112")


def fault(tap: Tap, path: str, kind: str, *, times: int | None = 1, skip: int = 0, **details: Any) -> None:
    match = {"api": "inflow", "path": path, "skip": skip}
    tap.sandbox.control.add_fault(match, {"kind": kind, **details}, times)


def keys(records: list[dict[str, Any]], key: str) -> Counter[str]:
    return Counter(record[key] for record in records)


PASSING: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 500}),
    ("status", {"status": 502, "body": "<html>bad gateway</html>"}),
    ("status", {"status": 503}),
    ("status", {"status": 504}),
    ("status", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("status", {"status": 429, "headers": {"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"}}),
    ("status", {"status": 429}),
    ("reset", {"when": "before"}),
    ("reset", {"when": "after"}),
    ("truncate", {}),
    ("html", {}),
    ("body", {"body": '{"message": "maintenance"}'}),
    ("hang", {"when": "before", "seconds": 3}),
]


@pytest.mark.parametrize(("kind", "details"), PASSING, ids=lambda value: str(value)[:40])
def test_a_fault_that_passes_costs_a_request_and_nothing_else_at_the_start_and_in_mid_run(
    tap: Tap, kind: str, details: dict[str, Any]
) -> None:
    fault(tap, "/sales-orders", kind, **details)
    fault(tap, "/sales-orders", kind, skip=3, **details)
    run = tap.run(catalog=tap.catalog(["sales_orders"]), request_timeout=1, page_size=50)
    found = keys(run.records("sales_orders"), "salesOrderId")
    assert set(found) == {row["salesOrderId"] for row in tap.sandbox.control.collection("sales-orders")}
    assert set(found.values()) == {1}
    struck = [number for number, entry in enumerate(tap.requests) if entry["fault"]]
    assert struck[0] == 0
    assert len(struck) == 2
    assert 1 < struck[1] < len(tap.requests) - 1


def test_an_empty_list_is_no_fault_and_rows_that_come_later_are_read(tap: Tap) -> None:
    catalog = tap.catalog(["vendors", "sales_orders", "product_summaries", "products"])
    for path in ("/vendors", "/sales-orders", "/products"):
        fault(tap, f"{path}$", "body", times=None, body="[]")
    first = tap.run(catalog=catalog)
    assert not first.counts
    assert len(tap.requests) == 3
    tap.sandbox.control.clear_faults()
    second = tap.run(catalog=catalog, state=first.state)
    assert second.counts == {"vendors": 12, "sales_orders": 350, "product_summaries": 230, "products": 230}


def test_faults_of_the_figures_pass_too(tap: Tap) -> None:
    fault(tap, "/products/summary", "status", status=503, headers={"Retry-After": "0"})
    fault(tap, "/products/summary", "truncate", skip=1)
    run = tap.run(catalog=tap.catalog(["products", "product_summaries"]))
    assert len(run.records("product_summaries")) == len(run.records("products")) == 230


@pytest.mark.parametrize(("status", "setting"), [(401, "api_key"), (403, "company_id"), (404, "company_id")])
def test_a_key_that_is_refused_is_said_in_one_sentence_after_one_request(tap: Tap, status: int, setting: str) -> None:
    body = f"no access for Bearer {SECRETS[0]} to {SECRETS[1]}"
    fault(tap, ".*", "status", times=None, status=status, body=body)
    run = tap.run(code=1)
    assert setting in run.said
    assert len(tap.requests) == 1
    assert not run.messages
    assert not [secret for secret in SECRETS if secret in run.ended.stderr]
    assert "Traceback" not in run.ended.stderr


def test_a_key_that_is_revoked_in_mid_run_ends_it_and_names_stream_and_setting(tap: Tap) -> None:
    fault(tap, "/sales-orders", "status", times=None, skip=2, status=401)
    run = tap.run(code=1)
    assert "sales_orders" in run.said
    assert "api_key" in run.said
    assert run.counts["vendors"] == 12
    assert run.state["bookmarks"]["vendors"]["replication_key_value"]


ADVICE = {403: "the right to read it", 404: "Deselect the stream", 500: "Run it again"}


@pytest.mark.parametrize("status", ADVICE)
def test_where_one_stream_fails_the_others_are_read_and_it_is_named(tap: Tap, status: int) -> None:
    fault(tap, "/purchase-orders", "status", times=None, status=status, body=f"no {SECRETS[0]}")
    run = tap.run(code=1, max_retries=1)
    assert "purchase_orders" in run.said
    assert ADVICE[status] in run.said
    assert run.counts["sales_orders"] == 350
    assert run.counts["locations"] == 4
    assert not run.counts["purchase_orders"]
    assert "purchase_orders" not in run.state["bookmarks"]
    assert not [secret for secret in SECRETS if secret in run.ended.stderr]


@pytest.mark.parametrize("status", [403, 404])
def test_an_optional_stream_that_an_account_lacks_is_a_warning(tap: Tap, status: int) -> None:
    optional = ["stockroom_scans", "stockroom_users", "manufacturing_orders", "webhooks", "team_members"]
    for path in ("/stockroom-scans", "/stockroom-users", "/manufacturing-orders", "/webhooks", "/team-members"):
        fault(tap, path, "status", times=None, status=status)
    run = tap.run(catalog=tap.catalog(["vendors", "locations", *optional, "custom_field_definitions"]))
    assert run.counts["locations"] == 4
    assert all(f"does not have the stream {name}" in run.ended.stderr for name in optional)


def test_a_stream_that_fails_in_its_middle_keeps_what_it_wrote_and_goes_on_there(tap: Tap) -> None:
    catalog = tap.catalog(["vendors", "sales_orders"])
    fault(tap, "/sales-orders", "status", times=None, skip=4, status=500)
    first = tap.run(catalog=catalog, code=1, max_retries=0, page_size=50)
    tap.sandbox.control.clear_faults()
    second = tap.run(catalog=catalog, state=first.state, page_size=50)
    found = keys([*first.records("sales_orders"), *second.records("sales_orders")], "salesOrderId")
    assert len(found) == 350
    assert set(found.values()) == {1}


@pytest.mark.parametrize("status", [403, 404])
def test_a_stream_that_is_forbidden_in_mid_run_keeps_what_it_wrote_and_the_others_go_on(tap: Tap, status: int) -> None:
    catalog = tap.catalog(["vendors", "sales_orders", "locations"])
    fault(tap, "/sales-orders", "status", times=None, skip=4, status=status)
    first = tap.run(catalog=catalog, code=1, page_size=50)
    assert "sales_orders" in first.said
    assert str(status) in first.said
    assert ADVICE[status] in first.said
    assert first.counts["sales_orders"] == 150
    assert first.counts["locations"] == 4
    tap.sandbox.control.clear_faults()
    second = tap.run(catalog=catalog, state=first.state, page_size=50)
    found = keys([*first.records("sales_orders"), *second.records("sales_orders")], "salesOrderId")
    assert len(found) == 350
    assert set(found.values()) == {1}


@pytest.mark.parametrize("unknown", ["empty", "refuse", "start"])
def test_where_the_row_to_go_on_after_is_gone_nothing_is_missed(tap: Tap, unknown: str) -> None:
    catalog = tap.catalog(["sales_orders"])
    fault(tap, "/sales-orders", "status", times=None, skip=4, status=500)
    first = tap.run(catalog=catalog, code=1, max_retries=0, page_size=50)
    tap.sandbox.control.clear_faults()
    tap.sandbox.control.set_switches(inflow_unknown_after=unknown)
    first.state["bookmarks"]["sales_orders"]["progress"]["after"] = "00000000-0000-4000-8000-000000000000"
    second = tap.run(catalog=catalog, state=first.state, page_size=50)
    found = keys([*first.records("sales_orders"), *second.records("sales_orders")], "salesOrderId")
    assert len(found) == 350


def test_figures_that_cannot_be_read_do_not_keep_the_products(tap: Tap) -> None:
    fault(tap, "/products/summary", "status", times=None, status=403)
    run = tap.run(catalog=tap.catalog(["vendors", "products", "product_summaries"]), code=1)
    assert "product_summaries" in run.said
    assert len(run.records("products")) == 230


def test_a_server_that_does_not_answer_is_said_in_one_sentence(tap: Tap) -> None:
    run = tap.run(api_url="http://127.0.0.1:9/inflow", max_retries=0, code=1)
    assert "cannot be reached" in run.said
    assert "api_url" in run.said
    assert not [secret for secret in SECRETS if secret in run.ended.stderr]


def test_a_redirect_is_not_followed(tap: Tap) -> None:
    fault(tap, "/vendors", "redirect", times=None, location="http://127.0.0.1:9/elsewhere")
    run = tap.run(code=1, max_retries=0)
    assert "api_url" in run.said


@pytest.mark.parametrize("unknown", ["empty", "refuse", "start"])
def test_a_list_with_full_last_page_ends_whatever_an_unknown_key_gets(tap: Tap, unknown: str) -> None:
    tap.sandbox.control.set_switches(inflow_unknown_after=unknown)
    run = tap.run(catalog=tap.catalog(["sales_orders"]), page_size=50)
    assert len(run.records("sales_orders")) == 350
    assert tap.kinds["GET sales-orders"] <= 7 + 1 + 1


def test_no_secret_is_logged_at_any_level(tap: Tap) -> None:
    fault(tap, "/sales-orders", "status", times=1, status=500, body=f"{SECRETS[0]} {SECRETS[1]}")
    run = tap.run(env={"TAP_INVENTORY_LOGLEVEL": "DEBUG"})
    assert "DEBUG" in run.ended.stderr
    assert not [secret for secret in SECRETS if secret in run.ended.stderr]
    assert not [secret for secret in SECRETS if secret in run.ended.stdout]
