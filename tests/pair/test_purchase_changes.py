"""One change of a purchase order, one run: the change reaches Optiply, and nothing else is written."""

from __future__ import annotations

from copy import deepcopy

import pytest
from pair.picks import Row, new_id, purchase_of, received
from pair.pipeline import Pipeline


def test_a_new_purchase_order_is_posted_with_its_lines_and_receipts(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: len(order["receiveLines"]) > 1)
    key = new_id(row["purchaseOrderId"], 6)
    receipts = [
        {**line, "purchaseOrderReceiveLineId": new_id(line["purchaseOrderReceiveLineId"], 16 + number)}
        for number, line in enumerate(row["receiveLines"])
    ]
    with pipeline.changing() as change:
        new = {**row, "purchaseOrderId": key, "orderNumber": "PO-NEW", "receiveLines": receipts}
        pipeline.sandbox.control.put("purchase-orders", new)
    assert change.writes["POST buyOrders"] == 1
    assert change.writes["POST receiptLines"] > 0


@pytest.mark.parametrize("date", ["2025-12-24T00:00:00+01:00", None])
def test_another_expected_date_is_patched(pipeline: Pipeline, date: str | None) -> None:
    row = purchase_of(pipeline, lambda order: not order["isCompleted"] and order["requestShipDate"])
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("purchase-orders", {**row, "requestShipDate": date})
    assert change.writes == {"PATCH buyOrders": 1}


def test_a_received_delivery_is_one_receipt(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: not order["isCompleted"] and not order["receiveLines"])
    row["receiveLines"] = [received(pipeline, row, "3.0000", 7)]
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("purchase-orders", row)
    assert change.writes == {"POST receiptLines": 1}


def test_a_completed_delivery_completes_the_order_and_reopening_opens_it(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: not order["isCompleted"] and order["receiveLines"])
    with pipeline.changing() as done:
        pipeline.sandbox.control.put("purchase-orders", {**row, "isCompleted": True, "inventoryStatus": "fulfilled"})
    assert done.writes == {"PATCH buyOrders": 1}
    with pipeline.changing() as open_again:
        pipeline.sandbox.control.put("purchase-orders", row)
    assert open_again.writes == {"PATCH buyOrders": 1}


def test_a_corrected_receipt_is_patched_and_a_withdrawn_one_removed(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: not order["isCompleted"] and len(order["receiveLines"]) == 1)
    quantity = row["receiveLines"][0]["quantity"]
    row["receiveLines"][0]["quantity"] = {**quantity, "standardQuantity": "2.0000", "uomQuantity": "2.0000"}
    with pipeline.changing() as corrected:
        pipeline.sandbox.control.put("purchase-orders", row)
    assert corrected.writes == {"PATCH receiptLines": 1}
    with pipeline.changing() as withdrawn:
        pipeline.sandbox.control.put("purchase-orders", {**row, "receiveLines": []})
    assert withdrawn.writes == {"DELETE receiptLines": 1}


def test_a_cancelled_purchase_order_is_removed_with_what_hangs_on_it(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: order["receiveLines"])
    with pipeline.changing() as gone:
        pipeline.sandbox.control.put("purchase-orders", {**row, "isCancelled": True})
    assert gone.writes == {"DELETE buyOrders": 1}
    with pipeline.changing() as back:
        pipeline.sandbox.control.put("purchase-orders", row)
    assert back.writes["POST buyOrders"] == 1
    assert back.writes["POST receiptLines"] > 0


def test_another_vendor_means_another_order_with_its_receipts(pipeline: Pipeline) -> None:
    row = purchase_of(pipeline, lambda order: order["receiveLines"])
    vendors = pipeline.sandbox.control.collection("vendors")
    other = next(vendor["vendorId"] for vendor in vendors if vendor["vendorId"] != row["vendorId"])
    if not pipeline.settled:
        pipeline.start_afresh()
    control = pipeline.sandbox.control
    control.clear_log()
    pipeline.settled = False
    receipts = len([line for line in row["receiveLines"] if float(line["quantity"]["standardQuantity"]) > 0])
    control.put("purchase-orders", {**row, "vendorId": other})
    done = pipeline.succeed()
    pipeline.assert_stands()
    assert sorted(control.writes()) == ["DELETE buyOrders", "POST buyOrders", *["POST receiptLines"] * receipts], (
        done.explain()
    )
    pipeline.settled = True


def test_optiplys_own_order_gets_its_receipts_and_is_never_doubled(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    if not pipeline.settled:
        pipeline.start_afresh()
    standing = pipeline.assert_stands()
    row = purchase_of(pipeline, lambda order: not order["isCompleted"] and not order["receiveLines"])
    placed = pipeline.expected().rows["buyOrders"][row["purchaseOrderId"]]
    lines = [
        line
        for line in pipeline.expected().rows["buyOrderLines"].values()
        if line["buyOrderId"] == row["purchaseOrderId"]
    ]
    attributes = {
        "placed": placed["placed"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "totalValue": str(placed["totalValue"]),
        "supplierId": int(standing.ids["suppliers"][row["vendorId"]]),
        "expectedDeliveryDate": row["requestShipDate"],
    }
    owner: Row = {"account_id": pipeline.account["account_id"], "coupling_id": None}
    order_id = str(control.insert("buyOrders", attributes, **owner)["id"])
    for line in lines:
        values = {
            "buyOrderId": int(order_id),
            "productId": int(standing.ids["products"][line["productId"]]),
            "quantity": line["quantity"],
            "subtotalValue": str(line["subtotalValue"]),
        }
        control.insert("buyOrderLines", values, **owner)
    template = deepcopy(row)
    key = new_id(row["purchaseOrderId"], 8)
    template |= {"purchaseOrderId": key, "orderNumber": "PO-OPT", "vendorOrderNumber": f"Optiply #{order_id}"}
    template["receiveLines"] = [received(pipeline, row, "1.0000", 9)]
    pipeline.settled = False
    control.clear_log()
    control.put("purchase-orders", template)
    done = pipeline.succeed()
    writes = control.writes()
    assert writes.count("POST receiptLines") == 1, done.explain()
    assert "POST buyOrders" not in writes
    own = [stored for stored in control.optiply("buyOrders") if stored["id"] == order_id]
    assert [stored["remoteId"] for stored in own] == [key]
    receipts = [stored["remoteId"] for stored in control.optiply("receiptLines")]
    assert template["receiveLines"][0]["purchaseOrderReceiveLineId"] in receipts
    control.clear_log()
    pipeline.succeed(from_scratch=True)
    assert control.writes() == []
