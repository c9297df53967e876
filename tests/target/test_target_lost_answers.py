"""Answers that are lost, before or after Optiply did what was asked: nothing twice, nothing missing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from target.lab import Lab
from target.messages import (
    buy_order,
    buy_order_line,
    composition,
    line,
    offer,
    optiply,
    product,
    products,
    promotion,
    promotion_product,
    receipt,
    sell_order,
    state,
    suppliers,
)

ENTITIES = (
    *("suppliers", "products", "supplierProducts", "productCompositions", "sellOrders", "buyOrders", "buyOrderLines"),
    *("receiptLines", "promotions", "promotionProducts"),
)
LOST: dict[str, dict[str, Any]] = {
    "reset after": {"kind": "reset", "when": "after"},
    "reset before": {"kind": "reset", "when": "before"},
    "timeout after": {"kind": "hang", "when": "after", "seconds": 3},
    "timeout before": {"kind": "hang", "when": "before", "seconds": 3},
    "truncated": {"kind": "truncate"},
    "page after": {"kind": "html", "commit": True},
    "page before": {"kind": "html", "commit": False},
    "502 after": {"kind": "status", "status": 502, "commit": True},
    "wrong shape after": {"kind": "body", "body": {"data": []}, "commit": True},
}
EVERY_ENTITY = ["reset after", "page before"]


def _everything() -> list[Any]:
    return [
        *products("P1", "P2"),
        *suppliers("S1"),
        *optiply("SupplierProducts", offer("I1", "P1", "S1")),
        *optiply("ProductCompositions", composition("C1", "P1", "P2")),
        *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"), line("P2", 1, "3.00"))),
        *optiply("BuyOrders", buy_order("B1", "S1", line("P1", 2, "6.00"))),
        *optiply("BuyOrderLines", buy_order_line("BL1", "B1", "P2")),
        *optiply("ReceiptLines", receipt("R1", "BL1")),
        *optiply("Promotions", promotion("M1")),
        *optiply("PromotionProducts", promotion_product("X1", "M1", "P1")),
        state({"done": True}),
    ]


def _assert_whole(lab: Lab) -> None:
    expected = dict.fromkeys(ENTITIES, 1) | {"products": 2, "buyOrderLines": 2, "sellOrderLines": 2}
    assert {entity: len(lab.rows(entity)) for entity in expected} == expected


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("how", EVERY_ENTITY)
def test_a_lost_answer_to_a_post_leaves_one_row_of_every_entity(lab: Lab, entity: str, how: str) -> None:
    fault = dict(LOST[how])
    lab.fault(fault.pop("kind"), "POST", f"^/{entity}$", **fault)
    run = lab.succeed(_everything())
    _assert_whole(lab)
    assert run.states == ['{"done": true}']
    lab.succeed(_everything())
    assert not lab.writes()


@pytest.mark.parametrize("how", sorted(set(LOST) - set(EVERY_ENTITY)))
def test_an_answer_lost_in_any_way_leaves_one_row(lab: Lab, how: str) -> None:
    for entity in ("products", "sellOrders"):
        fault = dict(LOST[how])
        lab.fault(fault.pop("kind"), "POST", f"^/{entity}$", **fault)
    lab.succeed(_everything(), request_timeout=0.5)
    _assert_whole(lab)


@pytest.mark.parametrize("maps", ["none", "all"])
def test_rows_are_found_with_and_without_remote_id_maps(lab: Lab, maps: str) -> None:
    lab.control.set_switches(optiply_remote_id_map=maps)
    for entity in ENTITIES:
        lab.fault("reset", "POST", f"^/{entity}$", when="after")
    lab.succeed(_everything())
    _assert_whole(lab)
    assert not [kind for kind, number in lab.writes().items() if kind.startswith("DELETE")]


@pytest.mark.parametrize("name", ["Chair, blue; 20% (wood)", "null", "Ünï → 'quote\" & more", "0"])
def test_rows_are_found_whatever_their_name(lab: Lab, name: str) -> None:
    lab.control.set_switches(optiply_remote_id_map="none")
    lab.fault("reset", "POST", "^/products$", when="after")
    lab.succeed(optiply("Products", product("P1", name=name, skuCode=name)))
    assert len(lab.rows("products")) == 1


def test_a_row_of_another_record_with_the_same_name_is_no_match(lab: Lab) -> None:
    same = {"name": "Same", "skuCode": "SAME"}
    lab.succeed(optiply("Products", product("P1", **same)))
    lab.fault("reset", "POST", "^/products$", when="before")
    lab.succeed(optiply("Products", product("P2", **same)))
    assert lab.remote_ids("products") == ["P1", "P2"]


def test_a_row_of_another_account_or_coupling_is_no_match(lab: Lab) -> None:
    lab.succeed(products("P0"))
    alike = {"name": "Product P1", "skuCode": "SKU-P1", "stockLevel": 1, "unlimitedStock": False}
    lab.insert("products", account_id=1381, coupling_id=None, **alike)
    lab.insert("products", coupling_id=78, remoteId="P1", **alike)
    lab.fault("reset", "POST", "^/products$", when="before")
    lab.succeed(products("P1"), adopt_existing=False)
    assert [row["couplingId"] for row in lab.rows("products") if row["remoteId"] == "P1"] == [78, 77]


def test_a_lost_answer_to_a_patch_or_a_delete_is_asked_for_again(lab: Lab) -> None:
    lab.succeed(_everything())
    for method in ("PATCH", "DELETE"):
        lab.fault("reset", method, when="after")
        lab.fault("status", method, status=500, commit=True)
    gone = {**sell_order("O1"), "deleted_at": "2026-01-01T00:00:00Z"}
    lab.succeed([*products("P1", name="New"), *optiply("SellOrders", gone)])
    assert lab.value("products", "P1", "name") == "New"
    assert lab.rows("sellOrders") == []


def test_a_look_up_that_fails_leaves_the_record_unsettled_and_never_posts_blindly(lab: Lab) -> None:
    lab.succeed(products("P0"))
    lab.fault("reset", "POST", "^/products$", when="after", holding="Product P1")
    lab.fault("status", "GET", "^/products$", times=None, skip=1, status=400)
    messages = [*products("P1"), *products("P1", name="Newer"), *products("P2"), state({"at": 1})]
    run = lab.run([*products("P3"), state({"at": 0}), *messages], max_connections=1).ended(1)
    assert run.last_word.startswith("outage: 1 records are unsettled, the first: products P1")
    assert run.states == ['{"at": 0}']
    assert lab.remote_ids("products") == ["P0", "P1", "P2", "P3"]
    lab.control.clear_faults()
    assert lab.succeed([*messages]).states == ['{"at": 1}']
    assert lab.remote_ids("products") == ["P0", "P1", "P2", "P3"]
    assert lab.value("products", "P1", "name") == "Newer"


def test_children_of_an_unsettled_record_wait_for_the_next_run(lab: Lab) -> None:
    lab.succeed([*products("P0"), *suppliers("S1")])
    lab.fault("reset", "POST", "^/products$", when="after")
    lab.fault("status", "GET", "^/products$", times=None, skip=1, status=400)
    run = lab.run([*products("P1"), *optiply("SupplierProducts", offer("I1", "P1", "S1"))]).ended(1)
    assert not run.said("rejected: supplierProducts")
    lab.control.clear_faults()
    lab.succeed(products("P1"))
    assert lab.remote_ids("supplierProducts") == ["I1"]
    assert lab.remote_ids("products") == ["P0", "P1"]


def test_a_post_that_is_done_after_all_leaves_one_row(lab: Lab) -> None:
    lab.succeed(products("P0"))
    lab.control.set_switches(optiply_late_commit=True)
    lab.fault("hang", "POST", "^/products$", when="before", seconds=1.5)
    slow = {"target_optiply.writes.FIRST_PAUSE": 0.1}
    lab.succeed(products("P1"), request_timeout=0.4, constants=slow)
    lab.await_that(lambda: len([row for row in lab.rows("products") if row["remoteId"] == "P1"]) == 2)
    lab.succeed(products("P1"))
    assert lab.remote_ids("products") == ["P0", "P1"]
    assert lab.writes() == Counter({"DELETE products": 1})
    lab.succeed(products("P1"))
    assert lab.requests() == []


def test_lines_added_to_a_standing_order_are_added_once(lab: Lab) -> None:
    lab.succeed([*products("P1", "P2"), *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))])
    lab.fault("reset", "POST", "^/sellOrderLines$", when="after")
    lab.succeed(optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"), line("P2", 1, "3.00"))))
    assert len(lab.rows("sellOrderLines")) == 2
