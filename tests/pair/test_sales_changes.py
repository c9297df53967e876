"""One change of a sales order, one run: the change reaches Optiply, and nothing else is written."""

from __future__ import annotations

import pytest
from pair.picks import Row, goods, new_id, pick, product_of, sale_of
from pair.pipeline import Pipeline


def test_a_new_sales_order_is_posted_with_its_lines(pipeline: Pipeline) -> None:
    row = sale_of(pipeline, lambda order: len(order["lines"]) > 1)
    key = new_id(row["salesOrderId"], 3)
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("sales-orders", {**row, "salesOrderId": key, "orderNumber": "SO-NEW"})
    assert change.writes == {"POST sellOrders": 1}


def test_a_held_sales_order_is_sent_once_it_is_completed(pipeline: Pipeline) -> None:
    held = pipeline.expected().skipped["sellOrders"]
    orders = pipeline.sandbox.control.collection("sales-orders")
    open_ids = [key for key, reason in held.items() if reason.startswith("held")]
    row = pick(orders, lambda order: goods(pipeline, order), "salesOrderId", open_ids)
    with pipeline.changing() as change:
        done = {"isCompleted": True, "inventoryStatus": "fulfilled", "invoicedDate": "2025-07-01T00:00:00+02:00"}
        pipeline.sandbox.control.put("sales-orders", {**row, **done})
    assert change.writes == {"POST sellOrders": 1}


def test_a_product_that_is_sold_twice_in_an_order_is_one_line(pipeline: Pipeline) -> None:
    row = sale_of(pipeline, lambda order: len(goods(pipeline, order)) == len(order["lines"]) == 1 or order["lines"])
    line = goods(pipeline, row)[0]
    again = {**line, "salesOrderLineId": new_id(line["salesOrderLineId"], 4)}
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("sales-orders", {**row, "lines": [*row["lines"], again]})
    assert change.writes == {"PATCH sellOrders": 1, "PATCH sellOrderLines": 1}


def test_a_changed_order_line_keeps_the_orders_id(pipeline: Pipeline) -> None:
    row = sale_of(pipeline, lambda order: len({line["productId"] for line in goods(pipeline, order)}) > 1)
    before = pipeline.assert_stands().ids["sellOrders"][row["salesOrderId"]]
    line = goods(pipeline, row)[0]
    line["quantity"] = {**line["quantity"], "standardQuantity": "41.0000"}
    line["subTotal"] = "123.45000"
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("sales-orders", row)
    assert change.writes["PATCH sellOrderLines"] == 1
    assert change.standing is not None
    assert change.standing.ids["sellOrders"][row["salesOrderId"]] == before


def test_an_added_and_a_removed_order_line_are_added_and_removed(pipeline: Pipeline) -> None:
    row = sale_of(pipeline, lambda order: len({line["productId"] for line in goods(pipeline, order)}) > 1)
    gone = goods(pipeline, row)[0]["productId"]
    there = {line["productId"] for line in row["lines"]}
    added = product_of(pipeline, lambda product: product["productId"] not in there)["productId"]
    template = goods(pipeline, row)[-1]
    line = {**template, "salesOrderLineId": new_id(template["salesOrderLineId"], 5), "productId": added}
    kept = [line for line in row["lines"] if line["productId"] != gone]
    with pipeline.changing() as change:
        pipeline.sandbox.control.put("sales-orders", {**row, "lines": [*kept, line]})
    assert change.writes["POST sellOrderLines"] == 1
    assert change.writes["DELETE sellOrderLines"] == 1
    assert not change.writes["POST sellOrders"] + change.writes["DELETE sellOrders"]


@pytest.mark.parametrize(
    "fields",
    [{"isCancelled": True}, {"isQuote": True, "inventoryStatus": "quote"}, {"lines": []}],
)
def test_a_sales_order_that_no_longer_counts_is_removed_and_created_again_when_it_returns(
    pipeline: Pipeline, fields: Row
) -> None:
    row = sale_of(pipeline)
    with pipeline.changing() as gone:
        pipeline.sandbox.control.put("sales-orders", {**row, **fields})
    assert gone.writes == {"DELETE sellOrders": 1}
    with pipeline.changing() as back:
        pipeline.sandbox.control.put("sales-orders", row)
    assert back.writes == {"POST sellOrders": 1}
