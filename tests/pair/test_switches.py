"""Whatever the two APIs do where their documentation is silent, the same content stands in Optiply."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pair.expected import Expectation
from pair.picks import goods, new_id, product_of, purchase_of, received, sale_of
from pair.pipeline import Pipeline
from pair.spoil import spoil
from support.processes import TAP, TARGET, Finished, Sandbox, forked, run, write_json

# Switch to the values that it is flipped to.
INFLOW: dict[str, list[Any]] = {
    "inflow_default_order": ["id", "shuffled", "newest_first"],
    "inflow_guid_sort": ["text"],
    "inflow_sort": ["ignored", "refused"],
    "inflow_count_over_100": ["refuse"],
    "inflow_unknown_after": ["refuse"],
    "inflow_invalid_include": ["ignore"],
    "inflow_rate_headers": [True],
    "inflow_date_filter": ["date_only"],
    "inflow_missing_version": ["refuse"],
    "inflow_enum_case": ["pascal"],
    "inflow_summary_numbers": ["number"],
    "inflow_empty_text": ["null"],
    "inflow_child_bumps_parent": [False],
    "inflow_optional_streams": ["403"],
    "inflow_retry_after": ["date"],
    "inflow_error_body": ["html"],
    "inflow_requests_per_minute": [1000],
    "inflow_requests_per_hour": [1000],
    "inflow_wrong_company": [404],
}
OPTIPLY: dict[str, list[Any]] = {
    "optiply_token_lifetime": [2],
    "optiply_same_token_on_login": [False],
    "optiply_echo_token": [True],
    "optiply_content_type": ["writes"],
    "optiply_unknown_attributes": ["ignored"],
    "optiply_readonly_attributes": ["refused"],
    "optiply_validation_status": [422],
    "optiply_wrong_type_500": ["all"],
    "optiply_float_integers": ["whole"],
    "optiply_numeric_strings": ["all"],
    "optiply_excess_decimals": ["rounded"],
    "optiply_line_breaks": ["accepted"],
    "optiply_patch_references": ["accepted", "refused"],
    "optiply_patch_order_lines": ["ignored"],
    "optiply_product_twice": ["refused"],
    "optiply_preferred": ["accepted"],
    "optiply_missing_account": ["first"],
    "optiply_foreign_account": [404],
    "optiply_unknown_coupling": ["accepted"],
    "optiply_circular_composition": [400, 0],
    "optiply_cascades": ["all", "refused"],
    "optiply_remote_id_map": ["proven", "all", "none"],
    "optiply_lines_in_answer": ["attributes", "included"],
    "optiply_status_case": ["upper"],
    "optiply_date_format": ["millis", "offset"],
    "optiply_date_resolution": ["millisecond"],
    "optiply_error_shape": ["html"],
    "optiply_filter_remote_id": ["accepted"],
    "optiply_unknown_filter": ["ignored"],
    "optiply_filter_comma": ["literal"],
    "optiply_total_count": [False],
    "optiply_requests_per_second": [200],
    "optiply_max_in_flight": [3],
    "optiply_latency_knee": [2],
    "optiply_account_filter": ["owned"],
    "optiply_late_commit": [True],
    "optiply_refresh_token_lifetime": [2],
    "optiply_resuming_purchase": ["boolean"],
    "optiply_negative_receipts": [True],
    "optiply_promotion_defaults": [True],
    "optiply_unique_promotion_products": [True],
    "optiply_conflict_shape": ["empty"],
    "optiply_throttle_status": [503],
    "optiply_retry_after": ["date", "absent"],
    "optiply_retry_after_seconds": [0],
    "optiply_latency_per_excess": [0.01],
}
# Switches that say something only beside another one.
BESIDE: dict[str, dict[str, Any]] = {
    "inflow_requests_per_hour": {"inflow_rate_headers": True},
    "optiply_refresh_token_lifetime": {"optiply_token_lifetime": 2},
    "optiply_throttle_status": {"optiply_max_in_flight": 2},
    "optiply_retry_after": {"optiply_max_in_flight": 2},
    "optiply_retry_after_seconds": {"optiply_max_in_flight": 2},
    "optiply_latency_per_excess": {"optiply_latency_knee": 2},
}
# While these are flipped, not everything can stand: each has a test of its own, below.
ALONE = frozenset({"inflow_late_commits", "optiply_scopes"})
# What the pair makes of these is shown where their APIs are (tests/apis/test_variants.py).
OTHER_APIS = ("optiflow_", "quickstart_", "opterius_")


def flips(table: dict[str, list[Any]]) -> list[Any]:
    """Return one parameter set for each value of each switch."""
    return [
        pytest.param(name, value, id=f"{name.split('_', 1)[1]}={value}")
        for name, values in table.items()
        for value in values
    ]


@dataclass(frozen=True)
class Recording:
    """What the tap said of an inventory, and what must stand in Optiply once the target has taken it."""

    messages: str
    expectation: Expectation


def record(pipeline: Pipeline) -> Recording:
    """Read the inventory in full."""
    config = write_json(pipeline.directory / "tap.json", pipeline.sandbox.tap_config())
    done = run([*TAP, "--config", str(config)])
    assert done.code == 0, done.stderr
    return Recording(done.stdout, pipeline.expected())


def change_much(pipeline: Pipeline) -> None:
    """Change one of everything: what is patched, added, removed and replaced in Optiply."""
    control = pipeline.sandbox.control
    sale = sale_of(pipeline, lambda order: len({line["productId"] for line in goods(pipeline, order)}) > 1)
    goods(pipeline, sale)[0]["subTotal"] = "77.77000"
    sale["lines"] = [line for line in sale["lines"] if line["productId"] != goods(pipeline, sale)[-1]["productId"]]
    cancelled = sale_of(pipeline, lambda order: order["salesOrderId"] != sale["salesOrderId"])
    control.put("sales-orders", sale, {**cancelled, "isCancelled": True})

    bought = purchase_of(pipeline, lambda order: not order["isCompleted"] and not order["receiveLines"])
    bought["receiveLines"] = [received(pipeline, bought, "3.0000", 7)]
    moved = purchase_of(pipeline, lambda order: order["receiveLines"])
    vendors = [row["vendorId"] for row in control.collection("vendors") if row["vendorId"] != moved["vendorId"]]
    control.put("purchase-orders", bought, {**moved, "vendorId": vendors[0]})

    sold = product_of(pipeline, lambda product: len({item["vendorId"] for item in product["vendorItems"]}) > 1)
    sold["vendorItems"] = sorted(sold["vendorItems"], key=lambda item: item["lineNum"] or 99)
    added = deepcopy(sold["vendorItems"][0])
    others = {item["vendorId"] for item in sold["vendorItems"]}
    added["vendorId"] = next(
        key for key in (row["vendorId"] for row in control.collection("vendors")) if key not in others
    )
    added |= {"vendorItemId": new_id(added["vendorItemId"], 1), "lineNum": 200}
    sold |= {"vendorItems": [*sold["vendorItems"], added], "name": "Quite another name"}
    made = product_of(pipeline, lambda product: len(product["itemBoms"]) > 1)
    control.put("products", sold, {**made, "itemBoms": made["itemBoms"][:1]})


def start(recording: Recording, pipeline: Pipeline, directory: Path) -> Finished:
    """Run the target on what was recorded."""
    settings = {"max_rejected_records": recording.expectation.refusals}
    config = write_json(directory / "target.json", pipeline.sandbox.target_config(pipeline.state_path, **settings))
    arguments = ["--config", str(config)]
    if pipeline.by is None:
        return run([*TARGET, *arguments], stdin=recording.messages, cwd=directory)
    return forked([("target_optiply", arguments)], directory, pipeline.by, stdin=recording.messages)[0]


def take(recording: Recording, pipeline: Pipeline, directory: Path) -> None:
    """Run the target on what was recorded, and insist that Optiply holds what it says."""
    done = start(recording, pipeline, directory)
    assert done.code == 0, done.stderr[-3000:]
    pipeline.assert_stands(recording.expectation)


@pytest.fixture(scope="module")
def recordings(small_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Recording]:
    """Return what the tap says of an inventory before and after many changes."""
    reader = Pipeline(small_sandbox, tmp_path_factory.mktemp("reader"))
    spoil(small_sandbox.control)
    before = record(reader)
    change_much(reader)
    return before, record(reader)


@pytest.fixture
def flipped(fresh: Pipeline, recordings: tuple[Recording, Recording]) -> Pipeline:
    """Return a pipeline on an empty Optiply, whose sandbox the test may change."""
    return fresh


def test_every_switch_of_the_sandbox_is_flipped(small_sandbox: Sandbox) -> None:
    switches = small_sandbox.control.switches()
    ours = {name for name in switches if not name.startswith(OTHER_APIS)}
    assert ours == INFLOW.keys() | OPTIPLY.keys() | ALONE
    for name, value in (row.values for row in (*flips(INFLOW), *flips(OPTIPLY))):
        assert value != switches[name], f"{name} is {value} anyway"


@pytest.mark.parametrize(("switch", "value"), flips(INFLOW))
def test_the_inventory_api_may_be_otherwise(flipped: Pipeline, switch: str, value: Any) -> None:
    control = flipped.sandbox.control
    control.set_switches(**{switch: value}, **BESIDE.get(switch, {}))
    flipped.succeed()
    flipped.assert_stands()
    row = purchase_of(flipped, lambda order: len(order["receiveLines"]) > 0)
    # A child alone, so that an order without a renewed rowversion of its own is tried too.
    number = sum(len(order["receiveLines"]) for order in control.collection("purchase-orders"))
    control.put("purchase-orders", {**row, "receiveLines": [*row["receiveLines"], received(flipped, row, "2", number)]})
    control.clear_log()
    done = flipped.succeed()
    flipped.assert_stands()
    assert control.writes() == ["POST receiptLines"], done.explain()


@pytest.mark.parametrize(("switch", "value"), flips(OPTIPLY))
def test_optiply_may_be_otherwise(
    flipped: Pipeline, recordings: tuple[Recording, Recording], switch: str, value: Any, tmp_path: Path
) -> None:
    control = flipped.sandbox.control
    control.set_switches(**{switch: value}, **BESIDE.get(switch, {}))
    for recording in recordings:
        take(recording, flipped, tmp_path)


def test_two_versions_in_one_run_leave_what_the_second_says(
    flipped: Pipeline, recordings: tuple[Recording, Recording], tmp_path: Path
) -> None:
    before, after = recordings
    take(Recording(before.messages + after.messages, after.expectation), flipped, tmp_path)


def test_rows_that_appear_after_later_ones_arrive_once_they_appear(flipped: Pipeline) -> None:
    control = flipped.sandbox.control
    flipped.succeed()
    control.set_switches(inflow_late_commits=1)
    held, shown = [row for row in control.collection("vendors") if row["isActive"]][:2]
    control.put("vendors", {**held, "name": "Held back"})
    control.put("vendors", {**shown, "name": "Drawn later"})
    flipped.succeed()
    names = {row["attributes"]["name"] for row in control.optiply("suppliers")}
    assert names & {"Drawn later", "Held back"} == {"Drawn later"}
    control.set_switches(inflow_late_commits=0)
    flipped.succeed()
    flipped.assert_stands()
    assert "Held back" in {row["attributes"]["name"] for row in control.optiply("suppliers")}


def test_a_user_who_may_not_delete_is_told_so_and_nothing_is_lost(
    flipped: Pipeline, recordings: tuple[Recording, Recording], tmp_path: Path
) -> None:
    control = flipped.sandbox.control
    before, after = recordings
    take(before, flipped, tmp_path)
    control.set_switches(optiply_scopes="read write")
    control.request("POST", "tokens/revoke")
    control.clear_log()
    done = start(after, flipped, tmp_path)
    refused = [entry for entry in control.log() if entry["method"] == "DELETE"]
    assert refused
    assert {entry["status"] for entry in refused} == {403}
    assert "Traceback" not in done.stderr
    assert json.loads(flipped.state_path.read_text())["source"]["removals"]
    control.set_switches(optiply_scopes="read write delete")
    control.request("POST", "tokens/revoke")
    take(after, flipped, tmp_path)
