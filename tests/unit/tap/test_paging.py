"""Keyset paging: every row once, whatever the server makes of a key that is gone, of page sizes and of totals."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lists_api import ORDERS, PAGING, Api

from tap_inventory.errors import StreamError
from tap_inventory.paging import Listing, VanishedError

UNKNOWN = ["empty", "refused", "start"]


def read(api: Api, size: int = 10, after: str | None = None, seen: int = 0) -> list[str]:
    listing = Listing(api, ORDERS, PAGING, size, ())  # type: ignore[arg-type]
    return [row["orderId"] for page in listing.pages(after, seen) for row in page.rows]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(0, 60),
    size=st.integers(1, 20),
    sort=st.sampled_from(["honoured", "ignored", "never"]),
    unknown=st.sampled_from(UNKNOWN),
    counts=st.booleans(),
)
def test_every_row_is_read_once_in_no_more_requests_than_pages(
    rows: int, size: int, sort: str, unknown: str, counts: bool
) -> None:
    api = Api(sort=sort, unknown=unknown, counts=counts)
    api.insert(rows)
    assert Counter(read(api, size)) == Counter(dict.fromkeys(api.rows, 1))
    # One more where the last page is full; without totals, one that makes sure of it; one that learns of no sort.
    assert len(api.requests) <= rows // size + 1 + (not counts) + (sort == "never")


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("gone", [1, 3])
def test_a_row_that_vanishes_between_two_pages_costs_no_other_row(unknown: str, gone: int, counts: bool) -> None:
    api = Api(unknown=unknown, counts=counts)
    api.insert(47)
    order = read(api, 50)
    api.requests.clear()

    def remove(number: int) -> None:
        if number == 3:
            for key in order[20 - gone : 20]:
                del api.rows[key]

    api.before = remove
    assert read(api, 10) == order


def test_where_too_much_vanished_the_list_is_to_be_read_anew() -> None:
    api = Api()
    api.insert(47)
    order = read(api, 50)
    api.requests.clear()

    def remove(number: int) -> None:
        if number == 3:
            for key in order[10:20]:
                del api.rows[key]

    api.before = remove
    with pytest.raises(VanishedError):
        read(api, 10)


def test_a_server_that_keeps_pages_shorter_than_asked_is_read_to_its_end() -> None:
    api = Api(cap=7)
    api.insert(40)
    assert len(read(api, 20)) == 40


def test_a_server_that_ignores_the_key_ends_in_an_error_not_in_a_loop() -> None:
    api = Api(unknown="start")
    keys = api.insert(30)
    listing = Listing(api, ORDERS, PAGING, 10, ())  # type: ignore[arg-type]
    first = listing._ask([("count", "10"), ("sort", "orderId")])
    api.get = lambda *_, **__: first  # type: ignore[method-assign]
    with pytest.raises(StreamError):
        list(listing.pages())
    assert keys


def test_a_row_without_its_key_is_an_error_that_names_it() -> None:
    api = Api()
    api.rows["x"] = {"orderId": "", "timestamp": "1", "lines": []}
    with pytest.raises(StreamError, match="orderId"):
        read(api)


def test_reading_goes_on_after_a_key() -> None:
    api = Api()
    api.insert(35)
    order = read(api, 10)
    assert read(api, 10, order[19], 20) == order[20:]
