"""Stock figures of the inFlow sandbox: one location or all together, in batches of a hundred."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from inflow_caller import Caller

from sandbox.data.stock import FIGURES

FOREIGN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def inflow() -> Caller:
    return Caller()


def total(rows: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def test_without_a_location_the_figures_are_the_sums_over_all(inflow: Caller) -> None:
    for product in inflow.data.tables["products"].ids[:20]:
        whole, *places = inflow.summaries((product, None), *((product, at) for at in inflow.data.stock_location_ids))
        assert whole["locationId"] is None
        assert [place["locationId"] for place in places] == inflow.data.stock_location_ids
        for name in FIGURES:
            if whole[name] is not None:
                assert Decimal(whole[name]) == total(places, name)


def test_figures_agree_with_each_other_and_with_what_lies_there(inflow: Caller) -> None:
    lines = {row["productId"]: row["inventoryLines"] for row in inflow.api.dump("products")}
    for row in inflow.api.dump("product-summaries"):
        figures = {name: Decimal(row[name] or 0) for name in FIGURES}
        assert figures["quantityReserved"] == sum(
            figures[f"quantityReservedFor{use}"] for use in ("Sales", "Manufacturing", "Transfers")
        )
        assert figures["rawQuantityAvailable"] == figures["quantityOnHand"] - figures["quantityReserved"]
        if row["locationId"] is None:
            on_hand = sum((Decimal(line["quantityOnHand"]) for line in lines[row["productId"]]), Decimal(0))
            assert figures["quantityOnHand"] + figures["quantityPicked"] == on_hand


def test_a_batch_takes_a_hundred_pairs_and_leaves_out_what_does_not_exist(inflow: Caller) -> None:
    ids = inflow.data.tables["products"].ids
    assert len(inflow.summaries(*((key, None) for key in ids[:100]))) == 100
    body = [{"productId": key, "locationId": None} for key in ids[:101]]
    assert inflow.ask("products/summary", method="POST", body=body).status == 400
    assert inflow.summaries((FOREIGN, None), (ids[0], FOREIGN), (ids[0], None))[0]["productId"] == ids[0]
    assert inflow.summaries() == []


@pytest.mark.parametrize("body", [None, {}, [1], [{}], [{"productId": 5}], [{"productId": "a", "locationId": 5}]])
def test_other_bodies_are_refused(inflow: Caller, body: object) -> None:
    assert inflow.ask("products/summary", method="POST", body=body).status == 400


def test_one_product_can_be_asked_for_alone(inflow: Caller) -> None:
    key, place = inflow.data.tables["products"].ids[0], inflow.data.stock_location_ids[1]
    assert [inflow.get(f"products/{key}/summary")] == inflow.summaries((key, None))
    assert [inflow.get(f"products/{key}/summary", locationId=place)] == inflow.summaries((key, place))
    assert inflow.status(f"products/{FOREIGN}/summary") == 404
    assert inflow.status("products/summary") == 405


def test_figures_are_texts_or_numbers_of_the_same_digits(inflow: Caller) -> None:
    pairs = [{"productId": key, "locationId": None} for key in inflow.data.tables["products"].ids[:50]]
    texts = json.loads(inflow.ask("products/summary", method="POST", body=pairs).body)
    inflow.switches.update({"inflow_summary_numbers": "number"})
    raw = inflow.ask("products/summary", method="POST", body=pairs).body
    numbers = json.loads(raw, parse_float=Decimal)
    assert isinstance(numbers[0]["quantityOnHand"], Decimal)
    assert [[str(row[name]) for name in FIGURES] for row in numbers] == [
        [str(row[name]) for name in FIGURES] for row in texts
    ]


def test_a_dump_holds_for_each_product_the_sum_and_each_location(inflow: Caller) -> None:
    rows = inflow.api.dump("product-summaries")
    assert len(rows) == 200 * 4
    assert [row["locationId"] for row in rows[:4]] == [None, *inflow.data.stock_location_ids]


def test_a_figure_put_at_a_location_changes_the_sum(inflow: Caller) -> None:
    key, place = inflow.data.tables["products"].ids[0], inflow.data.stock_location_ids[1]
    old_sum, old = inflow.summaries((key, None), (key, place))
    inflow.api.put("product-summaries", [{**old, "quantityOnHand": "1000.5"}])
    new_sum, new = inflow.summaries((key, None), (key, place))
    assert new == {**old, "quantityOnHand": "1000.50000"}
    moved = Decimal("1000.5") - Decimal(old["quantityOnHand"])
    assert Decimal(new_sum["quantityOnHand"]) == Decimal(old_sum["quantityOnHand"]) + moved


def test_a_sum_that_is_put_is_what_the_locations_add_up_to(inflow: Caller) -> None:
    key = inflow.data.tables["products"].ids[0]
    whole = inflow.api.dump("product-summaries")[0]
    inflow.api.put("product-summaries", [{**whole, "rawQuantityAvailable": "-4711.50000"}])
    new, *places = inflow.summaries((key, None), *((key, at) for at in inflow.data.stock_location_ids))
    assert new == {**whole, "rawQuantityAvailable": "-4711.50000"}
    assert total(places, "rawQuantityAvailable") == Decimal("-4711.5")


@pytest.mark.parametrize("figure", [None, "NaN", "much"])
def test_what_is_no_figure_is_shown_as_it_was_put(inflow: Caller, figure: str | None) -> None:
    key, place = inflow.data.tables["products"].ids[0], inflow.data.stock_location_ids[1]
    inflow.api.put("product-summaries", [{"productId": key, "locationId": place, "rawQuantityAvailable": figure}])
    assert [row["rawQuantityAvailable"] for row in inflow.summaries((key, place), (key, None))] == [figure, figure]


def test_a_new_product_has_the_figures_of_where_it_lies(inflow: Caller) -> None:
    template = next(row for row in inflow.api.dump("products") if len(row["inventoryLines"]) > 1)
    inflow.api.put("products", [{**template, "productId": FOREIGN}])
    [row] = inflow.summaries((FOREIGN, None))
    assert Decimal(row["quantityOnHand"]) == Decimal(template["totalQuantityOnHand"])
    assert row["rawQuantityAvailable"] == row["quantityOnHand"]


def test_figures_of_no_product_cannot_be_put(inflow: Caller) -> None:
    with pytest.raises(ValueError, match="productId"):
        inflow.api.put("product-summaries", [{"productId": FOREIGN, "locationId": None}])
