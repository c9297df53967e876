"""The oracle on orders and receipts, against examples computed by hand from the wording of the mapping."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from pair.builders import (
    amount,
    inventory,
    line,
    product,
    purchase,
    receipt,
    sale,
)
from pair.expected import Expectation, Options, expect

NOON = datetime(2025, 7, 1, 4, tzinfo=timezone.utc)


def only(expectation: Expectation, entity: str) -> dict[str, Any]:
    """Return the one row that the entity has."""
    assert len(expectation.rows[entity]) == 1, expectation.rows[entity]
    return next(iter(expectation.rows[entity].values()))


def test_a_completed_sale_is_demand_of_its_day() -> None:
    rows = expect(inventory(product(), sales_orders=[sale("S1", line("P1", "2.0000", "94.91000"))]))
    assert rows.rows["sellOrders"] == {"S1": {"placed": NOON, "completed": NOON, "totalValue": Decimal("94.91")}}
    assert rows.rows["sellOrderLines"] == {
        "S1/P1": {"productId": "P1", "sellOrderId": "S1", "quantity": 2, "subtotalValue": Decimal("94.91")}
    }


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"invoicedDate": "2025-07-09T00:00:00Z"}, 9),
        ({"invoicedDate": "2025-07-09T00:00:00Z", "shipLines": [{"shippedDate": "2025-07-20T00:00:00Z"}]}, 9),
        ({"shipLines": [{"shippedDate": d} for d in ("2025-07-05T00:00:00Z", "2025-07-06T00:00:00Z", None)]}, 6),
        ({"shipLines": [{"shippedDate": None}]}, 1),
    ],
)
def test_a_sale_is_completed_when_invoiced_else_shipped_else_placed(fields: dict[str, Any], day: int) -> None:
    rows = expect(inventory(product(), sales_orders=[sale("S1", line("P1", "1", "1"), **fields)]))
    assert only(rows, "sellOrders")["completed"].day == day


@pytest.mark.parametrize(
    "fields",
    [
        {"isQuote": True},
        {"inventoryStatus": "Quote"},
        {"inventoryStatus": "unconfirmed"},
        {"needsConfirmation": True},
        {"isCancelled": True},
        {"isCompleted": False},
        {"lines": []},
        {"lines": [line("P1", "-1.0000", "-5"), line("P1", "0", "0"), line("P1", None, "3")]},
        {"lines": [line("P2", "1.0000", "5", serviceCompleted=True)]},
    ],
)
def test_what_is_no_demand_is_not_sent(fields: dict[str, Any]) -> None:
    goods = inventory(
        product("P1"),
        product("P2", itemType="service"),
        sales_orders=[sale("S1", **{"lines": [line("P1", "1", "1")], **fields})],
    )
    rows = expect(goods)
    assert rows.rows["sellOrders"] == {}
    assert rows.rows["sellOrderLines"] == {}
    assert rows.skipped["sellOrders"].keys() == {"S1"}
    assert rows.refusals == 0


def test_open_orders_are_sent_when_asked_for_and_stay_open() -> None:
    orders = [sale("S1", line("P1", "1", "1"), isCompleted=False, invoicedDate="2025-07-09T00:00:00Z")]
    rows = expect(inventory(product(), sales_orders=orders), Options(open_sales_orders="send"))
    assert only(rows, "sellOrders")["completed"] is None


def test_a_confirmed_order_counts() -> None:
    order = sale("S1", line("P1", "1", "1"), needsConfirmation=True, confirmerTeamMemberId="T1")
    assert expect(inventory(product(), sales_orders=[order])).rows["sellOrders"].keys() == {"S1"}


@pytest.mark.parametrize(("on_tax", "wanted"), [(False, "80.00"), (True, "79.37")])
def test_two_taxes_are_taken_off_side_by_side_or_one_on_the_other(on_tax: bool, wanted: str) -> None:
    taxed = line("P1", "1", "100.00000", tax1Rate="20.00000", tax2Rate="5.00000")
    order = sale("S1", taxed, isTaxInclusive=True, calculateTax2OnTax1=on_tax)  # 100/1.25; 100/1.26 = 79.365…
    rows = expect(inventory(product(), sales_orders=[order]))
    assert only(rows, "sellOrderLines")["subtotalValue"] == Decimal(wanted)


def test_a_foreign_order_is_divided_by_its_rate() -> None:
    order = sale("S1", line("P1", "3", "100.00000"), exchangeRate="1.2500000000")
    assert only(expect(inventory(product(), sales_orders=[order])), "sellOrders")["totalValue"] == Decimal("80.00")


def test_lines_of_one_product_are_added_up_before_rounding_and_totals_after() -> None:
    lines = [line("P1", "0.6000", "1.00400"), line("P2", "0.2000", "0.33500"), line("P1", "0.9000", "1.00100")]
    rows = expect(inventory(product("P1"), product("P2"), sales_orders=[sale("S1", *lines)]))
    first, second = (rows.rows["sellOrderLines"][f"S1/{key}"] for key in ("P1", "P2"))
    assert (first["quantity"], first["subtotalValue"]) == (2, Decimal("2.01"))  # 1.5 and 2.005
    assert (second["quantity"], second["subtotalValue"]) == (1, Decimal("0.34"))  # at least 1
    assert only(rows, "sellOrders")["totalValue"] == Decimal("2.35")


def test_an_exchange_rate_of_zero_rejects_the_order() -> None:
    rows = expect(inventory(product(), sales_orders=[sale("S1", line("P1", "1", "1"), exchangeRate="0.0000000000")]))
    assert rows.rejected["sellOrders"].keys() == {"S1"}
    assert rows.refusals == 1


def test_a_purchase_order_is_expected_when_its_date_makes_sense_and_is_open_until_received() -> None:
    orders = [
        purchase("O1", line("P1", "24", "432.00000"), requestShipDate="2025-07-10T00:00:00-04:00"),
        purchase("O2", line("P1", "1", "1"), requestShipDate="2025-06-30T00:00:00-04:00", inventoryStatus="unapproved"),
        purchase("O3", line("P1", "1", "1"), isCompleted=True),
        purchase("O4", line("P1", "1", "1"), isQuote=True),
        purchase("O5", line("P1", "1", "1"), isCancelled=True),
    ]
    rows = expect(inventory(product(), purchase_orders=orders)).rows["buyOrders"]
    assert rows.keys() == {"O1", "O2", "O3"}
    assert rows["O1"] == {
        "placed": NOON,
        "completed": None,
        "expectedDeliveryDate": datetime(2025, 7, 10, 4, tzinfo=timezone.utc),
        "supplierId": "V1",
        "totalValue": Decimal("432.00"),
    }
    assert rows["O2"]["expectedDeliveryDate"] is None
    assert rows["O3"]["completed"] == NOON


def test_receipts_add_up_to_their_rounded_total() -> None:
    order = purchase(
        "O1",
        line("P1", "3.0000", "30"),
        isCompleted=True,
        receiveLines=[
            receipt("R3", "P1", "1.4000", "2025-07-05T00:00:00Z"),
            receipt("R1", "P1", "0.4000", "2025-07-03T00:00:00Z"),
            receipt("R2", "P1", "1.2000", "2025-07-04T00:00:00Z"),
            receipt("R4", "P1", "-1.0000", "2025-07-09T00:00:00Z"),
        ],
    )
    rows = expect(inventory(product(), purchase_orders=[order]))
    # Running totals 0.4, 1.6, 3.0 are 0, 2, 3: the first receipt is worth nothing yet.
    assert {key: row["quantity"] for key, row in rows.rows["receiptLines"].items()} == {"R2": 2, "R3": 1}
    assert rows.rows["receiptLines"]["R3"] == {
        "occurred": datetime(2025, 7, 5, tzinfo=timezone.utc),
        "quantity": 1,
        "buyOrderLineId": "O1/P1",
    }
    assert only(rows, "buyOrders")["completed"] == datetime(2025, 7, 9, tzinfo=timezone.utc)


def test_receipts_of_one_day_are_taken_in_the_order_of_their_ids() -> None:
    received = [receipt("R2", "P1", "5.5"), receipt("R1", "P1", "13.5")]
    rows = expect(inventory(product(), purchase_orders=[purchase("O1", line("P1", "38", "1"), receiveLines=received)]))
    assert {key: row["quantity"] for key, row in rows.rows["receiptLines"].items()} == {"R1": 14, "R2": 5}


def test_a_vendor_that_is_unknown_rejects_the_purchase_order() -> None:
    order = purchase("O1", line("P1", "1", "1"), vendorId="V9")
    rows = expect(inventory(product(), purchase_orders=[order]))
    assert rows.orphaned["buyOrders"] == {"O1": "suppliers V9"}


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({"orderNumber": "Optiply-2558903"}, True),
        ({"vendorOrderNumber": "OPTIPLY"}, True),
        ({"orderRemarks": "by Optiply #2558903, urgent"}, True),
        ({"orderRemarks": "asked for by Optiply"}, False),
        ({"orderNumber": "PO-000045"}, False),
    ],
)
def test_optiplys_own_orders_are_not_created(fields: dict[str, Any], own: bool) -> None:
    orders = inventory(product(), purchase_orders=[purchase("O1", line("P1", "1", "1"), **fields)])
    assert bool(expect(orders).rows["buyOrders"]) is not own
    assert expect(orders, Options(optiply_orders=None)).rows["buyOrders"].keys() == {"O1"}


def test_amounts_without_a_figure_count_as_nothing() -> None:
    order = sale("S1", {**line("P1", "1", "1"), "quantity": amount(None)}, line("P1", "2", "4.005"))
    row = only(expect(inventory(product(), sales_orders=[order])), "sellOrderLines")
    assert (row["quantity"], row["subtotalValue"]) == (2, Decimal("4.01"))
