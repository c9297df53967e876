"""Every stream: complete, exact, in the order a target can write, in as few requests as the API allows."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from importlib.resources import files
from itertools import groupby
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from runs import DEFAULT_STREAMS, Tap, bare

from tap_inventory.apis.inflow.profile import PROFILE

BY_NAME = PROFILE.by_name


def shipped(stream: str) -> dict[str, Any]:
    text = (files("tap_inventory.apis.inflow") / "schemas" / f"{stream}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def rows_of(tap: Tap, stream: str) -> list[dict[str, Any]]:
    profile = BY_NAME[stream]
    collection = "product-summaries" if profile.figures else profile.path.strip("/")
    roots = [path.split(".")[0] for path in profile.include]
    rows = bare(tap.sandbox.control.collection(collection), roots, shipped(stream))
    # The API fills a product's total only where its inventory lines are asked for.
    return [row | {"totalQuantityOnHand": None} if stream == "products" else row for row in rows]


def active_locations(tap: Tap) -> list[str]:
    return [row["locationId"] for row in tap.sandbox.control.collection("locations") if row["isActive"]]


def keyed(rows: list[dict[str, Any]], stream: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row.get(key) for key in BY_NAME[stream].key): row for row in rows}


@pytest.mark.parametrize("stream", [name for name in DEFAULT_STREAMS if name != "product_summaries"])
def test_a_default_stream_is_complete_and_exact_to_the_digit(tap: Tap, stream: str) -> None:
    names = [stream, "product_summaries"] if stream == "products" else [stream]
    run = tap.run(catalog=tap.catalog(names))
    assert keyed(run.records(stream), stream) == keyed(rows_of(tap, stream), stream)
    assert len(run.records(stream)) == len(rows_of(tap, stream))


def test_all_streams_are_read_and_fit_their_schemas(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(list(BY_NAME)))
    for stream, profile in BY_NAME.items():
        if profile.figures:
            continue
        assert keyed(run.records(stream), stream).keys() == keyed(rows_of(tap, stream), stream).keys(), stream
        check = jsonschema.Draft7Validator({**shipped(stream), "x-relations": None})
        for record in run.records(stream):
            check.validate(record)
            assert not [
                name
                for name in record
                if name in profile.relations and name not in {path.split(".")[0] for path in profile.include}
            ]


def test_the_order_lets_a_target_write_as_it_reads(tap: Tap) -> None:
    run = tap.run()
    kinds = [kind for kind, _ in groupby(m["stream"] for m in run.messages if m["type"] == "RECORD")]
    assert kinds[:2] == ["vendors", "currencies"]
    assert kinds[2:8] == ["product_summaries", "products"] * 3
    assert kinds[8:] == ["sales_orders", "purchase_orders", "customers", "locations"]
    known: set[str] = set()
    for message in run.messages:
        if message["type"] == "SCHEMA":
            assert message["stream"] not in known
            known.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in known


def test_the_figures_of_a_page_come_before_its_products_all_of_one_product_in_a_row(tap: Tap) -> None:
    locations = active_locations(tap)
    run = tap.run(catalog=tap.catalog(["products", "product_summaries"]), location_ids=locations)
    seen: set[str] = set()
    last = None
    for message in run.messages:
        if message["type"] != "RECORD":
            continue
        product = message["record"]["productId"]
        if message["stream"] == "products":
            assert product in seen
        elif product != last:
            assert product not in seen
            seen.add(product)
            last = product
    assert len(run.records("product_summaries")) == len(run.records("products")) * len(locations)
    assert {row["locationId"] for row in run.records("product_summaries")} == set(locations)


@pytest.mark.parametrize("stream", [s.name for s in PROFILE.streams if not s.figures])
def test_a_stream_takes_no_more_requests_than_it_has_pages_and_one_for_a_proof(tap: Tap, stream: str) -> None:
    size = 50
    run = tap.run(catalog=tap.catalog([stream]), page_size=size)
    rows = len(run.records(stream))
    allowed = math.ceil(rows / size) + (rows % size == 0) + (BY_NAME[stream].newest_first is not None)
    assert len(tap.requests) <= max(allowed, 1)


@pytest.mark.parametrize(("size", "locations"), [(100, 1), (50, 1), (30, 1), (100, 3), (40, 3)])
def test_figures_take_a_request_for_a_hundred_pairs_whatever_the_page(tap: Tap, size: int, locations: int) -> None:
    ids = active_locations(tap)[:locations]
    run = tap.run(
        catalog=tap.catalog(["products", "product_summaries"]),
        page_size=size,
        location_ids=ids if locations > 1 else [],
    )
    products = len(run.records("products"))
    assert tap.kinds["GET products"] == math.ceil(products / size) + (products % size == 0)
    assert tap.kinds["POST products/summary"] == math.ceil(products * locations / 100)
    assert len(run.records("product_summaries")) == products * locations


def test_figures_are_read_without_the_products_being_written(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["product_summaries"]))
    assert set(run.counts) == {"product_summaries"}
    assert all("include=" not in entry["query"] for entry in tap.requests)


def test_a_deselected_relation_is_not_asked_for(tap: Tap) -> None:
    catalog = tap.catalog(
        ["sales_orders", "currencies"], {"sales_orders": ["shipLines"], "currencies": ["currencyConversions"]}
    )
    run = tap.run(catalog=catalog)
    queries = {entry["kind"]: entry["query"] for entry in tap.requests}
    assert "include=lines&" in queries["GET sales-orders"] + "&"
    assert "include=" not in queries["GET currencies"]
    assert all("lines" in record and "shipLines" not in record for record in run.records("sales_orders"))
    schema = next(m for m in run.messages if m["type"] == "SCHEMA" and m["stream"] == "sales_orders")
    assert "shipLines" not in schema["schema"]["properties"]


def test_relations_are_those_the_setting_names(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["vendors"]), include={"vendors": ["addresses", "currency"]})
    assert all({"addresses", "currency"} <= record.keys() for record in run.records("vendors"))
    schema = next(m for m in run.messages if m["type"] == "SCHEMA")["schema"]
    assert {"addresses", "currency"} <= schema["properties"].keys()


def test_a_catalog_that_selects_every_property_asks_for_no_further_relation(tap: Tap) -> None:
    """As Meltano does where nothing is selected by hand."""
    catalog = tap.catalog(["sales_orders"])
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = True
    tap.run(catalog=catalog)
    assert all("include=lines,shipLines" in entry["query"] for entry in tap.requests)


def test_summaries_of_inventory_lines_are_read_where_the_figures_are_not(tap: Tap) -> None:
    """Without the figures of product_summaries, a product's own stock comes with its inventory lines."""
    run = tap.run(catalog=tap.catalog(["products"]))
    assert all("inventoryLines" in record for record in run.records("products"))
    assert not tap.kinds["POST products/summary"]


