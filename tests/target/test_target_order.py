"""Parents before children, versions in their order, and what waits for a parent that is late or never comes."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from target.lab import Lab
from target.messages import (
    buy_order,
    buy_order_line,
    composition,
    line,
    offer,
    optiply,
    product,
    products,
    promotion,
    promotion_product,
    receipt,
    record,
    schema,
    sell_order,
    state,
    supplier,
    suppliers,
)

EVERYTHING = [
    ("ReceiptLines", receipt("R1", "BL1")),
    ("BuyOrderLines", buy_order_line("BL1", "B1", "P2")),
    ("PromotionProducts", promotion_product("X1", "M1", "P1")),
    ("BuyOrders", buy_order("B1", "S1", line("P1", 2, "6.00"))),
    ("SellOrders", sell_order("O1", line("P1", 1, "9.50"), line("P2", 2, "19.00"))),
    ("ProductCompositions", composition("C1", "P1", "P2")),
    ("SupplierProducts", offer("I1", "P1", "S1")),
    ("Promotions", promotion("M1")),
    ("Products", product("P1")),
    ("Products", product("P2")),
    ("Suppliers", supplier("S1")),
]
EACH_ONCE = Counter(
    {
        "POST products": 2,
        "POST suppliers": 1,
        "POST supplierProducts": 1,
        "POST productCompositions": 1,
        "POST sellOrders": 1,
        "POST buyOrders": 1,
        "POST buyOrderLines": 1,
        "POST receiptLines": 1,
        "POST promotions": 1,
        "POST promotionProducts": 1,
    }
)


def _shuffled(order: int) -> list[dict[str, object]]:
    rows = {
        0: EVERYTHING,
        1: EVERYTHING[::-1],
        2: EVERYTHING[5:] + EVERYTHING[:5],
        3: EVERYTHING[::2] + EVERYTHING[1::2],
    }
    streams = sorted({stream for stream, _ in rows[order]})
    return [schema(stream, "externalId") for stream in streams] + [record(stream, row) for stream, row in rows[order]]


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_parents_are_written_before_children_in_whatever_order_they_arrive(lab: Lab, order: int) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.01})
    lab.succeed(_shuffled(order), max_connections=8)
    assert lab.writes() == EACH_ONCE
    assert {
        entry["status"] for entry in lab.control.log() if entry["method"] == "POST" and entry["api"] == "optiply"
    } == {201}
    lines = lab.rows("buyOrderLines")
    assert len(lines) == 2
    assert len(lab.rows("sellOrderLines")) == 2
    [delivered] = lab.rows("receiptLines")
    [own] = [row for row in lines if row["remoteId"] == "BL1"]
    assert str(delivered["attributes"]["buyOrderLineId"]) == own["id"]


def test_a_parked_child_is_written_when_its_parent_comes_in_a_later_run(lab: Lab) -> None:
    first = lab.run([*suppliers("S1"), *optiply("SupplierProducts", offer("I1", "P1", "S1"))]).ended(1)
    assert first.said("rejected: supplierProducts I1: productId: products P1 is not known")
    lab.succeed(products("P1"))
    assert lab.writes() == Counter({"POST products": 1, "POST supplierProducts": 1})
    assert lab.summary("SupplierProducts")["fail"] == 0


def test_an_orphan_is_rejected_naming_the_missing_id_and_does_not_hold_state_back(lab: Lab) -> None:
    run = lab.run([*optiply("SellOrders", sell_order("O1", line("P9", 1, "5.00"))), state({"at": 1})]).ended(1)
    assert run.states == ['{"at": 1}']
    assert lab.entry("SellOrders", "O1")["error"] == "orderLines: products P9 is not known"
    assert lab.writes() == Counter()


def test_a_parked_child_does_not_hold_state_back_while_the_input_goes_on(lab: Lab) -> None:
    messages = [
        *optiply("SupplierProducts", offer("I1", "P1", "S1")),
        state({"at": 1}),
        *products("P1"),
        *suppliers("S1"),
        state({"at": 2}),
    ]
    assert lab.succeed(messages).states == ['{"at": 1}', '{"at": 2}']
    assert lab.writes() == Counter({"POST products": 1, "POST suppliers": 1, "POST supplierProducts": 1})


PARENTS_LONG_AFTER_A_CHILD = [
    *optiply("SupplierProducts", offer("I1", "P1", "S1")),
    state({"at": 1}),  # released while the child is parked: it does not come again
    *products(*(f"O{n}" for n in range(800)), "P1"),
    *suppliers("S1"),
]


def test_a_parked_child_on_its_way_when_an_outage_ends_the_run_is_written_by_the_next(lab: Lab) -> None:
    lab.fault("status", "POST", "supplierProducts", times=None, status=503)
    lab.fault("status", "PATCH", times=None, status=503)
    first = lab.run(PARENTS_LONG_AFTER_A_CHILD, constants={"target_optiply.outage.PATIENCE": 0.5}).ended(1)
    assert first.states == ['{"at": 1}']
    assert first.last_word.startswith("outage: ")
    lab.control.clear_faults()
    lab.succeed([])
    assert len(lab.rows("supplierProducts")) == 1
    assert lab.state().get("source", {}).get("parked") is None


def test_a_parked_child_on_its_way_when_the_run_is_killed_is_written_by_the_next(lab: Lab) -> None:
    lab.fault("hang", "POST", "^/supplierProducts$", when="before", seconds=1)
    run = lab.start(PARENTS_LONG_AFTER_A_CHILD)
    lab.await_fault()
    run.kill()
    lab.await_that(lambda: not lab.control.request("GET", "stats")["in_flight"]["optiply"], 5.0)  # else it is counted
    assert run.states == ['{"at": 1}']
    lab.control.clear_faults()
    lab.succeed([])
    assert len(lab.rows("supplierProducts")) == 1
    assert lab.state().get("source", {}).get("parked") is None


def test_hundreds_of_parked_children_hold_up_neither_the_input_nor_the_parent_at_its_end(lab: Lab) -> None:
    offers = [offer(f"I{n}", f"P{n}", "S1") for n in range(400)]
    messages = [*products(*(f"P{n}" for n in range(400))), *optiply("SupplierProducts", *offers), *suppliers("S1")]
    lab.succeed(messages, max_connections=32)
    assert len(lab.rows("supplierProducts")) == 400


def test_versions_of_one_record_are_written_in_their_order_and_never_at_once(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.02})
    versions = [product("P1", name=f"Version {n}") for n in range(6)]
    lab.succeed(optiply("Products", *versions), max_connections=8)
    assert lab.value("products", "P1", "name") == "Version 5"
    assert lab.writes()["POST products"] == 1
    assert max(entry["in_flight"] for entry in lab.control.log()) == 1


def test_a_newer_version_of_a_parked_record_takes_its_place(lab: Lab) -> None:
    old = sell_order("O1", line("P9", 1, "5.00"))
    new = sell_order("O1", line("P1", 2, "7.00"))
    lab.succeed([*optiply("SellOrders", old, new), *products("P1")])
    assert [row["attributes"]["totalValue"] for row in lab.rows("sellOrders")] == ["7.00"]
    assert lab.state().get("source", {}).get("parked") is None


def test_references_by_optiply_id_need_no_parent_in_the_input(lab: Lab) -> None:
    lab.succeed([*products("P1"), *suppliers("S1")])
    row = {"externalId": "I1", "name": "Offer", "productId": lab.row("products", "P1")["id"]}
    row["supplierId"] = int(lab.row("suppliers", "S1")["id"])
    lab.succeed(optiply("SupplierProducts", row))
    assert lab.writes() == Counter({"POST supplierProducts": 1})


def test_a_line_that_comes_on_its_own_is_added_to_its_order(lab: Lab) -> None:
    lab.succeed([*products("P1", "P2"), *optiply("SellOrders", sell_order("O1", line("P1", 1, "5.00")))])
    extra = {"externalId": "L2", "Remote_sellOrderId": "O1", **line("P2", 2, "8.00")}
    lab.succeed(optiply("sell_order_lines", extra))
    assert lab.writes() == Counter({"POST sellOrderLines": 1})
    assert len(lab.rows("sellOrderLines")) == 2
    lab.succeed(optiply("sell_order_lines", extra))
    assert lab.requests() == []


def test_line_items_may_be_json_text(lab: Lab) -> None:
    row = {**sell_order("O1"), "line_items": json.dumps([line("P1", 2, "7.00")])}
    lab.succeed([*products("P1"), *optiply("SellOrders", row)])
    assert [row["attributes"]["quantity"] for row in lab.rows("sellOrderLines")] == [2]
