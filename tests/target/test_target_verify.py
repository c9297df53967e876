"""``verify_days``: what was deleted or changed in Optiply is mended, on its day and not before."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
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
    suppliers,
)

VERIFYING = {"verify_days": 1}


def _everything() -> list[Any]:
    """One row of every entity, and a second product, supplier and order that stay as they are."""
    return [
        *suppliers("S1", "S2"),
        *products("P1", "P2"),
        *optiply("SupplierProducts", offer("X1", "P1", "S1")),
        *optiply("ProductCompositions", composition("C1", "P2", "P1")),
        *optiply("SellOrders", sell_order("O1", line("P1", 2, "20.00")), sell_order("O2", line("P2", 1, "9.00"))),
        *optiply("BuyOrders", buy_order("B1", "S1", line("P2", 1, "5.00"))),
        *optiply("BuyOrderLines", buy_order_line("L1", "B1", "P1")),
        *optiply("ReceiptLines", receipt("R1", "L1")),
        *optiply("Promotions", promotion("M1")),
        *optiply("PromotionProducts", promotion_product("MP1", "M1", "P1")),
    ]


def _a_day_later(lab: Lab) -> None:
    """Let the latest verification be a day old."""
    state = lab.state()
    state["run"]["verified_at"] = (datetime.now(tz=timezone.utc) - timedelta(days=1, minutes=1)).isoformat()
    lab.state_path.write_text(json.dumps(state), encoding="utf-8")


@pytest.fixture
def filled(lab: Lab) -> Lab:
    """An account that holds one row of every entity, written an hour ago and last verified a day ago."""
    lab.succeed(_everything(), **VERIFYING)
    lab.an_hour_passes()
    _a_day_later(lab)
    return lab


DELETED = {
    "suppliers": "POST suppliers",
    "products": "POST products",
    "supplierProducts": "POST supplierProducts",
    "productCompositions": "POST productCompositions",
    "sellOrders": "POST sellOrders",
    "sellOrderLines": "POST sellOrderLines",
    "buyOrders": "POST buyOrders",
    "buyOrderLines": "POST buyOrderLines",
    "receiptLines": "POST receiptLines",
    "promotions": "POST promotions",
    "promotionProducts": "POST promotionProducts",
}
CHANGED = {
    "suppliers": {"name": "By hand"},
    "products": {"name": "By hand", "stockLevel": 4711},
    "supplierProducts": {"price": "77.77"},
    "productCompositions": {"partQuantity": 77},
    "sellOrders": {"totalValue": "77.77"},
    "sellOrderLines": {"quantity": 77},
    "buyOrders": {"totalValue": "77.77"},
    "buyOrderLines": {"quantity": 77},
    "receiptLines": {"quantity": 77},
    "promotions": {"enabled": False},
    "promotionProducts": {"specificUpliftIncrease": 77},
}


def _said_by(lab: Lab) -> dict[str, list[str]]:
    """What stands in Optiply, without what Optiply itself puts there."""
    own = ("createdAt", "updatedAt", "remoteDataSyncedToDate", "uuid")
    ids = {str(row["id"]): f"{entity} {place}" for entity in DELETED for place, row in enumerate(lab.rows(entity))}
    return {
        entity: sorted(
            json.dumps(
                {
                    name: ids.get(str(value), "gone") if name.endswith("Id") and name != "remoteId" else value
                    for name, value in row["attributes"].items()
                    if name not in own
                },
                sort_keys=True,
            )
            for row in lab.rows(entity)
        )
        for entity in DELETED
    }


def _first(lab: Lab, entity: str) -> str:
    """Return the id of the row of an entity's first record, whatever order the rows came about in."""
    product_id = lab.row("products", "P1")["id"]
    for row in lab.rows(entity):
        said = row["attributes"]
        belongs = str(said.get("productId")) == product_id
        if row["remoteId"] in ("P1", "S1", "O1", "B1") or (entity.endswith("Lines") and belongs):
            return str(row["id"])
    return str(lab.rows(entity)[0]["id"])


