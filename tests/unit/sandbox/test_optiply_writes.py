"""Creating, changing and deleting: references, remote ids, embedded lines, unique pairs, cascades, accounts."""

from __future__ import annotations

from typing import Any

import pytest
from optiply_client import BASE, Optiply


@pytest.fixture
def optiply() -> Optiply:
    return Optiply()


def test_a_created_product_is_answered_whole(optiply: Optiply) -> None:
    answer = optiply.post(
        "products",
        {"name": "Blue chair", "stockLevel": 12, "unlimitedStock": False, "price": 19.95, "remoteId": "4711"},
    )
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/vnd.api+json"
    resource = answer.json["data"]
    identifier = resource["id"]
    assert isinstance(identifier, str)
    assert resource["type"] == "products"
    assert resource["links"] == {"self": f"{BASE}/products/{identifier}"}
    assert answer.headers["location"] == resource["links"]["self"]
    assert resource["relationships"]["supplierProducts"]["links"] == {
        "self": f"{BASE}/products/{identifier}/relationships/supplierProducts",
        "related": f"{BASE}/products/{identifier}/supplierProducts",
    }
    attributes = resource["attributes"]
    assert attributes.pop("uuid")
    assert attributes == {
        "name": "Blue chair",
        "stockLevel": 12,
        "unlimitedStock": False,
        "skuCode": None,
        "articleCode": None,
        "eanCode": None,
        "price": "19.95",
        "status": "enabled",
        "assembled": False,
        "notBeingBought": False,
        "resumingPurchase": None,
        "minimumStock": None,
        "maximumStock": None,
        "ignored": False,
        "manualServiceLevel": None,
        "createdAtRemote": None,
        "stockMeasurementUnit": None,
        "novel": True,
        "category": None,
        "remoteDataSyncedToDate": None,
        "accountId": 1380,
        "createdAt": "2026-05-28T20:26:40Z",
        "updatedAt": "2026-05-28T20:26:40Z",
        "createdFromPublicApi": True,
        "remoteIdMap": {"77": "4711"},
    }


def test_a_patch_changes_what_it_names_and_answers_the_whole(optiply: Optiply) -> None:
    identifier = optiply.product(price="5.00", skuCode="C-1")
    optiply.now += 60
    answer = optiply.patch("products", identifier, {"stockLevel": 9, "skuCode": None})
    assert answer.status == 200
    assert answer.attributes["stockLevel"] == 9
    assert answer.attributes["skuCode"] is None
    assert answer.attributes["price"] == "5.00"
    assert answer.attributes["createdAt"] == "2026-05-28T20:26:40Z"
    assert answer.attributes["updatedAt"] == "2026-05-28T20:27:40Z"


def test_the_id_in_the_path_decides_on_a_patch(optiply: Optiply) -> None:
    identifier = optiply.product()
    document = {"data": {"type": "products", "id": "999", "attributes": {"stockLevel": 1}}}
    assert optiply.send("PATCH", f"/products/{identifier}", document).id == identifier


def test_a_deleted_row_is_gone_for_every_method_but_only_marked(optiply: Optiply) -> None:
    identifier = optiply.product()
    answer = optiply.delete("products", identifier)
    assert (answer.status, answer.text) == (204, "")
    assert optiply.get("products", identifier).status == 404
    assert optiply.patch("products", identifier, {"stockLevel": 1}).status == 404
    assert optiply.delete("products", identifier).status == 404
    assert optiply.ids("products") == []
    assert optiply.api.store.tables["products"].rows[identifier].deleted


def test_references_are_taken_as_text_or_number_and_shown_as_numbers(optiply: Optiply) -> None:
    product, supplier = optiply.product(), optiply.supplier()
    answer = optiply.post("supplierProducts", {"name": "a", "productId": str(product), "supplierId": supplier})
    assert (answer.attributes["productId"], answer.attributes["supplierId"]) == (product, supplier)


