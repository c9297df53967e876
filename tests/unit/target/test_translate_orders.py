"""Sales and purchase orders, lines and receipts: each promise of the mapping by its name."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from mapping import line, of, purchase_order, receipt, run, sales_order, upserted

from target_optiply.model import EntityRecord, Reference, Reject, Remove, Skip
from target_optiply.records import InvalidRecord, check


def lines_of(record: EntityRecord) -> dict[str | None, tuple[int, Decimal]]:
    return {
        line.product.remote_id: (line.attributes["quantity"], line.attributes["subtotalValue"])
        for line in check(record)[0].lines or []
    }


def sale(**changes: Any) -> EntityRecord:
    return upserted(run("sales_orders", sales_order(**changes)))


def purchase(**changes: Any) -> EntityRecord:
    return upserted(run("purchase_orders", purchase_order(**changes)))


# --- lines


def test_an_order_has_one_line_for_each_product_added_up_unrounded_and_rounded_once() -> None:
    record = sale(
        lines=[line("p1", "0.5000", "0.00500"), line("p2", "1.0000", "1.00000"), line("p1", "1.0000", "0.00500")]
    )
    assert lines_of(record) == {"p1": (2, Decimal("0.01")), "p2": (1, Decimal("1.00"))}


def test_cents_and_quantities_are_rounded_half_up() -> None:
    assert lines_of(sale(lines=[line("p1", "2.5000", "0.12500")])) == {"p1": (3, Decimal("0.13"))}
    assert lines_of(sale(lines=[line("p1", "2.4999", "-0.12500")])) == {"p1": (2, Decimal("-0.13"))}


def test_a_quantity_is_at_least_1() -> None:
    assert lines_of(sale(lines=[line("p1", "0.0100", "5.00000")])) == {"p1": (1, Decimal("5.00"))}


def test_the_quantity_is_in_stock_units_not_in_units_of_the_document() -> None:
    row = line("p1", "24.0000", "432.00000")
    row["quantity"]["uomQuantity"] = "2.0000"
    assert lines_of(sale(lines=[row])) == {"p1": (24, Decimal("432.00"))}


def test_the_total_is_the_sum_of_the_rounded_values() -> None:
    record = sale(lines=[line("p1", "1.0000", "0.00500"), line("p2", "1.0000", "0.00500")])
    assert check(record)[0].attributes["totalValue"] == Decimal("0.02")
    assert record.total_of_lines


def test_values_are_in_home_money() -> None:
    record = sale(
        exchangeRate="3.0000000000", lines=[line("p1", "1.0000", "10.00000"), line("p1", "1.0000", "5.00000")]
    )
    assert lines_of(record) == {"p1": (2, Decimal("5.00"))}


@pytest.mark.parametrize(
    ("tax_on_tax", "first", "second", "net"),
    [
        (False, "20.00000", "0.00000", "100.83"),
        (False, "5.00000", "9.97500", "105.24"),
        (True, "5.00000", "10.00000", "104.76"),
        (True, None, None, "121.00"),
        (None, "21.00000", None, "100.00"),
    ],
)
def test_tax_is_taken_out_of_tax_inclusive_orders(tax_on_tax: Any, first: Any, second: Any, net: str) -> None:
    row = line("p1", "1.0000", "121.00000", tax1Rate=first, tax2Rate=second)
    record = sale(isTaxInclusive=True, calculateTax2OnTax1=tax_on_tax, lines=[row])
    assert lines_of(record) == {"p1": (1, Decimal(net))}


def test_the_rate_is_the_lines_own() -> None:
    rows = [
        line("p1", "1.0000", "120.00000", tax1Rate="20.00000"),
        line("p1", "1.0000", "110.00000", tax1Rate="10.00000"),
    ]
    assert lines_of(sale(isTaxInclusive=True, lines=rows)) == {"p1": (2, Decimal("200.00"))}


def test_tax_exclusive_orders_keep_their_values() -> None:
    assert lines_of(sale(lines=[line("p1", "1.0000", "10.00000", tax1Rate="21.00000")])) == {
        "p1": (1, Decimal("10.00"))
    }


@pytest.mark.parametrize("rate", ["0", "0.0000000000", "-1", None, "much"])
@pytest.mark.parametrize("stream", ["sales_orders", "purchase_orders"])
def test_an_exchange_rate_that_cannot_be_divided_by_rejects_the_order(stream: str, rate: Any) -> None:
    order = sales_order(exchangeRate=rate) if stream == "sales_orders" else purchase_order(exchangeRate=rate)
    (rejection,) = run(stream, order)
    assert isinstance(rejection, Reject)
    assert rejection.reason.startswith("exchangeRate: ")


def test_taxes_that_cannot_be_divided_by_reject_the_order() -> None:
    (rejection,) = run(
        "sales_orders", sales_order(isTaxInclusive=True, lines=[line("p1", "1.0", "1.0", tax1Rate="-100")])
    )
    assert isinstance(rejection, Reject)


def test_services_returns_and_empty_lines_are_no_demand() -> None:
    rows = [
        line("goods", "1.0000", "1.00000"),
        line("service", "1.0000", "1.00000", serviceCompleted=False),
        line("done", "1.0000", "1.00000", serviceCompleted=True),
        line("return", "-1.0000", "-1.00000"),
        line("none", "0.0000", "0.00000"),
        line("null", None, "0.00000"),
    ]
    assert set(lines_of(sale(lines=rows))) == {"goods"}
    assert set(lines_of(purchase(lines=rows))) == {"goods"}


@pytest.mark.parametrize(
    "lines", [[], [line("p1", "-1.0000", "-5.00000")], [line("p1", "1.0", "1.0", serviceCompleted=True)]]
)
def test_an_order_without_a_line_worth_sending_is_removed_if_it_was_sent(lines: list[Any]) -> None:
    assert run("sales_orders", sales_order(lines=lines)) == [Remove("sellOrders", "so1", "no line worth sending")]
    assert run("purchase_orders", purchase_order(lines=lines)) == [Remove("buyOrders", "po1", "no line worth sending")]


def test_an_order_without_the_relation_leaves_its_lines_alone() -> None:
    order = sales_order()
    del order["lines"]
    record = upserted(run("sales_orders", order))
    assert record.lines is None
    assert "totalValue" not in record.attributes
    order = purchase_order()
    del order["lines"], order["receiveLines"]
    record = upserted(run("purchase_orders", order))
    assert record.lines is None
    assert record.children == {}


# --- sales orders


def test_a_sales_order_is_mapped_field_by_field() -> None:
    record = sale()
    assert (record.entity, record.remote_id) == ("sellOrders", "so1")
    assert check(record)[0].attributes == {
        "placed": "2025-07-01T04:00:00Z",
        "completed": "2025-07-01T04:00:00Z",
        "totalValue": Decimal("94.91"),
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"isCancelled": True}, "cancelled"),
        ({"isQuote": True}, "a quote"),
        ({"inventoryStatus": "Quote"}, "a quote"),
        ({"inventoryStatus": "unconfirmed"}, "not confirmed"),
        ({"needsConfirmation": True}, "not confirmed"),
        ({"needsConfirmation": True, "isCompleted": False}, "not confirmed"),
    ],
)
def test_cancelled_orders_quotes_and_unconfirmed_ones_are_removed_if_they_were_sent(changes: Any, reason: str) -> None:
    assert run("sales_orders", sales_order(**changes)) == [Remove("sellOrders", "so1", reason)]


def test_a_confirmed_order_is_sent() -> None:
    assert sale(needsConfirmation=True, confirmerTeamMemberId="t1").remote_id == "so1"


@pytest.mark.parametrize(
    ("changes", "completed"),
    [
        ({"invoicedDate": "2025-07-09T00:00:00+02:00"}, "2025-07-08T22:00:00Z"),
        (
            {
                "shipLines": [
                    {"shippedDate": "2025-07-05T00:00:00Z"},
                    {"shippedDate": "2025-07-06T00:00:00Z"},
                    {"shippedDate": None},
                ]
            },
            "2025-07-06T00:00:00Z",
        ),
        ({"shipLines": [{"shippedDate": None}]}, "2025-07-01T04:00:00Z"),
        ({"isCompleted": False, "invoicedDate": "2025-07-09T00:00:00Z"}, None),
    ],
)
def test_a_sale_is_completed_when_invoiced_else_shipped_else_ordered(changes: Any, completed: str | None) -> None:
    record = upserted(run("sales_orders", sales_order(**changes), open_sales_orders="send"))
    assert check(record)[0].attributes["completed"] == completed


def test_open_sales_orders_are_held_but_not_forgotten_for_good() -> None:
    assert run("sales_orders", sales_order(isCompleted=False)) == [
        Skip("sellOrders", "so1", "not completed yet", remember=False)
    ]


def test_open_sales_orders_are_sent_where_that_is_asked_for() -> None:
    record = upserted(run("sales_orders", sales_order(isCompleted=False), open_sales_orders="send"))
    assert record.attributes["completed"] is None


def test_no_customer_reaches_the_record() -> None:
    record = sale(contactName="Ada Park", email="ada@example.test", customer={"name": "Northwind"})
    assert "Ada" not in repr(record)
    assert "Northwind" not in repr(record)


# --- purchase orders


def test_a_purchase_order_is_mapped_field_by_field() -> None:
    record = purchase()
    assert (record.entity, record.remote_id, record.own) == ("buyOrders", "po1", False)
    assert record.references == {"supplierId": Reference("suppliers", "v1")}
    assert check(record)[0].attributes == {
        "placed": "2025-06-20T04:00:00Z",
        "completed": None,
        "totalValue": Decimal("432.00"),
        "expectedDeliveryDate": "2025-07-10T04:00:00Z",
    }


def test_unapproved_purchase_orders_are_sent() -> None:
    assert purchase(inventoryStatus="unapproved").remote_id == "po1"


@pytest.mark.parametrize("changes", [{"isQuote": True}, {"inventoryStatus": "quote"}, {"isCancelled": True}])
def test_cancelled_purchase_orders_and_quotes_are_removed_if_they_were_sent(changes: Any) -> None:
    (removal,) = run("purchase_orders", purchase_order(**changes))
    assert isinstance(removal, Remove)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-06-20T00:00:00-04:00", "2025-06-20T04:00:00Z"),
        ("2025-06-20T04:00:00Z", "2025-06-20T04:00:00Z"),
        ("2025-06-20T03:59:59Z", None),
        (None, None),
    ],
)
def test_the_expected_delivery_is_the_request_when_not_before_the_order(date: Any, expected: str | None) -> None:
    assert check(purchase(requestShipDate=date))[0].attributes["expectedDeliveryDate"] == expected


def test_a_purchase_is_completed_with_its_last_receipt_and_open_again_when_it_no_longer_is() -> None:
    received = [
        receipt("r1", "p1", "4.0000", "2025-07-09T00:00:00Z"),
        receipt("r2", "p1", "4.0000", "2025-07-08T00:00:00Z"),
    ]
    assert purchase(isCompleted=True, receiveLines=received).attributes["completed"] == "2025-07-09T00:00:00Z"
    assert purchase(isCompleted=True).attributes["completed"] == "2025-06-20T04:00:00Z"
    assert purchase(isCompleted=False, receiveLines=received).attributes["completed"] is None


def test_an_order_without_a_date_is_rejected() -> None:
    with pytest.raises(InvalidRecord, match="placed: missing"):
        check(purchase(orderDate=None))


# --- receipts


def receipts_of(*received: dict[str, Any], **changes: Any) -> dict[str | None, Any]:
    record = purchase(receiveLines=list(received), **changes)
    return {child.remote_id: child.attributes["quantity"] for child in record.children["receiptLines"]}


def test_a_receive_line_becomes_a_receipt_on_the_order_line_of_its_product() -> None:
    (child,) = purchase(receiveLines=[receipt("r1", "p1", "12.0000", "2025-07-08T00:00:00-04:00")]).children[
        "receiptLines"
    ]
    assert (child.entity, child.remote_id) == ("receiptLines", "r1")
    assert child.references == {"buyOrderLineId": Reference("buyOrderLines", "po1_p1")}
    assert check(child)[0].attributes == {"occurred": "2025-07-08T04:00:00Z", "quantity": 12}


def test_the_running_total_of_receipts_is_the_rounded_running_total() -> None:
    dated = [
        receipt("c", "p1", "0.4000", "2025-07-03T00:00:00Z"),
        receipt("a", "p1", "0.4000", "2025-07-01T00:00:00Z"),
        receipt("b", "p1", "0.4000", "2025-07-02T00:00:00Z"),
        receipt("other", "p2", "0.5000", "2025-07-01T00:00:00Z"),
    ]
    lines = [line("p1", "2.0000", "1.0"), line("p2", "1.0000", "1.0")]
    # 0.4 → 0, 0.8 → 1, 1.2 → 1: a receipt that rounds to nothing is not sent
    assert receipts_of(*dated, lines=lines) == {"b": 1, "other": 1}


def test_receipts_of_one_moment_are_taken_by_id() -> None:
    same = [receipt(name, "p1", "0.5000", "2025-07-01T00:00:00Z") for name in ("b", "a")]
    assert receipts_of(*same) == {"a": 1}
    assert receipts_of(*reversed(same)) == {"a": 1}


def test_receipts_without_a_positive_quantity_are_none() -> None:
    assert receipts_of(receipt("r1", "p1", "0.0000", "2025-07-01"), receipt("r2", "p1", "-1.0000", "2025-07-01")) == {}


def test_a_receipt_of_a_product_on_no_line_is_rejected_with_the_reason() -> None:
    record = purchase(receiveLines=[receipt("r1", "p9", "1.0000", "2025-07-01T00:00:00Z")])
    check(record)
    (child,) = record.children["receiptLines"]
    with pytest.raises(InvalidRecord, match="buyOrderLineId: product p9 is on no line of the order"):
        check(child)


def test_a_receipt_of_a_service_is_left_out() -> None:
    lines = [line("p1", "1.0", "1.0"), line("s1", "1.0", "1.0", serviceCompleted=False)]
    assert receipts_of(receipt("r1", "s1", "1.0000", "2025-07-01T00:00:00Z"), lines=lines) == {}


def test_a_receipt_without_a_date_is_rejected_alone() -> None:
    record = purchase(receiveLines=[receipt("r1", "p1", "1.0000", None)])
    check(record)
    with pytest.raises(InvalidRecord, match="occurred: missing"):
        check(record.children["receiptLines"][0])


def test_an_order_that_came_without_receipts_leaves_them_alone() -> None:
    order = purchase_order()
    del order["receiveLines"]
    assert upserted(run("purchase_orders", order)).children == {}
    assert purchase().children == {"receiptLines": []}


# --- Optiply's own orders


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"orderNumber": "Optiply-2558903"}, "2558903"),
        ({"vendorOrderNumber": "OPTIPLY #00077"}, "77"),
        ({"orderRemarks": "as advised, optiply: 12, thanks"}, "12"),
        ({"orderNumber": "optiply", "vendorOrderNumber": "optiply 5"}, "5"),
        ({"orderNumber": "optiply", "orderRemarks": "optiply 5"}, "5"),
    ],
)
def test_an_order_that_optiply_placed_is_known_by_its_number(changes: Any, number: str) -> None:
    record = purchase(**changes, isCompleted=True, receiveLines=[receipt("r1", "p1", "1.0", "2025-07-01T00:00:00Z")])
    assert (record.own, record.optiply_id, record.remote_id) == (True, number, "po1")
    assert record.attributes == {"completed": "2025-07-01T00:00:00Z"}
    assert record.references == {}
    assert set(lines_of(record)) == {"p1"}
    assert [child.remote_id for child in record.children["receiptLines"]] == ["r1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"orderNumber": "Optiply"},
        {"vendorOrderNumber": "by optiply"},
        {"orderNumber": "Optiply 0"},
        {"orderNumber": "optiply " + "9" * 19},
    ],
)
def test_one_without_a_number_is_skipped_for_good(changes: Any) -> None:
    (skip,) = run("purchase_orders", purchase_order(**changes))
    assert isinstance(skip, Skip)
    assert (skip.entity, skip.remote_id, skip.remember) == ("buyOrders", "po1", True)


def test_a_remark_without_a_number_means_nothing() -> None:
    assert not purchase(orderRemarks="advised by Optiply").own


@pytest.mark.parametrize("pattern", [None, re.compile("never")])
def test_the_search_for_own_orders_can_be_changed_or_turned_off(pattern: Any) -> None:
    record = upserted(run("purchase_orders", purchase_order(orderNumber="Optiply-1"), optiply_orders=pattern))
    assert not record.own


def test_a_pattern_without_a_group_names_no_number() -> None:
    instructions = run("purchase_orders", purchase_order(), optiply_orders=re.compile("PO-"))
    assert len(of(Skip, instructions)) == 1


# --- the wrong shape


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": "none"},
        {"lines": [None]},
        {"lines": [line("", "1.0", "1.0")]},
        {"lines": [line("p1", "1.0", "")]},
        {"lines": [line("p1", "one", "1.0")]},
        {"lines": [{"productId": "p1", "quantity": 3}]},
        {"isCompleted": "perhaps"},
        {"orderDate": "soon", "isCompleted": True},
    ],
)
@pytest.mark.parametrize("stream", ["sales_orders", "purchase_orders"])
def test_an_order_of_the_wrong_shape_is_rejected_with_the_fields_name(stream: str, changes: Any) -> None:
    order = sales_order(**changes) if stream == "sales_orders" else purchase_order(**changes)
    (rejection,) = run(stream, order)
    assert isinstance(rejection, Reject)
    assert rejection.reason.partition(": ")[0].isidentifier()
