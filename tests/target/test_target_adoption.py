"""An account that another program filled before is taken over: nothing twice, and nothing written that stands."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest
from target.lab import Lab
from target.messages import (
    PLACED,
    buy_order,
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
    supplier,
    suppliers,
)

from target_optiply.entities import ENTITIES

Ids = dict[str, str]


def _fill(lab: Lab, number: int, *, lines_are_mapped: bool = False) -> None:
    """Write ``number`` rows of each entity as another program of our coupling did, in its own spellings."""
    for n in range(number):
        ids: Ids = {}
        ids["P"] = lab.insert(
            "products", remoteId=f"P{n}", name=f"Product P{n}", skuCode=f"SKU-P{n}", stockLevel=5, price=9.5,
            unlimitedStock=False, status="enabled",
        )  # fmt: skip
        ids["S"] = lab.insert("suppliers", remoteId=f"S{n}", name=f"Supplier S{n}", emails=[f"s{n}@example.com"])
        refers = {"productId": int(ids["P"]), "supplierId": int(ids["S"])}
        lab.insert("supplierProducts", remoteId=f"I{n}", name=f"Offer I{n}", price=4.2, status="enabled", **refers)
        ids["O"] = lab.insert("sellOrders", remoteId=f"O{n}", placed=PLACED, completed=PLACED, totalValue=9.5)
        sold = {"quantity": 1, "subtotalValue": 9.5, "productId": int(ids["P"])}
        lab.insert("sellOrderLines", coupling_id=None, sellOrderId=int(ids["O"]), **sold)
        bought = {"quantity": 2, "subtotalValue": 6, "productId": int(ids["P"])}
        ids["B"] = lab.insert(
            "buyOrders", remoteId=f"B{n}", placed=PLACED, totalValue=6, supplierId=int(ids["S"]),
            expectedDeliveryDate="2025-07-09T00:00:00Z",
        )  # fmt: skip
        mapped: dict[str, Any] = {"remoteId": f"BL{n}"} if lines_are_mapped else {"coupling_id": None}
        ids["L"] = lab.insert("buyOrderLines", buyOrderId=int(ids["B"]), **bought, **mapped)
        received = {"occurred": "2025-07-05T04:00:00Z", "quantity": 2, "buyOrderLineId": int(ids["L"])}
        mapped = {"remoteId": f"R{n}"} if lines_are_mapped else {"coupling_id": None}
        lab.insert("receiptLines", **received, **mapped)


def _source(number: int) -> list[Any]:
    """Return the same as a tap reads it, spelled differently."""
    every = range(number)
    orders = [sell_order(f"O{n}", line(f"P{n}", 1, "9.5"), placed="2025-07-01T06:00:00+02:00") for n in every]
    bought = [{**buy_order(f"B{n}", f"S{n}", totalValue="6"), "line_items": None} for n in every]
    own = [{**line(f"P{n}", 2, "6"), "externalId": f"BL{n}", "Remote_buyOrderId": f"B{n}"} for n in every]
    return [
        *optiply("Products", *(product(f"P{n}", price="9.500", name=f" Product  P{n} ") for n in every)),
        *optiply("Suppliers", *(supplier(f"S{n}", emails=f"s{n}@example.com;") for n in every)),
        *optiply("SupplierProducts", *(offer(f"I{n}", f"P{n}", f"S{n}", price=4.2, status="Enabled") for n in every)),
        *optiply("SellOrders", *orders),
        *optiply("BuyOrders", *bought),
        *optiply("BuyOrderLines", *own),
        *optiply("ReceiptLines", *(receipt(f"R{n}", f"BL{n}", 2) for n in every)),
    ]


SPELLINGS: list[dict[str, Any]] = [
    {},
    {"optiply_status_case": "upper", "optiply_date_format": "millis"},
    {"optiply_date_format": "offset", "optiply_account_filter": "owned", "optiply_total_count": False},
]


@pytest.mark.parametrize("switches", SPELLINGS, ids=["as-is", "capitals-millis", "offset-owned"])
def test_what_stands_as_it_should_is_not_written_at_all(lab: Lab, switches: dict[str, Any]) -> None:
    _fill(lab, 3)
    lab.control.set_switches(**switches)
    lab.succeed(_source(3))
    assert not lab.writes()
    lab.succeed(_source(3))
    assert lab.requests() == []


@pytest.mark.parametrize("maps", ["none", "proven", "all"])
def test_rows_are_taken_over_with_and_without_remote_id_maps(lab: Lab, maps: str) -> None:
    _fill(lab, 3, lines_are_mapped=maps == "all")
    lab.control.set_switches(optiply_remote_id_map=maps)
    lab.succeed(_source(3))
    assert not lab.writes()


def test_taking_over_250_rows_an_entity_takes_one_request_per_hundred(lab: Lab) -> None:
    _fill(lab, 250)
    lab.succeed(_source(250))
    counts = lab.counts()
    assert not lab.writes()
    per_entity = {kind: number for kind, number in counts.items() if kind.startswith("GET ")}
    assert set(per_entity.values()) == {3}, per_entity
    assert len(per_entity) == 8


def test_only_what_differs_is_patched(lab: Lab) -> None:
    _fill(lab, 3)
    source = [*_source(3), *products("P1", name="Renamed")]
    orders = optiply("SellOrders", sell_order("O2", line("P2", 4, "20.00")))
    lab.succeed([*source, *orders])
    assert lab.writes() == Counter({"PATCH products": 1, "PATCH sellOrders": 1, "PATCH sellOrderLines": 1})


def test_another_couplings_rows_are_left_alone(lab: Lab) -> None:
    theirs = {"name": "Product P1", "skuCode": "SKU-P1", "stockLevel": 1, "unlimitedStock": False}
    lab.insert("products", coupling_id=78, remoteId="P1", **theirs)
    ours = lab.insert("products", remoteId="P2", **{**theirs, "name": "Product P2", "skuCode": "SKU-P2"})
    lab.succeed(products("P1", "P2"))
    rows = {row["id"]: row for row in lab.rows("products")}
    assert len(rows) == 3
    assert rows[ours]["attributes"]["stockLevel"] == 5
    assert sorted((row["couplingId"], row["remoteId"]) for row in rows.values()) == [(77, "P1"), (77, "P2"), (78, "P1")]


def test_another_accounts_rows_are_left_alone(lab: Lab) -> None:
    alike = {"name": "Product P1", "skuCode": "SKU-P1", "stockLevel": 1, "unlimitedStock": False}
    lab.control.set_switches(optiply_remote_id_map="none")
    theirs = lab.insert("products", account_id=1381, coupling_id=None, **alike)
    lab.succeed(products("P1"))
    [untouched] = lab.control.optiply("products", account_id=1381)
    assert (untouched["id"], untouched["attributes"]["stockLevel"]) == (theirs, 1)
    assert len(lab.rows("products")) == 1


def test_without_a_coupling_rows_with_one_remote_id_are_taken_over(lab: Lab) -> None:
    lab.insert("suppliers", coupling_id=None, remoteId="S1", name="Old name")
    lab.succeed(suppliers("S1"), coupling_id=...)
    assert [row["attributes"]["name"] for row in lab.rows("suppliers")] == ["Supplier S1"]


def test_compositions_and_promotions_are_known_by_what_they_say(lab: Lab) -> None:
    lab.succeed(products("P1", "P2"))
    whole, part = (int(lab.row("products", key)["id"]) for key in ("P1", "P2"))
    lab.insert("productCompositions", coupling_id=None, composedProductId=whole, partProductId=part, partQuantity=2)
    said = {name: value for name, value in promotion("M1").items() if name != "externalId"}
    mine = lab.insert("promotions", coupling_id=None, **said, entireShop=False)
    uplift = {"specificUpliftType": "relative", "specificUpliftIncrease": 20}
    lab.insert("promotionProducts", coupling_id=None, promotionId=int(mine), productId=whole, **uplift)
    source = [*optiply("ProductCompositions", composition("C1", "P1", "P2")), *optiply("Promotions", promotion("M1"))]
    lab.succeed([*source, *optiply("PromotionProducts", promotion_product("X1", "M1", "P1"))])
    assert not lab.writes()


def test_a_row_deleted_while_the_account_is_read_makes_no_other_be_missed(lab: Lab) -> None:
    _fill(lab, 120)
    lab.control.request("PUT", "latency", {"optiply": 0.15})
    run = lab.start(_source(120))
    lab.await_that(lambda: bool(lab.requests("GET products")))
    lab.drop("products", "P5")
    run.wait().ended()
    assert sorted(lab.remote_ids("products")) == sorted(f"P{n}" for n in range(120) if n != 5)
    assert not lab.writes()


def test_an_earlier_integration_with_other_ids_stops_the_run_before_its_first_post(lab: Lab) -> None:
    for n in range(110):
        lab.insert("products", remoteId=f"OTHER-{n}", name=f"Product P{n}", stockLevel=1, unlimitedStock=False)
    for _ in range(2):
        run = lab.run(products(*(f"P{n}" for n in range(130)))).ended(1)
        assert "other remote ids" in run.last_word
        assert not lab.writes()
    lab.succeed(products("P1"), adopt_existing=False)
    assert len(lab.rows("products")) == 111


def test_an_earlier_integration_of_which_one_record_matches_is_taken_over(lab: Lab) -> None:
    for n in range(110):
        lab.insert("products", remoteId=f"OTHER-{n}", name=f"Product {n}", stockLevel=1, unlimitedStock=False)
    lab.succeed(products(*(f"P{n}" for n in range(90)), "OTHER-3"))
    assert len(lab.rows("products")) == 200


def test_a_lost_state_costs_reading_and_nothing_twice(lab: Lab) -> None:
    lab.succeed(_source(3))
    lab.state_path.unlink()
    lab.succeed(_source(3))
    assert not lab.writes()
    lab.state_path.write_text("")
    lab.succeed(_source(3))
    assert not lab.writes()


def test_what_a_run_that_was_ended_early_had_not_taken_over_yet_is_taken_over_by_the_next(lab: Lab) -> None:
    lab.control.set_switches(optiply_remote_id_map="none")
    _fill(lab, 4)
    lab.an_hour_passes()
    before = {entity: len(lab.rows(entity)) for entity in ENTITIES}
    messages = _source(4)
    end = next(n for n, each in enumerate(messages) if each.get("record", {}).get("externalId") == "R1")
    run, source = lab.feed([*messages[:end], state({"at": 1})])
    with source:
        lab.await_that(lambda: '{"at": 1}' in run.stdout)
        run.send(signal.SIGTERM)
        run.wait().ended(143)
    lab.succeed(messages)
    assert {entity: len(lab.rows(entity)) for entity in ENTITIES} == before
    assert not [kind for kind in lab.writes() if kind.startswith("POST")]


def test_an_entity_that_has_no_rows_is_read_once_and_not_in_every_run(lab: Lab) -> None:
    gone = optiply("SellOrders", sell_order("O1", deleted_at=PLACED))
    lab.succeed([*products("P1"), *gone])
    assert lab.counts()["GET sellOrders"] == 1
    lab.succeed([*products("P1"), *gone])
    assert lab.requests() == []


def test_the_lines_of_an_order_are_the_orders_whoever_wrote_them(lab: Lab) -> None:
    _fill(lab, 1)
    [row] = lab.rows("sellOrderLines")
    lab.control.set_switches(optiply_remote_id_map="all")
    [bought] = lab.rows("buyOrderLines")
    lab.control.request("PATCH", f"optiply/buyOrderLines/{bought['id']}", {"remoteId": "of nobody we know"})
    order = optiply("BuyOrders", buy_order("B0", "S0", line("P0", 2, "6.00")))
    lab.succeed([*products("P0"), *suppliers("S0"), *order])
    assert [each["id"] for each in lab.rows("buyOrderLines")] == [bought["id"]]
    assert [each["id"] for each in lab.rows("sellOrderLines")] == [row["id"]]
    assert not lab.writes()


def test_nothing_is_taken_over_where_that_is_switched_off(lab: Lab) -> None:
    lab.insert("products", remoteId="P1", name="Product P1", stockLevel=1, unlimitedStock=False)
    lab.succeed(products("P1"), adopt_existing=False)
    assert len(lab.rows("products")) == 2
    assert lab.counts() == Counter({"token": 1, "POST products": 1})
