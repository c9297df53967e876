"""Changes past the inFlow sandbox's API: what gets a new rowversion, and when it can be seen."""

from __future__ import annotations

from typing import Any

import pytest
from inflow_caller import Caller

Row = dict[str, Any]


@pytest.fixture
def inflow() -> Caller:
    return Caller()


def order_with_lines(inflow: Caller, collection: str = "sales-orders") -> Row:
    return next(row for row in inflow.api.dump(collection) if len(row["lines"]) > 1)


def again(inflow: Caller, row: Row, collection: str = "sales-orders", key: str = "salesOrderId") -> Row:
    return next(found for found in inflow.api.dump(collection) if found[key] == row[key])


def top(inflow: Caller) -> str:
    return str(inflow.api.dump("database")[0]["rowversion"])


def test_a_changed_row_gets_a_rowversion_above_all_others_and_comes_first_when_newest_is(inflow: Caller) -> None:
    row, before = order_with_lines(inflow), top(inflow)
    assert inflow.api.put("sales-orders", [{**row, "orderRemarks": "changed"}]) == 1
    new = again(inflow, row)
    assert new["timestamp"] > before
    assert new["orderRemarks"] == "changed"
    assert [line["timestamp"] for line in new["lines"]] == [line["timestamp"] for line in row["lines"]]
    newest = inflow.get("sales-orders", sort="timestamp", sortDesc=True, count=1)[0]
    assert newest["salesOrderId"] == row["salesOrderId"]
    assert len(set(inflow.pages("sales-orders", "salesOrderId", sort="timestamp"))) == 300


def test_a_row_written_without_a_change_is_renewed_too(inflow: Caller) -> None:
    row = order_with_lines(inflow)
    inflow.api.put("sales-orders", [row])
    new = again(inflow, row)
    assert new["timestamp"] > row["timestamp"]
    assert {**new, "timestamp": row["timestamp"]} == row


def test_only_changed_and_new_children_are_renewed_and_the_row_after_them(inflow: Caller) -> None:
    row = order_with_lines(inflow)
    kept, changed = row["lines"][0], {**row["lines"][1], "subTotal": "1.00000"}
    added = {name: value for name, value in kept.items() if name != "salesOrderLineId"}
    inflow.api.put("sales-orders", [{**row, "lines": [kept, changed, added]}])
    new = again(inflow, row)
    assert new["lines"][0] == kept
    assert new["lines"][1]["subTotal"] == "1.00000"
    assert row["timestamp"] < new["lines"][1]["timestamp"] < new["lines"][2]["timestamp"] < new["timestamp"]
    assert new["lines"][2]["salesOrderLineId"] not in {line["salesOrderLineId"] for line in row["lines"]}


@pytest.mark.parametrize("bumps", [True, False])
def test_a_change_of_a_child_alone_renews_its_row_only_if_the_switch_says_so(inflow: Caller, *, bumps: bool) -> None:
    inflow.switches.update({"inflow_child_bumps_parent": bumps})
    row = order_with_lines(inflow)
    lines = [{**line, "description": "changed"} for line in row["lines"]]
    inflow.api.put("sales-orders", [{**row, "lines": lines}])
    new = again(inflow, row)
    assert all(line["timestamp"] > row["timestamp"] for line in new["lines"])
    assert (new["timestamp"] != row["timestamp"]) == bumps
    inflow.api.put("sales-orders", [{**new, "lines": lines[:1]}])
    assert len(again(inflow, row)["lines"]) == 1
    assert (again(inflow, row)["timestamp"] != new["timestamp"]) == bumps
    inflow.api.put("sales-orders", [{**new, "lines": lines[:1], "poNumber": "changed"}])
    assert again(inflow, row)["timestamp"] > new["timestamp"]


def test_what_is_not_given_stays_in_rows_and_children(inflow: Caller) -> None:
    row = order_with_lines(inflow)
    line = row["lines"][0]
    partly = {"salesOrderLineId": line["salesOrderLineId"], "unitPrice": "2.00000"}
    inflow.api.put("sales-orders", [{"salesOrderId": row["salesOrderId"], "lines": [partly]}])
    new = again(inflow, row)
    assert new["orderNumber"] == row["orderNumber"]
    assert new["shipLines"] == row["shipLines"]
    [left] = new["lines"]
    assert left == {**line, "unitPrice": "2.00000", "timestamp": left["timestamp"]}


