"""Filters of the inFlow sandbox: each kind, documented or observed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from inflow_caller import NOW, Caller


@pytest.fixture
def inflow() -> Caller:
    return Caller()


def listed(inflow: Caller, collection: str, key: str, wanted: dict[str, Any]) -> set[str]:
    keys = inflow.pages(collection, key, count=100, filter=wanted)
    assert len(keys) == len(set(keys))
    return set(keys)


CASES: list[tuple[str, dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ("products", {"isActive": False}, lambda row: not row["isActive"]),
    ("products", {"isActive": True}, lambda row: row["isActive"]),
    ("products", {"name": "DESK lamp"}, lambda row: "desk lamp" in row["name"].lower()),
    ("products", {"barcode": "123"}, lambda row: any("123" in code["barcode"] for code in row["productBarcodes"])),
    (
        "products",
        {"smart": "sku-00004"},
        lambda row: "sku-00004" in row["sku"].lower(),
    ),
    ("products", {"smart": "hinges"}, lambda row: "hinges" in (row["name"] + row["category"]["name"]).lower()),
    (
        "vendors",
        {"isActive": True, "email": "vendor.test"},
        lambda row: row["isActive"] and "vendor.test" in row["email"],
    ),
    ("customers", {"city": "köln"}, lambda row: any(one["address"]["city"] == "Köln" for one in row["addresses"])),
    ("sales-orders", {"isActive": True}, lambda row: not row["isCancelled"]),
    ("sales-orders", {"isActive": False}, lambda row: row["isCancelled"]),
    (
        "sales-orders",
        {"inventoryStatus": ["unfulfilled", "Started"]},
        lambda row: row["inventoryStatus"] in ("unfulfilled", "started"),
    ),
    ("sales-orders", {"inventoryStatus": "quote"}, lambda row: row["isQuote"]),
    ("sales-orders", {"total": {"fromDate": 100, "toDate": 5000.5}}, lambda row: 100 <= float(row["total"]) <= 5000.5),
    ("sales-orders", {"total": {"from": "100"}}, lambda row: float(row["total"]) >= 100),
    (
        "sales-orders",
        {"invoicedDate": {"fromDate": "2024-01-01"}},
        lambda row: (row["invoicedDate"] or "") >= "2024-01-01",
    ),
    (
        "purchase-orders",
        {"orderDate": {"fromDate": "2024-02-01", "toDate": "2024-12-31"}},
        lambda row: "2024-02-01" <= row["orderDate"][:10] <= "2024-12-31",
    ),
    ("manufacturing-orders", {"status": ["open"]}, lambda row: row["status"] == "open"),
    ("manufacturing-orders", {"isPrioritized": True}, lambda row: row["isPrioritized"]),
    ("stock-counts", {"stockCountNumber": "000002"}, lambda row: row["stockCountNumber"].endswith("000002")),
    ("taxing-schemes", {"name": "tax"}, lambda row: "tax" in row["name"].lower()),
    ("custom-field-definitions", {"entityType": "Product"}, lambda row: row["entityType"] == "product"),
    ("locations", {"isActive": False}, lambda row: not row["isActive"]),
]


@pytest.mark.parametrize(("collection", "wanted", "belongs"), CASES)
def test_a_filter_lists_exactly_the_rows_it_describes(
    inflow: Caller, collection: str, wanted: dict[str, Any], belongs: Callable[[dict[str, Any]], bool]
) -> None:
    rows = inflow.api.dump(collection)
    key = inflow.data.tables[collection].key
    right = {row[key] for row in rows if belongs(row)}
    assert 0 < len(right) < len(rows), "a filter that takes all or nothing proves nothing"
    assert listed(inflow, collection, key, wanted) == right


def test_a_key_of_another_row_filters_its_orders(inflow: Caller) -> None:
    rows = inflow.api.dump("sales-orders")
    customer = rows[0]["customerId"]
    right = {row["salesOrderId"] for row in rows if row["customerId"] == customer}
    assert listed(inflow, "sales-orders", "salesOrderId", {"customerId": customer.upper()}) == right


def test_products_changed_since_an_instant_are_found_to_the_millisecond_bounds_included(inflow: Caller) -> None:
    moments = sorted(row["lastModifiedDateTime"] for row in inflow.api.dump("products"))
    since = moments[100]
    keys = listed(inflow, "products", "productId", {"lastModifiedDateTime": {"fromDate": since}})
    assert len(keys) == sum(moment >= since for moment in moments)
    zoned = since.replace("+00:00", "Z")
    until = listed(inflow, "products", "productId", {"lastModifiedDateTime": {"toDate": zoned}})
    assert len(until) == sum(moment <= since for moment in moments)


def test_times_of_bounds_are_cut_off_where_only_dates_count(inflow: Caller) -> None:
    inflow.switches.update({"inflow_date_filter": "date_only"})
    rows = inflow.api.dump("products")
    day = sorted(row["lastModifiedDateTime"] for row in rows)[100][:10]
    keys = listed(inflow, "products", "productId", {"lastModifiedDateTime": {"fromDate": f"{day}T23:59:59Z"}})
    assert keys == {row["productId"] for row in rows if row["lastModifiedDateTime"][:10] >= day}


def test_a_filter_follows_changes(inflow: Caller) -> None:
    before = listed(inflow, "products", "productId", {"isActive": False})
    row = next(row for row in inflow.api.dump("products") if row["isActive"])
    inflow.api.put("products", [{**row, "isActive": False}])
    assert listed(inflow, "products", "productId", {"isActive": False}) == before | {row["productId"]}


def test_customers_can_be_listed_by_the_days_since_their_last_order(inflow: Caller) -> None:
    rows = inflow.api.dump("customers")
    assert all(
        moment["lastOrderDate"] is None or len(moment["lastOrderDate"]) == 25
        for moment in (r["orderHistory"] for r in rows)
    )
    assert len(listed(inflow, "customers", "customerId", {"lastOrder": "1"})) == sum(
        row["orderHistory"]["lastOrderDate"] is not None for row in rows
    )
    days = int(NOW // 86400) - 20269 + 20  # twenty days before 2025-06-30
    found = listed(inflow, "customers", "customerId", {"lastOrder": str(days)})
    assert 0 < len(found) < len(rows)


@pytest.mark.parametrize(
    "parameter",
    [
        ("filter[nothing]", "x"),
        ("filter[itemType]", "service"),
        ("filter[orderDate][fromDate]", "2025-01-01"),
        ("filter[isActive][]", "false"),
        ("isActive", "false"),
    ],
)
def test_filters_that_do_not_exist_or_do_not_work_are_ignored(inflow: Caller, parameter: tuple[str, str]) -> None:
    assert inflow.ask("products", [parameter]).body == inflow.ask("products").body


@pytest.mark.parametrize(
    ("collection", "wanted"),
    [
        ("products", {"isActive": "yes"}),
        ("products", {"categoryId": "5"}),
        ("products", {"lastModifiedDateTime": "2025-01-01"}),
        ("products", {"lastModifiedDateTime": "[]"}),
        ("products", {"lastModifiedDateTime": {"fromDate": "yesterday"}}),
        ("products", {"lastModifiedDateTime": {"fromDate": 20250101}}),
        ("sales-orders", {"total": {"fromDate": "much"}}),
        ("customers", {"lastOrder": "long"}),
    ],
)
def test_values_that_a_filter_cannot_take_are_refused(inflow: Caller, collection: str, wanted: dict[str, Any]) -> None:
    assert inflow.status(collection, filter=wanted) == 400
