"""Every answer that Optiply may give, and what becomes of the record and of the others."""

from __future__ import annotations

from collections import Counter
from email.utils import formatdate
from typing import Any

import pytest
from target.lab import Lab
from target.messages import (
    buy_order,
    composition,
    line,
    offer,
    optiply,
    product,
    products,
    receipt,
    record,
    schema,
    sell_order,
    state,
    supplier,
    suppliers,
)

# 404 of a row that is there ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_row_that_is_said_to_be_gone_and_is_not_is_rejected_and_the_run_ends(lab: Lab, method: str) -> None:
    lab.settings["delete"] = "hard"
    lab.succeed(products("P1"))
    lab.fault("status", method, "/products/", status=404, times=None)
    fields = {"name": "Another name"} if method == "PATCH" else {"deleted_at": "2026-01-01T00:00:00Z"}
    # Nothing else is on its way: the plan that gives up is the last thing that happens.
    run = lab.run(products("P1", **fields)).ended(1)
    assert run.said("(but it is there)")
    lab.control.clear_faults()
    lab.succeed([])
    assert lab.remote_ids("products") == (["P1"] if method == "PATCH" else [])


# 401 ----------------------------------------------------------------------------------------------


def test_a_401_costs_one_grant_for_all_threads(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.02})
    lab.control.set_switches(optiply_same_token_on_login=False)
    run = lab.start(products(*(f"P{n}" for n in range(120))), max_connections=16)
    lab.await_that(lambda: len(lab.rows("products")) > 40)
    lab.control.request("POST", "tokens/revoke")
    run.wait().ended()
    refused = [entry for entry in lab.control.log() if entry["status"] == 401]
    assert len(refused) > 1, "the revocation met no parallel requests"
    assert lab.counts()["token"] == 2
    assert len(lab.rows("products")) == 120


def test_a_fresh_token_that_is_refused_ends_the_run_in_one_sentence(lab: Lab) -> None:
    lab.fault("status", times=None, status=401)
    run = lab.run([*products("P1"), state({"at": 1})]).ended(1)
    assert run.last_word.startswith("credentials: ")
    assert lab.counts()["token"] == 2
    assert run.states == []
    assert lab.state()["run"]["outcome"] == "credentials"
    assert "Traceback" not in run.stderr


def test_refused_credentials_end_the_run_naming_the_settings(lab: Lab) -> None:
    run = lab.run([*products("P1"), state({"at": 1})], password="wrong-password").ended(1)
    assert run.last_word.startswith("credentials: the login was refused; check client_id")
    assert lab.requests() == ["token"]
    assert "wrong-password" not in run.stderr + run.stdout


def test_a_refused_login_is_tried_once_however_many_requests_wait_and_the_state_is_written(lab: Lab) -> None:
    order = sell_order("O1", line("P1", 1, "2.00"))
    messages = [*suppliers("S1"), *products("P1"), *optiply("sell_orders", order), state({"at": 1})]
    run = lab.run(messages, max_connections=16, password="wrong-password").ended(1)
    assert run.last_word.startswith("credentials: ")
    assert lab.requests() == ["token"]
    assert lab.state()["run"]["outcome"] == "credentials"


def test_a_token_that_expires_is_renewed_in_time(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.1})
    lab.control.set_switches(optiply_token_lifetime=1, optiply_same_token_on_login=False)
    lab.succeed(products(*(f"P{n}" for n in range(30))), max_connections=2)
    assert lab.counts()["token"] >= 2
    assert len(lab.rows("products")) == 30


# waits that the server asks for -------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_in_seconds_is_kept_and_is_no_try(lab: Lab, status: int) -> None:
    lab.fault("status", "POST", "products", times=7, status=status, headers={"Retry-After": "0.1"})
    lab.succeed(products("P1", "P2"))
    assert lab.summary("Products")["success"] == 2
    first, *others = [entry["at"] for entry in lab.control.log() if entry["kind"] == "POST products"]
    assert all(0 <= at - first < 0.1 or at - first >= 0.1 for at in others)
    assert others[-1] - first >= 0.3


def test_a_wait_until_a_date_is_kept_by_everything(lab: Lab) -> None:
    clock = lab.control.request("GET", "clock")
    until = clock["now"] + 2
    lab.fault("status", "POST", "products", status=429, headers={"Retry-After": formatdate(until, usegmt=True)})
    lab.succeed(products("P1", "P2", "P3"), max_connections=4)
    log = [entry for entry in lab.control.log() if entry["kind"] == "POST products"]
    refused = next(entry["at"] for entry in log if entry["status"] == 429)
    assert not [entry for entry in log if refused + 0.1 < entry["at"] < int(until) - clock["offset"] - 0.1]
    assert len(lab.rows("products")) == 3


