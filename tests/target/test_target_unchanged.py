"""What has not changed costs nothing, and a moved stock figure costs one small request."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pair import builders
from target.lab import Lab
from target.messages import (
    buy_order,
    buy_order_line,
    composition,
    inflow,
    line,
    offer,
    optiply,
    products,
    promotion,
    promotion_product,
    receipt,
    sell_order,
    state,
    suppliers,
)


def _all_entities() -> list[Any]:
    return [
        *products("P1", "P2"),
        *suppliers("S1"),
        *optiply("SupplierProducts", offer("I1", "P1", "S1")),
        *optiply("ProductCompositions", composition("C1", "P1", "P2")),
        *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"))),
        *optiply("BuyOrders", buy_order("B1", "S1", line("P1", 2, "6.00"))),
        *optiply("BuyOrderLines", buy_order_line("BL1", "B1", "P2")),
        *optiply("ReceiptLines", receipt("R1", "BL1")),
        *optiply("Promotions", promotion("M1")),
        *optiply("PromotionProducts", promotion_product("X1", "M1", "P1")),
    ]


def _inventory(**product: Any) -> list[Any]:
    received = [builders.receipt("R1", "P1", "2")]
    return [
        *inflow("vendors", builders.vendor()),
        *inflow("currencies", builders.currency("EUR", "1.0000000000")),
        *inflow("products", builders.product(vendorItems=[builders.vendor_item()], **product), builders.product("P2")),
        *inflow("sales_orders", builders.sale("O1", builders.line("P1", "2", "10.00"))),
        *inflow("purchase_orders", builders.purchase("B1", builders.line("P1", "2", "6.00"), receiveLines=received)),
        state({"done": True}),
    ]


@pytest.mark.parametrize("shape", [_all_entities, _inventory])
def test_a_second_run_sends_nothing_not_even_for_a_token(lab: Lab, shape: Any) -> None:
    lab.succeed(shape())
    lab.succeed(shape())
    assert lab.requests() == []
    assert {counts["existing"] > 0 for counts in lab.state()["summary"].values()} == {True}


def test_a_run_without_records_sends_nothing(lab: Lab) -> None:
    lab.succeed([state({"at": 1})])
    assert lab.requests() == []


def test_one_changed_record_is_one_patch(lab: Lab) -> None:
    lab.succeed(_inventory())
    lab.succeed(_inventory(name="Another name"))
    assert lab.writes() == Counter({"PATCH products": 1, "PATCH supplierProducts": 1})
    assert lab.value("products", "P1", "name") == "Another name"


def test_a_moved_figure_is_one_patch_of_the_stock_level_alone(lab: Lab) -> None:
    lab.succeed([*inflow("product_summaries", _figure("P1", "7")), *inflow("products", builders.product())])
    assert lab.value("products", "P1", "stockLevel") == 7
    lab.fault("status", "PATCH", holding=r'"attributes":\{"stockLevel":9\}\}\}$', status=204, body={})
    lab.succeed(inflow("product_summaries", _figure("P1", "9")))
    assert lab.control.log()[-1]["fault"] == "status", "the body was not just the figure"
    assert lab.counts() == Counter({"token": 1, "PATCH products": 1})
    lab.succeed(inflow("product_summaries", _figure("P1", "9")))
    assert lab.requests() == []


def _figure(product_id: str, figure: str, location: str = "L1") -> dict[str, Any]:
    return builders.summary(product_id, location, rawQuantityAvailable=figure)


def test_a_figure_that_comes_before_its_product_is_created_with_it(lab: Lab) -> None:
    lab.succeed([*inflow("product_summaries", _figure("P1", "7"), _figure("P1", "-2.5", "L2")), *_inventory()])
    assert lab.value("products", "P1", "stockLevel") == 4
    assert lab.writes()["PATCH products"] == 0


def test_a_figure_that_comes_after_its_product_is_brought_over(lab: Lab) -> None:
    lab.succeed([*_inventory(), *inflow("product_summaries", _figure("P1", "7"), _figure("P2", "0"))])
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P2", "stockLevel")) == (7, 0)
    assert lab.writes()["PATCH products"] <= 1


def test_a_figure_without_its_product_waits_on_disk_between_runs(lab: Lab) -> None:
    waiting = lab.succeed([*inflow("product_summaries", _figure("P1", "7")), state({"at": 1})])
    assert waiting.states == ['{"at": 1}']
    assert not lab.writes()
    lab.succeed(_inventory())
    assert lab.value("products", "P1", "stockLevel") == 7


def test_a_changed_product_and_its_moved_figure_are_one_request(lab: Lab) -> None:
    lab.succeed([*inflow("product_summaries", _figure("P1", "7")), *_inventory()])
    lab.succeed([*inflow("product_summaries", _figure("P1", "8")), *_inventory(sku="NEW")])
    assert lab.writes() == Counter({"PATCH products": 1})
    assert (lab.value("products", "P1", "stockLevel"), lab.value("products", "P1", "skuCode")) == (8, "NEW")


def test_a_product_without_a_figure_starts_at_nothing_and_says_so_once(lab: Lab) -> None:
    run = lab.succeed(inflow("products", builders.product("P1"), builders.product("P2")))
    assert [row["attributes"]["stockLevel"] for row in lab.rows("products")] == [0, 0]
    assert len(run.said("without a stock figure")) == 1


def test_a_figure_for_a_service_is_dropped(lab: Lab) -> None:
    service = builders.product("P3", itemType="service")
    lab.succeed([*inflow("product_summaries", _figure("P3", "7")), *inflow("products", service)])
    assert not lab.writes()
    assert "figures" not in lab.state()["source"]


def test_figures_are_not_lost_when_their_product_is_not_written(lab: Lab) -> None:
    lab.fault("status", "POST", "products", times=None, status=503)
    patience = {"target_optiply.outage.PATIENCE": 0.3}
    messages = [*inflow("product_summaries", _figure("P1", "7")), state({"at": 1}), *_inventory()]
    lab.run(messages, constants=patience).ended(1)
    lab.control.clear_faults()
    lab.succeed(inflow("products", builders.product()))
    assert lab.value("products", "P1", "stockLevel") == 7
