"""Lists of the inFlow sandbox: every order pages completely, and parameters are as strict as documented."""

from __future__ import annotations

from uuid import UUID

import pytest
from inflow_caller import Caller

from sandbox.data import generate
from sandbox.inflow.endpoints import COLLECTIONS

PAGED = [name for name, spec in COLLECTIONS.items() if spec.paged]


@pytest.fixture
def inflow() -> Caller:
    return Caller()


@pytest.mark.parametrize("collection", PAGED)
def test_paging_after_the_last_key_reads_each_row_of_every_list_once(inflow: Caller, collection: str) -> None:
    key = COLLECTIONS[collection].key
    keys = inflow.pages(collection, key, sort=key)
    assert len(keys) == len(set(keys)) == len(inflow.api.dump(collection)) > 0


@pytest.mark.parametrize("order", ["insertion", "id", "shuffled", "newest_first"])
@pytest.mark.parametrize("guids", ["sqlserver", "text"])
def test_every_default_order_is_stable_and_complete(inflow: Caller, order: str, guids: str) -> None:
    inflow.switches.update({"inflow_default_order": order, "inflow_guid_sort": guids})
    first, second = (inflow.pages("sales-orders", "salesOrderId", count=count) for count in (7, 100))
    assert first == second
    assert len(first) == len(set(first)) == 300


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("guids", ["sqlserver", "text"])
@pytest.mark.parametrize(
    ("collection", "sort"),
    [
        ("products", "productId"),
        ("products", "timestamp"),
        ("products", "lastModifiedDateTime"),
        ("products", "name"),
        ("products", "isActive"),
        ("products", "lastVendorId"),
        ("products", "weight"),
        ("sales-orders", "orderDate"),
        ("sales-orders", "invoicedDate"),
        ("sales-orders", "total"),
        ("customers", "lastModifiedDttm"),
        ("purchase-orders", "requestShipDate"),
    ],
)
def test_every_sort_pages_each_row_once_in_both_directions(
    inflow: Caller, collection: str, sort: str, guids: str, *, descending: bool
) -> None:
    inflow.switches.update({"inflow_guid_sort": guids})
    key = COLLECTIONS[collection].key
    keys = inflow.pages(collection, key, sort=sort, sortDesc=descending)
    assert len(keys) == len(set(keys)) == len(inflow.api.dump(collection))
    if descending:
        assert keys == inflow.pages(collection, key, sort=sort)[::-1]


def test_keys_sort_as_sql_server_compares_guids_and_not_as_text(inflow: Caller) -> None:
    keys = inflow.pages("products", "productId", sort="productId", count=100)

    def sql_server(key: str) -> bytes:
        stored = UUID(key).bytes_le
        return stored[10:16] + stored[8:10] + stored[6:8] + stored[4:6] + stored[0:4]

    assert keys == sorted(keys, key=sql_server)
    assert keys != sorted(keys)
    inflow.switches.update({"inflow_guid_sort": "text"})
    assert inflow.pages("products", "productId", sort="productId", count=100) == sorted(keys)


@pytest.mark.parametrize("sort", ["timestamp", "orderDate", "total"])
def test_sorted_lists_are_in_the_order_of_the_property(inflow: Caller, sort: str) -> None:
    rows = inflow.get("sales-orders", sort=sort, count=100)
    values = [float(row[sort]) if sort == "total" else row[sort] for row in rows]
    assert values == sorted(values)
    newest = inflow.get("sales-orders", sort=sort, sortDesc=True, count=1)[0][sort]
    assert newest == max((row[sort] for row in inflow.api.dump("sales-orders")), key=float if sort == "total" else str)


def test_rows_without_a_value_come_first(inflow: Caller) -> None:
    rows = inflow.get("sales-orders", sort="invoicedDate", count=100)
    dates = [row["invoicedDate"] for row in rows]
    assert None in dates
    assert dates == sorted(dates, key=lambda date: date or "")


def test_an_ignored_sort_gives_the_default_order_and_a_refused_one_a_400(inflow: Caller) -> None:
    plain = inflow.pages("products", "productId")
    inflow.switches.update({"inflow_sort": "ignored"})
    assert inflow.pages("products", "productId", sort="timestamp", sortDesc=True) == plain
    inflow.switches.update({"inflow_sort": "refused"})
    assert inflow.status("products", sort="productId") == 400
    assert inflow.status("products") == 200


@pytest.mark.parametrize("sort", ["nothing", "lines", "customer", "billingAddress", "OrderDate"])
def test_only_properties_of_the_row_can_be_sorted_by(inflow: Caller, sort: str) -> None:
    assert inflow.status("sales-orders", sort=sort) == 400


def test_a_page_has_twenty_rows_unless_told_and_unknown_parameters_are_ignored(inflow: Caller) -> None:
    assert len(inflow.get("products")) == 20
    assert len(inflow.get("products", top=100, pageSize=100, limit=100, page=2)) == 20
    assert inflow.get("products", page=2) == inflow.get("products")


def test_more_than_a_hundred_rows_are_capped_or_refused(inflow: Caller) -> None:
    assert len(inflow.get("products", count=500)) == 100
    inflow.switches.update({"inflow_count_over_100": "refuse"})
    assert inflow.status("products", count=101) == 400
    assert inflow.status("products", count=100) == 200