def test_an_unknown_id_is_not_found(optiply: Optiply) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body = {"data": {"type": "products", "attributes": {}}} if method == "PATCH" else None
        answer = optiply.send(method, "/products/12", body)
        assert answer.status == 404
        assert answer.json["errors"][0]["status"] == "404"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/products/1", 405),
        ("POST", "/products/1", 405),
        ("PATCH", "/products", 405),
        ("DELETE", "/products", 405),
        ("POST", "/accounts", 405),
        ("DELETE", "/accounts/1380", 405),
        ("GET", "/warehouses", 404),
        ("GET", "/", 404),
        ("GET", "/products/abc", 400),
        ("GET", "/products/1/colours", 404),
    ],
)
def test_what_does_not_exist_is_refused(optiply: Optiply, method: str, path: str, status: int) -> None:
    assert optiply.send(method, path).status == status


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_every_request_needs_the_content_type(optiply: Optiply, method: str) -> None:
    identifier = optiply.product()
    path = "/products" if method == "POST" else f"/products/{identifier}"
    for content_type in (None, "application/json", "text/plain"):
        headers = {name: text for name, text in optiply.headers.items() if name != "content-type"}
        headers |= {"content-type": content_type} if content_type else {}
        assert optiply.send(method, path, headers=headers).status == 415
    headers = {**optiply.headers, "content-type": "application/vnd.api+json; charset=utf-8"}
    assert optiply.send(method, path, headers=headers).status != 415


class TestRemoteIds:
    def test_each_coupling_has_its_own(self, optiply: Optiply) -> None:
        identifier = optiply.product(remoteId="A")
        assert optiply.patch("products", identifier, {"remoteId": "B"}, coupling=78).attributes["remoteIdMap"] == {
            "77": "A",
            "78": "B",
        }
        changed = optiply.patch("products", identifier, {"remoteId": "C"})
        assert changed.attributes["remoteIdMap"] == {"77": "C", "78": "B"}
        assert optiply.patch("products", identifier, {"remoteId": None}).attributes["remoteIdMap"] == {"78": "B"}

    def test_without_a_coupling_there_is_one_entry_all_the_same(self, optiply: Optiply) -> None:
        answer = optiply.post("products", {**optiply.right("products"), "remoteId": "A"}, coupling=None)
        assert list(answer.attributes["remoteIdMap"].values()) == ["A"]

    def test_two_rows_may_have_the_same(self, optiply: Optiply) -> None:
        assert optiply.product(remoteId="A") != optiply.product(remoteId="A")

    def test_it_is_not_returned_under_its_own_name(self, optiply: Optiply) -> None:
        assert "remoteId" not in optiply.get("products", optiply.product(remoteId="A")).attributes

    @pytest.mark.parametrize("coupling", ["79", "abc", "-1", ""])
    def test_an_unknown_coupling_is_refused(self, optiply: Optiply, coupling: str) -> None:
        assert optiply.post("products", optiply.right("products"), coupling=coupling).status == 400


class TestAccounts:
    def test_a_row_of_an_account_needs_the_account(self, optiply: Optiply) -> None:
        for entity in ("products", "suppliers", "sellOrders", "buyOrders", "promotions"):
            assert optiply.post(entity, optiply.right(entity), account=None).status == 400

    def test_a_row_below_another_belongs_to_its_account(self, optiply: Optiply) -> None:
        elsewhere = optiply.elsewhere()
        line = elsewhere.post("sellOrderLines", elsewhere.right("sellOrderLines"), account=None).id
        assert optiply.api.store.tables["sellOrderLines"].rows[line].account == 1381

    @pytest.mark.parametrize("account", ["1", "99999"])
    def test_a_foreign_account_is_forbidden(self, optiply: Optiply, account: str) -> None:
        identifier = optiply.product()
        assert optiply.post("products", optiply.right("products"), account=account).status == 403
        assert optiply.patch("products", identifier, {}, account=account).status == 403
        assert optiply.delete("products", identifier, account=account).status == 403
        assert optiply.list("products", ("accountId", account)).status == 403

    def test_an_account_that_is_no_number_is_refused(self, optiply: Optiply) -> None:
        assert optiply.post("products", optiply.right("products"), account="abc").status == 400

    def test_the_two_accounts_are_apart(self, optiply: Optiply) -> None:
        here, there = optiply.product("Here"), optiply.elsewhere().product("There")
        assert optiply.ids("products", ("filter[accountId]", "1380")) == [here]
        assert optiply.ids("products", ("accountId", "1381")) == [there]
        assert optiply.ids("products") == [here, there]
        assert optiply.patch("products", there, {"stockLevel": 1}).status == 404
        assert optiply.get("products", there).status == 200

    def test_accounts_can_be_listed(self, optiply: Optiply) -> None:
        assert optiply.ids("accounts") == [1380, 1381]
        assert optiply.get("accounts", 1380).status == 200


