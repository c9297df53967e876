"""One change of a product, figure, vendor or rate, one run: it reaches Optiply, and nothing else is written."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest
from pair.picks import new_id, product_of
from pair.pipeline import Pipeline


def test_nothing_changed_nothing_written(pipeline: Pipeline) -> None:
    with pipeline.changing() as change:
        pass
    assert not change.writes


def test_a_changed_product_is_patched(pipeline: Pipeline) -> None:
    row = product_of(pipeline, lambda product: product["isActive"])
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("products", {**row, "sku": "CHANGED-1", "isActive": False})
    assert change.writes == {"PATCH products": 1}


def test_a_renamed_product_renames_what_its_vendors_sell(pipeline: Pipeline) -> None:
    row = product_of(pipeline, lambda product: len({item["vendorId"] for item in product["vendorItems"]}) > 1)
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("products", {**row, "name": "  Another\tname\n😀 "})
    assert change.writes["PATCH products"] == 1
    assert change.writes["PATCH supplierProducts"] > 1


def test_a_changed_remark_is_not_worth_a_write(pipeline: Pipeline) -> None:
    row = product_of(pipeline)
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("products", {**row, "remarks": "Handle with care"})
    assert not change.writes


def test_a_new_product_arrives_with_its_stock(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    template = product_of(pipeline, lambda product: product["vendorItems"] and not product["itemBoms"])
    key = new_id(template["productId"], 1)
    item = template["vendorItems"][0]
    items = [{**item, "vendorItemId": new_id(item["vendorItemId"], 2), "productId": key}]
    figure = control.collection("product-summaries")[0]
    with pipeline.changing() as change:
        row = {**template, "productId": key, "name": "Brand new", "sku": "NEW-1", "vendorItems": items}
        control.put("products", {**row, "inventoryLines": [], "prices": [], "productBarcodes": [], "taxCodes": []})
        control.put("product-summaries", {**figure, "productId": key, "rawQuantityAvailable": "12.75000"})
    assert change.writes == {"POST products": 1, "POST supplierProducts": 1}
    assert change.standing is not None
    assert change.standing.rows["products"][key]["stockLevel"] == 12


def test_a_moved_stock_figure_alone_patches_the_stock_level_alone(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    sent = pipeline.expected().rows["products"]
    figure = next(row for row in control.collection("product-summaries") if row["productId"] in sent)
    with pipeline.changing() as change:
        # A PATCH that carries more than the figure is refused, and a refused record fails the run.
        control.add_fault(
            {"api": "optiply", "method": "PATCH", "path": "products", "body": '"name"|"price"|"status"'},
            {"kind": "status", "status": 400},
            times=None,
        )
        control.put("product-summaries", {**figure, "rawQuantityAvailable": "-4711.50000"})
    control.clear_faults()
    assert change.writes == {"PATCH products": 1}


def test_a_figure_that_moves_within_its_whole_number_is_not_worth_a_write(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    sent, figures = pipeline.expected().rows["products"], control.collection("product-summaries")
    broken = {row["productId"] for row in figures if not row["rawQuantityAvailable"].endswith(".00000")}
    whole = next(
        row for row in figures if row["productId"] in sent.keys() - broken and float(row["rawQuantityAvailable"]) > 0
    )
    with pipeline.changing() as change:
        control.put("product-summaries", {**whole, "rawQuantityAvailable": whole["rawQuantityAvailable"][:-1] + "1"})
    assert not change.writes


def test_a_vendor_item_that_is_gone_is_disabled_and_enabled_when_it_returns(pipeline: Pipeline) -> None:
    row = product_of(pipeline, lambda product: len({item["vendorId"] for item in product["vendorItems"]}) > 1)
    items = sorted(row["vendorItems"], key=lambda item: (item["lineNum"] is None, item["lineNum"] or 0))
    gone = items[-1]
    before = pipeline.expected()
    with pipeline.changing() as removed:
        kept = [item for item in row["vendorItems"] if item["vendorId"] != gone["vendorId"]]
        pipeline.sandbox.control.put("products", {**row, "vendorItems": kept})
        removed.expectation = pipeline.expected()
        for key, sold in before.rows["supplierProducts"].items():
            if key not in removed.expectation.rows["supplierProducts"]:
                removed.expectation.rows["supplierProducts"][key] = {**sold, "status": "disabled"}
    assert removed.writes == {"PATCH supplierProducts": 1}
    pipeline.sandbox.control.put("products", row)
    pipeline.sandbox.control.clear_log()
    pipeline.settled = False
    pipeline.succeed()
    pipeline.assert_stands()
    assert pipeline.sandbox.control.writes() == ["PATCH supplierProducts"]
    pipeline.settled = True


def test_another_preferred_vendor_patches_both_rows(pipeline: Pipeline) -> None:
    row = product_of(pipeline, lambda product: len({item["vendorId"] for item in product["vendorItems"]}) == 2)
    for item in row["vendorItems"]:
        item["lineNum"] = 100 - (item["lineNum"] or 50)
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("products", row)
    assert change.writes == {"PATCH supplierProducts": 2}


def test_a_changed_bill_of_materials_adds_patches_and_removes(pipeline: Pipeline) -> None:
    row = product_of(pipeline, lambda product: len({part["childProductId"] for part in product["itemBoms"]}) > 1)
    parts = row["itemBoms"]
    gone = parts[0]["childProductId"]
    kept = [part for part in parts if part["childProductId"] != gone]
    kept[0]["quantity"] = {**kept[0]["quantity"], "standardQuantity": "17.0000", "uomQuantity": "17.0000"}
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("products", {**row, "itemBoms": kept})
    assert change.writes == {"DELETE productCompositions": 1, "PATCH productCompositions": 1}


def test_half_an_hour_of_a_service_in_a_bill_of_materials_is_left_out(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    service = next(row["productId"] for row in control.collection("products") if row["itemType"] == "service")
    row = product_of(pipeline, lambda product: product["itemBoms"])
    template = row["itemBoms"][0]
    labour = {**template, "itemBomId": new_id(template["itemBomId"], 2), "childProductId": service}
    labour["quantity"] = {**template["quantity"], "standardQuantity": "0.5000", "uomQuantity": "0.5000"}
    try:
        with pipeline.changing() as change:
            control.put("products", {**row, "itemBoms": [*row["itemBoms"], labour]})
    finally:
        control.put("products", row)
    assert not change.writes


def test_a_changed_vendor_is_patched_and_an_inactive_one_ignored(pipeline: Pipeline) -> None:
    row = deepcopy(next(row for row in pipeline.sandbox.control.collection("vendors") if row["isActive"]))
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("vendors", {**row, "isActive": False, "email": "new@vendor.test;old@vendor.test"})
    assert change.writes == {"PATCH suppliers": 1}


@pytest.mark.parametrize(("factor", "renewed"), [("1.0190", False), ("1.0300", True)])
def test_a_rate_is_renewed_once_it_has_moved_by_two_percent(pipeline: Pipeline, factor: str, renewed: bool) -> None:
    control = pipeline.sandbox.control
    if not pipeline.settled:
        pipeline.start_afresh()
    pipeline.assert_stands()
    foreign = {vendor["currencyId"] for vendor in control.collection("vendors")}
    row = deepcopy(
        next(
            row
            for row in control.collection("currencies")
            if row["currencyId"] in foreign
            and row["currencyConversions"]
            and Decimal(row["currencyConversions"][0]["exchangeRate"]) != 1
        )
    )
    before = pipeline.expected()
    old = row["currencyConversions"][0]["exchangeRate"]
    row["currencyConversions"][0]["exchangeRate"] = str(Decimal(old) * Decimal(factor))
    control.put("currencies", row)
    # A rate alone changes no product, so every product is read again here.
    control.clear_log()
    pipeline.settled = False
    pipeline.succeed(from_scratch=True)
    pipeline.assert_stands(pipeline.expected() if renewed else before)
    assert set(control.writes()) <= {"PATCH supplierProducts"}
    row["currencyConversions"][0]["exchangeRate"] = old
    control.put("currencies", row)