@pytest.mark.parametrize("query", [{"count": 0}, {"count": -1}, {"count": "x"}, {"skip": -1}, {"sortDesc": "maybe"}])
def test_malformed_paging_parameters_are_refused(inflow: Caller, query: dict[str, object]) -> None:
    assert inflow.status("products", sort="productId", **query) == 400


def test_skip_start_and_before_cut_the_same_list(inflow: Caller) -> None:
    keys = inflow.pages("products", "productId", sort="productId", count=100)

    def part(**query: object) -> list[str]:
        return [row["productId"] for row in inflow.get("products", sort="productId", **query)]

    assert part(skip=5, count=3) == keys[5:8]
    assert part(start=keys[5], count=3) == keys[5:8]
    assert part(after=keys[5], count=3) == keys[6:9]
    assert part(after=keys[5], skip=2, count=3) == keys[8:11]
    assert part(before=keys[5], count=3) == keys[2:5]
    assert part(before=keys[2], count=5) == keys[:2]
    assert part(after=keys[1], before=keys[4], count=9) == keys[2:4]
    assert part(sortDesc=True, after=keys[5], count=3) == [keys[4], keys[3], keys[2]]
    assert part(sortDesc=True, start=keys[5], count=2) == [keys[5], keys[4]]
    assert part(skip=1000) == []


@pytest.mark.parametrize("unknown", ["00000000-0000-4000-8000-000000000000", "100", "nonsense"])
def test_a_key_that_no_row_has_gets_what_the_switch_says(inflow: Caller, unknown: str) -> None:
    assert inflow.get("products", sort="productId", after=unknown) == []
    inflow.switches.update({"inflow_unknown_after": "refuse"})
    assert inflow.status("products", sort="productId", after=unknown) == 400
    inflow.switches.update({"inflow_unknown_after": "start"})
    assert inflow.get("products", sort="productId", after=unknown) == inflow.get("products", sort="productId")


def test_a_key_that_the_filter_leaves_out_still_marks_a_place(inflow: Caller) -> None:
    keys = inflow.pages("products", "productId", sort="productId", count=100)
    inactive = {row["productId"] for row in inflow.api.dump("products") if not row["isActive"]}
    mark = next(place for place, key in enumerate(keys) if key in inactive)
    rows = inflow.get("products", sort="productId", after=keys[mark], count=100, filter={"isActive": True})
    assert [row["productId"] for row in rows] == [key for key in keys[mark:] if key not in inactive][:100]


def test_the_total_is_told_in_a_header_on_request_only(inflow: Caller) -> None:
    query = inflow.query(includeCount=True, filter={"isActive": False})
    listed = inflow.ask("products", query).headers["x-listcount"]
    assert int(listed) == sum(not row["isActive"] for row in inflow.api.dump("products"))
    assert "x-listcount" not in inflow.ask("products").headers


def test_webhooks_know_no_paging(inflow: Caller) -> None:
    assert len(inflow.get("webhooks", count=1)) == len(inflow.api.dump("webhooks")) == 2


def test_an_empty_list_is_an_empty_array() -> None:
    empty = Caller(generate(1, 0, 0, 0, 0, 0))
    assert empty.get("products", sort="productId", count=100) == []
    assert empty.ask("sales-orders", empty.query(includeCount=True)).headers["x-listcount"] == "0"


def test_a_row_is_read_alone_by_its_key(inflow: Caller) -> None:
    row = inflow.get("vendors", count=1)[0]
    assert inflow.get(f"vendors/{row['vendorId'].upper()}") == row
    assert inflow.status("vendors/00000000-0000-4000-8000-000000000000") == 404
    member = inflow.get("team-members", count=1)[0]
    assert inflow.status(f"team-members/{member['teamMemberId']}") == 404


def test_the_endpoints_that_are_no_lists_answer_too(inflow: Caller) -> None:
    sheet = inflow.get("stock-counts", include="sheets", count=1)[0]["sheets"][0]
    assert inflow.get(f"count-sheets/{sheet['countSheetId']}", include="lines")["lines"]
    assert inflow.status("count-sheets/none") == 404
    assert inflow.get("custom-fields")["customFieldsId"]
    assert inflow.get("custom-field-dropdown-options/SalesOrder")[0]["dropdownOptions"]
    assert inflow.get("custom-field-dropdown-options/Product") == []
    assert inflow.status("custom-field-dropdown-options/Nothing") == 400
    line = next(row for product in inflow.api.dump("products") for row in product["inventoryLines"])
    place = f"locations/{line['locationId']}"
    assert inflow.get(f"{place}/suggested-sublocations")["sublocations"]
    found = inflow.get(f"{place}/products/{line['productId']}/suggested-sublocations")
    assert {
        "id": line["inventoryLineId"],
        "quantity": line["quantityOnHand"],
        "sublocation": line["sublocation"],
    } in found
    assert inflow.status("locations/none/suggested-sublocations") == 404
    assert inflow.status("nothing") == 404
    assert inflow.ask("products", method="PUT", body={}).status == 405
