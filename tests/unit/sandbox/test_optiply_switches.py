"""Every switch of Optiply does what it says: the same request, answered both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from optiply_client import Answer, Optiply

from sandbox.switches import Switches


def product_with(optiply: Optiply, **attributes: Any) -> Answer:
    return optiply.post("products", {**optiply.right("products"), **attributes})


def with_content_type(optiply: Optiply, method: str, content_type: str) -> int:
    headers = {**optiply.headers, "content-type": content_type}
    body = {"data": {"type": "products", "attributes": optiply.right("products")}} if method == "POST" else None
    return optiply.send(method, "/products", body, [("accountId", "1380")], headers).status


def test_content_type() -> None:
    wanted = {"all": (415, 415), "writes": (200, 415), "off": (200, 201)}
    for choice, (on_get, on_post) in wanted.items():
        optiply = Optiply(optiply_content_type=choice)
        assert with_content_type(optiply, "GET", "application/json") == on_get
        assert with_content_type(optiply, "POST", "application/json") == on_post


@pytest.mark.parametrize(
    ("switch", "value", "attributes", "status"),
    [
        ("optiply_unknown_attributes", "ignored", {"colour": "red"}, 201),
        ("optiply_readonly_attributes", "refused", {"uuid": "x"}, 400),
        ("optiply_readonly_attributes", "refused", {"category": "A"}, 400),
        ("optiply_validation_status", 422, {"price": "dear"}, 422),
        ("optiply_wrong_type_500", "all", {"price": "dear"}, 500),
        ("optiply_float_integers", "whole", {"stockLevel": 12.0}, 201),
        ("optiply_float_integers", "whole", {"stockLevel": 12.5}, 400),
        ("optiply_numeric_strings", "all", {"stockLevel": "12"}, 201),
        ("optiply_numeric_strings", "all", {"minimumStock": "1.5"}, 201),
        ("optiply_line_breaks", "accepted", {"name": "two\nlines"}, 201),
        ("optiply_resuming_purchase", "boolean", {"resumingPurchase": True}, 201),
        ("optiply_resuming_purchase", "boolean", {"resumingPurchase": "2026-03-01T10:00:00Z"}, 400),
    ],
)
def test_what_a_product_may_hold(switch: str, value: Any, attributes: dict[str, Any], status: int) -> None:
    assert product_with(Optiply(**{switch: value}), **attributes).status == status


def test_excess_decimals_may_be_rounded() -> None:
    optiply = Optiply(optiply_excess_decimals="rounded")
    assert product_with(optiply, price="19.955").attributes["price"] == "19.96"
    assert product_with(optiply, price=0.001).attributes["price"] == "0.00"


def test_a_reference_of_the_wrong_type_may_be_a_clean_refusal() -> None:
    optiply = Optiply(optiply_wrong_type_500="none")
    answer = optiply.post("supplierProducts", {**optiply.right("supplierProducts"), "productId": "nan"})
    assert answer.status == 400


def test_receipts_may_be_negative() -> None:
    optiply = Optiply(optiply_negative_receipts=True)
    assert optiply.post("receiptLines", {**optiply.right("receiptLines"), "quantity": -3}).status == 201


def test_a_promotion_may_have_defaults() -> None:
    optiply = Optiply(optiply_promotion_defaults=True)
    least = {"name": "Spring", "startDate": "2026-04-01T00:00:00Z", "endDate": "2026-04-14T00:00:00Z"}
    attributes = optiply.post("promotions", least).attributes
    assert (attributes["entireShop"], attributes["enabled"], attributes["upliftType"]) == (False, True, "relative")
    assert optiply.post("promotions", {"name": "Spring"}).status == 400


def test_references_may_be_patched_or_must_not_be_named() -> None:
    accepting, refusing = Optiply(optiply_patch_references="accepted"), Optiply(optiply_patch_references="refused")
    offer, supplier = accepting.create("supplierProducts"), accepting.supplier()
    changed = accepting.patch("supplierProducts", offer, {"supplierId": supplier})
    assert changed.attributes["supplierId"] == supplier
    assert accepting.ids("supplierProducts", ("filter[supplierId]", str(supplier))) == [offer]
    assert accepting.patch("supplierProducts", offer, {"supplierId": 12}).status == 404
    right = refusing.right("supplierProducts")
    offer = refusing.post("supplierProducts", right).id
    assert refusing.patch("supplierProducts", offer, {"productId": right["productId"]}).status == 400


def test_a_patched_pair_must_still_be_unique() -> None:
    optiply = Optiply(optiply_patch_references="accepted")
    right = optiply.right("supplierProducts")
    optiply.post("supplierProducts", right)
    other = optiply.create("supplierProducts", productId=right["productId"])
    assert optiply.patch("supplierProducts", other, {"supplierId": right["supplierId"]}).status == 409


def test_lines_on_a_patch_may_be_ignored() -> None:
    optiply = Optiply(optiply_patch_order_lines="ignored")
    order = optiply.create("sellOrders")
    line = {"quantity": 1, "subtotalValue": "1.00", "productId": optiply.product()}
    assert optiply.patch("sellOrders", order, {"orderLines": [line]}).status == 200
    assert optiply.ids("sellOrderLines") == []


def test_a_product_may_have_to_stand_once_in_an_order() -> None:
    for choice, statuses in {"accepted": (201, 201), "refused": (400, 400)}.items():
        optiply = Optiply(optiply_product_twice=choice)
        line = {"quantity": 1, "subtotalValue": "1.00", "productId": optiply.product()}
        twice = optiply.post("sellOrders", {**optiply.right("sellOrders"), "orderLines": [line, line]})
        order = optiply.create("sellOrders", orderLines=[line])
        again = optiply.post("sellOrderLines", {**line, "sellOrderId": order})
        assert (twice.status, again.status) == statuses


def test_several_suppliers_may_be_preferred() -> None:
    optiply = Optiply(optiply_preferred="accepted")
    product = optiply.product()
    assert [optiply.create("supplierProducts", productId=product, preferred=True) for _ in range(2)]


def test_a_missing_account_may_mean_the_first() -> None:
    optiply = Optiply(optiply_missing_account="first")
    assert optiply.post("products", optiply.right("products"), account=None).attributes["accountId"] == 1380


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_foreign_account_has_a_status(status: int) -> None:
    optiply = Optiply(optiply_foreign_account=status)
    assert optiply.post("products", optiply.right("products"), account=5).status == status


def test_an_unknown_coupling_may_be_accepted() -> None:
    optiply = Optiply(optiply_unknown_coupling="accepted")
    answer = optiply.post("products", {**optiply.right("products"), "remoteId": "A"}, coupling=500)
    assert answer.attributes["remoteIdMap"] == {"500": "A"}


def test_promotion_products_may_be_unique() -> None:
    optiply = Optiply(optiply_unique_promotion_products=True)
    right = optiply.right("promotionProducts")
    assert [optiply.post("promotionProducts", right).status for _ in range(2)] == [201, 409]


@pytest.mark.parametrize(("choice", "status"), [(409, 409), (400, 400), (500, 500), (0, 201)])
def test_a_circular_composition_has_a_status(choice: int, status: int) -> None:
    optiply = Optiply(optiply_circular_composition=choice)
    chair, leg = optiply.product(), optiply.product()
    optiply.create("productCompositions", composedProductId=chair, partProductId=leg)
    reverse = {"composedProductId": leg, "partProductId": chair, "partQuantity": 1}
    assert optiply.post("productCompositions", reverse).status == status


class TestCascades:
    def hang_all_on(self, optiply: Optiply, product: int) -> dict[str, int]:
        return {
            "supplierProducts": optiply.create("supplierProducts", productId=product),
            "productCompositions": optiply.create("productCompositions", partProductId=product),
            "promotionProducts": optiply.create("promotionProducts", productId=product),
        }

    def test_all_that_hangs_on_a_product_may_go_with_it(self) -> None:
        optiply = Optiply(optiply_cascades="all")
        product = optiply.product()
        below = self.hang_all_on(optiply, product)
        line = optiply.create("sellOrderLines", productId=product)
        optiply.delete("products", product)
        assert [optiply.get(entity, identifier).status for entity, identifier in below.items()] == [404] * 3
        assert optiply.get("sellOrderLines", line).status == 200

    def test_what_hangs_on_a_product_may_stand_in_the_way(self) -> None:
        optiply = Optiply(optiply_cascades="refused")
        product = optiply.product()
        for entity, identifier in self.hang_all_on(optiply, product).items():
            assert optiply.delete("products", product).status == 409
            optiply.delete(entity, identifier)
        assert optiply.delete("products", product).status == 204


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("proven", {"products", "suppliers", "supplierProducts", "sellOrders"}),
        ("evidenced", {"products", "suppliers", "supplierProducts", "sellOrders", "buyOrders"}),
        ("none", set()),
        (
            "all",
            {
                *("products", "suppliers", "supplierProducts", "sellOrders", "buyOrders"),
                *("sellOrderLines", "buyOrderLines", "receiptLines", "productCompositions"),
            },
        ),
    ],
)
def test_remote_id_maps_are_shown_where_the_switch_says(choice: str, shown: set[str]) -> None:
    optiply = Optiply(optiply_remote_id_map=choice)
    seen = set()
    for entity in optiply.api.store.tables:
        if entity in ("accounts", "promotions", "promotionProducts"):
            continue
        answer = optiply.post(entity, {**optiply.right(entity), "remoteId": "A"})
        if "remoteIdMap" in answer.attributes:
            assert answer.attributes["remoteIdMap"] == {"77": "A"}
            seen.add(entity)
    assert seen == shown


@pytest.mark.parametrize("where", ["none", "attributes", "included"])
@pytest.mark.parametrize(("entity", "child"), [("sellOrders", "sellOrderLines"), ("buyOrders", "buyOrderLines")])
def test_lines_may_stand_in_the_answer(where: str, entity: str, child: str) -> None:
    optiply = Optiply(optiply_lines_in_answer=where)
    line = {"quantity": 2, "subtotalValue": "1.00", "productId": optiply.product()}
    answer = optiply.post(entity, {**optiply.right(entity), "orderLines": [line]}).json
    identifier = optiply.ids(child)[0]
    assert ("orderLines" in answer["data"]["attributes"]) == (where == "attributes")
    assert ("included" in answer) == (where == "included")
    if where == "attributes":
        shown = answer["data"]["attributes"]["orderLines"][0]
        assert (shown["id"], shown["quantity"]) == (identifier, 2)
    if where == "included":
        assert (answer["included"][0]["id"], answer["included"][0]["type"]) == (str(identifier), child)


def test_the_status_may_be_shown_in_capitals() -> None:
    optiply = Optiply(optiply_status_case="upper")
    assert product_with(optiply, status="disabled").attributes["status"] == "DISABLED"
    assert optiply.post("suppliers", {"name": "a", "type": "vendor"}).attributes["type"] == "vendor"
    assert len(optiply.ids("products", ("filter[status]", "disabled"))) == 1


@pytest.mark.parametrize(
    ("style", "placed", "created"),
    [
        ("z", "2026-03-01T10:00:00.25Z", "2026-05-28T20:26:40Z"),
        ("millis", "2026-03-01T10:00:00.250Z", "2026-05-28T20:26:40.000Z"),
        ("offset", "2026-03-01T10:00:00.25+00:00", "2026-05-28T20:26:40+00:00"),
    ],
)
def test_dates_are_shown_in_one_of_three_forms(style: str, placed: str, created: str) -> None:
    optiply = Optiply(optiply_date_format=style)
    attributes = optiply.post("sellOrders", {"placed": "2026-03-01T10:00:00.25Z", "totalValue": 1}).attributes
    assert (attributes["placed"], attributes["createdAt"]) == (placed, created)
    assert attributes["completed"] is None


def test_creation_times_may_have_milliseconds() -> None:
    optiply = Optiply(optiply_date_resolution="millisecond")
    optiply.now += 0.25
    first = optiply.product()
    assert optiply.get("products", first).attributes["createdAt"] == "2026-05-28T20:26:40.25Z"
    assert optiply.ids("products", ("filter[createdAt][GT]", "2026-05-28T20:26:40.2Z")) == [first]


SHAPES: dict[str, Any] = {
    "full": {"status", "title", "detail", "meta", "source"},
    "meta": {"status", "title", "meta", "source"},
    "detail": {"status", "title", "detail", "source"},
    "title": {"status", "title", "source"},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_errors_hold_the_members_of_their_shape(shape: str) -> None:
    error = product_with(Optiply(optiply_error_shape=shape), price="dear").json["errors"][0]
    assert set(error) == SHAPES[shape]


def test_errors_may_come_in_other_forms() -> None:
    texts = {
        shape: product_with(Optiply(optiply_error_shape=shape), price="dear").text
        for shape in ("message", "error", "empty", "null", "html")
    }
    assert json.loads(texts["message"]) == {"message": "price: must be a decimal number"}
    assert json.loads(texts["error"])["error_description"] == "price: must be a decimal number"
    assert (texts["empty"], texts["null"]) == ("", "null")
    assert texts["html"].startswith("<html>")


def test_a_conflict_may_have_a_body_of_its_own() -> None:
    optiply = Optiply(optiply_conflict_shape="empty")
    right = optiply.right("supplierProducts")
    answers = [optiply.post("supplierProducts", right) for _ in range(2)]
    assert (answers[1].status, answers[1].text) == (409, "")
    assert product_with(optiply, price="dear").text


def test_a_remote_id_may_be_filtered_on() -> None:
    optiply = Optiply(optiply_filter_remote_id="accepted")
    identifier = optiply.product(remoteId="A")
    optiply.product(remoteId="B")
    assert optiply.ids("products", ("filter[remoteId]", "A")) == [identifier]
    assert optiply.ids("products", ("filter[remoteId][LIKE]", "a")) == [identifier]


def test_unknown_filters_may_be_ignored() -> None:
    optiply = Optiply(optiply_unknown_filter="ignored")
    identifier = optiply.product()
    assert optiply.ids("products", ("filter[colour]", "red"), ("sort", "colour")) == [identifier]


def test_a_filter_on_the_account_may_be_refused_where_the_account_is_not_shown() -> None:
    account = ("filter[accountId]", "1380")
    for choice, status in {"all": 200, "owned": 400}.items():
        optiply = Optiply(optiply_account_filter=choice)
        assert optiply.list("sellOrderLines", account).status == status
        assert optiply.list("sellOrders", account).status == 200


def test_a_comma_in_a_filter_may_be_meant() -> None:
    optiply = Optiply(optiply_filter_comma="literal")
    identifier = optiply.product("Chair, blue")
    assert optiply.ids("products", ("filter[name]", "Chair, blue")) == [identifier]
    optiply.switches.optiply_filter_comma = "or"
    assert optiply.ids("products", ("filter[name]", "Chair, blue")) == []


def test_the_count_of_a_list_may_be_missing() -> None:
    assert "meta" not in Optiply(optiply_total_count=False).list("products").json


@pytest.mark.parametrize(
    "changes",
    [
        {"optiply_cascade": "all"},
        {"optiply_cascades": "some"},
        {"optiply_total_count": 1},
        {"optiply_total_count": "yes"},
        {"optiply_token_lifetime": -1},
        {"optiply_token_lifetime": 1.5},
        {"optiply_token_lifetime": True},
        {"optiply_token_lifetime": float("inf")},
        {"optiply_latency_per_excess": "inf"},
        {"optiply_latency_per_excess": "nan"},
        {"optiply_validation_status": 418},
        {"optiply_scopes": 5},
        {"optiply_cascades": "all", "inflow_sort": "maybe"},
    ],
)
def test_a_wrong_switch_changes_nothing_and_is_named(changes: dict[str, Any]) -> None:
    switches = Switches()
    with pytest.raises(ValueError, match=list(changes)[-1]):
        switches.update(changes)
    assert switches == Switches()


def test_switches_are_read_from_text_too() -> None:
    switches = Switches()
    switches.update({"optiply_total_count": "false", "optiply_validation_status": "422", "inflow_late_commits": "3"})
    assert switches.optiply_total_count is False
    assert switches.optiply_validation_status == 422
    assert switches.inflow_late_commits == 3
