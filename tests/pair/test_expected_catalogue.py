"""The oracle on products, stock and suppliers, against examples computed by hand from the wording of the mapping."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pair.builders import (
    currency,
    inventory,
    line,
    part,
    price,
    product,
    sale,
    summary,
    unit,
    vendor,
    vendor_item,
)
from pair.expected import Expectation, Options, expect


def only(expectation: Expectation, entity: str) -> dict[str, Any]:
    """Return the one row that the entity has."""
    assert len(expectation.rows[entity]) == 1, expectation.rows[entity]
    return next(iter(expectation.rows[entity].values()))


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


def test_the_inventorys_own_sum_counts_unless_locations_are_chosen() -> None:
    figures = [
        summary("P1", None, rawQuantityAvailable="6.00000"),
        summary("P1", "A", rawQuantityAvailable="1.50000"),
        summary("P1", "B", rawQuantityAvailable="2.50000"),
        summary("P1", "C", rawQuantityAvailable="2.00000"),
    ]
    stock = inventory(product("P1"), summaries=figures)
    assert expect(stock).rows["products"]["P1"]["stockLevel"] == 6
    chosen = Options(location_ids=frozenset({"A", "B"}))
    assert expect(stock, chosen).rows["products"]["P1"]["stockLevel"] == 4


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
