"""Incremental reading: what changed is emitted and nothing else, in few requests, and a change is never missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lists_api import NOW, Api, Reader

SORTS = ["honoured", "ignored", "keys", "refused", "never", "ascending"]
DEFAULTS = ["oldest", "newest"]


def started(rows: int = 1000, **habits: Any) -> Reader:
    """Return a reader that has read a list once."""
    api = Api(**habits)
    api.insert(rows)
    reader = Reader(api)
    assert len(reader.run()) == rows
    assert not reader.missed()
    return reader


def test_the_first_run_emits_every_row_in_a_request_a_page_and_one_for_the_proof() -> None:
    reader = started(1050)
    assert len(reader.api.requests) == 11 + 1
    assert reader.state["order"] == "timestamp"


def test_thirty_changes_among_many_take_three_requests_where_the_order_is_proven() -> None:
    reader = started(2000)
    changed = list(reader.api.rows)[::67][:30]
    for key in changed:
        reader.api.change(key)
    assert sorted(reader.run()) == sorted(changed)
    assert len(reader.api.requests) <= 4
    assert not reader.missed()


@pytest.mark.parametrize("default", DEFAULTS)
@pytest.mark.parametrize("sort", SORTS)
def test_exactly_the_changed_rows_are_emitted_whatever_the_server_makes_of_the_sort(sort: str, default: str) -> None:
    reader = started(1050, sort=sort, default=default)
    changed = list(reader.api.rows)[3::40]
    for key in changed:
        reader.api.change(key)
    changed += reader.api.insert(4)
    assert sorted(reader.run()) == sorted(changed)
    assert not reader.missed()
    assert reader.run() == []


@pytest.mark.parametrize("sort", ["ignored", "keys", "ascending"])
@pytest.mark.parametrize("default", DEFAULTS)
def test_a_server_that_stops_keeping_the_order_is_found_out(sort: str, default: str) -> None:
    reader = started(1000, default=default)
    assert reader.state["order"] == "timestamp"
    reader.api.sort = sort
    oldest, *_, newest = reader.api.rows
    reader.api.change(oldest)
    reader.api.change(newest)
    assert sorted(reader.run()) == sorted([oldest, newest])
    assert reader.state["order"] == "unproven"
    assert not reader.missed()


def test_an_order_that_holds_only_by_default_is_not_taken_for_a_kept_one() -> None:
    """The server ignores the sort, and its own order happens to be newest first."""
    reader = started(1000, sort="ignored", default="newest")
    assert reader.state["order"] == "unproven"
    reader.api.change(next(iter(reader.api.rows)))
    assert len(reader.run()) == 1


def test_a_default_order_of_newest_first_for_unknown_fields_alone_misses_nothing() -> None:
    """The newest page holds the newest rows, though the field is ignored: only asking the other way round tells."""
    reader = started(1000, sort="keys", default="newest")
    changed = list(reader.api.rows)[5]
    reader.api.change(changed)
    assert reader.run() == [changed]
    assert reader.state["order"] == "unproven"


def test_a_child_that_changed_without_its_row_is_found_once_such_rows_are_seen() -> None:
    api = Api()
    keys = api.insert(500)
    api.change_child(keys[10], bumping=False)
    api.insert(10)
    reader = Reader(api)
    reader.run()
    assert reader.state["order"] == "unproven"
    api.change_child(keys[20], bumping=False)
    assert reader.run() == [keys[20]]


@pytest.mark.parametrize("sort", SORTS)
def test_a_changed_child_that_renews_its_row_is_found(sort: str) -> None:
    reader = started(600, sort=sort)
    key = list(reader.api.rows)[100]
    reader.api.change_child(key, bumping=True)
    assert reader.run() == [key]


def test_stock_and_referred_rows_do_not_count_as_a_change() -> None:
    reader = started(150)
    key = next(iter(reader.api.rows))
    late = f"{reader.api.version + 50:016X}"
    reader.api.rows[key] |= {"stock": [{"timestamp": late}], "customer": {"timestamp": late}}
    assert reader.run() == []


@pytest.mark.parametrize("sort", SORTS)
def test_a_commit_below_the_bookmark_is_found(sort: str) -> None:
    """A version was drawn before the last run and committed after it."""
    api = Api(sort=sort)
    keys = api.insert(500)
    drawn = api.draw()
    api.insert(20)
    reader = Reader(api)
    reader.run()
    api.change(keys[42], version=drawn)
    assert reader.run() == [keys[42]]
    assert not reader.missed()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("default", DEFAULTS)
def test_rows_changed_and_inserted_between_two_pages_are_emitted_by_this_run_or_the_next(
    sort: str, default: str
) -> None:
    api = Api(sort=sort, default=default)
    api.insert(1200)
    reader = Reader(api)

    def meddle(number: int) -> None:
        keys = list(api.rows)
        api.change(keys[(number * 389) % len(keys)])
        api.insert(1)

    api.before = meddle
    reader.run()
    for key in list(api.rows)[::9]:
        api.change(key)
    reader.run()
    api.before = lambda _: None
    reader.run()
    assert not reader.missed()


@pytest.mark.parametrize("sort", SORTS)
def test_versions_that_restart_lower_make_everything_be_read_again(sort: str) -> None:
    reader = started(700, sort=sort)
    reader.api.version = 5
    for key in list(reader.api.rows):
        reader.api.change_child(key, bumping=True)
    assert set(reader.run()) == set(reader.api.rows)
    assert not reader.missed()
    assert reader.run() == []


@pytest.mark.parametrize("sort", SORTS)
def test_a_full_read_that_was_interrupted_goes_on_where_it_ended(sort: str) -> None:
    api = Api(sort=sort)
    api.insert(1000)
    reader = Reader(api)
    reader.run(stop_after=4)
    api.change(next(iter(api.rows)))
    reader.run()
    assert len(api.requests) <= 7 + (sort == "never")  # and the one that learns that nothing is sorted
    api.change(list(api.rows)[1])
    reader.run()
    assert not reader.missed()


def test_a_read_that_was_interrupted_long_ago_begins_anew_and_skips_nothing() -> None:
    api = Api()
    api.insert(500)
    reader = Reader(api)
    reader.run(stop_after=2)
    assert len(reader.run(now=NOW + timedelta(days=1, minutes=1))) == 500
    assert not reader.missed()


def test_a_read_of_changes_that_was_interrupted_skips_nothing() -> None:
    reader = started(1000)
    for key in list(reader.api.rows)[:350]:
        reader.api.change(key)
    reader.run(stop_after=2)
    reader.run()
    assert not reader.missed()


def test_everything_is_emitted_again_after_the_days_of_the_rescan() -> None:
    reader = started(300)
    assert reader.run(now=NOW + timedelta(days=6.9)) == []
    assert len(reader.run(now=NOW + timedelta(days=7))) == 300
    assert reader.run(now=NOW + timedelta(days=8)) == []
    assert len(reader.run(now=NOW + timedelta(days=8), rescan=0)) == 300


def test_a_list_of_one_page_takes_one_request() -> None:
    reader = started(60)
    assert len(reader.api.requests) == 1
    key = list(reader.api.rows)[30]
    reader.api.change(key)
    assert reader.run() == [key]
    assert len(reader.api.requests) == 1


def test_a_list_that_outgrows_its_page_is_proven_then() -> None:
    reader = started(60)
    keys = reader.api.insert(400)
    assert sorted(reader.run()) == sorted(keys)
    assert reader.state["order"] == "timestamp"


def test_an_empty_list_is_read_and_remembered() -> None:
    reader = started(0)
    keys = reader.api.insert(3)
    assert sorted(reader.run()) == sorted(keys)


def test_a_row_without_a_version_is_always_emitted() -> None:
    reader = started(120)
    key = list(reader.api.rows)[7]
    reader.api.rows[key] |= {"timestamp": None, "lines": []}
    assert reader.run() == [key]
    assert reader.run() == [key]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_record_is_never_missed(data: st.DataObject) -> None:
    """Any habits, any changes, any interruptions: the runs that end leave nothing behind."""
    api = Api(
        sort=data.draw(st.sampled_from(SORTS)),
        default=data.draw(st.sampled_from(DEFAULTS)),
        unknown=data.draw(st.sampled_from(["empty", "refused", "start"])),
        counts=data.draw(st.booleans()),
    )
    api.insert(data.draw(st.integers(0, 90)))
    reader = Reader(api)
    size = data.draw(st.sampled_from([5, 10, 30]))
    for _ in range(data.draw(st.integers(1, 4))):
        keys = list(api.rows)
        for index in data.draw(st.lists(st.integers(0, 10_000), max_size=12)):
            if keys:
                key = keys[index % len(keys)]
                if data.draw(st.booleans()):
                    api.change(key)
                else:
                    api.change_child(key, bumping=True)
        api.insert(data.draw(st.integers(0, 15)))
        if data.draw(st.booleans()):
            reader.run(size=size, stop_after=data.draw(st.integers(1, 4)))
        reader.run(size=size)
        # What an interrupted run emitted may have changed since; the run after it sees that.
        reader.run(size=size)
        assert not reader.missed()
