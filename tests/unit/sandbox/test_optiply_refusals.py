"""One wrong value per attribute and rule is refused. The values are written by hand, apart from the entity table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from optiply_client import Optiply

from sandbox.optiply.entities import ENTITIES

TOO_LONG = "x" * 256
NOT_A_TEXT: list[Any] = [5, True, ["x"], {"a": "b"}, TOO_LONG, "😀" * 128]
A_NAME: list[Any] = [*NOT_A_TEXT, None, "", "   ", "two\nlines", "two\rlines"]
NOT_A_BOOLEAN: list[Any] = ["true", 1, 0, ["true"], "yes"]
NOT_AN_INSTANT: list[Any] = [
    "2026-03-01",
    "2026-03-01T10:00:00",
    "2026-02-30T10:00:00Z",
    "2026-03-01 10:00:00Z",
    "01/03/2026",
    "tomorrow",
    1772359200,
    True,
]
AN_INSTANT = [*NOT_AN_INSTANT, None]
NOT_AN_INTEGER: list[Any] = ["five", "5", 2.5, 12.0, True, 2**63, -(2**63) - 1, [1], float("nan")]
NOT_A_DECIMAL: list[Any] = [
    "dear",
    "1,50",
    "",
    True,
    [1.5],
    float("nan"),
    float("inf"),
    0.001,
    "19.955",
    "1_000",
    "nan",
    "Infinity",
]
NOT_A_NUMBER: list[Any] = ["much", True, [1], "5", float("nan")]
NOT_A_STATUS: list[Any] = ["active", "", 1, True]
NOT_AN_UPLIFT: list[Any] = ["linear", "", 25, True]
NOT_A_BIT = [*NOT_AN_INTEGER, 2, -1]
DAYS_TO_365 = [*NOT_AN_INTEGER, 0, -1, 366]
FROM_ONE = [*NOT_AN_INTEGER, 0, -1]
AN_AMOUNT = [*NOT_A_DECIMAL, None, "100000000000000000.00", 10**17]

#: Values that are wrong, by entity and attribute. Every writable attribute stands here.
WRONG: dict[str, dict[str, list[Any]]] = {
    "products": {
        "name": A_NAME,
        "stockLevel": [*NOT_AN_INTEGER, None],
        "unlimitedStock": [*NOT_A_BOOLEAN, None],
        "skuCode": NOT_A_TEXT,
        "articleCode": NOT_A_TEXT,
        "eanCode": NOT_A_TEXT,
        "price": [*NOT_A_DECIMAL, 1_000_000_000, "1000000000.00"],
        "status": NOT_A_STATUS,
        "assembled": NOT_A_BOOLEAN,
        "notBeingBought": NOT_A_BOOLEAN,
        "resumingPurchase": NOT_AN_INSTANT,
        "minimumStock": NOT_A_NUMBER,
        "maximumStock": NOT_A_NUMBER,
        "ignored": NOT_A_BOOLEAN,
        "manualServiceLevel": NOT_A_NUMBER,
        "createdAtRemote": NOT_AN_INSTANT,
        "stockMeasurementUnit": [5, True, "x" * 11],
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "suppliers": {
        "name": A_NAME,
        "emails": [
            "a@b.example",
            ["no address"],
            ["a@b"],
            ["a b@c.example"],
            ["a@b.example, c@d.example"],
            [5],
            [None],
        ],
        "minimumOrderValue": NOT_A_DECIMAL,
        "fixedCosts": NOT_A_DECIMAL,
        "deliveryTime": DAYS_TO_365,
        "userReplenishmentPeriod": DAYS_TO_365,
        "reactingToLostSales": NOT_A_BOOLEAN,
        "lostSalesReaction": NOT_A_BIT,
        "lostSalesMovReaction": NOT_A_BIT,
        "backorders": NOT_A_BOOLEAN,
        "backorderThreshold": NOT_A_BIT,
        "backordersReaction": NOT_A_BIT,
        "maxLoadCapacity": NOT_A_DECIMAL,
        "containerVolume": NOT_A_DECIMAL,
        "ignored": NOT_A_BOOLEAN,
        "globalLocationNumber": [8712345678906, "871234567890", "87123456789065", ""],
        "type": ["seller", "", 1, True],
        "currency": NOT_A_TEXT,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "supplierProducts": {
        "name": A_NAME,
        "productId": [None],
        "supplierId": [None],
        "skuCode": NOT_A_TEXT,
        "eanCode": NOT_A_TEXT,
        "articleCode": NOT_A_TEXT,
        "price": NOT_A_DECIMAL,
        "minimumPurchaseQuantity": FROM_ONE,
        "lotSize": FROM_ONE,
        "availability": NOT_A_BOOLEAN,
        "availabilityDate": NOT_AN_INSTANT,
        "preferred": NOT_A_BOOLEAN,
        "deliveryTime": FROM_ONE,
        "status": NOT_A_STATUS,
        "freeStock": [*NOT_AN_INTEGER, -1],
        "weight": ["heavy", True, "12.345", "0.0000001", 0.00123],
        "volume": ["big", True, "12.345", "0.0000001", 0.00123],
        "costPrice": NOT_A_DECIMAL,
        "discountPrice": NOT_A_DECIMAL,
        "secondaryCurrencyPrice": NOT_A_DECIMAL,
        "economicOrderQuantity": NOT_AN_INTEGER,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "productCompositions": {
        "composedProductId": [None],
        "partProductId": [None],
        "partQuantity": [*FROM_ONE, None, 0.5],
        "batchQuantity": NOT_AN_INTEGER,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "sellOrders": {
        "placed": AN_INSTANT,
        "totalValue": AN_AMOUNT,
        "completed": NOT_AN_INSTANT,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
        "orderLines": [{}, "[]", [5], [{"type": "sellOrderLines", "attributes": {"quantity": 1}}]],
    },
    "sellOrderLines": {
        "quantity": [*NOT_AN_INTEGER, None],
        "subtotalValue": AN_AMOUNT,
        "productId": [None],
        "sellOrderId": [None],
        "placed": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "buyOrders": {
        "placed": AN_INSTANT,
        "totalValue": AN_AMOUNT,
        "supplierId": [None],
        "completed": NOT_AN_INSTANT,
        "expectedDeliveryDate": NOT_AN_INSTANT,
        "assembly": NOT_A_BOOLEAN,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
        "orderLines": [{}, "[]", [5], [{"type": "buyOrderLines", "attributes": {"quantity": 1}}]],
    },
    "buyOrderLines": {
        "quantity": [*NOT_AN_INTEGER, None],
        "subtotalValue": AN_AMOUNT,
        "productId": [None],
        "buyOrderId": [None],
        "expectedDeliveryDate": NOT_AN_INSTANT,
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "receiptLines": {
        "occurred": AN_INSTANT,
        "quantity": [*FROM_ONE, None],
        "buyOrderLineId": [None],
        "remoteDataSyncedToDate": NOT_AN_INSTANT,
        "remoteId": [5, True, TOO_LONG],
    },
    "promotions": {
        "name": A_NAME,
        "startDate": [*AN_INSTANT, "2026-04-15T00:00:00Z"],
        "endDate": [*AN_INSTANT, "2026-03-31T00:00:00Z"],
        "entireShop": [*NOT_A_BOOLEAN, None],
        "enabled": [*NOT_A_BOOLEAN, None],
        "upliftType": [*NOT_AN_UPLIFT, None],
        "upliftIncrease": NOT_A_NUMBER,
    },
    "promotionProducts": {
        "promotionId": [None],
        "productId": [None],
        "specificUpliftType": NOT_AN_UPLIFT,
        "specificUpliftIncrease": NOT_A_NUMBER,
    },
}

#: Attributes without which a POST is refused.
REQUIRED = {
    "products": ["name", "stockLevel", "unlimitedStock"],
    "suppliers": ["name"],
    "supplierProducts": ["name", "productId", "supplierId"],
    "productCompositions": ["composedProductId", "partProductId", "partQuantity"],
    "sellOrders": ["placed", "totalValue"],
    "sellOrderLines": ["quantity", "subtotalValue", "productId", "sellOrderId"],
    "buyOrders": ["placed", "totalValue", "supplierId"],
    "buyOrderLines": ["quantity", "subtotalValue", "productId", "buyOrderId"],
    "receiptLines": ["occurred", "quantity", "buyOrderLineId"],
    "promotions": ["name", "startDate", "endDate", "entireShop", "enabled", "upliftType"],
    "promotionProducts": ["promotionId", "productId"],
}

REFERENCES = [
    ("supplierProducts", "productId"),
    ("supplierProducts", "supplierId"),
    ("productCompositions", "composedProductId"),
    ("productCompositions", "partProductId"),
    ("sellOrderLines", "productId"),
    ("sellOrderLines", "sellOrderId"),
    ("buyOrders", "supplierId"),
    ("buyOrderLines", "productId"),
    ("buyOrderLines", "buyOrderId"),
    ("receiptLines", "buyOrderLineId"),
    ("promotionProducts", "promotionId"),
    ("promotionProducts", "productId"),
]


WRONG_ATTRIBUTES = [(entity, name) for entity, attributes in WRONG.items() for name in attributes]


def count(optiply: Optiply, entity: str) -> int:
    return len(optiply.api.store.tables[entity].rows)


@pytest.mark.parametrize(("entity", "name"), WRONG_ATTRIBUTES)
def test_every_wrong_value_is_refused_on_post_and_nothing_is_created(entity: str, name: str) -> None:
    optiply = Optiply()
    right = optiply.right(entity)
    before = count(optiply, entity)
    for value in WRONG[entity][name]:
        answer = optiply.post(entity, {**right, name: value})
        assert answer.status == 400, (value, answer.text)
        assert answer.json["errors"][0]["status"] == "400"
        assert answer.json["errors"][0]["meta"]["message"] == answer.detail
    assert count(optiply, entity) == before
    assert optiply.post(entity, right).status == 201, "the values around the wrong one are right"


@pytest.mark.parametrize(("entity", "name"), WRONG_ATTRIBUTES)
def test_every_wrong_value_is_refused_on_patch_and_nothing_is_changed(entity: str, name: str) -> None:
    optiply = Optiply()
    identifier = optiply.create(entity)
    before = optiply.get(entity, identifier).text
    for value in WRONG[entity][name]:
        answer = optiply.patch(entity, identifier, {name: value})
        assert answer.status == 400, (value, answer.text)
    assert optiply.get(entity, identifier).text == before


@pytest.mark.parametrize("entity", REQUIRED)
def test_a_missing_required_attribute_is_refused_by_its_name(entity: str) -> None:
    optiply = Optiply()
    right = optiply.right(entity)
    for name in REQUIRED[entity]:
        answer = optiply.post(entity, {key: value for key, value in right.items() if key != name})
        assert answer.status == 400, name
        assert answer.detail.startswith(f"{name}:")
    assert set(right) == set(REQUIRED[entity])


@pytest.mark.parametrize(("entity", "name"), REFERENCES)
@pytest.mark.parametrize("value", ["nan", "None", "", "12.0", 12.5, True, float("nan"), {"id": 1}, -1, 2**63])
def test_a_reference_of_the_wrong_type_is_a_server_error(entity: str, name: str, value: Any) -> None:
    optiply = Optiply()
    assert optiply.post(entity, {**optiply.right(entity), name: value}).status == 500


@pytest.mark.parametrize(("entity", "name"), REFERENCES)
def test_a_reference_to_nothing_is_not_found(entity: str, name: str) -> None:
    optiply = Optiply()
    before = optiply.right(entity)
    for value in (1, "1", 0):
        assert optiply.post(entity, {**before, name: value}).status == 404


@pytest.mark.parametrize(("entity", "name"), REFERENCES)
def test_a_reference_into_another_account_is_not_found(entity: str, name: str) -> None:
    optiply = Optiply()
    right = optiply.right(entity)
    target = ENTITIES[entity].by_name[name].entity
    identifier = optiply.elsewhere().create(target)
    assert optiply.post(entity, {**right, name: identifier}).status == 404


def test_the_table_of_wrong_values_names_every_writable_attribute() -> None:
    for name, entity in ENTITIES.items():
        if not entity.writable:
            continue
        writable = {attribute.name for attribute in entity.attributes if not attribute.readonly}
        writable |= {"remoteId"} if entity.takes_remote_id else set()
        writable |= {"orderLines"} if entity.lines else set()
        assert set(WRONG[name]) == writable, name


@pytest.mark.parametrize(
    "attributes",
    [{"colour": "red"}, {"resourceId": "x"}, {"optiply_id": 5}, {"orderLines": []}, {"externalId": "4711"}],
)
def test_an_attribute_that_does_not_exist_is_refused(attributes: dict[str, Any]) -> None:
    optiply = Optiply()
    answer = optiply.post("products", {**optiply.right("products"), **attributes})
    assert answer.status == 400
    assert "attribute not found" in answer.detail


@pytest.mark.parametrize("entity", ["promotions", "promotionProducts"])
def test_promotions_take_no_remote_id(entity: str) -> None:
    optiply = Optiply()
    assert optiply.post(entity, {**optiply.right(entity), "remoteId": "1"}).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": {"type": "suppliers", "attributes": {}}}',
        b'{"data": {"attributes": {}}}',
        b'{"data": {"type": "products", "attributes": []}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"data": {"type": "products", "attributes": {"name": "a", "stockLevel": ' + b"9" * 5000 + b"}}}",
    ],
)
def test_a_body_that_is_no_document_is_refused(body: bytes) -> None:
    optiply = Optiply()
    assert optiply.send("POST", "/products", body, [("accountId", "1380")]).status == 400
    assert not optiply.api.store.tables["products"].rows


def test_half_a_surrogate_pair_is_refused() -> None:
    optiply = Optiply()
    body = b'{"data":{"type":"products","attributes":{"name":"\\ud83d","stockLevel":1,"unlimitedStock":false}}}'
    answer = optiply.send("POST", "/products", body, [("accountId", "1380")])
    assert answer.status == 400
    assert "surrogate" in answer.detail


def test_the_message_for_a_bad_address_is_the_one_clients_look_for() -> None:
    optiply = Optiply()
    answer = optiply.post("suppliers", {"name": "Acme", "emails": ["good@acme.example", "a..b@acme.example"]})
    assert answer.status == 400
    assert answer.detail == "a..b@acme.example is not a valid address"


#: Values at the edge that are right, with what stands there afterwards.
RIGHT: list[tuple[str, str, Any, Any]] = [
    ("products", "name", "x" * 255, "x" * 255),
    ("products", "name", "😀" * 127, "😀" * 127),
    ("products", "stockLevel", -5, -5),
    ("products", "stockLevel", 2**63 - 1, 2**63 - 1),
    ("products", "price", 19.95, "19.95"),
    ("products", "price", "999999999.99", "999999999.99"),
    ("products", "price", 5, "5.00"),
    ("products", "price", "0.1", "0.10"),
    ("products", "price", None, None),
    ("products", "status", "DISABLED", "disabled"),
    ("products", "resumingPurchase", "2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00Z"),
    ("products", "stockMeasurementUnit", "x" * 10, "x" * 10),
    ("products", "minimumStock", 2.5, 2.5),
    ("products", "articleCode", None, None),
    ("products", "articleCode", "", ""),
    ("suppliers", "emails", [], []),
    ("suppliers", "emails", ["a.b+c@acme.example"], ["a.b+c@acme.example"]),
    ("suppliers", "deliveryTime", 365, 365),
    ("suppliers", "deliveryTime", 1, 1),
    ("suppliers", "backorderThreshold", 0, 0),
    ("suppliers", "globalLocationNumber", "8712345678906", "8712345678906"),
    ("suppliers", "type", "producer", "producer"),
    ("suppliers", "maxLoadCapacity", 12, "12.00"),
    ("supplierProducts", "weight", "0.000123", "0.000123"),
    ("supplierProducts", "weight", 0.5, "0.50"),
    ("supplierProducts", "deliveryTime", 1000, 1000),
    ("supplierProducts", "freeStock", 0, 0),
    ("sellOrders", "totalValue", "99999999999999999.99", "99999999999999999.99"),
    ("sellOrders", "placed", "2026-03-01T10:00:00.500Z", "2026-03-01T10:00:00.5Z"),
    ("sellOrders", "completed", None, None),
    ("promotions", "upliftType", "close_out", "close_out"),
    ("promotions", "upliftIncrease", 25.5, 25.5),
]


@pytest.mark.parametrize(("entity", "name", "value", "shown"), RIGHT)
def test_a_value_at_the_edge_is_taken_and_shown(entity: str, name: str, value: Any, shown: Any) -> None:
    optiply = Optiply()
    answer = optiply.post(entity, {**optiply.right(entity), name: value})
    assert answer.attributes[name] == shown
    identifier = optiply.create(entity)
    assert optiply.patch(entity, identifier, {name: value}).attributes[name] == shown
    assert optiply.get(entity, identifier).attributes[name] == shown


def test_numbers_lose_no_digit_on_their_way_through() -> None:
    optiply = Optiply()
    body = (
        b'{"data":{"type":"products","attributes":{"name":"a","stockLevel":1,"unlimitedStock":false,'
        b'"minimumStock":0.1234567890123456789,"price":123456789.10}}}'
    )
    answer = optiply.send("POST", "/products", body, [("accountId", "1380")])
    assert '"minimumStock":0.1234567890123456789' in answer.text
    assert answer.attributes["price"] == "123456789.10"
    body = (
        b'{"data":{"type":"sellOrders","attributes":{"placed":"2026-01-01T00:00:00Z",'
        b'"totalValue":12345678901234567.89}}}'
    )
    answer = optiply.send("POST", "/sellOrders", body, [("accountId", "1380")])
    assert Decimal(answer.attributes["totalValue"]) == Decimal("12345678901234567.89")
