"""Deletes: switched off, deleted or ignored; never created; braked where there are too many."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pair import builders
from target.lab import Lab
from target.messages import (
    buy_order,
    inflow,
    line,
    offer,
    optiply,
    product,
    products,
    receipt,
    record,
    schema,
    sell_order,
    state,
    supplier,
    suppliers,
)

GONE = {"deleted_at": "2026-01-01T00:00:00Z"}


def _base() -> list[Any]:
    return [
        *products("P1", "P2"),
        *suppliers("S1"),
        *optiply("SupplierProducts", offer("I1", "P1", "S1")),
        *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"))),
    ]


def _gone() -> list[Any]:
    return [
        *optiply("Products", product("P1", **GONE)),
        *optiply("Suppliers", supplier("S1", _sdc_deleted_at="2026-01-01")),
        *optiply("SupplierProducts", {**offer("I1", "P1", "S1"), **GONE}),
        *optiply("SellOrders", {**sell_order("O1"), **GONE}),
    ]


def test_soft_deletes_switch_off_what_can_be_switched_off(lab: Lab) -> None:
    lab.succeed(_base())
    lab.succeed(_gone())
    assert lab.value("products", "P1", "status") == "disabled"
    assert lab.value("supplierProducts", "I1", "status") == "disabled"
    assert lab.value("suppliers", "S1", "ignored") is True
    assert lab.rows("sellOrders") == []
    lab.succeed(_gone())
    assert not lab.writes()


def test_what_was_switched_off_returns_under_its_id(lab: Lab) -> None:
    lab.succeed(_base())
    before = lab.row("products", "P1")["id"]
    lab.succeed(_gone())
    lab.succeed([*optiply("Products", {"externalId": "P1", "name": "Product P1"}), *suppliers("S1"), *_base()[7:]])
    assert lab.row("products", "P1")["id"] == before
    assert lab.value("products", "P1", "status") == "enabled"
    assert lab.value("suppliers", "S1", "ignored") is False


@pytest.mark.parametrize("cascades", ["proven", "all", "refused"])
def test_hard_deletes_delete_dependents_first(lab: Lab, cascades: str) -> None:
    lab.control.set_switches(optiply_cascades=cascades)
    lab.succeed(_base())
    lab.succeed(_gone(), delete="hard")
    assert lab.remote_ids("products") == ["P2"]
    for entity in ("suppliers", "supplierProducts", "sellOrders"):
        assert lab.rows(entity) == []


@pytest.mark.parametrize("cascades", ["proven", "refused"])
def test_a_product_that_is_deleted_takes_its_vendor_items_along(lab: Lab, cascades: str) -> None:
    lab.control.set_switches(optiply_cascades=cascades)
    vendor, row = builders.vendor(), builders.product(vendorItems=[builders.vendor_item()])
    lab.succeed([*inflow("vendors", vendor), *inflow("products", row)])
    lab.succeed(inflow("products", {**row, **GONE}), delete="hard")
    assert lab.rows("products") == []
    assert lab.rows("supplierProducts") == []


def test_ignored_deletes_change_nothing(lab: Lab) -> None:
    lab.succeed(_base())
    lab.succeed(_gone(), delete="ignore")
    assert not lab.writes()


@pytest.mark.parametrize("delete", ["soft", "hard", "ignore"])
def test_the_delete_of_a_record_that_was_never_written_creates_nothing(lab: Lab, delete: str) -> None:
    lab.succeed([*_gone(), state({"at": 1})], delete=delete)
    assert not lab.writes()


def test_a_delete_by_optiply_id_alone_is_the_records_own(lab: Lab) -> None:
    lab.succeed(_base())
    row = {"id": lab.row("sellOrders", "O1")["id"], **GONE}
    lab.succeed([schema("SellOrders", "id"), record("SellOrders", row)])
    assert lab.rows("sellOrders") == []
    assert "SellOrders" not in lab.state()["bookmarks"]


def test_too_many_deletes_are_not_done_and_everything_else_is(lab: Lab) -> None:
    rows = [product(f"P{n}") for n in range(100)]
    lab.succeed([*optiply("Products", *rows), *suppliers("S1")])
    gone = [{**row, **GONE} for row in rows[:25]]
    messages = [*optiply("Products", *gone, product("P99", name="New")), *suppliers("S1", name="New"), state({"at": 1})]
    run = lab.run(messages).ended(1)
    assert lab.writes() == Counter({"PATCH products": 1, "PATCH suppliers": 1})
    assert "25 of 100 products" in run.last_word
    assert run.states == ['{"at": 1}']
    lab.succeed([state({"at": 2})], max_delete_percent=50)
    assert lab.writes() == Counter({"PATCH products": 25})


def test_a_few_deletes_are_never_too_many(lab: Lab) -> None:
    rows = [product(f"P{n}") for n in range(19)]
    lab.succeed(optiply("Products", *rows))
    lab.succeed(optiply("Products", *({**row, **GONE} for row in rows)))
    assert lab.writes() == Counter({"PATCH products": 19})


def test_a_refused_delete_is_said_and_tried_again(lab: Lab) -> None:
    lab.succeed(_base())
    lab.fault("status", "DELETE", "^/sellOrders", status=409)
    run = lab.run(optiply("SellOrders", {**sell_order("O1"), **GONE})).ended(1)
    assert run.said("rejected: sellOrders O1: not removed: 409")
    lab.succeed([state({"at": 1})])
    assert lab.rows("sellOrders") == []


def test_a_record_deleted_and_back_in_one_run_stays(lab: Lab) -> None:
    lab.succeed(_base())
    lab.succeed([*_gone(), *_base()])
    assert not lab.writes()


def test_a_complete_version_removes_what_it_does_not_have(lab: Lab) -> None:
    lab.succeed(products("P1", "P2", "P3"))
    rows = [{**record("Products", product(key)), "version": 7} for key in ("P1", "P3")]
    lab.succeed(
        [schema("Products", "externalId"), *rows, {"type": "ACTIVATE_VERSION", "stream": "Products", "version": 7}]
    )
    assert {row["remoteId"]: row["attributes"]["status"] for row in lab.rows("products")} == {
        "P1": "enabled",
        "P2": "disabled",
        "P3": "enabled",
    }


def test_receipts_and_lines_go_with_their_order_and_come_back_with_it(lab: Lab) -> None:
    base = [*products("P1"), *suppliers("S1")]
    order = builders.purchase("B1", builders.line("P1", "2", "6.00"), vendorId="S1")
    received = {**order, "receiveLines": [builders.receipt("R1", "P1", "2")]}
    lab.succeed([*base, *inflow("purchase_orders", received)])
    lab.succeed(inflow("purchase_orders", {**received, "isCancelled": True}))
    assert lab.writes() == Counter({"DELETE buyOrders": 1})
    for entity in ("buyOrders", "buyOrderLines", "receiptLines"):
        assert lab.rows(entity) == []
    lab.succeed(inflow("purchase_orders", received))
    assert [len(lab.rows(entity)) for entity in ("buyOrders", "buyOrderLines", "receiptLines")] == [1, 1, 1]


def test_receipts_that_are_deleted_by_themselves_leave_the_order(lab: Lab) -> None:
    order = buy_order("B1", "S1", line("P1", 2, "6.00"))
    base = [*products("P1"), *suppliers("S1"), *optiply("BuyOrders", order)]
    lab.succeed(base)
    [row] = lab.rows("buyOrderLines")
    delivered = {**receipt("R1", "x"), "buyOrderLineId": row["id"], "Remote_buyOrderLineId": None}
    lab.succeed(optiply("ReceiptLines", delivered))
    lab.succeed(optiply("ReceiptLines", {**delivered, **GONE}))
    assert lab.rows("receiptLines") == []
    assert len(lab.rows("buyOrders")) == 1


@pytest.mark.parametrize("delete", ["soft", "hard"])
def test_a_record_that_stands_rejected_is_removed_and_not_tried_again(lab: Lab, delete: str) -> None:
    lab.succeed(_base())
    lab.fault("status", "PATCH", "^/products/", status=422)
    lab.run(products("P1", name="Another name")).ended(1)
    lab.succeed(optiply("Products", product("P1", **GONE)), delete=delete, max_delete_percent=100)
    if delete == "hard":
        assert lab.remote_ids("products") == ["P2"]
    else:
        assert lab.value("products", "P1", "status") == "disabled"
        assert lab.value("products", "P1", "name") != "Another name"
    assert lab.state()["run"]["outcome"] == "ok"