# what is tried again ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_record_that_always_fails_is_rejected_after_five_tries_while_others_succeed(lab: Lab, status: int) -> None:
    lab.fault("status", "POST", "products", times=None, holding="Bad one", status=status)
    others = [product(f"P{n}") for n in range(300)]
    lab.control.request("PUT", "latency", {"optiply": 0.004})
    pauses = {"target_optiply.writes.FIRST_PAUSE": 0.01, "target_optiply.writes.LONGEST_PAUSE": 0.02}
    messages = [*optiply("Products", product("P", name="Bad one"), *others), state({"at": 1})]
    run = lab.run(messages, max_connections=4, constants=pauses).ended(1)
    assert len(lab.rows("products")) == 300
    tries = [entry for entry in lab.control.log() if entry["kind"] == "POST products" and entry["status"] == status]
    assert len(tries) == 5
    assert str(status) in lab.entry("Products", "P")["error"]
    assert run.states == ['{"at": 1}']


@pytest.mark.parametrize("message", [products("P1"), products("P0", price="8.00")], ids=["POST", "PATCH"])
def test_a_record_that_always_fails_is_rejected_though_nothing_else_is_to_be_written(lab: Lab, message: Any) -> None:
    lab.succeed(products("P0", "P2"))
    before = {row["id"]: {**row["attributes"], "updatedAt": None} for row in lab.rows("products")}
    name = message[1]["record"]["price"] if message[1]["record"]["externalId"] == "P0" else "Product P1"
    lab.fault("status", path="^/products", holding=name, times=None, status=500)
    run = lab.run([*message, state({"at": 1})]).ended(1)
    assert run.last_word.startswith("rejected: 1 records")
    assert run.states == ['{"at": 1}']
    assert {row["id"]: {**row["attributes"], "updatedAt": None} for row in lab.rows("products")} == before
    assert lab.writes()[f"{'POST' if name == 'Product P1' else 'PATCH'} products"] <= 6


def test_a_blip_is_not_felt(lab: Lab) -> None:
    for status in (500, 502, 504):
        lab.fault("status", "POST", "products", status=status)
    lab.fault("status", "GET", "products", status=500)
    lab.succeed(products("P1", "P2"))
    assert lab.remote_ids("products") == ["P1", "P2"]


# what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 405, 415, 422])
def test_a_refusal_rejects_the_record_with_the_servers_own_words_and_no_other(lab: Lab, status: int) -> None:
    body = {"errors": [{"status": str(status), "meta": {"message": "price: must\nnot be so"}}]}
    lab.fault("status", "POST", "products", holding="Product P2", status=status, body=body)
    run = lab.run([*products("P1", "P2", "P3"), state({"at": 1})]).ended(1)
    assert lab.remote_ids("products") == ["P1", "P3"]
    assert lab.counts()["POST products"] == 3
    assert lab.entry("Products", "P2")["error"] == f"{status} price: must not be so"
    assert run.said(f"rejected: products P2: {status} price: must not be so")
    assert run.states == ['{"at": 1}']
    assert run.last_word.startswith("rejected: 1 records stand rejected")


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_change_is_rejected_and_tried_again(lab: Lab, status: int) -> None:
    lab.succeed(products("P1"))
    lab.fault("status", "PATCH", "products", status=status)
    lab.run(products("P1", name="New")).ended(1)
    assert lab.summary("Products")["fail"] == 1
    lab.succeed(products("P1", name="New"))
    assert lab.writes() == Counter({"PATCH products": 1})
    assert lab.value("products", "P1", "name") == "New"
    assert lab.summary("Products")["fail"] == 0


@pytest.mark.parametrize("shape", ["full", "meta", "detail", "title", "message", "error", "empty", "null", "html"])
def test_a_refusal_in_any_shape_is_one_line(lab: Lab, shape: str) -> None:
    lab.control.set_switches(optiply_error_shape=shape)
    lab.succeed(suppliers("S1"))
    lab.run(
        optiply(
            "Suppliers",
            supplier("S2", globalLocationNumber="8712345678906", type="vendor", name="x" * 3),
            supplier("S3", currency="ABCDEF" * 60),
        )
    ).ended(0)
    lab.fault("status", "POST", "suppliers", status=400)
    lab.run(suppliers("S4")).ended(1)
    error = lab.entry("Suppliers", "S4")["error"]
    assert error.startswith("400 ")
    assert "\n" not in error
    assert "<" not in error