def test_numbers_are_as_exact_as_text(tap: Tap) -> None:
    tap.sandbox.control.set_switches(inflow_summary_numbers="number")
    run = tap.run(catalog=tap.catalog(["products", "product_summaries"]))
    shown = [line for line in run.ended.stdout.split("\n") if '"product_summaries"' in line and "RECORD" in line]
    assert len(shown) == len(run.records("products"))
    figures = {record["productId"]: record["quantityOnHand"] for record in run.records("product_summaries")}
    tap.sandbox.control.set_switches(inflow_summary_numbers="string")
    again = tap.run(catalog=tap.catalog(["products", "product_summaries"]))
    for record in again.records("product_summaries"):
        assert isinstance(figures[record["productId"]], str)
        assert Decimal(figures[record["productId"]]) == Decimal(record["quantityOnHand"])


def test_a_number_is_written_digit_for_digit_as_it_came(tap: Tap) -> None:
    """No text protects it: what passes through a float would come out otherwise."""
    numbers = "1.10", "0.1000000000000000055", "12345678901234567890.12345678901234567890", "9007199254740993", "0.00"
    row = {"vendorId": "7d1f0a52-0000-4000-8000-000000000001", "name": "V", "timestamp": "0000000000000001"}
    text = json.dumps([row])[:-2] + "".join(f', "n{at}": {number}' for at, number in enumerate(numbers)) + "}]"
    match = {"api": "inflow", "path": "/vendors$"}
    tap.sandbox.control.add_fault(match, {"kind": "body", "body": text}, None)
    [line] = [line for line in tap.run(catalog=tap.catalog(["vendors"])).ended.stdout.split("\n") if "RECORD" in line]
    for at, number in enumerate(numbers):
        assert f'"n{at}":{number}' in line.replace(": ", ":")


@pytest.mark.parametrize("switches", [{"inflow_enum_case": "pascal"}, {"inflow_empty_text": "null"}])
def test_records_fit_their_schemas_whatever_the_api_makes_of_enumerations_and_empty_text(
    tap: Tap, switches: dict[str, Any]
) -> None:
    tap.sandbox.control.set_switches(**switches)
    run = tap.run()
    for stream in DEFAULT_STREAMS:
        check = jsonschema.Draft7Validator({**shipped(stream), "x-relations": None})
        for record in run.records(stream):
            check.validate(record)


def test_orders_before_the_start_date_are_not_read(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["sales_orders", "purchase_orders"]), start_date="2025-01-01")
    every = rows_of(tap, "sales_orders")
    wanted = {row["salesOrderId"] for row in every if row["orderDate"][:10] >= "2025-01-01"}
    assert {row["salesOrderId"] for row in run.records("sales_orders")} == wanted
    assert 0 < len(wanted) < len(every)
    assert len(run.records("purchase_orders")) == len(rows_of(tap, "purchase_orders"))
    assert all(
        "filter[orderDate]" in unquote(entry["query"]) for entry in tap.requests if entry["kind"] == "GET sales-orders"
    )


def test_stream_maps_and_flattening_apply(tap: Tap) -> None:
    run = tap.run(
        catalog=tap.catalog(["vendors", "locations"]),
        stream_maps={"vendors": {"label": "name + '!'", "vendorId": "vendorId"}, "locations": "__NULL__"},
    )
    assert set(run.counts) == {"vendors"}
    assert all(record["label"] == record["name"] + "!" for record in run.records("vendors"))
    flat = tap.run(catalog=tap.catalog(["locations"]), flattening_enabled=True, flattening_max_depth=2)
    assert all("address__city" in record and "address" not in record for record in flat.records("locations"))