def test_children_of_children_survive_a_dump_that_does_not_show_them(inflow: Caller) -> None:
    before = inflow.get("stock-counts", include="sheets.lines")
    inflow.api.put("stock-counts", inflow.api.dump("stock-counts"))
    after = inflow.get("stock-counts", include="sheets.lines")
    assert [row["sheets"] for row in after] == [row["sheets"] for row in before]
    assert all(sheet["lines"] for row in after for sheet in row["sheets"])


def test_a_new_row_is_listed_once_in_every_order(inflow: Caller) -> None:
    row = order_with_lines(inflow)
    key = "00000000-1111-4222-8333-000000000001"
    for sort in ("salesOrderId", "timestamp", "orderDate"):
        inflow.get("sales-orders", sort=sort)
    inflow.api.put("sales-orders", [{**row, "salesOrderId": key}])
    for sort in ("salesOrderId", "timestamp", "orderDate"):
        keys = inflow.pages("sales-orders", "salesOrderId", sort=sort)
        assert len(keys) == len(set(keys)) == 301
        assert key in keys
    assert inflow.api.dump("sales-orders")[-1]["salesOrderId"] == key


def test_a_row_can_be_taken_out(inflow: Caller) -> None:
    row = order_with_lines(inflow)
    inflow.get("sales-orders", sort="salesOrderId")
    inflow.api.put("sales-orders", [{"salesOrderId": row["salesOrderId"], "_deleted": True}])
    assert row["salesOrderId"] not in inflow.pages("sales-orders", "salesOrderId", sort="salesOrderId")
    assert inflow.status(f"sales-orders/{row['salesOrderId']}") == 404
    assert inflow.get("sales-orders", sort="salesOrderId", after=row["salesOrderId"]) == []


def test_the_time_of_the_change_is_the_clocks_unless_it_is_given(inflow: Caller) -> None:
    row = inflow.api.dump("products")[0]
    inflow.api.put("products", [{**row, "remarks": "changed"}])
    assert again(inflow, row, "products", "productId")["lastModifiedDateTime"] == "2025-10-09T08:53:20.000+00:00"
    given = "2025-11-01T00:00:00.000+00:00"
    inflow.api.put("products", [{**row, "lastModifiedDateTime": given}])
    assert again(inflow, row, "products", "productId")["lastModifiedDateTime"] == given
    found = inflow.get("products", filter={"lastModifiedDateTime": {"fromDate": "2025-10-31"}})
    assert [product["productId"] for product in found] == [row["productId"]]


def test_the_default_price_and_the_price_list_stay_the_same_thing(inflow: Caller) -> None:
    row = next(row for row in inflow.api.dump("products") if row["defaultPrice"])
    dearer = {**row["defaultPrice"], "unitPrice": "77.00000"}
    inflow.api.put("products", [{**row, "defaultPrice": dearer}])
    new = again(inflow, row, "products", "productId")
    assert new["defaultPrice"]["unitPrice"] == "77.00000"
    assert new["defaultPrice"] in new["prices"]
    assert len(new["prices"]) == len(row["prices"])
    cheaper = [{**price, "unitPrice": "5.00000"} for price in new["prices"]]
    inflow.api.put("products", [{**new, "prices": cheaper}])
    assert again(inflow, row, "products", "productId")["defaultPrice"]["unitPrice"] == "5.00000"
    inflow.api.put("products", [{"productId": row["productId"], "defaultPrice": None}])
    last = again(inflow, row, "products", "productId")
    assert last["defaultPrice"] is None
    assert len(last["prices"]) == len(row["prices"]) - 1


def test_the_total_on_hand_follows_where_the_product_lies(inflow: Caller) -> None:
    row = next(row for row in inflow.api.dump("products") if row["inventoryLines"])
    lines = [{**row["inventoryLines"][0], "quantityOnHand": "12.3450"}]
    inflow.api.put("products", [{**row, "inventoryLines": lines}])
    assert again(inflow, row, "products", "productId")["totalQuantityOnHand"] == "12.3450"