def test_a_supplier_refused_for_its_address_is_sent_without_it(lab: Lab) -> None:
    body = {"errors": [{"detail": "no@where is not a valid address"}]}
    lab.fault("status", "POST", "suppliers", holding="emails", status=400, body=body)
    run = lab.succeed(suppliers("S1"))
    assert not lab.value("suppliers", "S1", "emails")
    assert run.said("emails: left out")
    lab.fault("status", "PATCH", "suppliers", holding="emails", status=400, body=body)
    lab.succeed(suppliers("S1", name="New name"))
    assert lab.value("suppliers", "S1", "name") == "New name"


def test_redirects_are_never_followed(lab: Lab) -> None:
    lab.succeed(products("P1", "P2"))
    target = f"{lab.sandbox.ready['optiply']['api_url']}/suppliers"
    lab.fault("redirect", "POST", "products", location=target)
    lab.fault("redirect", "PATCH", "products", location="http://127.0.0.1:9/elsewhere")
    lab.run([*products("P3"), *products("P1", name="New")]).ended(1)
    assert lab.summary("Products")["fail"] == 2
    assert not lab.requests("suppliers")
    lab.succeed([*products("P3"), *products("P1", name="New")])
    assert lab.remote_ids("products") == ["P1", "P2", "P3"]


# what is gone -------------------------------------------------------------------------------------


def test_a_row_that_is_gone_is_created_again_and_what_refers_to_it_is_sent_anew(lab: Lab) -> None:
    offers = optiply("SupplierProducts", offer("I1", "P1", "S1"))
    lab.succeed([*products("P1"), *suppliers("S1"), *offers])
    old = lab.row("suppliers", "S1")["id"]
    lab.drop("suppliers", "S1")
    lab.succeed([*suppliers("S1", name="New name"), *offers])
    new = lab.row("suppliers", "S1")["id"]
    assert old != new
    assert str(lab.value("supplierProducts", "I1", "supplierId")) == new
    lab.succeed([*suppliers("S1", name="New name"), *offers])
    assert lab.requests() == []


def test_what_refers_to_a_row_created_again_is_sent_anew_in_a_later_run_too(lab: Lab) -> None:
    offers = optiply("SupplierProducts", offer("I1", "P1", "S1"))
    lab.succeed([*products("P1"), *suppliers("S1"), *offers])
    lab.drop("suppliers", "S1")
    lab.succeed(suppliers("S1", name="New name"))
    lab.succeed(offers)
    assert str(lab.value("supplierProducts", "I1", "supplierId")) == lab.row("suppliers", "S1")["id"]
    assert len(lab.rows("supplierProducts")) == 1


def test_a_product_created_again_is_put_back_on_the_lines_of_its_orders(lab: Lab) -> None:
    order = optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"), line("P2", 2, "8.00")))
    lab.succeed([*products("P1", "P2"), *order])
    before = lab.row("sellOrders", "O1")["id"]
    lab.drop("products", "P1")
    lab.succeed([*products("P1", name="New name"), *products("P2"), *order])
    assert lab.row("sellOrders", "O1")["id"] == before
    named = {str(row["attributes"]["productId"]) for row in lab.rows("sellOrderLines")}
    assert named == {lab.row("products", "P1")["id"], lab.row("products", "P2")["id"]}


def test_a_record_that_names_an_id_which_is_not_there_is_created(lab: Lab) -> None:
    lab.succeed(optiply("Products", product("P1", id=999999)))
    assert lab.remote_ids("products") == ["P1"]
    lab.succeed(optiply("Products", product("P1", id=999999)))
    assert lab.requests() == []


def test_deleting_what_is_gone_is_done(lab: Lab) -> None:
    lab.succeed([*products("P1"), *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))])
    lab.drop("sellOrders", "O1")
    lab.succeed(optiply("SellOrders", {**sell_order("O1"), "deleted_at": "2026-01-01T00:00:00Z"}))
    assert lab.writes() == Counter({"DELETE sellOrders": 1})
    assert "SellOrders" not in lab.state()["bookmarks"]


def test_a_reference_that_is_gone_is_written_again_when_its_record_is_at_hand(lab: Lab) -> None:
    lab.succeed([*products("P1"), *suppliers("S1")])
    lab.drop("suppliers", "S1")
    lab.succeed([*optiply("SupplierProducts", offer("I1", "P1", "S1")), *suppliers("S1", name="Newer")])
    assert lab.remote_ids("suppliers") == ["S1"]
    assert str(lab.value("supplierProducts", "I1", "supplierId")) == lab.row("suppliers", "S1")["id"]


