"""Optiply-shaped streams in every spelling that taps, stream maps and ETL jobs write."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mapping import MemoryFacts, run_optiply, upserted

from target_optiply.entities import ENTITIES
from target_optiply.model import Line, Reference, Reject, Remove
from target_optiply.records import check, content_hash
from target_optiply.translate.route import MappingSettings, translator_for

STREAMS = sorted((Path(__file__).parent / "streams").glob("*.singer"))


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_every_spelling_of_a_record_says_the_same(path: Path) -> None:
    translate, seen = None, set()
    for text in path.read_text(encoding="utf-8").splitlines():
        message = json.loads(text, parse_float=Decimal)
        if message["type"] == "SCHEMA":
            keys = message["key_properties"]
            translate = translator_for(message["stream"], message["schema"], keys, MappingSettings())
            continue
        assert translate is not None
        record = message["record"]
        instructions = translate(record, MemoryFacts(), tuple(record.get(key) for key in keys))
        result, warnings = check(upserted(instructions))
        assert warnings == []
        assert result.remote_id == "4711"
        seen.add((result.entity, result.optiply_id, result.stock, content_hash(result)))
    assert len(seen) == 1, seen


def test_there_is_a_stream_of_each_entity() -> None:
    assert [path.stem for path in STREAMS] == sorted(ENTITIES)


# --- identity


@pytest.mark.parametrize(
    ("record", "remote", "own"),
    [
        ({"externalId": "a", "remoteId": "b", "id": "5"}, "a", "5"),
        ({"externalId": None, "remoteId": "b", "optiply_id": 5.0}, "b", "5"),
        ({"externalId": "nan", "remoteId": "", "id": "nan", "sku": "k"}, "k", None),
        ({"optiply_id": None, "id": "7"}, None, "7"),
        ({"externalId": 4711.0}, "4711", None),
        ({"sku": "k", "id": float("nan")}, "k", None),
    ],
)
def test_a_record_is_known_by_id_else_external_id_else_remote_id_else_its_singer_key(
    record: Any, remote: Any, own: Any
) -> None:
    result = upserted(run_optiply("Products", {**record, "name": "x"}, ("sku",)))
    assert (result.remote_id, result.optiply_id) == (remote, own)


def test_a_composite_singer_key_is_one_identity() -> None:
    assert upserted(run_optiply("Products", {"shop": 3, "sku": "k"}, ("shop", "sku"))).remote_id == "3_k"


def test_a_line_without_a_key_is_known_by_its_order_and_product() -> None:
    record = {"Remote_buyOrderId": "po", "Remote_productId": "p", "quantity": 1, "subtotalValue": 1}
    assert upserted(run_optiply("BuyOrderLines", record, ())).remote_id == "po_p"


@pytest.mark.parametrize("record", [{}, {"externalId": None}, {"externalId": " ", "id": ""}])
def test_a_record_without_any_identity_is_rejected(record: Any) -> None:
    assert run_optiply("Products", {**record, "name": "x"}) == [Reject("products", "", "externalId: missing")]


@pytest.mark.parametrize("identity", ["abc", -1, True, [1], "1.5"])
def test_an_id_that_is_none_rejects_the_record(identity: Any) -> None:
    (rejection,) = run_optiply("Products", {"externalId": "a", "id": identity})
    assert isinstance(rejection, Reject)
    assert rejection.reason.startswith("id: ")


# --- references


@pytest.mark.parametrize(
    ("fields", "reference"),
    [
        ({"productId": "28666283"}, Reference("products", None, "28666283")),
        ({"productId": 28666283.0}, Reference("products", None, "28666283")),
        ({"Remote_productId": "p1"}, Reference("products", "p1")),
        ({"remote_productId": 17}, Reference("products", "17")),
        ({"Remote_product_id": "p1"}, Reference("products", "p1")),
        ({"productId": "nan", "Remote_productId": "p1"}, Reference("products", "p1")),
        ({"productId": 5, "Remote_productId": "p1"}, Reference("products", "p1", "5")),
    ],
)
def test_references_are_optiply_ids_or_remote_ids(fields: Any, reference: Reference) -> None:
    record = upserted(run_optiply("SupplierProducts", {"externalId": "a", **fields}))
    assert record.references == {"productId": reference}


@pytest.mark.parametrize("value", ["nan", None, "", float("nan"), "None"])
def test_a_reference_to_nothing_is_none(value: Any) -> None:
    assert upserted(run_optiply("SupplierProducts", {"externalId": "a", "productId": value})).references == {}


@pytest.mark.parametrize(
    ("stream", "field", "attribute", "entity"),
    [
        ("supplierProducts", "Remote_supplierId", "supplierId", "suppliers"),
        ("buyOrders", "Remote_supplierId", "supplierId", "suppliers"),
        ("buyOrderLines", "Remote_buyOrderId", "buyOrderId", "buyOrders"),
        ("receiptLines", "Remote_buyOrderLineId", "buyOrderLineId", "buyOrderLines"),
        ("sellOrderLines", "Remote_sellOrderId", "sellOrderId", "sellOrders"),
        ("productCompositions", "Remote_composedProductId", "composedProductId", "products"),
        ("productCompositions", "Remote_partProductId", "partProductId", "products"),
        ("promotionProducts", "Remote_promotionId", "promotionId", "promotions"),
    ],
)
def test_every_reference_may_be_given_by_remote_id(stream: str, field: str, attribute: str, entity: str) -> None:
    record = upserted(run_optiply(stream, {"externalId": "a", field: "r"}))
    assert record.references == {attribute: Reference(entity, "r")}


# --- attributes


def test_what_is_no_attribute_is_ignored() -> None:
    record = upserted(
        run_optiply("Products", {"externalId": "a", "name": "x", "colour": "red", "updatedAt": "2025", "uuid": 1})
    )
    assert record.attributes == {"name": "x"}


def test_an_absent_attribute_stays_absent_and_a_null_is_kept() -> None:
    assert upserted(run_optiply("Products", {"externalId": "a", "price": None})).attributes == {"price": None}


def test_the_resource_type_is_not_taken_for_the_suppliers_type() -> None:
    assert upserted(run_optiply("Suppliers", {"externalId": "a", "type": "suppliers"})).attributes == {}
    assert upserted(run_optiply("Suppliers", {"externalId": "a", "type": "vendor"})).attributes == {"type": "vendor"}


@pytest.mark.parametrize(("value", "stock"), [(12, 12), ("12.9", 12), (-0.5, -1), (None, None), ("nan", None)])
def test_a_stock_level_is_a_whole_number_rounded_down(value: Any, stock: int | None) -> None:
    record = upserted(run_optiply("Products", {"externalId": "a", "stockLevel": value}))
    assert (record.stock, record.stock_is_fallback) == (stock, False)


def test_a_stock_level_that_is_no_number_rejects_the_record() -> None:
    (rejection,) = run_optiply("Products", {"externalId": "a", "stockLevel": float("inf")})
    assert rejection == Reject("products", "a", "stockLevel: inf is not a number")


def test_an_override_wins_here_too() -> None:
    record = {"externalId": "a", "name": "x", "price": 1, "optiply": {"price": 2, "Remote_supplierId": "s"}}
    instructions = run_optiply("SupplierProducts", record)
    assert upserted(instructions).attributes["price"] == 2
    assert upserted(instructions).references == {"supplierId": Reference("suppliers", "s")}


# --- deletion


@pytest.mark.parametrize("mark", ["deleted_at", "_sdc_deleted_at"])
def test_a_deleted_record_is_removed(mark: str) -> None:
    record = {"externalId": "a", "id": 5, mark: "2025-01-01T00:00:00Z"}
    assert run_optiply("Promotions", record) == [Remove("promotions", "a", "deleted at the source", "5")]


@pytest.mark.parametrize("value", [None, "", "nan", float("nan"), "NaT", False])
def test_an_empty_deletion_mark_deletes_nothing(value: Any) -> None:
    assert upserted(run_optiply("Promotions", {"externalId": "a", "deleted_at": value})).remote_id == "a"


# --- embedded lines


def lines_of(items: Any, **more: Any) -> list[Line]:
    lines = upserted(run_optiply("SellOrders", {"externalId": "a", "line_items": items, **more})).lines
    assert lines is not None
    return lines


ITEM = {"Remote_productId": "p", "quantity": 2, "subtotalValue": Decimal("39.90")}


@pytest.mark.parametrize(
    "items",
    [
        [ITEM],
        '[{"Remote_productId": "p", "quantity": 2, "subtotalValue": 39.90}]',
        [{"type": "sellOrderLines", "attributes": ITEM}],
    ],
)
@pytest.mark.parametrize("field", ["line_items", "orderLines", "lineItems", "order_lines"])
def test_lines_may_be_a_list_or_a_json_string_of_one_and_are_never_wrapped(field: str, items: Any) -> None:
    (line,) = upserted(run_optiply("SellOrders", {"externalId": "a", field: items})).lines or []
    assert line == Line(Reference("products", "p"), {"quantity": 2, "subtotalValue": Decimal("39.90")})


def test_lines_of_one_product_are_added_up() -> None:
    further = {**ITEM, "quantity": "1.5", "subtotalValue": "0.005"}
    other = {"productId": 7, "quantity": 1, "subtotalValue": 1}
    assert lines_of([ITEM, other, further]) == [
        Line(Reference("products", "p"), {"quantity": Decimal("3.5"), "subtotalValue": Decimal("39.905")}),
        Line(Reference("products", None, "7"), {"quantity": 1, "subtotalValue": 1}),
    ]


def test_a_missing_total_is_the_sum_of_the_lines_and_follows_them() -> None:
    items = [ITEM, {"productId": 7, "quantity": 1, "subtotalValue": "0.005"}]
    record = upserted(run_optiply("SellOrders", {"externalId": "a", "line_items": items}))
    assert (record.attributes["totalValue"], record.total_of_lines) == (Decimal("39.91"), True)
    record = upserted(run_optiply("SellOrders", {"externalId": "a", "line_items": items, "totalValue": "50"}))
    assert (record.attributes["totalValue"], record.total_of_lines) == ("50", False)


def test_an_order_that_says_nothing_of_lines_leaves_them_alone() -> None:
    assert upserted(run_optiply("BuyOrders", {"externalId": "a"})).lines is None
    assert upserted(run_optiply("BuyOrders", {"externalId": "a", "line_items": None})).lines is None
    assert upserted(run_optiply("BuyOrders", {"externalId": "a", "line_items": []})).lines == []


@pytest.mark.parametrize(
    "items",
    [
        "not json",
        "{}",
        5,
        [5],
        [{"quantity": 1}],
        '[{"productId": "x"}]',
        "[NaN]",
        [ITEM, {**ITEM, "quantity": "many"}],
        "[" * 5000,
    ],
)
def test_lines_of_the_wrong_shape_reject_the_order(items: Any) -> None:
    (rejection,) = run_optiply("SellOrders", {"externalId": "a", "line_items": items})
    assert isinstance(rejection, Reject)
    assert rejection.reason.partition(": ")[0] in ("line_items", "productId", "quantity")
