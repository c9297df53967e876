"""What is not known of an API, or known in two ways: the tap copes with each without being told."""

from __future__ import annotations

import json
import stat
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from apis.cases import OPTERIUS, OPTIFLOW, ORDERS, PAGE, QUICKSTART, Bench, Case
from support.processes import Sandbox

from sandbox import identity

VARIANTS: list[tuple[Case, dict[str, Any]]] = [
    (OPTIFLOW, {"optiflow_envelope": "flat"}),
    (OPTIFLOW, {"optiflow_relations": "always", "optiflow_sort": "ignored"}),
    (OPTIFLOW, {"optiflow_relations": "none", "optiflow_sort": "refused"}),
    (QUICKSTART, {"quickstart_user": "agent", "quickstart_rotation": False}),
    (QUICKSTART, {"quickstart_sort": "ignored", "quickstart_items": "none"}),
    (QUICKSTART, {"quickstart_page_size": 7, "quickstart_items": "id"}),
    # The quotas are not reached: what a 429 does is in test_trouble.py.
    (OPTIFLOW, {"optiflow_requests_per_minute": 999, "optiflow_retry_after": "date"}),
    (OPTIFLOW, {"optiflow_per_page_over_100": "refuse"}),
    (QUICKSTART, {"quickstart_requests_per_minute": 999, "quickstart_retry_after": "date"}),
    (QUICKSTART, {"quickstart_token_lifetime": 1}),
]
QUOTA = {"opterius_requests_per_minute": 999, "opterius_retry_after": "date"}
# Flipped by a case of its own, and by a test of its own below.
ELSEWHERE = {"opterius_variant", "optiflow_child_bumps_parent"}


def on(bench: Bench, **switches: Any) -> Bench:
    bench.sandbox.control.set_switches(**switches)
    return bench


def test_every_switch_of_these_apis_is_flipped(sandbox: Sandbox) -> None:
    switches = sandbox.control.switches()
    flipped = {name for _, row in VARIANTS for name in row} | QUOTA.keys() | ELSEWHERE
    assert flipped == {name for name in switches if not name.startswith(("inflow_", "optiply_"))}
    for row in (*(row for _, row in VARIANTS), QUOTA):
        assert all(value != switches[name] for name, value in row.items()), row


@pytest.mark.parametrize(
    ("case", "switches"), VARIANTS, ids=lambda value: str(value)[:60] if isinstance(value, dict) else value.name
)
def test_every_row_is_read_and_of_the_next_run_just_the_changes(bench: Bench, switches: dict[str, Any]) -> None:
    first = on(bench, **switches).run()
    assert bench.keys(first) == dict.fromkeys(bench.everything, 1)
    changed = bench.change(2)
    second = bench.run(state=first.states[-1])
    assert sorted(bench.keys(second)) == sorted(changed)
    assert set(second.counts) == {bench.case.main}


@pytest.mark.parametrize("case", [OPTIFLOW], ids=lambda case: case.name)
class TestOptiflow:
    def test_a_movement_of_stock_alone_brings_the_product_however_many_were_changed_since(self, bench: Bench) -> None:
        product = next(row for row in bench.rows("products") if len(row["stocks"]) == 2)
        newer = [{**product, "id": number, "sku": f"N-{number}", "stocks": []} for number in range(5001, 5151)]
        bench.put(*({k: v for k, v in row.items() if k != "updated_at"} for row in newer), collection="products")
        moved = [{**product["stocks"][0], "quantity": 41.5}, product["stocks"][1]]
        try:
            first = bench.run(only=["products"])
            bench.put({"id": product["id"], "stocks": moved}, collection="products")
            second = bench.run(only=["products"], state=first.states[-1])
        finally:
            bench.put(*({"id": row["id"], "_deleted": True} for row in newer), collection="products")
        (record,) = second.records("products")
        assert record["id"] == product["id"]
        assert Decimal(record["stocks"][0]["quantity"]) == Decimal("41.5")

    @pytest.mark.parametrize("bumps", [True, False])
    def test_an_item_that_changes_with_or_without_its_invoice_is_found(self, bench: Bench, bumps: bool) -> None:
        on(bench, optiflow_child_bumps_parent=bumps)
        first = bench.run(only=["invoices"])
        rows = sorted(bench.rows(), key=lambda row: row["updated_at"])
        # Of the newest rows, so that what has not moved its invoice is among those that are looked at again.
        invoice = next(row for row in reversed(rows) if row["items"])
        items = [{**invoice["items"][0], "description": f"now {bumps}"}, *invoice["items"][1:]]
        bench.put({"id": invoice["id"], "items": items})
        second = bench.run(only=["invoices"], state=first.states[-1])
        assert [record["id"] for record in second.records("invoices")] == [invoice["id"]]

    def test_a_workspace_is_read_alone_where_it_is_named_and_another_is_read_anew(self, bench: Bench) -> None:
        one = bench.run(only=["invoices"], workspace_id=1)
        assert {record["workspace_id"] for record in one.records("invoices")} == {1}
        two = bench.run(only=["invoices"], workspace_id="2", state=one.states[-1])
        expected = {row["id"] for row in bench.rows() if row["workspace_id"] == 2}
        assert {record["id"] for record in two.records("invoices")} == expected

    def test_invoices_before_the_start_date_are_left_out(self, bench: Bench) -> None:
        run = bench.run(only=["invoices"], start_date="2025-04-01")
        expected = {row["id"] for row in bench.rows() if row["issue_date"] >= "2025-04-01"}
        assert 0 < len(expected) < ORDERS
        assert set(bench.keys(run)) == expected

    def test_a_stream_that_the_installation_has_not_is_a_warning(self, bench: Bench) -> None:
        bench.fault("/quotations$", "status", times=None, status=404)
        run = bench.run(only=["contacts", "quotations", "workspaces"])
        assert "does not have the stream quotations" in run.ended.stderr
        assert run.counts["workspaces"] == 2


