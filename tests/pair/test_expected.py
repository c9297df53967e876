"""The oracle itself, against examples computed by hand from the wording of the mapping."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pair.builders import (
    amount,
    currency,
    inventory,
    line,
    part,
    price,
    product,
    purchase,
    receipt,
    sale,
    summary,
    unit,
    vendor,
    vendor_item,
)
from pair.expected import Expectation, Options, expect
from pair.oracle_values import Unsendable, gtin, half_up, instant, money, text

NOON = datetime(2025, 7, 1, 4, tzinfo=timezone.utc)


def only(expectation: Expectation, entity: str) -> dict[str, Any]:
    """Return the one row that the entity has."""
    assert len(expectation.rows[entity]) == 1, expectation.rows[entity]
    return next(iter(expectation.rows[entity].values()))


# Text, numbers, dates ------------------------------------------------------------------------------------------------


def test_white_space_becomes_single_spaces_and_empty_text_null() -> None:
    assert text("  Desk\r\n lamp,\t\u00a0brass ") == "Desk lamp, brass"
    assert text(" \n") is None
    assert text("") is None
    assert text(None) is None


def test_text_is_cut_to_utf16_units_without_splitting_a_pair() -> None:
    assert text("x" * 300) == "x" * 255
    assert text("\U0001f600" * 200) == "\U0001f600" * 127  # 127 pairs are 254 units; half of the next would fit
    assert text("Quadratmeter", 10) == "Quadratmet"


def test_a_lone_surrogate_cannot_be_sent() -> None:
    with pytest.raises(Unsendable):
        text("a\ud800b")


@pytest.mark.parametrize(
    ("value", "whole"), [("0.5", 1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("7", 7), ("0", 0)]
)
def test_halves_are_rounded_up(value: str, whole: int) -> None:
    assert half_up(Fraction(value)) == whole


def test_money_is_rounded_to_cents_and_bounded() -> None:
    assert str(money(Fraction("10.005"), "price", 9)) == "10.01"
    assert str(money(Fraction(18), "price", 9)) == "18.00"
    assert str(money(Fraction("999999999.994"), "price", 9)) == "999999999.99"
    with pytest.raises(Unsendable, match="price: more than 9 integer digits"):
        money(Fraction("999999999.995"), "price", 9)


def test_dates_become_instants_of_utc() -> None:
    assert instant("2025-07-01T00:00:00-04:00") == NOON
    assert instant("2025-07-01T00:00:00+08:00") == datetime(2025, 6, 30, 16, tzinfo=timezone.utc)
    assert instant("2025-07-01T04:00:00Z") == NOON
    assert instant("2025-07-01") == datetime(2025, 7, 1, tzinfo=timezone.utc)
    assert instant("2025-07-01T04:00:00.1234567+00:00") == NOON.replace(microsecond=123456)
    assert instant("") is None


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("4006381333931", "4006381333931"),  # 4+0*3+0+6*3+3+8*3+1+3*3+3+3*3+9+3*3 = 89, so 1
        ("96385074", "96385074"),  # 3*9+6+3*3+8+3*5+0+3*7 = 86, so 4
        ("036000291452", "036000291452"),
        ("10012345678902", "10012345678902"),
        (" 4006381-333931", "4006381333931"),
        ("0123456789012", "0123456789012"),  # 0+1*3+2+3*3+4+5*3+6+7*3+8+9*3+0+1*3 = 98, so 2
        ("0123456789013", None),
        ("4006381333932", None),
        ("400638133393", None),
        ("abc", None),
        ("", None),
        (None, None),
    ],
)
def test_only_bar_codes_with_the_right_check_digit_are_gtins(code: str | None, digits: str | None) -> None:
    assert gtin(code) == digits


# Products and stock --------------------------------------------------------------------------------------------------


def test_a_price_per_box_becomes_a_price_per_piece() -> None:
    row = product(defaultPrice=price("49.95000"), salesUom=unit("box of 6", "6.0000", "1.0000"))
    assert only(expect(inventory(row)), "products")["price"] == Decimal("8.33")  # 8.325


def test_a_unit_may_be_given_the_other_way_round() -> None:
    row = product(defaultPrice=price("2.50000"), salesUom=unit("cm", "1.0000", "100.0000"))
    assert only(expect(inventory(row)), "products")["price"] == Decimal("250.00")


def test_a_markup_price_is_null() -> None:
    row = product(defaultPrice=price(None, "fixedMarkup"))
    assert only(expect(inventory(row)), "products")["price"] is None


@pytest.mark.parametrize(("percent", "wanted"), [(None, "121.00"), (21, "100.00")])
@pytest.mark.parametrize("inclusive", [True, False])
def test_tax_is_taken_off_tax_inclusive_lists_only(percent: int | None, wanted: str, inclusive: bool) -> None:
    lists = [{"pricingSchemeId": "L1", "isTaxInclusive": inclusive}]
    options = Options(price_tax_percent=None if percent is None else Fraction(percent))
    rows = expect(inventory(product(defaultPrice=price("121.00000")), price_lists=lists), options)
    assert only(rows, "products")["price"] == Decimal(wanted if inclusive else "121.00")


def test_services_are_not_sent_and_inactive_products_are_disabled() -> None:
    rows = expect(inventory(product("P1", itemType="Service"), product("P2", isActive=False)))
    assert rows.rows["products"].keys() == {"P2"}
    assert rows.rows["products"]["P2"]["status"] == "disabled"
    assert rows.skipped["products"] == {"P1": "service"}


def test_non_stocked_products_have_unlimited_stock() -> None:
    rows = expect(inventory(product("P1"), product("P2", itemType="nonstockedProduct"))).rows["products"]
    assert (rows["P1"]["unlimitedStock"], rows["P2"]["unlimitedStock"]) == (False, True)


def test_the_first_valid_gtin_by_line_number_is_the_ean() -> None:
    codes = [
        {"barcode": "96385074", "lineNum": 3},
        {"barcode": "4006381-333931", "lineNum": 2},
        {"barcode": "SHELF-12", "lineNum": 1},
    ]
    assert only(expect(inventory(product(productBarcodes=codes))), "products")["eanCode"] == "4006381333931"


def test_figures_are_added_up_over_locations_and_rounded_down_last() -> None:
    figures = [
        summary("P1", "A", rawQuantityAvailable="1.60000", quantityAvailable="9", quantityOnHand="5.50000"),
        summary("P1", "B", rawQuantityAvailable="1.60000", quantityAvailable="9", quantityOnHand="5.50000"),
        summary("P2", "A", rawQuantityAvailable="-0.50000", quantityAvailable="0", quantityOnHand="0.00000"),
        summary("P3", "A", rawQuantityAvailable=None, quantityAvailable="4.00000", quantityOnHand=None),
    ]
    stock = inventory(
        product("P1"), product("P2"), product("P3"), product("P4", totalQuantityOnHand="7.9"), summaries=figures
    )
    available = expect(stock).rows["products"]
    assert {key: row["stockLevel"] for key, row in available.items()} == {"P1": 3, "P2": -1, "P3": 4, "P4": 7}
    on_hand = expect(stock, Options(stock="on_hand")).rows["products"]
    assert {key: row["stockLevel"] for key, row in on_hand.items()} == {"P1": 11, "P2": 0, "P3": 0, "P4": 7}


def test_a_price_of_ten_integer_digits_rejects_the_product_and_what_hangs_on_it() -> None:
    rows = expect(
        inventory(
            product("P1", defaultPrice=price("9999999999.00000"), vendorItems=[vendor_item()]),
            sales_orders=[sale("S1", line("P1", "1", "5"))],
        )
    )
    assert rows.rejected["products"] == {"P1": "price: more than 9 integer digits"}
    assert rows.orphaned["supplierProducts"] == {"I1": "products P1"}
    assert rows.orphaned["sellOrders"] == {"S1": "products P1"}
    assert rows.refusals == 3


# Suppliers and what they sell ----------------------------------------------------------------------------------------


def test_addresses_are_split_and_malformed_ones_left_out() -> None:
    row = vendor(email="orders@example.test; sales@example.test,nobody  a@b c@d.e", leadTimeDays=366, isActive=False)
    assert only(expect(inventory(vendors=[row])), "suppliers") == {
        "name": "Vendor V1",
        "emails": ["orders@example.test", "sales@example.test", "c@d.e"],
        "deliveryTime": None,
        "ignored": True,
    }


def test_a_case_of_twelve_for_216_costs_18_a_piece() -> None:
    item = vendor_item(cost="216.00000", leadTimeDays=14, vendorItemCode="BL-77")
    row = product(name="Desk lamp,\nbrass", purchasingUom=unit("case of 12", "12.0000"), vendorItems=[item])
    assert only(expect(inventory(row)), "supplierProducts") == {
        "name": "Desk lamp, brass",
        "articleCode": "BL-77",
        "price": Decimal("18.00"),
        "lotSize": 12,
        "deliveryTime": 14,
        "status": "enabled",
        "preferred": True,
        "productId": "P1",
        "supplierId": "V1",
    }


def test_a_cost_in_dollars_is_divided_by_dollars_per_home_unit() -> None:
    rows = expect(
        inventory(
            product(vendorItems=[vendor_item(cost="216.00000")], purchasingUom=unit("case", "12.0000")),
            vendors=[vendor(currencyId="USD")],
            currencies=[currency("EUR", "1"), currency("USD", "1.0800000000")],
        )
    )
    assert only(rows, "supplierProducts")["price"] == Decimal("16.67")  # 18 / 1.08 = 16.666…


def test_without_a_rate_the_price_is_left_out() -> None:
    rows = expect(inventory(product(vendorItems=[vendor_item(cost="9.00000")]), vendors=[vendor(currencyId="XXX")]))
    assert only(rows, "supplierProducts")["price"] is None


@pytest.mark.parametrize(
    ("standard", "uom", "lot"), [("12", "1", 12), ("1", "1", 1), ("2.5", "1", None), ("1", "2", None), ("24", "2", 12)]
)
def test_the_lot_is_the_ratio_where_it_is_whole(standard: str, uom: str, lot: int | None) -> None:
    row = product(purchasingUom=unit("u", standard, uom), vendorItems=[vendor_item()])
    assert only(expect(inventory(row)), "supplierProducts")["lotSize"] == lot


def test_one_row_a_vendor_and_the_lowest_line_is_preferred() -> None:
    items = [
        vendor_item("I3", "V2", lineNum=3),
        vendor_item("I2", "V2", lineNum=2, leadTimeDays=0),
        vendor_item("I1", "V1", lineNum=1),
    ]
    rows = expect(inventory(product(vendorItems=items), vendors=[vendor("V1"), vendor("V2")]))
    preferred = {key: row["preferred"] for key, row in rows.rows["supplierProducts"].items()}
    assert preferred == {"I1": True, "I2": False}
    assert rows.rows["supplierProducts"]["I2"]["deliveryTime"] is None
    assert rows.skipped["supplierProducts"].keys() == {"I3"}


def test_equal_parts_are_added_up_and_fractions_rejected() -> None:
    rows = expect(
        inventory(
            product("P1", itemBoms=[part("P2", "2.0000"), part("P2", "3.0000"), part("P3", "0.5000")]),
            product("P2", itemBoms=[part("P4", "1.0000")]),
            product("P3"),
            product("P4", itemType="service"),
        )
    )
    assert rows.rows["productCompositions"] == {
        "P1/P2": {"composedProductId": "P1", "partProductId": "P2", "partQuantity": 5}
    }
    assert rows.rejected["productCompositions"].keys() == {"P1/P3"}
    assert rows.skipped["productCompositions"].keys() == {"P2/P4"}
    assert [rows.rows["products"][key]["assembled"] for key in ("P1", "P2", "P3")] == [True, True, False]


def test_of_a_circular_pair_one_is_rejected() -> None:
    rows = expect(
        inventory(product("P1", itemBoms=[part("P2", "1.0000")]), product("P2", itemBoms=[part("P1", "1.0000")]))
    )
    assert rows.either == [("P1/P2", "P2/P1")]
    assert rows.refusals == 1


# Orders --------------------------------------------------------------------------------------------------------------


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