class TestUniquePairs:
    @pytest.mark.parametrize("entity", ["supplierProducts", "productCompositions"])
    def test_a_second_row_of_a_pair_is_a_conflict(self, optiply: Optiply, entity: str) -> None:
        right = optiply.right(entity)
        first = optiply.post(entity, right)
        second = optiply.post(entity, right)
        assert second.status == 409
        assert second.json["errors"][0]["title"] == "CONFLICT"
        optiply.delete(entity, first.id)
        assert optiply.post(entity, right).status == 201, "a deleted row holds no pair"

    def test_the_row_is_found_by_its_pair(self, optiply: Optiply) -> None:
        right = optiply.right("supplierProducts")
        identifier = optiply.post("supplierProducts", right).id
        optiply.create("supplierProducts")
        pair = [(f"filter[{name}]", str(right[name])) for name in ("supplierId", "productId")]
        answer = optiply.list("supplierProducts", *pair)
        assert [row["id"] for row in answer.json["data"]] == [str(identifier)]
        assert answer.json["meta"] == {"totalResourceCount": 1}

    def test_promotion_products_have_no_unique_pair(self, optiply: Optiply) -> None:
        right = optiply.right("promotionProducts")
        assert [optiply.post("promotionProducts", right).status for _ in range(2)] == [201, 201]

    def test_a_composition_is_not_reversed(self, optiply: Optiply) -> None:
        chair, leg = optiply.product("Chair"), optiply.product("Leg")
        one = {"composedProductId": chair, "partProductId": leg, "partQuantity": 4}
        other = {"composedProductId": leg, "partProductId": chair, "partQuantity": 1}
        itself = {"composedProductId": leg, "partProductId": leg, "partQuantity": 1}
        assert [optiply.post("productCompositions", row).status for row in (one, other, itself)] == [201, 409, 409]


class TestOrders:
    def lines(self, optiply: Optiply, number: int = 2, **more: Any) -> list[dict[str, Any]]:
        return [
            {"quantity": place + 1, "subtotalValue": "5.00", "productId": optiply.product(), **more}
            for place in range(number)
        ]

    @pytest.mark.parametrize(
        ("entity", "child", "back"),
        [("sellOrders", "sellOrderLines", "sellOrderId"), ("buyOrders", "buyOrderLines", "buyOrderId")],
    )
    def test_an_order_brings_its_lines(self, optiply: Optiply, entity: str, child: str, back: str) -> None:
        lines = self.lines(optiply)
        answer = optiply.post(entity, {**optiply.right(entity), "orderLines": lines})
        assert "orderLines" not in answer.attributes
        rows = optiply.list(child, (f"filter[{back}]", str(answer.id))).json["data"]
        shown = [{name: row["attributes"][name] for name in lines[0]} for row in rows]
        assert shown == lines
        assert all(row["attributes"][back] == answer.id for row in rows)

    @pytest.mark.parametrize("entity", ["sellOrders", "buyOrders"])
    def test_an_unknown_product_leaves_no_order_behind(self, optiply: Optiply, entity: str) -> None:
        lines = self.lines(optiply)
        lines[1]["productId"] = 12
        answer = optiply.post(entity, {**optiply.right(entity), "orderLines": lines})
        assert answer.status == 404
        assert optiply.ids(entity) == []
        assert optiply.ids("sellOrderLines") == optiply.ids("buyOrderLines") == []

    @pytest.mark.parametrize("missing", ["quantity", "subtotalValue", "productId"])
    def test_a_line_without_what_it_needs_is_refused(self, optiply: Optiply, missing: str) -> None:
        lines = self.lines(optiply, 1)
        del lines[0][missing]
        answer = optiply.post("sellOrders", {**optiply.right("sellOrders"), "orderLines": lines})
        assert answer.status == 400
        assert answer.json["errors"][0]["source"]["pointer"] == f"/data/attributes/orderLines/0/{missing}"

    def test_an_empty_list_of_lines_is_accepted(self, optiply: Optiply) -> None:
        assert optiply.post("sellOrders", {**optiply.right("sellOrders"), "orderLines": []}).status == 201

    def test_lines_do_not_go_with_a_patch(self, optiply: Optiply) -> None:
        order = optiply.create("sellOrders")
        assert optiply.patch("sellOrders", order, {"orderLines": []}).status == 400

    def test_the_delivery_is_expected_after_the_suppliers_time(self, optiply: Optiply) -> None:
        supplier = optiply.supplier(deliveryTime=10)
        order = optiply.create("buyOrders", supplierId=supplier, orderLines=self.lines(optiply, 1))
        assert optiply.get("buyOrders", order).attributes["expectedDeliveryDate"] == "2026-03-10T09:00:00Z"
        line = optiply.list("buyOrderLines").json["data"][0]
        assert line["attributes"]["expectedDeliveryDate"] == "2026-03-10T09:00:00Z"

    def test_a_line_expects_its_delivery_after_the_time_of_its_product(self, optiply: Optiply) -> None:
        supplier, product = optiply.supplier(), optiply.product()
        optiply.create("supplierProducts", productId=product, supplierId=supplier, deliveryTime=3)
        order = optiply.create("buyOrders", supplierId=supplier)
        line = optiply.create("buyOrderLines", buyOrderId=order, productId=product)
        assert optiply.get("buyOrders", order).attributes["expectedDeliveryDate"] is None
        assert optiply.get("buyOrderLines", line).attributes["expectedDeliveryDate"] == "2026-03-03T09:00:00Z"

    def test_a_buy_order_line_names_the_uuid_of_its_product(self, optiply: Optiply) -> None:
        product = optiply.product()
        line = optiply.create("buyOrderLines", productId=product)
        uuid = optiply.get("products", product).attributes["uuid"]
        assert optiply.get("buyOrderLines", line).attributes["productUuid"] == uuid

    def test_account_id_as_an_attribute_of_a_buy_order_is_accepted(self, optiply: Optiply) -> None:
        assert optiply.post("buyOrders", {**optiply.right("buyOrders"), "accountId": 1380}).status == 201


