"""What could not be sent, came late or was removed in Optiply reaches it once nothing stands in its way."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from copy import deepcopy

import pytest
from pair.expected import Expectation
from pair.picks import new_id, product_of, purchase_of, sale_of
from pair.pipeline import Pipeline
from pair.spoil import spoil
from support.processes import ROOT, TAP, TARGET, environment, run, stop, write_json


@pytest.fixture
def spoilt(fresh: Pipeline) -> Iterator[Pipeline]:
    """Return a pipeline that has run on an inventory some records of which cannot be sent."""
    control = fresh.sandbox.control
    rows = {name: deepcopy(control.collection(name)) for name in ("products", "sales-orders")}
    spoil(control)
    fresh.start_afresh()
    fresh.assert_stands()
    changed = {name: [row for row in rows[name] if row not in control.collection(name)] for name in rows}
    fresh.unspoilt = changed
    yield fresh
    for name, before in changed.items():
        control.put(name, *before)


def rejected(expectation: Expectation, entity: str) -> str:
    """Return the id of the one record of the entity that is rejected."""
    (key,) = expectation.rejected[entity]
    return key


def test_a_corrected_product_brings_what_waited_for_it(spoilt: Pipeline) -> None:
    control = spoilt.sandbox.control
    key = rejected(spoilt.expected(), "products")
    with spoilt.changing() as change:
        row = next(row for row in spoilt.unspoilt["products"] if row["productId"] == key)
        control.put("products", row)
    assert change.writes["POST products"] == 1
    assert change.writes["POST supplierProducts"] > 0


def test_a_corrected_order_is_sent(spoilt: Pipeline) -> None:
    control = spoilt.sandbox.control
    key = rejected(spoilt.expected(), "sellOrders")
    with spoilt.changing() as change:
        row = next(row for row in spoilt.unspoilt["sales-orders"] if row["salesOrderId"] == key)
        control.put("sales-orders", row)
    assert change.writes == {"POST sellOrders": 1}


def test_a_new_vendor_a_new_product_and_their_first_order_arrive_together(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    vendor = deepcopy(control.collection("vendors")[0])
    product = product_of(pipeline, lambda row: row["vendorItems"] and not row["itemBoms"])
    order = purchase_of(pipeline, lambda row: row["lines"] and not row["receiveLines"])
    vendor["vendorId"], product["productId"] = new_id(vendor["vendorId"], 1), new_id(product["productId"], 2)
    vendor |= {"name": "New vendor", "addresses": []}
    item = {**product["vendorItems"][0], "vendorId": vendor["vendorId"], "productId": product["productId"]}
    item["vendorItemId"] = new_id(item["vendorItemId"], 3)
    product |= {"name": "New product", "sku": "NEW-2", "vendorItems": [item], "productBarcodes": []}
    line = {**order["lines"][0], "productId": product["productId"]}
    line["purchaseOrderLineId"] = new_id(line["purchaseOrderLineId"], 4)
    order |= {"purchaseOrderId": new_id(order["purchaseOrderId"], 5), "vendorId": vendor["vendorId"], "lines": [line]}
    with pipeline.changing() as change:
        control.put("purchase-orders", order)
        control.put("products", {**product, "inventoryLines": [], "prices": [], "taxCodes": []})
        control.put("vendors", vendor)
    created = {"suppliers", "products", "supplierProducts", "buyOrders"}
    assert change.writes == {f"POST {entity}": 1 for entity in created}


def test_a_purchase_order_that_was_deleted_in_optiply_is_created_again_when_it_changes(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    if not pipeline.settled:
        pipeline.start_afresh()
    row = purchase_of(pipeline, lambda order: order["receiveLines"] and not order["isCompleted"])
    gone = pipeline.assert_stands().ids["buyOrders"][row["purchaseOrderId"]]
    control.request("DELETE", f"optiply/buyOrders/{gone}")
    pipeline.settled = False
    control.put("purchase-orders", {**row, "isCompleted": True, "inventoryStatus": "fulfilled"})
    pipeline.succeed()
    assert pipeline.assert_stands().ids["buyOrders"][row["purchaseOrderId"]] != gone
    pipeline.settled = True


def test_a_product_that_was_deleted_in_optiply_is_created_again_when_it_changes(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    if not pipeline.settled:
        pipeline.start_afresh()
    used = {
        line["productId"]
        for kind in ("sales-orders", "purchase-orders")
        for row in control.collection(kind)
        for line in row["lines"]
    }
    used |= {part["childProductId"] for row in control.collection("products") for part in row["itemBoms"]}
    row = product_of(pipeline, lambda product: product["productId"] not in used and not product["vendorItems"])
    gone = pipeline.assert_stands().ids["products"][row["productId"]]
    control.request("DELETE", f"optiply/products/{gone}")
    pipeline.settled = False
    control.put("products", {**row, "sku": "BACK-AGAIN"})
    pipeline.succeed()
    assert pipeline.assert_stands().ids["products"][row["productId"]] != gone
    pipeline.settled = True


def test_a_commit_that_comes_late_is_not_missed(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    fresh.start_afresh()
    held, seen = sale_of(fresh), purchase_of(fresh, lambda order: not order["isCompleted"])
    control.set_switches(inflow_late_commits=1)
    # Its rowversion is drawn first, and lies below those that the next run sees.
    control.put("sales-orders", {**held, "isCancelled": True})
    other = sale_of(fresh, lambda order: order["salesOrderId"] != held["salesOrderId"])
    control.put("sales-orders", {**other, "isCancelled": True})
    control.put("purchase-orders", {**seen, "isCancelled": True})
    fresh.succeed()
    control.set_switches(inflow_late_commits=0)
    control.clear_log()
    fresh.succeed()
    fresh.assert_stands()


def test_a_supplier_whose_address_is_refused_is_sent_without_it(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    expectation = fresh.expected()
    rows = expectation.rows["suppliers"].values()
    address = next(row["emails"][0] for row in rows if row["emails"])
    detail = f"{address} is not a valid address"
    body = {"errors": [{"status": "400", "title": "BAD_REQUEST", "detail": detail, "meta": {"message": detail}}]}
    control.add_fault(
        {"api": "optiply", "method": "POST", "path": "suppliers", "body": address},
        {"kind": "status", "status": 400, "body": body},
        times=None,
    )
    fresh.succeed()
    control.clear_faults()
    for row in rows:
        row["emails"] = [] if address in row["emails"] else row["emails"]
    fresh.assert_stands(expectation)


def test_a_run_whose_tap_failed_halfway_is_completed_by_the_next(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    fresh.tap = {"max_retries": 0}
    match = {"api": "inflow", "method": "GET", "path": "purchase-orders"}
    control.add_fault(match, {"kind": "status", "status": 500}, times=None)
    done = fresh.run()
    assert done.tap.code == 1
    assert done.target.code == 0, done.explain()
    assert "purchase_orders" in done.tap.stderr.splitlines()[-1]
    control.clear_faults()
    control.clear_log()
    fresh.succeed()
    fresh.assert_stands()
    assert set(control.writes()) == {"POST buyOrders", "POST receiptLines"}


def test_a_target_that_was_killed_leaves_nothing_twice(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    config = write_json(fresh.directory / "tap-config.json", fresh.sandbox.tap_config())
    messages = run([*TAP, "--config", str(config)]).stdout
    control.request("PUT", "latency", {"optiply": 0.02})
    target = write_json(fresh.directory / "target.json", fresh.sandbox.target_config(fresh.state_path))
    command = [*TARGET, "--config", str(target)]
    with (fresh.directory / "killed.err").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, cwd=ROOT, env=environment()
        )
        try:
            assert process.stdin is not None
            process.stdin.write(messages.encode())
            process.stdin.flush()
            for _ in range(600):
                if control.writes().count("POST sellOrders") > 2:
                    break
                time.sleep(0.02)
            process.kill()
            process.wait()
        finally:
            stop(process)
            control.request("PUT", "latency", {"optiply": 0.0})
    assert control.writes().count("POST sellOrders") > 2
    fresh.succeed()
    fresh.assert_stands()
