"""The settings that change what is sent: each gives exactly what the promises say it does."""

from __future__ import annotations

import json
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pair.expected import Options
from pair.pipeline import Pipeline
from support.processes import TAP, run, write_json


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"stock": "on_hand"}, Options(stock="on_hand")),
        ({"open_sales_orders": "send"}, Options(open_sales_orders="send")),
        ({"optiply_orders": ""}, Options(optiply_orders=None)),
        ({"optiply_orders": r"^PO-0*[12]$"}, Options(optiply_orders=r"^PO-0*[12]$")),
        ({"delete": "hard", "max_connections": 1}, Options()),
    ],
    ids=["on hand", "open orders", "own orders off", "own orders by another pattern", "one connection"],
)
def test_a_setting_changes_what_stands(fresh: Pipeline, settings: dict[str, Any], options: Options) -> None:
    default = fresh.expected()
    fresh.target, fresh.options = settings, options
    if options != Options() and settings.get("optiply_orders") != "":
        assert fresh.expected().rows != default.rows, "the data does not tell the setting from its default"
    fresh.succeed()
    fresh.assert_stands()
    fresh.sandbox.control.clear_log()
    fresh.succeed()
    assert fresh.sandbox.control.writes() == []


def test_orders_that_optiply_placed_are_created_only_where_that_is_turned_off(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    key = min(fresh.expected().rows["buyOrders"])
    row = next(row for row in control.collection("purchase-orders") if row["purchaseOrderId"] == key)
    control.put("purchase-orders", {**deepcopy(row), "orderRemarks": "Ordered by OPTIPLY: 900000001, call first"})
    assert key not in fresh.expected().rows["buyOrders"]
    fresh.succeed()
    fresh.assert_stands()
    fresh.target, fresh.options = {"optiply_orders": ""}, Options(optiply_orders=None)
    control.clear_log()
    fresh.succeed(from_scratch=True)
    assert fresh.assert_stands().ids["buyOrders"][key]
    assert control.writes()[0] == "POST buyOrders"
    control.put("purchase-orders", row)


def test_figures_of_chosen_locations_count_alone(fresh: Pipeline) -> None:
    locations = sorted({row["locationId"] for row in fresh.sandbox.control.collection("product-summaries")} - {None})
    default = fresh.expected()
    fresh.tap, fresh.options = {"location_ids": locations[:2]}, Options(location_ids=frozenset(locations[:2]))
    assert fresh.expected().rows != default.rows
    fresh.succeed()
    fresh.assert_stands()


def select(fresh: Pipeline, *streams: str) -> Path:
    """Return a catalog in which these streams are selected beside the default ones."""
    config = write_json(fresh.directory / "tap.json", fresh.sandbox.tap_config())
    done = run([*TAP, "--config", str(config), "--discover"])
    assert done.code == 0, done.stderr
    catalog = json.loads(done.stdout)
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] in streams:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] == []:
                    entry["metadata"]["selected"] = True
    return write_json(fresh.directory / "catalog.json", catalog)


@pytest.mark.parametrize("told", ["stream", "include"])
def test_tax_in_a_price_list_is_taken_off(fresh: Pipeline, told: str) -> None:
    """Which lists contain tax is known from the stream of price lists, or from the list included in the price."""
    control = fresh.sandbox.control
    for row in control.collection("pricing-schemes"):
        control.put("pricing-schemes", {**row, "isTaxInclusive": True})
    plain = fresh.expected()
    fresh.options, fresh.target = Options(price_tax_percent=Fraction("5.5")), {"price_tax_percent": 5.5}
    if told == "stream":
        fresh.catalog = select(fresh, "pricing_schemes")
    else:
        relations = ["defaultPrice.pricingScheme", "defaultPrice", "vendorItems", "itemBoms", "productBarcodes"]
        fresh.tap = {"include": {"products": relations}}
    expectation = fresh.expected()
    assert any(
        row["price"] != plain.rows["products"][key]["price"] for key, row in expectation.rows["products"].items()
    )
    fresh.succeed()
    fresh.assert_stands(expectation)


def test_without_the_setting_tax_stays_in_the_price(fresh: Pipeline) -> None:
    control = fresh.sandbox.control
    for row in control.collection("pricing-schemes"):
        control.put("pricing-schemes", {**row, "isTaxInclusive": True})
    fresh.catalog = select(fresh, "pricing_schemes")
    fresh.succeed()
    fresh.assert_stands()