@pytest.mark.parametrize("entity", DELETED)
def test_what_was_deleted_in_optiply_is_created_again(filled: Lab, entity: str) -> None:
    before = {name: len(rows) for name, rows in _said_by(filled).items()}
    filled.control.request("DELETE", f"optiply/{entity}/{_first(filled, entity)}")
    filled.succeed(_everything(), **VERIFYING)
    assert filled.writes()[DELETED[entity]] == 1
    assert {name: len(rows) for name, rows in _said_by(filled).items()} == before
    filled.succeed(_everything(), **VERIFYING)
    assert filled.requests() == []


@pytest.mark.parametrize("entity", CHANGED)
def test_what_was_changed_in_optiply_is_put_right(filled: Lab, entity: str) -> None:
    before = _said_by(filled)
    filled.control.request("PATCH", f"optiply/{entity}/{_first(filled, entity)}", {"attributes": CHANGED[entity]})
    assert _said_by(filled) != before
    filled.succeed(_everything(), **VERIFYING)
    assert filled.writes() == {f"PATCH {entity}": 1}
    assert _said_by(filled) == before


def test_where_nothing_was_touched_nothing_is_written(filled: Lab) -> None:
    filled.succeed(_everything(), **VERIFYING)
    assert not filled.writes()
    assert len(filled.requests("GET")) == len(DELETED)


def test_it_is_not_done_before_its_day(lab: Lab) -> None:
    lab.succeed(_everything(), **VERIFYING)
    lab.drop("suppliers", "S2")
    lab.succeed(_everything(), **VERIFYING)
    assert lab.requests() == []
    _a_day_later(lab)
    lab.succeed(_everything(), verify_days=2)
    assert lab.requests() == []
    lab.succeed(_everything(), **VERIFYING)
    assert lab.writes() == {"POST suppliers": 1}


def test_it_is_never_done_where_it_is_not_asked_for(filled: Lab) -> None:
    filled.drop("suppliers", "S2")
    filled.succeed(_everything())
    assert filled.requests() == []


@pytest.mark.parametrize("entity", ["products", "sellOrderLines"])
def test_what_was_changed_is_put_right_when_its_record_comes_in_a_later_run(filled: Lab, entity: str) -> None:
    before = _said_by(filled)
    filled.control.request("PATCH", f"optiply/{entity}/{_first(filled, entity)}", {"attributes": CHANGED[entity]})
    others = [*products("P2"), *optiply("SellOrders", sell_order("O2", line("P2", 1, "9.00")))]
    run = filled.succeed(others, **VERIFYING)
    assert not filled.writes()
    assert run.said("1 rows were changed in Optiply")
    filled.succeed(_everything(), **VERIFYING)
    assert _said_by(filled) == before


def test_a_line_that_was_deleted_is_put_back_when_its_order_comes_in_a_later_run(filled: Lab) -> None:
    filled.control.request("DELETE", f"optiply/sellOrderLines/{_first(filled, 'sellOrderLines')}")
    filled.succeed(optiply("SellOrders", sell_order("O2", line("P2", 1, "9.00"))), **VERIFYING)
    assert not filled.writes()
    filled.succeed(_everything(), **VERIFYING)
    assert filled.writes()["POST sellOrderLines"] == 1


def test_a_list_that_lacks_too_many_rows_is_not_believed(lab: Lab) -> None:
    many = products(*(f"P{n}" for n in range(30)))
    lab.succeed(many, **VERIFYING)
    _a_day_later(lab)
    lab.fault("body", "GET", "^/products$", body={"data": []})
    run = lab.succeed(many, **VERIFYING)
    assert run.said("too many to be believed")
    assert not lab.writes()


def test_a_row_that_is_only_missing_in_the_list_stays_known(lab: Lab) -> None:
    lab.succeed(products("P1"), **VERIFYING)
    _a_day_later(lab)
    lab.fault("body", "GET", "^/products$", body={"data": []})
    lab.succeed(optiply("Products", product("P1", price="8.00")), **VERIFYING)
    assert lab.writes() == {"PATCH products": 1}
