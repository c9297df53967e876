"""Every attribute is brought to the API's type and limits, or the record is refused with the attribute's name."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from target_optiply.entities import ENTITIES
from target_optiply.model import EntityRecord, Line, Reference
from target_optiply.records import InvalidRecord, attributes_for, check, content_hash, encode


def value_of(entity: str, attribute: str, raw: Any) -> Any:
    return check(EntityRecord(entity, "1", {attribute: raw}))[0].attributes[attribute]


def warnings_of(entity: str, attribute: str, raw: Any) -> list[str]:
    return check(EntityRecord(entity, "1", {attribute: raw}))[1]


def refusal(entity: str, attribute: str, raw: Any) -> str:
    with pytest.raises(InvalidRecord) as caught:
        check(EntityRecord(entity, "1", {attribute: raw}))
    return str(caught.value)


# --- text


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("  Blue \r\n\t chair ", "Blue chair"),
        ("a\u00a0\u2003b", "a b"),
        ("a\x00b\x07c\ufeff", "abc"),
        ("", None),
        ("   ", None),
        ("nan", None),
        (4711, "4711"),
        (4711.0, "4711"),
        (Decimal("12.50"), "12.50"),
        ("Stuhl 😀", "Stuhl 😀"),
    ],
)
def test_text_is_trimmed_and_every_run_of_white_space_becomes_one_space(raw: Any, sent: str | None) -> None:
    assert value_of("products", "skuCode", raw) == sent


def test_text_is_cut_to_255_utf16_units_without_splitting_a_pair() -> None:
    assert value_of("products", "name", "x" * 300) == "x" * 255
    assert value_of("products", "name", "x" * 254 + "😀") == "x" * 254
    assert value_of("products", "name", "x" * 253 + "😀y") == "x" * 253 + "😀"
    assert value_of("products", "name", "😀" * 200) == "😀" * 127
    assert value_of("products", "name", "x" * 254 + " y") == "x" * 254
    assert warnings_of("products", "name", "x" * 300) == ["name: cut to 255 characters"]


def test_a_unit_of_measure_is_cut_to_10() -> None:
    assert value_of("products", "stockMeasurementUnit", "kilogramme per box") == "kilogramme"


@pytest.mark.parametrize("raw", ["\ud83d", "ab\udc00", "\udc00\ud83d"])
def test_half_of_a_surrogate_pair_rejects_the_record(raw: str) -> None:
    assert refusal("products", "name", raw) == "name: holds half of a surrogate pair"


@pytest.mark.parametrize("raw", [None, "", " ", "nan"])
def test_a_required_text_that_is_empty_rejects_the_record(raw: Any) -> None:
    assert refusal("products", "name", raw) == "name: missing"


@pytest.mark.parametrize("raw", [["a"], {"a": 1}, True])
def test_what_is_no_text_rejects_the_record(raw: Any) -> None:
    assert refusal("products", "skuCode", raw).startswith("skuCode: ")


def test_a_location_number_of_another_length_is_left_empty_with_a_warning() -> None:
    assert value_of("suppliers", "globalLocationNumber", " 8712345000004 ") == "8712345000004"
    assert value_of("suppliers", "globalLocationNumber", "871234500000") is None
    assert warnings_of("suppliers", "globalLocationNumber", "871234500000") == [
        "globalLocationNumber: left empty, not exactly 13 characters"
    ]


# --- numbers


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (19.95, "19.95"),
        ("19.95000", "19.95"),
        (Decimal("19.955"), "19.96"),
        (Decimal("19.954999999999999999999999999"), "19.95"),
        ("-19.955", "-19.96"),
        ("-0.001", "0.00"),
        (7, "7.00"),
        ("1e2", "100.00"),
        ("999999999.99", "999999999.99"),
        ("0.1e-400", "0.00"),
        (Decimal("1E-5000"), "0.00"),
    ],
)
def test_money_has_two_places_rounded_half_up(raw: Any, sent: str) -> None:
    assert str(value_of("products", "price", raw)) == sent


@pytest.mark.parametrize("raw", ["1000000000", "999999999.995", 10**30, Decimal("1E+50"), -(10**9)])
def test_a_price_of_more_than_9_integer_digits_rejects_the_record(raw: Any) -> None:
    assert refusal("products", "price", raw) == "price: more than 9 integer digits"


def test_an_order_total_may_have_17_integer_digits() -> None:
    assert value_of("sellOrders", "totalValue", "9" * 17 + ".99") == Decimal("9" * 17 + ".99")
    assert refusal("sellOrders", "totalValue", "1" + "0" * 17) == "totalValue: more than 17 integer digits"


@pytest.mark.parametrize("raw", ["", "nan", "NaN", "None", None])
def test_an_empty_number_is_null(raw: Any) -> None:
    assert value_of("products", "price", raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        "inf",
        "Infinity",
        "12,50",
        "1_000",
        "abc",
        "١٢",
        "9" * 5000,
        True,
        [1],
        {},
        "1e999999999999",
        "\ud800",
    ],
)
@pytest.mark.parametrize("attribute", ["price", "minimumStock"])
def test_nan_infinity_and_what_is_no_number_never_pass(attribute: str, raw: Any) -> None:
    message = refusal("products", attribute, raw)
    assert message.startswith(f"{attribute}: ")
    assert message.isprintable()
    assert len(message) < 120


def test_a_number_beyond_any_amount_is_refused_without_effort() -> None:
    for raw in (10**5000, Decimal("1E+999999"), "1e999"):
        assert refusal("products", "minimumStock", raw) == "minimumStock: beyond the range of numbers"
    assert refusal("sellOrderLines", "quantity", 10**5000) == "quantity: above 9223372036854775807"


@pytest.mark.parametrize(
    ("raw", "sent"), [(5, 5), (5.0, 5), ("5.00", 5), (Decimal("2.5"), 3), ("2.4", 2), ("-2.5", -3)]
)
def test_whole_numbers_are_whole(raw: Any, sent: int) -> None:
    value = value_of("sellOrderLines", "quantity", raw)
    assert value == sent
    assert type(value) is int


def test_numbers_of_either_kind_are_whole_where_they_can_be() -> None:
    assert type(value_of("products", "minimumStock", "4.00")) is int
    assert value_of("products", "minimumStock", "4.255") == Decimal("4.26")


@pytest.mark.parametrize("raw", ["2.5", Decimal("0.001"), 0, -1])
def test_a_part_quantity_that_is_no_whole_number_of_at_least_1_rejects_the_composition(raw: Any) -> None:
    assert refusal("productCompositions", "partQuantity", raw).startswith("partQuantity: ")


@pytest.mark.parametrize("attribute", ["minimumPurchaseQuantity", "lotSize", "deliveryTime"])
@pytest.mark.parametrize("raw", [0, -3, "0"])
def test_what_must_be_at_least_1_becomes_null_below_it(attribute: str, raw: Any) -> None:
    assert value_of("supplierProducts", attribute, raw) is None


def test_a_broken_lot_size_is_left_empty_not_rounded() -> None:
    assert value_of("supplierProducts", "lotSize", "2.5") is None
    assert warnings_of("supplierProducts", "lotSize", "2.5") == ["lotSize: left empty, '2.5' is not a whole number"]


@pytest.mark.parametrize(("raw", "sent"), [(1, 1), (365, 365), (366, None), (0, None), (None, None)])
@pytest.mark.parametrize("attribute", ["deliveryTime", "userReplenishmentPeriod"])
def test_a_suppliers_days_lie_between_1_and_365(attribute: str, raw: Any, sent: int | None) -> None:
    assert value_of("suppliers", attribute, raw) == sent


def test_a_supplier_products_delivery_time_has_no_upper_limit() -> None:
    assert value_of("supplierProducts", "deliveryTime", 400) == 400


def test_a_reaction_is_0_or_1() -> None:
    assert value_of("suppliers", "backorderThreshold", "1") == 1
    assert refusal("suppliers", "backorderThreshold", 2) == "backorderThreshold: above 1"
    assert refusal("suppliers", "backorderThreshold", "0.5") == "backorderThreshold: '0.5' is not a whole number"


def test_a_receipt_is_of_at_least_1() -> None:
    assert refusal("receiptLines", "quantity", 0) == "quantity: below 1"


# --- the other types


@pytest.mark.parametrize(
    ("raw", "sent"),
    [(True, True), ("true", True), ("False", False), (1, True), ("0", False), (0.0, False), ("nan", None)],
)
def test_truth_values_may_be_text_or_numbers(raw: Any, sent: bool | None) -> None:
    assert value_of("products", "ignored", raw) is sent


@pytest.mark.parametrize("raw", ["maybe", 2, [True], ["true"], float("nan")])
def test_what_is_no_truth_value_rejects_the_record(raw: Any) -> None:
    assert refusal("products", "ignored", raw).startswith("ignored: ")


def test_a_required_truth_value_that_is_empty_takes_its_default() -> None:
    assert value_of("products", "unlimitedStock", None) is False


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("2025-07-01T00:00:00-04:00", "2025-07-01T04:00:00Z"),
        ("2025-07-01T00:00:00Z", "2025-07-01T00:00:00Z"),
        ("2025-07-01T00:00:00.0000000+00:00", "2025-07-01T00:00:00Z"),
        ("2025-07-01T00:00:00.1234567+02:00", "2025-06-30T22:00:00.123456Z"),
        ("2025-07-01T10:00:00.500Z", "2025-07-01T10:00:00.5Z"),
        ("2025-07-01T10:00:00", "2025-07-01T10:00:00Z"),
        ("2025-07-01 10:00", "2025-07-01T10:00:00Z"),
        ("2025-07-01", "2025-07-01T00:00:00Z"),
        ("2025-07-01T10:00:00+0530", "2025-07-01T04:30:00Z"),
        ("2025-07-01T10:00:00-03", "2025-07-01T13:00:00Z"),
        ("20250701T101112Z", "2025-07-01T10:11:12Z"),
        ("2025-W27-2", "2025-07-01T00:00:00Z"),
        ("2025-W27-2T00:00:00Z", "2025-07-01T00:00:00Z"),
        (datetime(2025, 7, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2025-07-01T00:00:00Z"),
        (datetime(2025, 7, 1, 2), "2025-07-01T02:00:00Z"),  # noqa: DTZ001 - a time without offset is the case
        (date(2025, 7, 1), "2025-07-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("", None),
        ("NaT", None),
    ],
)
def test_times_go_out_in_utc_and_without_offset_count_as_utc(raw: Any, sent: str | None) -> None:
    assert value_of("sellOrders", "completed", raw) == sent


@pytest.mark.parametrize(
    "raw",
    [
        "yesterday",
        "2025-13-01",
        "2025-02-30T00:00:00Z",
        "01/07/2025",
        "2025",
        "12:30",
        1751328000,
        True,
        "0001-01-01T00:00:00+05:00",
        "2025-07-01T25:00:00Z",
        "2025-01-01T00:00:00+99:00",
        "P1D",
        "2025-01-01/2025-02-01",
        "\ud800",
        float("nan"),
    ],
)
def test_what_is_no_date_time_rejects_the_record(raw: Any) -> None:
    assert refusal("sellOrders", "completed", raw).endswith("is not a date-time")


def test_an_attribute_whose_type_is_disputed_is_left_empty_rather_than_refused() -> None:
    assert value_of("products", "resumingPurchase", True) is None
    assert warnings_of("products", "resumingPurchase", True) == [
        "resumingPurchase: left empty, True is not a date-time"
    ]


def test_an_enum_is_written_in_lower_case_and_another_word_is_refused() -> None:
    assert value_of("products", "status", " ENABLED ") == "enabled"
    assert value_of("promotions", "upliftType", None) == "relative"
    assert refusal("products", "status", "archived") == "status: 'archived' is none of enabled, disabled"
    assert refusal("products", "status", 3).startswith("status: ")


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("a@x.nl, b@y.nl;c@z.nl\nd@w.nl", ["a@x.nl", "b@y.nl", "c@z.nl", "d@w.nl"]),
        (["a@x.nl", " b@y.nl "], ["a@x.nl", "b@y.nl"]),
        ('["a@x.nl", "b@y.nl"]', ["a@x.nl", "b@y.nl"]),
        ("['a@x.nl', 'b@y.nl']", ["a@x.nl", "b@y.nl"]),
        ("a@x.nl, no address, @y.nl, c@z", ["a@x.nl"]),
        ("nan", None),
        ("", None),
        ([], []),
        (None, None),
    ],
)
def test_email_lists_are_understood_in_every_form_and_bad_addresses_left_out(raw: Any, sent: Any) -> None:
    assert value_of("suppliers", "emails", raw) == sent


def test_a_bad_address_itself_is_in_no_warning() -> None:
    (warning,) = warnings_of("suppliers", "emails", "someone-at-home")
    assert "someone" not in warning


def test_an_attribute_that_the_entity_does_not_have_is_left_out_with_a_warning() -> None:
    record, warnings = check(EntityRecord("products", "1", {"name": "x", "colour": "red"}))
    assert record.attributes == {"name": "x"}
    assert warnings == ["colour: left out, products have no such attribute"]


def test_a_record_with_a_defect_is_refused_with_its_reason() -> None:
    with pytest.raises(InvalidRecord) as caught:
        check(EntityRecord("receiptLines", "1", defect="buyOrderLineId: on no line: of the order"))
    assert (caught.value.attribute, caught.value.reason) == ("buyOrderLineId", "on no line: of the order")


def test_lines_are_checked_like_records() -> None:
    order = EntityRecord(
        "buyOrders", "1", lines=[Line(Reference("products", "p"), {"quantity": "2.0", "subtotalValue": 3})]
    )
    (line,) = check(order)[0].lines or []
    assert line.attributes == {"quantity": 2, "subtotalValue": Decimal("3.00")}
    for attributes, reason in (
        ({"quantity": 1}, "orderLines: subtotalValue: missing"),
        ({"quantity": "x", "subtotalValue": 1}, "orderLines: quantity: 'x' is not a number"),
    ):
        with pytest.raises(InvalidRecord) as caught:
            check(EntityRecord("buyOrders", "1", lines=[Line(Reference("products", "p"), attributes)]))
        assert str(caught.value) == reason


def test_checking_changes_nothing_of_what_it_is_given() -> None:
    record = EntityRecord("products", "1", {"name": " x "})
    assert check(record)[0] is not record
    assert record.attributes == {"name": " x "}


# --- the hash


def hashed(**changes: Any) -> str:
    record = EntityRecord(
        "buyOrders",
        "1",
        {"placed": "2025-01-01T00:00:00Z", "totalValue": Decimal("19.90")},
        {"supplierId": Reference("suppliers", "s1")},
        [
            Line(Reference("products", "a"), {"quantity": 1, "subtotalValue": 1}),
            Line(Reference("products", "b"), {"quantity": 2, "subtotalValue": 2}),
        ],
    )
    for name, value in changes.items():
        setattr(record, name, value)
    return content_hash(check(record)[0])


def test_the_hash_does_not_depend_on_spelling_or_order() -> None:
    assert hashed() == hashed(attributes={"totalValue": "19.9", "placed": "2025-01-01T01:00:00+01:00"})
    swapped = [
        Line(Reference("products", "b"), {"subtotalValue": "2.0", "quantity": 2.0}),
        Line(Reference("products", "a"), {"subtotalValue": Decimal("1.000"), "quantity": "1"}),
    ]
    assert hashed() == hashed(lines=swapped)


def test_the_hash_leaves_out_stock_ids_and_children() -> None:
    assert hashed() == hashed(stock=5, optiply_id="77", remote_id="2", own=True, children={"receiptLines": []})
    assert hashed() == hashed(references={"supplierId": Reference("suppliers", "s1", "778479")})


def test_the_hash_tells_apart_what_differs() -> None:
    variants = [
        hashed(),
        hashed(lines=None),
        hashed(lines=[]),
        hashed(references={"supplierId": Reference("suppliers", "s2")}),
        hashed(references={"supplierId": Reference("suppliers", None, "s1")}),
        hashed(attributes={"placed": "2025-01-01T00:00:00Z"}),
        hashed(attributes={"placed": "2025-01-01T00:00:00Z", "totalValue": "19.91"}),
        hashed(attributes={"placed": "2025-01-01T00:00:00Z", "totalValue": "19.90", "completed": None}),
    ]
    assert len(set(variants)) == len(variants)


def test_the_hash_is_the_same_in_every_release() -> None:
    # States outlive releases: another value here would send every record of every user again.
    record = EntityRecord("products", "1", {"name": "Chair", "price": "19.9", "status": "enabled"})
    assert content_hash(check(record)[0]) == "7ccd19a1d29c774aa680297b88b64949"


# --- rendering


def rendered(record: EntityRecord, ids: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return attributes_for(check(record)[0], ids or {}, **{"method": "POST", **options})


def test_a_post_leaves_nulls_out_and_a_patch_sends_them() -> None:
    record = EntityRecord("products", "1", {"name": "x", "skuCode": ""})
    assert rendered(record, stock=3) == {"name": "x", "stockLevel": 3, "unlimitedStock": False}
    assert rendered(record, method="PATCH") == {"name": "x", "skuCode": None}


def test_a_new_product_without_a_figure_has_none_in_stock() -> None:
    assert rendered(EntityRecord("products", "1", {"name": "x"}))["stockLevel"] == 0


def test_a_promotion_is_posted_with_the_disputed_attributes() -> None:
    record = EntityRecord("promotions", "1", {"name": "Spring", "startDate": "2026-04-01", "endDate": "2026-04-14"})
    assert rendered(record, synced_at="2026-01-01T00:00:00Z") == {
        "name": "Spring",
        "startDate": "2026-04-01T00:00:00Z",
        "endDate": "2026-04-14T00:00:00Z",
        "entireShop": False,
        "enabled": True,
        "upliftType": "relative",
    }


def test_references_are_integers_and_the_remote_id_goes_with_its_date() -> None:
    record = EntityRecord(
        "supplierProducts",
        "vi1",
        {"name": "x"},
        {"productId": Reference("products", "p"), "supplierId": Reference("suppliers", None, "778479")},
    )
    assert rendered(record, {"productId": "28666283"}, synced_at="2026-03-01T10:00:00Z") == {
        "name": "x",
        "productId": 28666283,
        "supplierId": 778479,
        "remoteId": "vi1",
        "remoteDataSyncedToDate": "2026-03-01T10:00:00Z",
    }


def test_lines_are_flat_and_go_with_a_post_only() -> None:
    line = Line(Reference("products", "p"), {"quantity": 2, "subtotalValue": "39.9", "placed": None})
    record = EntityRecord("sellOrders", "1", {"placed": "2026-02-28", "totalValue": "39.9"}, lines=[line])
    sent = rendered(record, products={"p": "5"})
    assert sent["orderLines"] == [{"quantity": 2, "subtotalValue": Decimal("39.90"), "productId": 5}]
    assert "orderLines" not in rendered(record, method="PATCH")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (EntityRecord("products", "1", {}), "name: missing"),
        (EntityRecord("sellOrders", "1", {"placed": "2025-01-01"}), "totalValue: missing"),
        (EntityRecord("supplierProducts", "1", {"name": "x"}), "productId: missing"),
        (
            EntityRecord("supplierProducts", "1", {"name": "x"}, {"productId": Reference("products", "p")}),
            "productId: missing",
        ),
    ],
)
def test_a_post_without_what_the_api_requires_is_refused(record: EntityRecord, reason: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        rendered(record)
    assert str(caught.value) == reason


def test_decimals_are_exact_json_numbers() -> None:
    assert encode({"price": Decimal("12345678901234567.89"), "n": None}) == b'{"price":12345678901234567.89,"n":null}'
    assert json.loads(encode({"data": {"attributes": {"a": [1, "x", True]}}})) == {
        "data": {"attributes": {"a": [1, "x", True]}}
    }


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")])
def test_nan_is_never_encoded(bad: Any) -> None:
    with pytest.raises(InvalidRecord):
        encode({"data": [{"attributes": {"price": bad}}]})


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_can_be_checked_and_hashed_empty(entity: str) -> None:
    record, warnings = check(EntityRecord(entity, "1"))
    assert warnings == []
    assert len(content_hash(record)) == 32
