"""Stock figures: each stands in Optiply, is kept until it can, or stands rejected; none is replaced by an older one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pair import builders
from target.lab import Lab
from target.messages import inflow, record, state

ALONE = r'"attributes":\{"stockLevel":-?\d+\}\}\}$'  # a body that brings nothing but a figure


def _figure(figure: str) -> list[Any]:
    return inflow("product_summaries", builders.summary("P1", "L1", rawQuantityAvailable=figure))


def _product(**differences: Any) -> list[Any]:
    return inflow("products", builders.product("P1", **differences))


@pytest.fixture
def refused(lab: Lab) -> Lab:
    """A product that stands with a stock of 7, to which a figure of 9 was refused."""
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding=ALONE, status=400)
    run = lab.run([*_figure("9"), state({"at": 1})]).ended(1)
    assert lab.value("products", "P1", "stockLevel") == 7
    assert run.last_word.startswith("rejected: 1 records stand rejected")
    return lab


def test_a_refused_figure_stands_rejected_with_its_reason(refused: Lab) -> None:
    entry = refused.entry("Products", "P1")
    assert entry["success"] is False
    assert entry["error"].startswith("stockLevel: 400")
    assert refused.summary("Products")["fail"] == 1
    assert refused.state()["run"]["outcome"] == "rejected"


def test_a_refused_figure_is_tried_again_alone_though_it_does_not_come_again(refused: Lab) -> None:
    refused.succeed([state({"at": 2})])
    assert refused.value("products", "P1", "stockLevel") == 9
    assert refused.writes() == Counter({"PATCH products": 1})
    assert refused.entry("Products", "P1")["success"] is True
    refused.succeed(_product())
    assert refused.requests() == []


def test_a_figure_that_is_refused_again_stands_rejected_again(refused: Lab) -> None:
    refused.fault("status", "PATCH", holding=ALONE, status=422)
    refused.run([state({"at": 2})]).ended(1)
    assert refused.entry("Products", "P1")["error"].startswith("stockLevel: 422")
    refused.succeed([state({"at": 3})])
    assert refused.value("products", "P1", "stockLevel") == 9


@pytest.mark.parametrize("differences", [{}, {"sku": "NEW"}], ids=["as it was", "changed"])
def test_a_refused_figure_goes_with_its_product_when_that_comes(refused: Lab, differences: dict[str, Any]) -> None:
    refused.succeed(_product(**differences))
    assert refused.value("products", "P1", "stockLevel") == 9
    assert refused.writes() == Counter({"PATCH products": 1})
    assert refused.entry("Products", "P1")["success"] is True


def test_a_newer_figure_takes_a_refused_ones_place(refused: Lab) -> None:
    refused.succeed(_figure("11"))
    assert refused.value("products", "P1", "stockLevel") == 11
    assert refused.writes() == Counter({"PATCH products": 1})
    refused.succeed([*_figure("11"), *_product()])
    assert refused.requests() == []


def test_a_figure_that_moves_back_makes_a_refusal_void(refused: Lab) -> None:
    refused.succeed(_figure("7"))
    assert refused.requests() == []
    assert refused.entry("Products", "P1")["success"] is True
    refused.succeed([*_figure("7"), *_product()])
    assert refused.requests() == []


@pytest.mark.parametrize("figure", ["9", "7"], ids=["moved on", "moved back"])
def test_a_refused_change_brings_no_older_figure_back(lab: Lab, figure: str) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run([*_figure("8"), *_product(sku="NEW")]).ended(1)
    lab.succeed(_figure(figure))
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (int(figure), "NEW")


def test_a_figure_refused_behind_a_refused_change_comes_with_it(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run([*_figure("8"), *_product(sku="NEW")]).ended(1)
    lab.fault("status", "PATCH", holding=ALONE, status=422)
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run(_figure("9")).ended(1)
    lab.control.clear_faults()
    lab.succeed([state({"at": 3})])
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (9, "NEW")


def test_a_refused_creation_is_made_up_for_with_the_latest_figure(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", status=422)
    lab.run([*_figure("7"), *_product()]).ended(1)
    lab.succeed(_figure("9"))
    assert lab.value("products", "P1", "stockLevel") == 9
    assert lab.writes() == Counter({"POST products": 1})


def test_a_refused_figure_goes_when_its_product_does(refused: Lab) -> None:
    deleted = record("products", builders.product("P1"), _sdc_deleted_at="2026-01-01")
    refused.succeed([*inflow("products"), deleted])
    assert refused.value("products", "P1", "stockLevel") == 7
    refused.succeed(_product(totalQuantityOnHand="3"))
    assert refused.value("products", "P1", "stockLevel") == 3


def test_a_state_behind_a_product_and_its_figure_is_released(lab: Lab) -> None:
    assert lab.succeed([*_figure("7"), *_product(), state({"at": 1})]).states == ['{"at": 1}']
    assert lab.succeed([*_figure("0"), state({"at": 2})]).states == ['{"at": 2}']


def test_a_figure_may_move_to_nothing(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.succeed(_figure("0"))
    assert lab.value("products", "P1", "stockLevel") == 0
    assert lab.summary("Products") == {"success": 0, "fail": 0, "existing": 0, "updated": 1}
    lab.succeed([*_figure("0"), *_product()])
    assert lab.requests() == []


@pytest.mark.parametrize(
    ("arriving", "level"),
    [
        ([*_figure("9"), *_product(totalQuantityOnHand="3")], 9),
        (_product(totalQuantityOnHand="3"), 7),
        (_product(), 7),
    ],
    ids=["a newer figure", "what the product itself says", "nothing"],
)
def test_a_figure_kept_for_its_product_gives_way_to_a_newer_one_only(lab: Lab, arriving: list[Any], level: int) -> None:
    lab.succeed(_figure("7"))
    lab.succeed(arriving)
    assert lab.value("products", "P1", "stockLevel") == level
    lab.succeed(_product(sku="NEW"))
    assert lab.value("products", "P1", "stockLevel") == level


def test_a_figure_that_was_brought_is_not_kept_any_more(refused: Lab) -> None:
    refused.succeed(_figure("11"))
    refused.succeed(_product(sku="NEW"))
    assert refused.value("products", "P1", "stockLevel") == 11
    refused.succeed(_product(totalQuantityOnHand="3"))
    assert refused.value("products", "P1", "stockLevel") == 3


def test_only_a_product_that_is_created_needs_a_figure(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    assert not lab.succeed(_product(sku="NEW")).said("without a stock figure")


@pytest.mark.parametrize("figure", ["9", "0"])
def test_a_figure_of_a_product_that_is_gone_in_optiply_says_so_and_waits(lab: Lab, figure: str) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.drop("products", "P1")
    run = lab.succeed([*_figure(figure), state({"at": 2})])
    assert len(run.said("products P1: its row is gone in Optiply")) == 1
    assert run.states == ['{"at": 2}']
    lab.succeed(_product())
    assert lab.value("products", "P1", "stockLevel") == int(figure)
    assert lab.writes() == Counter({"POST products": 1})


def test_a_refused_change_of_a_product_that_is_gone_in_optiply_creates_it_anew(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run(_product(sku="NEW")).ended(1)
    lab.drop("products", "P1")
    lab.succeed(_figure("9"))
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (9, "NEW")


def test_a_figure_whose_outcome_is_not_known_holds_the_state_back(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", times=None, status=503)
    run = lab.run([*_figure("9"), state({"at": 2})], constants={"target_optiply.outage.PATIENCE": 0.3}).ended(1)
    assert run.states == []
    assert "rejected:" not in run.stderr
    lab.control.clear_faults()
    lab.succeed(_figure("9"))
    assert lab.value("products", "P1", "stockLevel") == 9


def test_a_figure_of_which_cannot_be_told_whether_its_row_is_there_is_no_refusal(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", status=404)
    lab.fault("status", "GET", r"^/products/\d+$", status=403)
    run = lab.run([*_figure("9"), state({"at": 2})]).ended(1)
    assert run.last_word.startswith("outage: 1 records are unsettled")
    assert run.states == []
    assert lab.entry("Products", "P1")["success"] is True
    lab.succeed(_figure("9"))
    assert lab.value("products", "P1", "stockLevel") == 9