class TestCascades:
    def test_a_buy_order_takes_lines_and_receipts_along(self, optiply: Optiply) -> None:
        order = optiply.create("buyOrders")
        line = optiply.create("buyOrderLines", buyOrderId=order)
        receipt = optiply.create("receiptLines", buyOrderLineId=line)
        other = optiply.create("receiptLines")
        assert optiply.delete("buyOrders", order).status == 204
        assert optiply.get("buyOrderLines", line).status == 404
        assert optiply.get("receiptLines", receipt).status == 404
        assert optiply.get("receiptLines", other).status == 200

    def test_a_sell_order_takes_its_lines_along(self, optiply: Optiply) -> None:
        order = optiply.create("sellOrders")
        line = optiply.create("sellOrderLines", sellOrderId=order)
        optiply.delete("sellOrders", order)
        assert optiply.get("sellOrderLines", line).status == 404

    def test_nothing_else_is_taken_along(self, optiply: Optiply) -> None:
        product = optiply.product()
        offer = optiply.create("supplierProducts", productId=product)
        optiply.delete("products", product)
        assert optiply.get("supplierProducts", offer).status == 200

    def test_a_receipt_for_a_line_that_is_gone_is_not_found(self, optiply: Optiply) -> None:
        line = optiply.create("buyOrderLines")
        optiply.delete("buyOrderLines", line)
        receipt = {"occurred": "2026-03-21T08:00:00Z", "quantity": 1, "buyOrderLineId": line}
        assert optiply.post("receiptLines", receipt).status == 404


class TestPreferred:
    def test_a_product_has_one_preferred_supplier(self, optiply: Optiply) -> None:
        product = optiply.product()
        first = optiply.create("supplierProducts", productId=product, preferred=True)
        second = optiply.create("supplierProducts", productId=product)
        assert optiply.patch("supplierProducts", second, {"preferred": True}).status == 400
        assert optiply.patch("supplierProducts", first, {"preferred": False}).status == 200
        assert optiply.patch("supplierProducts", second, {"preferred": True}).status == 200

    def test_a_disabled_one_does_not_count(self, optiply: Optiply) -> None:
        product = optiply.product()
        optiply.create("supplierProducts", productId=product, preferred=True, status="disabled")
        optiply.create("supplierProducts", productId=product, preferred=True)


class TestPatchedReferences:
    def test_a_reference_that_stands_may_be_repeated(self, optiply: Optiply) -> None:
        right = optiply.right("supplierProducts")
        offer = optiply.post("supplierProducts", right).id
        assert optiply.patch("supplierProducts", offer, {**right, "name": "b"}).attributes["name"] == "b"

    def test_a_reference_that_changes_is_refused(self, optiply: Optiply) -> None:
        offer = optiply.create("supplierProducts")
        answer = optiply.patch("supplierProducts", offer, {"supplierId": optiply.supplier()})
        assert answer.status == 400
        assert "cannot be changed" in answer.detail


def test_a_promotion_counts_its_products(optiply: Optiply) -> None:
    promotion = optiply.create("promotions")
    optiply.create("promotionProducts", promotionId=promotion)
    assert optiply.get("promotions", promotion).attributes["productCount"] == 1


def test_read_only_attributes_are_ignored_on_write(optiply: Optiply) -> None:
    for name, value in {"uuid": "x", "createdAt": "now", "category": "A", "novel": False, "accountId": 5}.items():
        answer = optiply.post("products", {**optiply.right("products"), name: value})
        assert answer.attributes[name] != value
