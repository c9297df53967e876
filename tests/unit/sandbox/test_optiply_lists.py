"""Lists: pages, filters, order, links and counts; and that they stay quick on a long table."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from optiply_client import BASE, Optiply

from sandbox.optiply.store import Row


@pytest.fixture
def optiply() -> Optiply:
    return Optiply()


def test_fifty_rows_make_a_page_unless_told_otherwise(optiply: Optiply) -> None:
    ids = [optiply.product() for _ in range(60)]
    assert optiply.ids("products") == ids[:50]
    assert optiply.ids("products", ("page[limit]", "100")) == ids
    assert optiply.ids("products", ("page[limit]", "20"), ("page[offset]", "40")) == ids[40:]
    assert optiply.ids("products", ("page[limit]", "20"), ("page[offset]", "60")) == []


def test_next_links_lead_through_the_whole_list(optiply: Optiply) -> None:
    ids = [optiply.product() for _ in range(7)]
    seen, url = [], f"{BASE}/products?page[limit]=3&sort=-id&filter[status]=enabled"
    while url:
        answer = optiply.list("products", *parse_qsl(urlsplit(url).query))
        seen += [int(row["id"]) for row in answer.json["data"]]
        assert answer.json["meta"]["totalResourceCount"] == 7
        links = answer.json["links"]
        assert {"first", "last"} <= set(links)
        url = links.get("next")
        assert url is None or url.startswith(f"{BASE}/products?")
    assert seen == ids[::-1]
    assert "prev" in links


@pytest.mark.parametrize(
    "parameters",
    [
        [("page[limit]", "101")],
        [("page[limit]", "0")],
        [("page[limit]", "-1")],
        [("page[limit]", "many")],
        [("page[offset]", "-50")],
        [("page[offset]", "10")],
        [("page[limit]", "20"), ("page[offset]", "30")],
        [("page[number]", "2")],
        [("filter[colour]", "red")],
        [("filter[id][ABOUT]", "5")],
        [("filter[id]", "five")],
        [("filter[createdAt][GE]", "yesterday")],
        [("filter[status]", "active")],
        [("filter[assembled]", "perhaps")],
        [("filter[price]", "dear")],
        [("filter[remoteId]", "4711")],
        [("filter[remoteIdMap]", "4711")],
        [("filter", "5")],
        [("sort", "colour")],
        [("sort", "remoteId")],
    ],
)
def test_a_wrong_parameter_is_refused(optiply: Optiply, parameters: list[tuple[str, str]]) -> None:
    answer = optiply.list("products", *parameters)
    assert answer.status == 400
    assert answer.json["errors"][0]["source"]["parameter"]


class TestFilters:
    @pytest.fixture
    def ids(self, optiply: Optiply) -> list[int]:
        names = ["Chair", "chair, blue", "Table", "Lamp", "100% wool"]
        result = []
        for place, name in enumerate(names):
            price = None if place == 3 else str(place * 10)
            result.append(optiply.product(name, skuCode=f"S-{place}", price=price, assembled=place == 2))
            optiply.now += 10
        return result

    @pytest.mark.parametrize(
        ("name", "text", "places"),
        [
            ("filter[name]", "Chair", [0]),
            ("filter[name][EQ]", "Lamp", [3]),
            ("filter[name][eq]", "Lamp", [3]),
            ("filter[name][NEQ]", "Lamp", [0, 1, 2, 4]),
            ("filter[name][LIKE]", "chair", [0, 1]),
            ("filter[name][LIKE]", "%l%", [1, 2, 3, 4]),
            ("filter[name][LIKE]", "Ta%", [2]),
            ("filter[name]", "Chair,Lamp", [0, 3]),
            ("filter[price]", "20", [2]),
            ("filter[price]", "20.00", [2]),
            ("filter[price][GE]", "10", [1, 2, 4]),
            ("filter[price][LT]", "10", [0]),
            ("filter[price]", "null", [3]),
            ("filter[price][NEQ]", "null", [0, 1, 2, 4]),
            ("filter[status]", "ENABLED", [0, 1, 2, 3, 4]),
            ("filter[status]", "disabled", []),
            ("filter[assembled]", "true", [2]),
            ("filter[stockLevel][GT]", "3", []),
            ("filter[stockLevel][LE]", "3", [0, 1, 2, 3, 4]),
            ("filter[createdAt][GT]", "2026-05-28T20:26:50Z", [2, 3, 4]),
            ("filter[createdAt][GE]", "2026-05-28T22:26:50+02:00", [1, 2, 3, 4]),
            ("filter[createdAt][LT]", "2026-05-28T20:26:50Z", [0]),
            ("filter[updatedAt][GT]", "2026-05-28T20:27:00Z", [3, 4]),
            ("filter[createdFromPublicApi]", "false", []),
            ("filter[accountId]", "1380", [0, 1, 2, 3, 4]),
            ("filter[accountId]", "1381", []),
        ],
    )
    def test_each_operator_means_what_it_says(
        self, optiply: Optiply, ids: list[int], name: str, text: str, places: list[int]
    ) -> None:
        answer = optiply.list("products", (name, text))
        assert [int(row["id"]) for row in answer.json["data"]] == [ids[place] for place in places]
        assert answer.json["meta"]["totalResourceCount"] == len(places)

    def test_filters_on_the_id_compare_as_numbers(self, optiply: Optiply, ids: list[int]) -> None:
        assert optiply.ids("products", ("filter[id][GT]", str(ids[1])), ("sort", "id")) == ids[2:]
        assert optiply.ids("products", ("filter[id][GE]", str(ids[1])), ("filter[id][LE]", str(ids[3]))) == ids[1:4]
        assert optiply.ids("products", ("filter[id][LT]", str(ids[1]))) == ids[:1]
        assert optiply.ids("products", ("filter[id]", str(ids[1]))) == [ids[1]]
        assert optiply.ids("products", ("filter[id]", f"{ids[4]},{ids[0]}")) == [ids[0], ids[4]]
        assert optiply.ids("products", ("filter[id][NEQ]", str(ids[1]))) == [ids[0], *ids[2:]]

    def test_several_filters_must_all_hold(self, optiply: Optiply, ids: list[int]) -> None:
        both = [("filter[name]", "Chair"), ("filter[skuCode]", "S-0")]
        assert optiply.ids("products", *both) == [ids[0]]
        assert optiply.ids("products", both[0], ("filter[skuCode]", "S-1")) == []

    def test_an_index_follows_a_change(self, optiply: Optiply, ids: list[int]) -> None:
        optiply.patch("products", ids[0], {"name": "Lamp"})
        assert optiply.ids("products", ("filter[name]", "Lamp")) == [ids[0], ids[3]]
        assert optiply.ids("products", ("filter[name]", "Chair")) == []
        optiply.delete("products", ids[3])
        assert optiply.ids("products", ("filter[name]", "Lamp")) == [ids[0]]

    def test_open_orders_are_found_by_null(self, optiply: Optiply) -> None:
        is_open = optiply.create("buyOrders")
        optiply.create("buyOrders", completed="2026-03-01T00:00:00Z")
        assert optiply.ids("buyOrders", ("filter[completed]", "null")) == [is_open]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["a", "b", "c", "c"]),
        ("-name", ["c", "c", "b", "a"]),
        ("price", ["c", "b", "a", "c"]),
        ("-price", ["a", "b", "c", "c"]),
        ("name,-id", ["a", "b", "c", "c"]),
        ("-id", ["c", "c", "a", "b"]),
        ("createdAt", ["b", "a", "c", "c"]),
        ("-createdAt", ["c", "c", "a", "b"]),
    ],
)
def test_a_list_is_sorted_by_any_attribute_and_null_comes_last(optiply: Optiply, sort: str, names: list[str]) -> None:
    for name, price in (("b", "9.50"), ("a", "10.00"), ("c", "2.00"), ("c", None)):
        optiply.product(name, price=price)
        optiply.now += 1
    rows = optiply.list("products", ("sort", sort)).json["data"]
    assert [row["attributes"]["name"] for row in rows] == names


def test_pages_hold_still_on_rows_of_one_second(optiply: Optiply) -> None:
    ids = [optiply.product() for _ in range(5)]
    pages = [
        optiply.ids("products", ("sort", "-createdAt"), ("page[limit]", "2"), ("page[offset]", str(offset)))
        for offset in (0, 2, 4)
    ]
    assert sorted(identifier for page in pages for identifier in page) == ids


def test_a_related_list_holds_what_hangs_on_the_row(optiply: Optiply) -> None:
    product = optiply.product()
    offer = optiply.create("supplierProducts", productId=product)
    optiply.create("supplierProducts")
    answer = optiply.send("GET", f"/products/{product}/supplierProducts")
    assert [row["id"] for row in answer.json["data"]] == [str(offer)]
    assert optiply.send("GET", "/products/12/supplierProducts").status == 404


def test_lookups_on_a_long_table_need_no_scan(optiply: Optiply) -> None:
    number, store = 200_000, optiply.api.store
    table = store.tables["sellOrderLines"]
    product, order = optiply.product(), optiply.create("sellOrders")
    for place in range(number):
        values = [1, "5.00", product + place % 1000, order + place // 5, None]
        moment = int(optiply.now + place) * 1_000_000
        table.insert(Row(table.next_id, "u", 1380, 77, moment, moment, True, None, values))
        table.next_id += 1
    last = table.next_id - 1
    lookups = [
        [("filter[id][GT]", str(last - 150)), ("sort", "id"), ("page[limit]", "100"), ("filter[accountId]", "1380")],
        [("filter[createdAt][GE]", "2026-05-30T00:00:00Z"), ("sort", "id"), ("accountId", "1380")],
        [("filter[sellOrderId]", str(order + 77)), ("filter[productId]", str(product + 385))],
        [("filter[id]", str(last))],
        [("page[limit]", "100"), ("page[offset]", "150000")],
    ]
    begin = time.process_time()
    totals = [optiply.list("sellOrderLines", *lookup).json["meta"]["totalResourceCount"] for lookup in lookups]
    assert totals == [150, 200_000 - 99_200, 1, 1, number]
    assert time.process_time() - begin < 0.05, "each of them is an index away"
