"""The generated inventory: the same for the same seed, of any size, and whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.data import DataSet, generate
from sandbox.data.basics import LAST_DAY, midnight

Row = dict[str, Any]


@pytest.fixture(scope="module")
def data() -> DataSet:
    return generate()


def rows(data: DataSet, name: str) -> list[Row]:
    table = data.tables[name]
    return [table.build(index) for index in range(len(table.ids))]


def everything(data: DataSet) -> dict[str, list[Row]]:
    return {name: rows(data, name) for name in data.tables}


def objects(value: Any) -> Iterator[Row]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_the_same_seed_gives_the_same_inventory_to_the_letter(data: DataSet) -> None:
    assert json.dumps(everything(data)) == json.dumps(everything(generate(1)))
    assert json.dumps(everything(data)) != json.dumps(everything(generate(2)))


def test_a_row_is_the_same_whatever_was_built_before(data: DataSet) -> None:
    fresh = generate()
    for name in ("sales-orders", "purchase-orders", "products"):
        last = len(data.tables[name].ids) - 1
        assert fresh.tables[name].build(last) == rows(data, name)[last]
    assert fresh.summaries(7) == data.summaries(7)


def test_the_default_sizes_are_those_of_the_command_line(data: DataSet) -> None:
    names = ("products", "customers", "vendors", "sales-orders", "purchase-orders")
    assert [len(data.tables[name].ids) for name in names] == [200, 50, 12, 300, 80]
    assert all(len(table.ids) > 0 for table in data.tables.values())


@pytest.mark.parametrize("size", [0, 1, 2, 3, 37])
def test_any_size_is_whole(size: int) -> None:
    data = generate(5, size, size or 1, size or 1, size, size)
    for name, found in everything(data).items():
        assert [row[data.tables[name].key] for row in found] == data.tables[name].ids
    assert [len(data.summaries(index)) for index in range(size)] == [3] * size


def test_orders_without_products_have_no_lines() -> None:
    data = generate(1, 0, 1, 1, 30, 20)
    orders = rows(data, "sales-orders") + rows(data, "purchase-orders")
    assert all(order["lines"] == [] and float(order["total"]) == 0 for order in orders)


@pytest.mark.parametrize("sizes", [(-1, 1, 1, 1, 1), (1, 0, 1, 1, 0), (1, 1, 0, 0, 1)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"negative|need"):
        generate(1, *sizes)


def test_a_large_inventory_costs_nothing_until_it_is_read() -> None:
    data = generate(1, 200_000, 1_000, 500, 100_000, 10_000)
    assert len(set(data.tables["products"].ids)) == 200_000
    for name in ("products", "sales-orders", "purchase-orders", "customers", "vendors"):
        table = data.tables[name]
        for index in (0, len(table.ids) // 2, len(table.ids) - 1):
            row = table.build(index)
            assert {field: column(index) for field, column in table.columns.items()}.items() <= row.items()


def test_what_is_known_without_building_a_row_is_what_the_row_says(data: DataSet) -> None:
    for table in data.tables.values():
        for index in range(len(table.ids)):
            row = table.build(index)
            assert all(row[name] == column(index) for name, column in table.columns.items())


def test_rowversions_are_unique_in_the_database_and_below_its_last(data: DataSet) -> None:
    versions = Counter[str]()
    for found in everything(data).values():
        for row in found:
            # The default price, image and addresses repeat a row of a list.
            unique = {json.dumps(item, sort_keys=True) for item in objects(row) if "timestamp" in item}
            versions.update(json.loads(item)["timestamp"] for item in unique)
    assert versions.most_common(1)[0][1] == 1
    assert all(re.fullmatch("[0-9A-F]{16}", version) for version in versions)
    assert int(max(versions), 16) < data.last_rowversion


def test_children_carry_lower_and_higher_rowversions_than_their_rows(data: DataSet) -> None:
    lower = higher = 0
    for order in rows(data, "sales-orders") + rows(data, "purchase-orders"):
        for line in order["lines"]:
            lower += line["timestamp"] < order["timestamp"]
            higher += line["timestamp"] > order["timestamp"]
    assert lower > 50
    assert higher > 50


def test_rows_changed_later_have_higher_rowversions(data: DataSet) -> None:
    found = sorted(rows(data, "products"), key=lambda row: row["timestamp"])
    moments = [row["lastModifiedDateTime"] for row in found]
    assert moments == sorted(moments)
    orders = rows(data, "sales-orders")
    assert [row["timestamp"] for row in orders] != sorted(row["timestamp"] for row in orders), "old orders change too"


def test_every_key_that_is_referred_to_exists(data: DataSet) -> None:
    known = {name: set(table.ids) for name, table in data.tables.items()}
    fields = {
        "productId": "products",
        "childProductId": "products",
        "vendorId": "vendors",
        "customerId": "customers",
        "locationId": "locations",
        "currencyId": "currencies",
        "taxCodeId": "tax-codes",
        "taxingSchemeId": "taxing-schemes",
        "pricingSchemeId": "pricing-schemes",
        "categoryId": "categories",
    }
    for item in objects(everything(data)):
        for field, collection in fields.items():
            assert item.get(field) is None or item[field] in known[collection], (field, item)


def test_a_product_is_never_part_of_itself_however_deep(data: DataSet) -> None:
    parts = {row["productId"]: [part["childProductId"] for part in row["itemBoms"]] for row in rows(data, "products")}
    place = {key: index for index, key in enumerate(data.tables["products"].ids)}
    assert any(parts[child] for children in parts.values() for child in children), "assemblies of assemblies"
    assert all(place[child] < place[key] for key, children in parts.items() for child in children)


def test_names_of_products_vendors_and_customers_are_unique(data: DataSet) -> None:
    for name in ("products", "vendors", "customers"):
        assert max(Counter(row["name"] for row in rows(data, name)).values()) == 1


def test_days_begin_at_midnight_in_the_company_s_zone_summer_and_winter(data: DataSet) -> None:
    assert midnight(LAST_DAY) == "2025-06-30T00:00:00+02:00"
    assert midnight(LAST_DAY - 180) == "2025-01-01T00:00:00+01:00"
    # The night in which the clocks change still begins in the old time.
    assert [midnight(LAST_DAY - days)[:10] for days in (92, 91)] == ["2025-03-30", "2025-03-31"]
    assert [midnight(LAST_DAY - days)[19:] for days in (92, 91)] == ["+01:00", "+02:00"]
    assert {row["orderDate"][19:] for row in rows(data, "sales-orders")} == {"+01:00", "+02:00"}
