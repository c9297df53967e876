"""What changes and what vanishes at the source: orders, their lines and receipts, vendor items, components."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pair import builders
from pair.builders import line, purchase, receipt, sale, vendor, vendor_item
from target.lab import Lab
from target.messages import inflow, state

LATER = "2025-07-09T00:00:00-04:00"


@pytest.fixture
def stocked(lab: Lab) -> Lab:
    """Return a lab with three products, a service and two suppliers."""
    goods = [builders.product(key) for key in ("P1", "P2", "P3")]
    service = builders.product("X1", itemType="service")
    lab.succeed([*inflow("vendors", vendor("V1"), vendor("V2")), *inflow("products", *goods, service)])
    return lab


def _lines(lab: Lab, entity: str) -> dict[str, tuple[str, int]]:
    """Return line id and quantity by product."""
    products = {row["id"]: row["remoteId"] for row in lab.rows("products")}
    rows = [(str(row["attributes"]["productId"]), row) for row in lab.rows(entity)]
    return {products[key]: (row["id"], row["attributes"]["quantity"]) for key, row in rows}


def _sold(lab: Lab, *lines: Any, **fields: Any) -> None:
    lab.succeed(inflow("sales_orders", sale("O1", *lines, **fields)))


def test_an_order_keeps_its_id_while_its_lines_are_patched_added_and_removed(stocked: Lab) -> None:
    _sold(stocked, line("P1", "1", "5.00"), line("P2", "2", "8.00"))
    order, before = stocked.row("sellOrders", "O1")["id"], _lines(stocked, "sellOrderLines")
    _sold(stocked, line("P1", "3", "15.00"), line("P3", "4", "4.00"))
    after = _lines(stocked, "sellOrderLines")
    assert stocked.row("sellOrders", "O1")["id"] == order
    assert after == {"P1": (before["P1"][0], 3), "P3": (after["P3"][0], 4)}
    assert stocked.value("sellOrders", "O1", "totalValue") == "19.00"
    assert stocked.writes() == Counter(
        {"PATCH sellOrders": 1, "PATCH sellOrderLines": 1, "POST sellOrderLines": 1, "DELETE sellOrderLines": 1}
    )


def test_services_are_left_out_and_totals_follow(stocked: Lab) -> None:
    _sold(stocked, line("P1", "1", "5.00"), line("X1", "1", "100.00"))
    assert stocked.value("sellOrders", "O1", "totalValue") == "5.00"
    assert list(_lines(stocked, "sellOrderLines")) == ["P1"]


@pytest.mark.parametrize("withdrawn", [{"isCancelled": True}, {"isQuote": True}, {"inventoryStatus": "quote"}])
def test_an_order_that_is_withdrawn_is_removed_and_created_when_it_returns(stocked: Lab, withdrawn: Any) -> None:
    _sold(stocked, line("P1", "1", "5.00"))
    _sold(stocked, line("P1", "1", "5.00"), **withdrawn)
    assert stocked.rows("sellOrders") == []
    _sold(stocked, line("P1", "1", "5.00"))
    assert stocked.remote_ids("sellOrders") == ["O1"]
    assert len(stocked.rows("sellOrderLines")) == 1


def test_an_order_without_a_line_worth_sending_is_removed(stocked: Lab) -> None:
    _sold(stocked, line("P1", "1", "5.00"))
    _sold(stocked, line("X1", "1", "5.00"))
    assert stocked.rows("sellOrders") == []


def _bought(lab: Lab, *lines: Any, **fields: Any) -> None:
    lab.succeed(inflow("purchase_orders", purchase("B1", *lines, **fields)))


def test_receipts_are_added_once_corrected_and_removed(stocked: Lab) -> None:
    two = (line("P1", "5", "10.00"), line("P2", "4", "4.00"))
    _bought(stocked, *two)
    _bought(stocked, *two, receiveLines=[receipt("R1", "P1", "2")])
    assert stocked.writes() == Counter({"POST receiptLines": 1})
    _bought(stocked, *two, receiveLines=[receipt("R1", "P1", "3"), receipt("R2", "P2", "4", LATER)])
    assert stocked.writes() == Counter({"PATCH receiptLines": 1, "POST receiptLines": 1})
    assert sorted(row["attributes"]["quantity"] for row in stocked.rows("receiptLines")) == [3, 4]
    _bought(stocked, *two, receiveLines=[receipt("R2", "P2", "4", LATER)])
    assert stocked.writes() == Counter({"DELETE receiptLines": 1})
    _bought(stocked, *two, receiveLines=[receipt("R2", "P2", "4", LATER)])
    assert stocked.requests() == []


def test_a_completed_order_is_completed_and_open_again(stocked: Lab) -> None:
    received = {"receiveLines": [receipt("R1", "P1", "5", LATER)]}
    _bought(stocked, line("P1", "5", "10.00"), isCompleted=True, **received)
    assert stocked.value("buyOrders", "B1", "completed") == "2025-07-09T04:00:00Z"
    _bought(stocked, line("P1", "5", "10.00"), isCompleted=False, **received)
    assert stocked.value("buyOrders", "B1", "completed") is None


def test_another_supplier_makes_another_order_with_its_lines_and_receipts(stocked: Lab) -> None:
    content = {"receiveLines": [receipt("R1", "P1", "2")]}
    _bought(stocked, line("P1", "5", "10.00"), **content)
    before = stocked.row("buyOrders", "B1")["id"]
    _bought(stocked, line("P1", "5", "10.00"), vendorId="V2", **content)
    assert stocked.row("buyOrders", "B1")["id"] != before
    assert str(stocked.value("buyOrders", "B1", "supplierId")) == stocked.row("suppliers", "V2")["id"]
    [delivered], [row] = stocked.rows("receiptLines"), stocked.rows("buyOrderLines")
    assert str(delivered["attributes"]["buyOrderLineId"]) == row["id"]
    _bought(stocked, line("P1", "5", "10.00"), vendorId="V2", **content)
    assert stocked.requests() == []


@pytest.mark.parametrize("absent", ["lines", "receiveLines"])
def test_a_relation_that_is_absent_changes_nothing(stocked: Lab, absent: str) -> None:
    row = purchase("B1", line("P1", "5", "10.00"), receiveLines=[receipt("R1", "P1", "2")])
    stocked.succeed(inflow("purchase_orders", row))
    stocked.succeed(inflow("purchase_orders", {name: value for name, value in row.items() if name != absent}))
    assert [len(stocked.rows(name)) for name in ("buyOrderLines", "receiptLines")] == [1, 1]
    assert not [kind for kind in stocked.writes() if kind.startswith(("DELETE", "POST"))]


def test_optiplys_own_orders_get_their_deliveries_and_are_never_created(stocked: Lab) -> None:
    refers = {"supplierId": int(stocked.row("suppliers", "V1")["id"])}
    own = stocked.insert("buyOrders", coupling_id=None, placed="2025-07-01T00:00:00Z", totalValue=10, **refers)
    sold = {"quantity": 5, "subtotalValue": 10, "productId": int(stocked.row("products", "P1")["id"])}
    theirs = stocked.insert("buyOrderLines", coupling_id=None, buyOrderId=int(own), **sold)
    arrived = {"receiveLines": [receipt("R1", "P1", "5", LATER)], "isCompleted": True}
    number = {"orderNumber": f"Optiply-{own}"}
    _bought(stocked, line("P1", "5", "10.00"), **number, **arrived)
    assert [row["id"] for row in stocked.rows("buyOrders")] == [own]
    assert stocked.value("buyOrders", "B1", "completed") == "2025-07-09T04:00:00Z"
    assert [row["id"] for row in stocked.rows("buyOrderLines")] == [theirs]
    assert [str(row["attributes"]["buyOrderLineId"]) for row in stocked.rows("receiptLines")] == [theirs]
    _bought(stocked, line("P1", "5", "10.00"), **number, **arrived)
    assert stocked.requests() == []


def test_one_answer_that_an_order_of_optiplys_own_is_gone_is_not_believed(stocked: Lab) -> None:
    refers = {"supplierId": int(stocked.row("suppliers", "V1")["id"])}
    own = stocked.insert("buyOrders", coupling_id=None, placed="2025-07-01T00:00:00Z", totalValue=10, **refers)
    sold = {"quantity": 5, "subtotalValue": 10, "productId": int(stocked.row("products", "P1")["id"])}
    stocked.insert("buyOrderLines", coupling_id=None, buyOrderId=int(own), **sold)
    stocked.fault("status", "GET", f"/buyOrders/{own}$", status=404)
    _bought(stocked, line("P1", "5", "10.00"), orderNumber=f"Optiply-{own}", receiveLines=[receipt("R1", "P1", "5")])
    assert stocked.remote_ids("receiptLines") == ["R1"]


@pytest.mark.parametrize("number", ["Optiply-999999", "optiply", "Optiply 20260401093000123456"])
def test_optiplys_own_orders_that_are_not_found_are_skipped(stocked: Lab, number: str) -> None:
    arrived = {"receiveLines": [receipt("R1", "P1", "5")]}
    _bought(stocked, line("P1", "5", "10.00"), orderNumber=number, **arrived)
    assert stocked.rows("buyOrders") == []
    assert stocked.summary("BuyOrders")["skipped"] == 1
    assert not stocked.writes()


def test_another_accounts_order_is_not_taken_for_our_own(stocked: Lab) -> None:
    foreign = stocked.insert("suppliers", account_id=1381, coupling_id=None, name="Theirs")
    row = {"placed": "2025-07-01T00:00:00Z", "totalValue": 10, "supplierId": int(foreign)}
    number = stocked.insert("buyOrders", account_id=1381, coupling_id=None, **row)
    _bought(stocked, line("P1", "5", "10.00"), orderNumber=f"Optiply-{number}")
    assert not stocked.writes()


def _offered(lab: Lab, *items: Any, **settings: Any) -> None:
    messages = [*inflow("products", builders.product("P1", vendorItems=list(items))), state({"at": 1})]
    lab.succeed(messages, **settings)


def test_the_preferred_mark_moves_without_two_rows_having_it(stocked: Lab) -> None:
    _offered(stocked, vendor_item("I1", "V1", lineNum=1), vendor_item("I2", "V2", lineNum=2))
    _offered(stocked, vendor_item("I1", "V1", lineNum=2), vendor_item("I2", "V2", lineNum=1))
    assert (
        stocked.value("supplierProducts", "I1", "preferred"),
        stocked.value("supplierProducts", "I2", "preferred"),
    ) == (
        False,
        True,
    )
    refused = [entry for entry in stocked.control.log() if (entry["status"] or 0) >= 400]
    assert not refused


@pytest.mark.parametrize("delete", ["soft", "hard", "ignore"])
def test_a_preferred_vendor_item_that_vanishes_hands_the_mark_over(stocked: Lab, delete: str) -> None:
    _offered(stocked, vendor_item("I1", "V1", lineNum=1), vendor_item("I2", "V2", lineNum=2))
    _offered(stocked, vendor_item("I2", "V2", lineNum=2), delete=delete)
    assert stocked.value("supplierProducts", "I2", "preferred") is True
    assert not [entry for entry in stocked.control.log() if (entry["status"] or 0) >= 400]


def test_a_vendor_item_that_is_gone_is_disabled_and_enabled_when_it_returns(stocked: Lab) -> None:
    both = (vendor_item("I1", "V1", lineNum=1), vendor_item("I2", "V2", lineNum=2))
    _offered(stocked, *both)
    _offered(stocked, both[0])
    assert stocked.writes() == Counter({"PATCH supplierProducts": 1})
    assert stocked.value("supplierProducts", "I2", "status") == "disabled"
    _offered(stocked, *both)
    assert stocked.value("supplierProducts", "I2", "status") == "enabled"


def test_a_vendor_item_with_a_new_id_takes_the_place_of_the_old_one(stocked: Lab) -> None:
    _offered(stocked, vendor_item("I1", "V1"))
    before = stocked.row("supplierProducts", "I1")["id"]
    _offered(stocked, vendor_item("I9", "V1"))
    assert stocked.row("supplierProducts", "I9")["id"] == before


def test_components_are_added_changed_and_removed(stocked: Lab) -> None:
    def made_of(*parts: Any) -> None:
        stocked.succeed(inflow("products", builders.product("P1", itemBoms=list(parts))))

    made_of(builders.part("P2", "2"))
    made_of(builders.part("P2", "3"), builders.part("P3", "1"))
    assert sorted(row["attributes"]["partQuantity"] for row in stocked.rows("productCompositions")) == [1, 3]
    made_of(builders.part("P3", "1"))
    assert stocked.writes() == Counter({"DELETE productCompositions": 1})
    assert stocked.value("products", "P1", "assembled") is True


def test_a_product_that_becomes_a_service_is_switched_off_and_left_out_of_orders(stocked: Lab) -> None:
    stocked.succeed(inflow("products", builders.product("P1", itemType="service")))
    assert stocked.value("products", "P1", "status") == "disabled"
