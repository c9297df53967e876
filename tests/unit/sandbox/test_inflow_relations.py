"""Relations of the inFlow sandbox: absent unless included, nested as asked, and always whole in a dump."""

from __future__ import annotations

import json

import pytest
from inflow_caller import Caller

from sandbox.data import Table
from sandbox.inflow.endpoints import COLLECTIONS
from sandbox.inflow.shapes import RELATIONS


@pytest.fixture
def inflow() -> Caller:
    return Caller()


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_relation_is_there_exactly_when_it_is_included(inflow: Caller, collection: str) -> None:
    relations = RELATIONS.get(COLLECTIONS[collection].shape, {})
    assert not relations.keys() & inflow.get(collection, count=1)[0].keys()
    for name, relation in relations.items():
        rows = inflow.get(collection, count=100, include=name)
        assert all(relations.keys() & row.keys() == {name} for row in rows)
        assert all(isinstance(row[name], list if relation.many else dict | None) for row in rows)


def test_relations_nest_by_period_and_only_as_deep_as_asked(inflow: Caller) -> None:
    asked = "vendorItems.vendor.currency.currencyConversions,prices.pricingScheme.currency,itemBoms.childProduct"
    rows = inflow.get("products", count=100, include=asked)
    items = [item for row in rows for item in row["vendorItems"]]
    assert items
    for item in items:
        assert item["vendor"]["vendorId"] == item["vendorId"]
        assert item["vendor"]["currency"]["currencyId"] == item["vendor"]["currencyId"]
        assert "currencyConversions" in item["vendor"]["currency"]
        assert "product" not in item
        assert "addresses" not in item["vendor"]
    parts = [part for row in rows for part in row["itemBoms"]]
    assert all(part["childProduct"]["productId"] == part["childProductId"] for part in parts)
    assert all("vendorItems" not in part["childProduct"] for part in parts)


@pytest.mark.parametrize(
    "include",
    [
        "nothing",
        "Lines",
        "lines, customer",
        "lines,",
        "lines.nothing",
        "lines.product.lines",
        "customFields",
        "orderDate",
    ],
)
def test_a_wrong_relation_is_refused_or_ignored(inflow: Caller, include: str) -> None:
    response = inflow.ask("sales-orders", [("include", include)])
    assert response.status == 400
    assert json.loads(response.body)["code"] == "InvalidInclude"
    inflow.switches.update({"inflow_invalid_include": "ignore"})
    rows = inflow.get("sales-orders", include=include)
    assert all(("lines" in row) == include.startswith("lines") for row in rows)


def test_the_total_on_hand_is_only_filled_with_the_lines_it_adds_up(inflow: Caller) -> None:
    assert all(row["totalQuantityOnHand"] is None for row in inflow.get("products", count=100))
    rows = inflow.get("products", count=100, include="inventoryLines")
    for row in rows:
        total = sum(float(line["quantityOnHand"]) for line in row["inventoryLines"])
        assert float(row["totalQuantityOnHand"]) == pytest.approx(total)
    assert any(len(row["inventoryLines"]) > 1 for row in rows)


def test_a_relation_to_one_that_is_missing_is_null(inflow: Caller) -> None:
    rows = inflow.get("products", count=100, include="defaultPrice,defaultImage,lastVendor,lastModifiedBy")
    for name in ("defaultPrice", "defaultImage", "lastVendor", "lastModifiedBy"):
        assert {row[name] is None for row in rows} == {True, False}


def test_relations_that_look_back_hold_the_rows_that_point_here(inflow: Caller) -> None:
    vendors = inflow.get("vendors", count=100, include="vendorItems.product")
    products = inflow.api.dump("products")
    everything = {item["vendorItemId"] for product in products for item in product["vendorItems"]}
    assert {item["vendorItemId"] for vendor in vendors for item in vendor["vendorItems"]} == everything
    assert all(item["vendorId"] == vendor["vendorId"] for vendor in vendors for item in vendor["vendorItems"])
    schemes = inflow.get("taxing-schemes", include="taxCodes,defaultTaxCode")
    assert all(scheme["defaultTaxCode"] in scheme["taxCodes"] for scheme in schemes)
    prices = inflow.get("pricing-schemes", include="productPrices")
    assert sum(len(scheme["productPrices"]) for scheme in prices) == sum(len(product["prices"]) for product in products)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_dump_holds_every_relation_one_level_deep(inflow: Caller, collection: str) -> None:
    shape = COLLECTIONS[collection].shape
    rows = inflow.api.dump(collection)
    assert all(RELATIONS.get(shape, {}).keys() <= row.keys() for row in rows)
    if collection == "stock-counts":
        assert all("lines" not in sheet for row in rows for sheet in row["sheets"])


def test_a_dump_is_a_copy(inflow: Caller) -> None:
    row = inflow.api.dump("currencies")[1]
    row["currencyConversions"][0]["exchangeRate"] = "9"
    row["name"] = "Changed"
    assert inflow.api.dump("currencies")[1]["name"] != "Changed"
    assert inflow.api.dump("currencies")[1]["currencyConversions"][0]["exchangeRate"] != "9"


def test_enumerated_values_and_empty_texts_are_shown_as_the_switches_say(inflow: Caller) -> None:
    inflow.switches.update({"inflow_enum_case": "pascal", "inflow_empty_text": "null"})
    rows = inflow.get("products", count=100, include="prices,vendorItems")
    assert {row["itemType"] for row in rows} == {"StockedProduct", "NonstockedProduct", "Service"}
    assert {price["priceType"] for row in rows for price in row["prices"]} == {"FixedPrice", "FixedMarkup"}
    assert '""' not in json.dumps(rows)
    assert all(row["customFields"]["custom1"] is None for row in rows)
    assert inflow.api.dump("products")[0]["itemType"] == "stockedProduct"
    assert inflow.api.dump("products")[0]["remarks"] == ""


def test_only_the_rows_of_a_page_are_built(inflow: Caller) -> None:
    built: list[int] = []
    table = inflow.data.tables["products"]

    def counted(index: int, build=table.build) -> dict[str, object]:
        built.append(index)
        return build(index)

    inflow.data.tables["products"] = Table(table.key, table.ids, counted, table.columns)
    counting = Caller(inflow.data)
    query = {"sort": "timestamp", "sortDesc": True, "count": 10, "include": "vendorItems,itemBoms"}
    first = counting.get("products", filter={"lastModifiedDateTime": {"fromDate": "2024-01-01"}}, **query)
    counting.get("products", after=first[-1]["productId"], **query)
    # Ten rows a page, and one each time to see what can be sorted by.
    assert len(built) == 22