def test_a_reference_that_is_gone_is_forgotten_and_its_referrer_waits(lab: Lab) -> None:
    lab.succeed([*products("P1", "P2"), *suppliers("S1")])
    lab.drop("products", "P1")
    order = sell_order("O1", line("P1", 1, "9.50"), line("P2", 1, "4.00"))
    run = lab.run([*optiply("SellOrders", order), state({"at": 1})]).ended(1)
    assert lab.entry("SellOrders", "O1")["error"] == "orderLines: products P1 is not known"
    assert run.states == ['{"at": 1}']
    lab.succeed(products("P1"))
    assert lab.remote_ids("sellOrders") == ["O1"]


# unique pairs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["full", "empty", "html"])
def test_a_row_that_holds_the_unique_pair_is_adopted_and_patched(lab: Lab, shape: str) -> None:
    lab.control.set_switches(optiply_conflict_shape=shape)
    lab.succeed([*products("P1", "P2"), *suppliers("S1")])
    ids = {"P1": lab.row("products", "P1")["id"], "P2": lab.row("products", "P2")["id"]}
    supplier_id = lab.row("suppliers", "S1")["id"]
    lab.control.set_switches(optiply_conflict_shape=shape)
    lab.succeed(optiply("SupplierProducts", offer("I0", "P2", "S1")))  # the entity is read now, no row is missed later
    theirs = lab.insert(
        "supplierProducts", coupling_id=None, name="Theirs", productId=int(ids["P1"]), supplierId=int(supplier_id)
    )
    lab.an_hour_passes()
    lab.succeed(optiply("SupplierProducts", offer("I1", "P1", "S1")), adopt_existing=False)
    row = lab.row("supplierProducts", "I1")
    assert (row["id"], row["attributes"]["name"]) == (theirs, "Offer I1")
    lab.succeed(optiply("SupplierProducts", offer("I1", "P1", "S1")))
    assert lab.requests() == []


def test_a_second_record_with_the_same_pair_is_rejected_as_a_duplicate_of_the_first(lab: Lab) -> None:
    lab.succeed([*products("P1", "P2"), *suppliers("S1"), *optiply("SupplierProducts", offer("I1", "P1", "S1"))])
    run = lab.run(optiply("SupplierProducts", offer("I2", "P1", "S1"))).ended(1)
    assert "duplicate of I1" in lab.entry("SupplierProducts", "I2")["error"]
    assert run.said("rejected: supplierProducts I2: duplicate of I1")
    assert lab.remote_ids("supplierProducts") == ["I1"]


def test_a_record_takes_the_place_of_a_deleted_one_with_its_pair(lab: Lab) -> None:
    lab.succeed([*products("P1"), *suppliers("S1"), *optiply("SupplierProducts", offer("I1", "P1", "S1"))])
    gone = {**offer("I1", "P1", "S1"), "deleted_at": "2026-01-01T00:00:00Z"}
    lab.succeed(optiply("SupplierProducts", gone, offer("I2", "P1", "S1")))
    assert lab.remote_ids("supplierProducts") == ["I2"]
    assert lab.value("supplierProducts", "I2", "status") == "enabled"


def test_compositions_that_stand_already_are_adopted_and_circular_ones_rejected(lab: Lab) -> None:
    lab.succeed([*products("P1", "P2"), *optiply("ProductCompositions", composition("C1", "P1", "P2"))])
    run = lab.run(optiply("ProductCompositions", composition("C2", "P2", "P1"))).ended(1)
    assert "409" in lab.entry("ProductCompositions", "C2")["error"]
    assert len(run.said("rejected: productCompositions C2")) == 1


def test_receipts_of_a_line_that_is_gone_are_rejected_alone(lab: Lab) -> None:
    base = [*products("P1"), *suppliers("S1"), *optiply("BuyOrders", buy_order("B1", "S1", line("P1", 2, "6.00")))]
    lab.succeed([*base, schema("ReceiptLines", "externalId")])
    [line_row] = lab.rows("buyOrderLines")
    lab.control.request("DELETE", f"optiply/buyOrderLines/{line_row['id']}")
    row: dict[str, Any] = {**receipt("R1", "x"), "buyOrderLineId": line_row["id"]}
    row.pop("Remote_buyOrderLineId")
    lab.run([schema("ReceiptLines", "externalId"), record("ReceiptLines", row), *products("P2")]).ended(1)
    assert lab.remote_ids("products") == ["P1", "P2"]
    assert "404" in lab.entry("ReceiptLines", "R1")["error"]
