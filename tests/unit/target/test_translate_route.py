"""A stream is told by its name and, where both shapes know the name, by its SCHEMA or the ``source`` setting."""

from __future__ import annotations

from typing import Any

import pytest
from mapping import MemoryFacts, upserted

from target_optiply.model import Warn
from target_optiply.translate.inflow import STREAMS, WITHOUT_MAPPING
from target_optiply.translate.route import MappingSettings, translator_for


def entity_of_products(keys: list[str], properties: dict[str, Any] | None = None, **settings: Any) -> str | None:
    schema = {"properties": properties or {}}
    translate = translator_for("products", schema, keys, MappingSettings(**settings))
    assert translate is not None
    record = {"productId": "inflow", "externalId": "optiply", "name": "x"}
    return upserted(translate(record, MemoryFacts(), ("optiply",))).remote_id


def test_products_with_a_product_id_as_key_are_the_inventorys() -> None:
    assert entity_of_products(["productId"]) == "inflow"
    assert entity_of_products(["id"]) == "optiply"
    assert entity_of_products(["externalId"], {"productId": {}}) == "optiply"


def test_products_without_a_key_are_told_by_their_properties() -> None:
    assert entity_of_products([], {"productId": {}, "name": {}}) == "inflow"
    assert entity_of_products([], {"externalId": {}}) == "optiply"


def test_the_source_setting_decides_over_the_schema() -> None:
    assert entity_of_products(["productId"], source="optiply") == "optiply"
    assert entity_of_products(["id"], source="inflow") == "inflow"


@pytest.mark.parametrize("source", ["auto", "optiply", "inflow"])
@pytest.mark.parametrize("stream", ["vendors", "sales_orders", "SellOrders", "sell_order_lines"])
def test_the_setting_leaves_streams_alone_whose_name_only_one_shape_knows(stream: str, source: Any) -> None:
    assert translator_for(stream, {}, ["id"], MappingSettings(source=source)) is not None


def test_every_stream_of_the_tap_is_known() -> None:
    assert len(STREAMS) + len(WITHOUT_MAPPING) == 25


@pytest.mark.parametrize("stream", sorted(WITHOUT_MAPPING))
def test_a_stream_that_maps_to_nothing_says_so_at_info_level(stream: str) -> None:
    translate = translator_for(stream, {}, ["id"], MappingSettings())
    assert translate is not None
    (notice,) = translate({"anything": 1}, MemoryFacts(), (1,))
    assert isinstance(notice, Warn)
    assert notice.info
    assert stream in notice.message
    assert translate({}, MemoryFacts(), ()) == [notice]


@pytest.mark.parametrize("stream", ["invoices", "", "product", "_", "orders"])
def test_a_stream_of_neither_shape_is_unknown(stream: str) -> None:
    assert translator_for(stream, {}, ["id"], MappingSettings()) is None


def test_a_tax_that_leaves_nothing_is_refused_as_a_setting() -> None:
    with pytest.raises(ValueError, match="price_tax_percent"):
        MappingSettings(price_tax_percent=-100)  # type: ignore[arg-type]
