"""Products, supplier products, compositions, suppliers, rates and stock: each promise of the mapping by its name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from mapping import MemoryFacts, of, part, product, run, unit, upserted, vendor_item

from target_optiply.model import EntityRecord, Figure, Reference, Reject, Remember, Remove, Skip, Warn
from target_optiply.records import InvalidRecord, check

HOME = {
    ("vendor_currency", "v1"): "usd",
    ("vendor_currency", "v2"): "eur",
    ("rate", "usd"): "1",
    ("rate", "eur"): "0.8",
}


def attributes_of(record: EntityRecord) -> dict[str, Any]:
    return check(record)[0].attributes


def sent(**changes: Any) -> dict[str, Any]:
    return attributes_of(upserted(run("products", product(**changes))))


def children(entity: str, facts: MemoryFacts | None = None, **changes: Any) -> list[EntityRecord]:
    return upserted(run("products", product(**changes), facts or MemoryFacts(HOME))).children[entity]


# --- products


def test_a_product_is_mapped_field_by_field() -> None:
    record = upserted(run("products", product()))
    assert (record.entity, record.remote_id) == ("products", "p1")
    assert attributes_of(record) == {
        "name": "Desk lamp, brass",
        "skuCode": "LAMP-1",
        "stockMeasurementUnit": "ea.",
        "status": "enabled",
        "unlimitedStock": False,
        "eanCode": None,
        "price": Decimal("49.95"),
        "assembled": False,
    }


def test_inactive_products_are_sent_as_disabled() -> None:
    assert sent(isActive=False)["status"] == "disabled"


@pytest.mark.parametrize("kind", ["nonstockedProduct", "NonStockedProduct"])
def test_non_stocked_products_have_unlimited_stock(kind: str) -> None:
    assert sent(itemType=kind)["unlimitedStock"] is True


@pytest.mark.parametrize("kind", ["service", "Service"])
def test_services_are_not_sent_and_remembered(kind: str) -> None:
    assert run("products", product(itemType=kind)) == [Skip("products", "p1", "a service has no stock")]


def test_a_product_with_components_is_assembled() -> None:
    assert sent(itemBoms=[part("b1", "p2", "1.0000")])["assembled"] is True


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([(1, "0123456789012")], "0123456789012"),
        ([(1, "0123456789013")], None),
        ([(1, "ABC"), (2, "4006381333931")], "4006381333931"),
        ([(2, "73513537"), (1, "4 006381-333931")], "4006381333931"),
        ([(None, "73513537"), (9, "036000291452")], "036000291452"),
        ([(1, "10614141000415")], "10614141000415"),
        ([(1, "٤٠٠٦٣٨١٣٣٣٩٣١")], None),
        ([(1, None), (2, "")], None),
        ([], None),
    ],
)
def test_the_ean_is_the_first_barcode_that_is_a_valid_gtin_by_line_number(codes: Any, expected: str | None) -> None:
    assert sent(productBarcodes=[{"lineNum": line, "barcode": code} for line, code in codes])["eanCode"] == expected


@pytest.mark.parametrize(
    ("sales_unit", "price"),
    [
        (unit("case of 12", "12.0000"), "4.16"),
        (unit("half", "1.0000", "2.0000"), "99.90"),
        (unit("odd", "0.0000"), None),
        (unit("odd", "-1.0000"), None),
        ({"name": "odd", "conversionRatio": {"standardQuantity": None, "uomQuantity": None}}, None),
        (None, "49.95"),
        ({"name": "", "conversionRatio": None}, "49.95"),
    ],
)
def test_a_price_is_of_one_stock_unit(sales_unit: Any, price: str | None) -> None:
    assert sent(salesUom=sales_unit)["price"] == (None if price is None else Decimal(price))


def test_markup_prices_are_null() -> None:
    assert sent(defaultPrice={"priceType": "fixedMarkup", "unitPrice": "5.00000"})["price"] is None
    assert sent(defaultPrice={"priceType": "fixedPrice", "unitPrice": None})["price"] is None
    assert sent(defaultPrice=None)["price"] is None


def test_tax_is_taken_out_of_tax_inclusive_price_lists() -> None:
    facts = MemoryFacts()
    run("pricing_schemes", {"pricingSchemeId": "list", "isTaxInclusive": True}, facts)
    with_tax = product(defaultPrice={"pricingSchemeId": "list", "priceType": "fixedPrice", "unitPrice": "121.00000"})
    record = upserted(run("products", with_tax, facts, price_tax_percent=Decimal(21)))
    assert attributes_of(record)["price"] == Decimal("100.00")
    untouched = run("products", with_tax, facts)
    assert attributes_of(upserted(untouched))["price"] == Decimal("121.00")
    assert [warning.key for warning in of(Warn, untouched)] == ["price_tax_percent"]


def test_a_price_list_that_comes_with_the_price_says_itself_whether_it_contains_tax() -> None:
    price = {"priceType": "fixedPrice", "unitPrice": "121.00000", "pricingScheme": {"isTaxInclusive": True}}
    record = upserted(run("products", product(defaultPrice=price), price_tax_percent=Decimal(21)))
    assert attributes_of(record)["price"] == Decimal("100.00")


def test_an_unknown_price_list_is_taken_as_without_tax_and_said_once() -> None:
    instructions = run("products", product(), price_tax_percent=Decimal(21))
    assert attributes_of(upserted(instructions))["price"] == Decimal("49.95")
    assert [warning.key for warning in of(Warn, instructions)] == ["pricing_schemes"]


def test_a_price_list_is_remembered_once() -> None:
    facts = MemoryFacts()
    assert run("pricing_schemes", {"pricingSchemeId": "x", "isTaxInclusive": False}, facts) == [
        Remember("tax_inclusive", "x", "false")
    ]
    assert run("pricing_schemes", {"pricingSchemeId": "x", "isTaxInclusive": False}, facts) == []


@pytest.mark.parametrize("relation", ["defaultPrice", "productBarcodes", "itemBoms", "vendorItems"])
def test_a_relation_whose_key_is_absent_changes_nothing(relation: str) -> None:
    row = product()
    del row[relation]
    record = upserted(run("products", row))
    gone = {"defaultPrice": "price", "productBarcodes": "eanCode", "itemBoms": "assembled"}.get(relation)
    assert gone not in record.attributes
    kept = {"supplierProducts", "productCompositions"} - {
        {"vendorItems": "supplierProducts", "itemBoms": "productCompositions"}.get(relation)
    }
    assert set(record.children) == kept


def test_lists_that_are_empty_are_complete_lists() -> None:
    assert upserted(run("products", product())).children == {"productCompositions": [], "supplierProducts": []}


def test_a_field_that_a_stream_map_dropped_changes_nothing() -> None:
    row = product()
    del row["sku"], row["isActive"]
    assert not {"skuCode", "status"} & upserted(run("products", row)).attributes.keys()


@pytest.mark.parametrize(("figure", "stock"), [("37.0000", 37), ("2.9000", 2), ("-0.5000", -1), (None, None)])
def test_a_product_without_a_summary_falls_back_to_its_quantity_on_hand(figure: Any, stock: int | None) -> None:
    record = upserted(run("products", product(totalQuantityOnHand=figure)))
    assert (record.stock, record.stock_is_fallback) == (stock, True)


@pytest.mark.parametrize("mark", ["deleted_at", "_sdc_deleted_at"])
def test_a_deleted_product_is_removed(mark: str) -> None:
    assert run("products", product(**{mark: "2025-01-01T00:00:00Z"})) == [
        Remove("products", "p1", "deleted at the source")
    ]
    assert upserted(run("products", product(**{mark: None}))).remote_id == "p1"


def test_an_override_wins_over_the_mapping() -> None:
    instructions = run(
        "products", product(optiply={"minimumStock": 5, "name": "Lamp", "stockLevel": "7.9", "colour": "red"})
    )
    record = upserted(instructions)
    assert (record.attributes["minimumStock"], record.attributes["name"]) == (5, "Lamp")
    assert (record.stock, record.stock_is_fallback) == (7, False)
    assert [warning.key for warning in of(Warn, instructions)] == ["override.products.colour"]


def test_an_override_may_be_json_text_and_reach_into_children() -> None:
    row = product(optiply='{"price": 1.10}', vendorItems=[vendor_item(optiply={"lotSize": 3, "supplierId": "99"})])
    record = upserted(run("products", row))
    assert record.attributes["price"] == Decimal("1.10")
    (child,) = record.children["supplierProducts"]
    assert child.attributes["lotSize"] == 3
    assert child.references["supplierId"] == Reference("suppliers", None, "99")


@pytest.mark.parametrize("bad", [[1], "no json", 5, {"stockLevel": "many"}])
def test_an_override_of_the_wrong_shape_rejects_the_record(bad: Any) -> None:
    (rejection,) = run("products", product(optiply=bad))
    assert isinstance(rejection, Reject)
    assert rejection.reason.startswith(("optiply: ", "stockLevel: "))


# --- supplier products


def test_a_vendor_item_becomes_a_supplier_product() -> None:
    (child,) = children("supplierProducts", vendorItems=[vendor_item()], purchasingUom=unit("case of 12", "12.0000"))
    assert (child.entity, child.remote_id) == ("supplierProducts", "vi1")
    assert child.references == {"productId": Reference("products", "p1"), "supplierId": Reference("suppliers", "v1")}
    assert attributes_of(child) == {
        "name": "Desk lamp, brass",
        "articleCode": "BL-77",
        "price": Decimal("0.83"),
        "lotSize": 12,
        "deliveryTime": 14,
        "preferred": True,
        "status": "enabled",
    }


def test_a_foreign_price_is_divided_by_the_rate() -> None:
    (child,) = children("supplierProducts", vendorItems=[vendor_item(vendor="v2")])
    assert child.attributes["price"] == Decimal("12.50")


def test_a_price_without_a_known_rate_is_left_out_and_said_once() -> None:
    instructions = run("products", product(vendorItems=[vendor_item(), vendor_item("vi2", "v3")]))
    for child in upserted(instructions).children["supplierProducts"]:
        assert "price" not in child.attributes
    assert {warning.key for warning in of(Warn, instructions)} == {"rate"}


def test_a_price_that_is_not_known_is_null() -> None:
    (child,) = children("supplierProducts", vendorItems=[vendor_item(cost=None)])
    assert child.attributes["price"] is None


@pytest.mark.parametrize("standard", ["0.5000", "2.5000", "0.0000", None])
def test_a_purchasing_unit_that_is_no_whole_number_of_stock_units_leaves_the_lot_size_empty(standard: Any) -> None:
    instructions = run(
        "products", product(vendorItems=[vendor_item()], purchasingUom=unit("x", standard)), MemoryFacts(HOME)
    )
    (child,) = upserted(instructions).children["supplierProducts"]
    assert child.attributes["lotSize"] is None
    assert "lotSize" in {warning.key for warning in of(Warn, instructions)}


@pytest.mark.parametrize(("days", "expected"), [(0, None), (-1, None), (1, 1), (400, 400), (None, None)])
def test_a_lead_time_counts_from_one_day(days: Any, expected: int | None) -> None:
    (child,) = children("supplierProducts", vendorItems=[vendor_item(leadTimeDays=days)])
    assert attributes_of(child)["deliveryTime"] == expected


def test_the_lowest_line_is_preferred_and_comes_last() -> None:
    items = [vendor_item("a", "v1", lineNum=2), vendor_item("b", "v2", lineNum=1), vendor_item("c", "v3", lineNum=None)]
    rows = [
        (child.remote_id, child.attributes["preferred"]) for child in children("supplierProducts", vendorItems=items)
    ]
    assert rows == [("a", False), ("c", False), ("b", True)]


def test_one_row_for_each_vendor_the_lowest_line() -> None:
    items = [vendor_item("a", "v1", lineNum=2), vendor_item("b", "v1", lineNum=1)]
    instructions = run("products", product(vendorItems=items), MemoryFacts(HOME))
    assert [child.remote_id for child in upserted(instructions).children["supplierProducts"]] == ["b"]
    (skipped,) = of(Skip, instructions)
    assert (skipped.entity, skipped.remote_id, skipped.remember) == ("supplierProducts", "a", False)
    assert "vendorItems" in {warning.key for warning in of(Warn, instructions)}


def test_a_vendor_item_without_a_vendor_is_rejected_alone() -> None:
    (child,) = children("supplierProducts", vendorItems=[vendor_item(vendor="")])
    with pytest.raises(InvalidRecord, match="supplierId: missing"):
        check(child)


# --- compositions


def test_equal_parts_are_added_up() -> None:
    boms = [part("b2", "p2", "1.5000"), part("b3", "p3", "2.0000"), part("b1", "p2", "0.5000")]
    rows = children("productCompositions", itemBoms=boms)
    assert [(row.remote_id, attributes_of(row)) for row in rows] == [
        ("b1", {"partQuantity": 2}),
        ("b3", {"partQuantity": 2}),
    ]
    assert rows[0].references == {
        "composedProductId": Reference("products", "p1"),
        "partProductId": Reference("products", "p2"),
    }


@pytest.mark.parametrize("quantity", ["0.5000", "0.0000", None, "-1.0000"])
def test_a_fraction_of_a_part_rejects_the_composition_not_the_product(quantity: Any) -> None:
    record = upserted(run("products", product(itemBoms=[part("b1", "p2", quantity)])))
    check(record)
    (child,) = record.children["productCompositions"]
    with pytest.raises(InvalidRecord, match=r"^partQuantity: "):
        check(child)


def test_circular_pairs_reject_the_second_and_only_it() -> None:
    facts = MemoryFacts()
    (first,) = children("productCompositions", facts, itemBoms=[part("b1", "p2", "1.0000")])
    back = product(productId="p2", itemBoms=[part("b2", "p1", "1.0000")])
    (second,) = upserted(run("products", back, facts)).children["productCompositions"]
    check(first)
    with pytest.raises(InvalidRecord, match=r"^partProductId: "):
        check(second)
    # Read again, the verdicts stay; once the first is gone, the second may be sent.
    (first,) = children("productCompositions", facts, itemBoms=[part("b1", "p2", "1.0000")])
    check(first)
    children("productCompositions", facts, itemBoms=[])
    (second,) = upserted(run("products", back, facts)).children["productCompositions"]
    check(second)


def test_a_product_cannot_be_made_of_itself() -> None:
    (child,) = children("productCompositions", itemBoms=[part("b1", "p1", "1.0000")])
    with pytest.raises(InvalidRecord, match=r"^partProductId: "):
        check(child)


def test_facts_come_before_the_records_that_need_them() -> None:
    instructions = run("products", product(itemBoms=[part("b1", "p2", "1.0000")]))
    assert [type(item).__name__ for item in instructions] == ["Remember", "Upsert"]


# --- suppliers


def vendor(**changes: Any) -> dict[str, Any]:
    return {
        "vendorId": "v1",
        "name": " Brightlight  Ltd ",
        "email": "orders@example.test",
        "leadTimeDays": 21,
        "isActive": True,
        "currencyId": "usd",
        **changes,
    }


def test_a_vendor_becomes_a_supplier() -> None:
    record = upserted(run("vendors", vendor()))
    assert (record.entity, record.remote_id) == ("suppliers", "v1")
    assert attributes_of(record) == {
        "name": "Brightlight Ltd",
        "emails": ["orders@example.test"],
        "deliveryTime": 21,
        "ignored": False,
    }


def test_inactive_vendors_are_ignored() -> None:
    assert upserted(run("vendors", vendor(isActive=False))).attributes["ignored"] is True


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("a@x.nl; b@y.nl,c@z.nl d@w.nl", ["a@x.nl", "b@y.nl", "c@z.nl", "d@w.nl"]),
        ("Orders <orders@x.nl>", ["<orders@x.nl>"]),
        ("a@x, b@y.nl, @z.nl, c@", ["b@y.nl"]),
        ("", []),
        (None, []),
    ],
)
def test_emails_are_split_and_the_well_formed_ones_kept(text: Any, emails: list[str]) -> None:
    assert attributes_of(upserted(run("vendors", vendor(email=text))))["emails"] == emails


@pytest.mark.parametrize(("days", "expected"), [(0, None), (1, 1), (365, 365), (366, None), (None, None)])
def test_a_suppliers_delivery_time_lies_in_1_to_365(days: Any, expected: int | None) -> None:
    assert attributes_of(upserted(run("vendors", vendor(leadTimeDays=days))))["deliveryTime"] == expected


def test_a_vendors_currency_is_remembered_before_its_record() -> None:
    facts = MemoryFacts()
    assert run("vendors", vendor(), facts)[0] == Remember("vendor_currency", "v1", "usd")
    assert not of(Remember, run("vendors", vendor(), facts))


def test_a_vendor_without_a_name_is_rejected() -> None:
    with pytest.raises(InvalidRecord, match="name: missing"):
        check(upserted(run("vendors", vendor(name=" "))))


# --- rates


def currency(identity: str, *rates: str) -> dict[str, Any]:
    rows = [
        {"currencyId": identity, "exchangeRate": rate, "timestamp": f"{place:016X}"} for place, rate in enumerate(rates)
    ]
    return {"currencyId": identity, "currencyConversions": rows}


def price(facts: MemoryFacts, vendor_id: str = "v1") -> Any:
    (child,) = children("supplierProducts", facts, vendorItems=[vendor_item(vendor=vendor_id)])
    return child.attributes.get("price")


def test_a_rate_is_kept_until_it_moved_by_two_percent() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "eur"})
    run("currencies", currency("eur", "0.8000000000"), facts)
    assert price(facts) == Decimal("12.50")
    assert run("currencies", currency("eur", "0.8159"), facts) == []
    assert price(facts) == Decimal("12.50")
    assert run("currencies", currency("eur", "0.8160"), facts) == [Remember("rate", "eur", "0.8160")]
    assert price(facts) == Decimal("12.25")


def test_the_currency_whose_rate_is_1_is_home() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "usd"})
    run("currencies", currency("usd", "1.0000000000"), facts)
    assert price(facts) == Decimal("10.00")


def test_the_only_currency_without_a_rate_is_home() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "usd"})
    run("currencies", currency("usd"), facts)
    run("currencies", currency("eur", "0.8"), facts)
    assert price(facts) == Decimal("10.00")
    run("currencies", currency("gbp"), facts)
    assert price(facts) is None
    run("currencies", currency("gbp", "0.7"), facts)
    assert price(facts) == Decimal("10.00")


def test_a_currency_without_a_rate_beside_a_home_currency_is_unknown() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "gbp"})
    run("currencies", currency("usd", "1.0"), facts)
    run("currencies", currency("gbp"), facts)
    assert price(facts) is None


def test_the_latest_of_several_rates_counts() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "eur"})
    run("currencies", currency("eur", "0.5", "0.8"), facts)
    assert price(facts) == Decimal("12.50")


def test_a_rate_of_zero_is_never_divided_by() -> None:
    facts = MemoryFacts({("vendor_currency", "v1"): "eur"})
    instructions = run("currencies", currency("eur", "0.0000"), facts)
    assert [warning.key for warning in of(Warn, instructions)] == ["rate.eur"]


def test_currencies_without_their_conversions_say_nothing() -> None:
    assert run("currencies", {"currencyId": "eur"}) == []


# --- stock figures


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "productId": "p1",
        "locationId": "l1",
        "rawQuantityAvailable": "3.50000",
        "quantityAvailable": "9.00000",
        "quantityOnHand": "5.00000",
        **changes,
    }


def test_a_summary_is_a_figure_of_the_stock_that_is_available() -> None:
    assert run("product_summaries", summary()) == [Figure("p1", Decimal("3.50000"))]
    assert run("product_summaries", summary(rawQuantityAvailable=None)) == [Figure("p1", Decimal("9.00000"))]
    assert run("product_summaries", summary(rawQuantityAvailable=-2)) == [Figure("p1", Decimal(-2))]


def test_or_of_the_stock_on_hand() -> None:
    assert run("product_summaries", summary(), stock="on_hand") == [Figure("p1", Decimal("5.00000"))]


@pytest.mark.parametrize("bad", ["many", None])
def test_a_summary_without_a_figure_is_said_once_and_harms_nothing(bad: Any) -> None:
    (warning,) = run("product_summaries", summary(quantityOnHand=bad), stock="on_hand")
    assert isinstance(warning, Warn)


# --- the wrong shape


@pytest.mark.parametrize(
    "changes",
    [
        {"vendorItems": "none"},
        {"vendorItems": [1]},
        {"itemBoms": {"a": 1}},
        {"itemBoms": [{"itemBomId": "b", "quantity": None}]},
        {"defaultPrice": [1]},
        {"defaultPrice": {"unitPrice": "cheap"}},
        {"totalQuantityOnHand": "1e99"},
        {"isActive": "perhaps"},
        {"salesUom": "each"},
        {"productBarcodes": [{"lineNum": "first"}]},
    ],
)
def test_a_product_of_the_wrong_shape_is_rejected_with_the_fields_name(changes: dict[str, Any]) -> None:
    (rejection,) = of(Reject, run("products", product(**changes)))
    assert (rejection.entity, rejection.remote_id) == ("products", "p1")
    assert rejection.reason.partition(": ")[0].isidentifier()


@pytest.mark.parametrize("identity", [None, "", [], True])
def test_a_record_without_its_key_is_rejected(identity: Any) -> None:
    (rejection,) = run("products", product(productId=identity))
    assert isinstance(rejection, Reject)
    assert rejection.reason.startswith("productId: ")