@pytest.mark.parametrize("case", [QUICKSTART], ids=lambda case: case.name)
class TestQuickstart:
    def test_the_tokens_are_kept_and_the_next_run_asks_for_none(self, bench: Bench) -> None:
        bench.run(only=["customers"])
        kept = json.loads(bench.token_file.read_text())
        assert kept["refresh_token"].startswith(identity.QUICKSTART_TOKEN_MARK)
        assert stat.S_IMODE(bench.token_file.stat().st_mode) == 0o600
        bench.run(only=["customers"])
        assert not [entry for entry in bench.sandbox.control.log() if "token" in entry["path"]]
        assert json.loads(bench.token_file.read_text()) == kept

    def test_a_token_that_ends_in_mid_run_is_renewed_once_for_all_streams(self, bench: Bench) -> None:
        bench.fault("/orders$", "status", status=401, skip=2)
        run = bench.run()
        assert bench.keys(run) == dict.fromkeys(bench.everything, 1)
        tokens = [entry for entry in bench.sandbox.control.log() if "token" in entry["path"]]
        assert [entry["status"] for entry in tokens] == [200, 200]

    def test_a_lost_token_file_is_one_sentence(self, bench: Bench) -> None:
        bench.run(only=["customers"])
        bench.token_file.unlink()
        run = bench.run(only=["customers"], code=1)
        assert "token file" in run.said
        assert "is not there" in run.said
        assert "refresh_token" in run.said
        assert "Traceback" not in run.ended.stderr
        assert not run.counts

    def test_a_token_server_in_trouble_is_asked_again_and_then_named(self, bench: Bench) -> None:
        bench.fault("/oauth/token", "status", status=503, headers={"Retry-After": "0"})
        assert bench.run(only=["customers"]).counts["customers"]
        bench.token_file.unlink()
        bench.sandbox.control.reset()
        bench.fault("/oauth/token", "status", times=None, status=503, headers={"Retry-After": "0"})
        assert "token_url" in bench.run(only=["customers"], code=1, max_retries=1).said


@pytest.mark.parametrize("case", OPTERIUS, ids=lambda case: case.name)
def test_the_one_account_and_every_amount_come_as_the_variant_gives_them(bench: Bench) -> None:
    run = on(bench, **QUOTA).run()
    assert [record["name"] for record in run.records("me")] == ["Jane Smith"]
    assert Counter(record["id"] for record in run.records("domains")) == dict.fromkeys(range(1, 46), 1)
    totals = {record["id"]: Decimal(record["total"]) for record in run.records("orders")}
    share = 100 if bench.case.name == "opterius observed" else 1
    assert totals == {row["id"]: Decimal(row["total"]) / share for row in bench.rows("orders")}


@pytest.mark.parametrize("case", [OPTERIUS[1]], ids=lambda case: case.name)
def test_a_whole_list_just_as_long_as_a_page_is_read_once(bench: Bench) -> None:
    bench.page = 45
    run = bench.run(only=["services"])
    assert Counter(record["id"] for record in run.records("services")) == dict.fromkeys(range(1, 46), 1)
    assert len(bench.requests) <= 2
    assert bench.page != PAGE