def test_a_rename_shows_wherever_the_row_is_included(inflow: Caller) -> None:
    vendor = inflow.api.dump("vendors")[0]
    inflow.api.put("vendors", [{**vendor, "name": "Renamed"}])
    orders = inflow.get("purchase-orders", include="vendor", filter={"smart": "renamed"}, count=100)
    assert orders
    assert {order["vendor"]["name"] for order in orders} == {"Renamed"}


def test_late_commits_appear_with_the_rowversion_that_they_drew(inflow: Caller) -> None:
    inflow.switches.update({"inflow_late_commits": 2})
    rows, before = inflow.api.dump("sales-orders")[:3], top(inflow)
    inflow.api.put("sales-orders", [{**row, "poNumber": "late"} for row in rows])
    shown = inflow.api.dump("sales-orders")[:3]
    assert shown[:2] == rows[:2], "the first two wait"
    assert shown[2]["poNumber"] == "late"
    inflow.switches.update({"inflow_late_commits": 1})
    assert [row["poNumber"] == "late" for row in inflow.api.dump("sales-orders")[:3]] == [True, False, True]
    inflow.switches.update({"inflow_late_commits": 0})
    newest = inflow.get("sales-orders", sort="timestamp", sortDesc=True, count=3)
    assert [row["salesOrderId"] for row in newest] == [row["salesOrderId"] for row in (rows[2], rows[1], rows[0])]
    assert before < newest[2]["timestamp"] < newest[1]["timestamp"] < newest[0]["timestamp"]


def test_a_waiting_row_can_be_changed_again(inflow: Caller) -> None:
    inflow.switches.update({"inflow_late_commits": 1})
    row = inflow.api.dump("sales-orders")[0]
    inflow.api.put("sales-orders", [{**row, "poNumber": "first"}])
    inflow.api.put("sales-orders", [{"salesOrderId": row["salesOrderId"], "orderRemarks": "second"}])
    assert again(inflow, row) == row
    inflow.switches.update({"inflow_late_commits": 0})
    assert (again(inflow, row)["poNumber"], again(inflow, row)["orderRemarks"]) == ("first", "second")


def test_a_database_that_was_moved_shows_lower_rowversions_in_the_same_order(inflow: Caller) -> None:
    before = inflow.pages("sales-orders", "salesOrderId", sort="timestamp")
    [newest] = inflow.get("sales-orders", sort="timestamp", sortDesc=True, count=1, include="lines")
    inflow.api.put("database", [{"loweredBy": 0x1000}])
    assert inflow.pages("sales-orders", "salesOrderId", sort="timestamp") == before
    [lower] = inflow.get("sales-orders", sort="timestamp", sortDesc=True, count=1, include="lines")
    assert int(newest["timestamp"], 16) - int(lower["timestamp"], 16) == 0x1000
    assert [int(line["timestamp"], 16) + 0x1000 for line in lower["lines"]] == [
        int(line["timestamp"], 16) for line in newest["lines"]
    ]
    assert inflow.api.dump("sales-orders")[0]["timestamp"] < newest["timestamp"]


def test_rows_without_rowversions_get_none(inflow: Caller) -> None:
    member = inflow.api.dump("team-members")[0]
    inflow.api.put("team-members", [{**member, "name": "Changed"}])
    assert again(inflow, member, "team-members", "teamMemberId") == {**member, "name": "Changed"}


@pytest.mark.parametrize("row", [{}, {"salesOrderId": None}, {"salesOrderId": ""}, {"orderNumber": "1"}])
def test_a_row_needs_its_key(inflow: Caller, row: Row) -> None:
    with pytest.raises(ValueError, match="salesOrderId"):
        inflow.api.put("sales-orders", [row])


def test_there_is_nothing_in_collections_that_do_not_exist(inflow: Caller) -> None:
    with pytest.raises(KeyError):
        inflow.api.dump("nothing")
    with pytest.raises(KeyError):
        inflow.api.put("nothing", [{}])
    with pytest.raises(ValueError, match="object"):
        inflow.api.put("products", ["text"])
