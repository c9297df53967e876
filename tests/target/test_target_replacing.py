"""A record whose reference changed is created anew, with what hangs on it, whether that comes with it or not."""

from __future__ import annotations

from collections import Counter

import pytest
from pair import builders
from target.lab import Lab
from target.messages import buy_order, buy_order_line, inflow, line, optiply, receipt


@pytest.fixture
def stocked(lab: Lab) -> Lab:
    """A lab with two products and two suppliers."""
    vendors, goods = [builders.vendor("V1"), builders.vendor("V2")], [builders.product("P1"), builders.product("P2")]
    lab.succeed([*inflow("vendors", *vendors), *inflow("products", *goods)])
    return lab


def test_another_supplier_keeps_receipts_that_do_not_come_with_the_order(stocked: Lab) -> None:
    received = {"receiveLines": [builders.receipt("R1", "P1", "2"), builders.receipt("R2", "P2", "1")]}
    lines = [builders.line("P1", "5", "50.00"), builders.line("P2", "1", "1.00")]
    stocked.succeed(inflow("purchase_orders", builders.purchase("B1", *lines, **received)))
    before = [row["attributes"]["occurred"] for row in stocked.rows("receiptLines")]
    moved = builders.purchase("B1", *lines, vendorId="V2")
    del moved["receiveLines"]
    stocked.succeed(inflow("purchase_orders", moved))
    assert stocked.writes() == Counter({"DELETE buyOrders": 1, "POST buyOrders": 1, "POST receiptLines": 2})
    assert stocked.remote_ids("receiptLines") == ["R1", "R2"]
    assert [row["attributes"]["occurred"] for row in stocked.rows("receiptLines")] == before
    stocked.succeed(inflow("purchase_orders", {**moved, **received}))
    assert stocked.requests() == []
    less = {"receiveLines": received["receiveLines"][:1]}
    stocked.succeed(inflow("purchase_orders", {**moved, **less, "vendorId": "V1"}))
    assert stocked.remote_ids("receiptLines") == ["R1"]


def test_another_supplier_keeps_lines_and_receipts_of_other_streams(stocked: Lab) -> None:
    order = {**buy_order("B9", "V1", line("P2", 1, "5.00")), "totalValue": "14.00"}
    others = [
        *optiply("BuyOrderLines", buy_order_line("L1", "B9", "P1")),
        *optiply("ReceiptLines", receipt("R1", "L1")),
    ]
    stocked.succeed([*optiply("BuyOrders", order), *others])
    moved = optiply("BuyOrders", {**order, "Remote_supplierId": "V2", "line_items": None})
    stocked.succeed(moved)
    written = {"DELETE buyOrders": 1, "POST buyOrders": 1, "POST buyOrderLines": 1, "POST receiptLines": 1}
    assert stocked.writes() == Counter(written)
    assert sorted(row["attributes"]["quantity"] for row in stocked.rows("buyOrderLines")) == [1, 3]
    assert stocked.remote_ids("receiptLines") == ["R1"]
    stocked.succeed([*moved, *others])
    assert stocked.requests() == []


def test_what_cannot_be_created_again_is_not_deleted(stocked: Lab) -> None:
    stocked.succeed(optiply("BuyOrders", buy_order("B9", "V1", line("P2", 1, "5.00"))))
    moved = {**buy_order("B9", "V2"), "line_items": None}
    run = stocked.run(optiply("BuyOrders", moved)).ended(1)
    assert run.said("buyOrders B9: totalValue: ")
    assert not stocked.writes()
