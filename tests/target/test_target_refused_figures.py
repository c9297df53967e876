"""A stock figure that Optiply refuses is a rejection like any other, and none is ever replaced by an older one."""

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


def test_a_refused_change_brings_no_older_figure_back(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run([*_figure("8"), *_product(sku="NEW")]).ended(1)
    lab.succeed(_figure("9"))
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (9, "NEW")


def test_a_refused_change_brings_back_no_figure_that_moved_back(lab: Lab) -> None:
    lab.succeed([*_figure("7"), *_product()])
    lab.fault("status", "PATCH", holding="NEW", status=422)
    lab.run([*_figure("8"), *_product(sku="NEW")]).ended(1)
    lab.succeed(_figure("7"))
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (7, "NEW")


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
