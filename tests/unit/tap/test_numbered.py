"""Paging by number: every row is read, whatever is inserted or deleted meanwhile and whatever the envelope tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_inventory.answers import Answer
from tap_inventory.chains import Chains
from tap_inventory.errors import RefusedError, StreamError
from tap_inventory.incremental import Versioned
from tap_inventory.numbered import NumberedListing
from tap_inventory.passes import Plan, plain
from tap_inventory.profile import Numbered, StreamProfile

PAGING = Numbered("page", "per_page", 100, "data", ("meta.total",), ("meta.per_page",), ("meta.last_page",), "sort")
NOW = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)
STREAM = StreamProfile("things", "/things", ("id",), {}, version="updated_at", instants=True, newest_first="updated_at")


@dataclass
class Api:
    """A list in memory.

    Attributes:
        tells: What its envelope tells: ``all``, ``total``, or ``nothing`` (then pages are honoured all the same).
        sort: ``honoured``, ``ignored``, or ``refused``.
        order: The order where nothing is sorted: ``oldest`` or ``newest`` inserted first.
        own_size: Rows a page, where the server decides.
        before: Called before each request with its number.
    """

    tells: str = "all"
    sort: str = "honoured"
    order: str = "oldest"
    own_size: int | None = None
    before: Callable[[int], None] = lambda _: None
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    chains: Chains = field(default_factory=Chains)
    clock: int = 0

    def insert(self, number: int = 1, seconds: int = 7) -> None:
        for _ in range(number):
            self.clock += seconds
            key = max(self.rows, default=0) + 1
            self.rows[key] = {"id": key, "updated_at": self.time(), "note": 0}

    def time(self) -> str:
        return (NOW - timedelta(days=9) + timedelta(seconds=self.clock)).strftime("%Y-%m-%d %H:%M:%S")

    def change(self, key: int, seconds: int = 7) -> None:
        self.clock += seconds
        self.rows[key] = {**self.rows[key], "updated_at": self.time(), "note": self.rows[key]["note"] + 1}

    def get(self, path: str, params: Sequence[tuple[str, str]], *_: Any, probing: bool = False) -> Answer:
        self.before(len(self.asked) + 1)
        ask = dict(params)
        self.asked.append(ask)
        rows = list(self.rows.values())
        if self.order == "newest":
            rows.reverse()
        if (sort := ask.get("sort")) and self.sort == "refused":
            raise RefusedError("no such sort", 400)
        if sort and self.sort == "honoured":
            rows = sorted(rows, key=lambda row: row[sort.lstrip("-")], reverse=sort[0] == "-")
        size = self.own_size or min(int(ask["per_page"]), 100)
        page = rows[(int(ask["page"]) - 1) * size :][:size]
        told = self.tells != "nothing"
        return Answer(
            [dict(row) for row in page],
            len(rows) if told else None,
            size if self.tells == "all" else None,
            max(-(-len(rows) // size), 1) if self.tells == "all" else None,
        )

    def listing(self, size: int = 10) -> NumberedListing:
        return NumberedListing(self, STREAM, PAGING, size, [])  # type: ignore[arg-type]

    def plan(self, saved: dict[str, Any] | None = None, size: int = 10) -> Plan:
        return Plan(
            STREAM, self.listing(size), frozenset(), "all", dict(saved or {}), NOW, timedelta(days=7), timedelta(days=2)
        )

    def read(self, saved: dict[str, Any] | None = None, size: int = 10) -> tuple[list[int], dict[str, Any]]:
        self.asked.clear()
        steps = list(Versioned(self.plan(saved, size)).steps())
        return [row["id"] for step in steps for row in step.changed], steps[-1].bookmark


def keys(api: Api, **start: Any) -> list[int]:
    return [row["id"] for page in api.listing().pages(**start) for row in page.rows]


@pytest.mark.parametrize("tells", ["all", "total", "nothing"])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 30, 37])
def test_every_row_is_read_once_in_its_pages(tells: str, count: int) -> None:
    api = Api(tells=tells)
    api.insert(count)
    assert keys(api) == list(api.rows)
    full = count % 10 == 0 and count > 0 and tells == "nothing"
    assert len(api.asked) == max(-(-count // 10), 1) + full


@pytest.mark.parametrize("tells", ["all", "total"])
def test_a_page_that_is_not_as_long_as_asked_is_no_end(tells: str) -> None:
    api = Api(tells=tells, own_size=4)
    api.insert(10)
    assert keys(api) == list(api.rows)
    assert len(api.asked) == 3


def test_reading_goes_on_where_it_ended_whatever_the_length_of_a_page() -> None:
    api = Api()
    api.insert(40)
    first = next(iter(api.listing().pages()))
    assert first.last == "10/40"
    for size in (None, 4, 7):
        api.own_size = size
        rest = keys(api, after=first.last, seen=10)
        assert set(rest) >= set(range(11, 41))


def test_rows_deleted_before_the_place_cost_no_other_row_even_between_two_runs() -> None:
    api = Api()
    api.insert(40)
    first = next(iter(api.listing().pages()))
    for gone in (1, 2, 3):
        del api.rows[gone]
    assert set(keys(api, after=first.last, seen=10)) >= set(range(11, 41))


def test_a_list_that_knows_no_pages_is_read_once() -> None:
    api = Api(tells="nothing", own_size=25)
    api.insert(25)
    assert keys(api) == list(api.rows)
    assert len(api.asked) == 1
    whole = Api(tells="nothing", own_size=10)
    whole.insert(10)
    whole.before = lambda _: whole.asked and whole.asked[-1].update(page="1")
    real = whole.get
    whole.get = lambda path, params, *more, **options: real(path, [("page", "1"), *params[1:]])  # type: ignore[method-assign]
    assert keys(whole) == list(whole.rows)
    assert len(whole.asked) == 2


def test_a_server_that_repeats_a_page_for_ever_is_an_error_not_a_loop() -> None:
    api = Api()
    api.insert(10)
    real = api.get

    def stuck(path: str, params: Sequence[tuple[str, str]], *more: Any, **options: Any) -> Answer:
        answer = real(path, [("page", "1"), *params[1:]])
        return Answer(answer.rows, 10**9, 10, 10**8)

    api.get = stuck  # type: ignore[method-assign]
    with pytest.raises(StreamError, match="does not advance"):
        keys(api)
    assert len(api.asked) < 10


def test_a_list_without_sorting_by_key_is_read_in_its_own_order() -> None:
    api = Api(sort="refused", order="newest")
    api.insert(25)
    assert sorted(keys(api)) == list(api.rows)


@pytest.mark.parametrize("many", [10, 25, 60])
def test_many_rows_that_come_before_the_others_are_no_standstill(many: int) -> None:
    api = Api(sort="ignored", order="newest")
    api.insert(40)
    stay = set(api.rows)
    api.before = lambda number: api.insert(many) if number == 3 else None
    assert stay <= set(keys(api))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_row_that_stays_is_skipped_whatever_happens_between_two_pages(data: st.DataObject) -> None:
    api = Api(
        order=data.draw(st.sampled_from(["oldest", "newest"])), sort=data.draw(st.sampled_from(["honoured", "ignored"]))
    )
    api.insert(data.draw(st.integers(0, 60)))
    stay = set(api.rows)

    def meanwhile(_: int) -> None:
        # Either, not both at once: of a row that goes as another comes, the total tells nothing.
        if data.draw(st.booleans()):
            api.insert(data.draw(st.integers(0, 12)))
        else:
            for key in data.draw(st.lists(st.sampled_from(sorted(api.rows) or [0]), max_size=12)):
                api.rows.pop(key, None)
                stay.discard(key)

    api.before = meanwhile
    found = keys(api)
    assert stay <= set(found)
    assert len(found) == len(set(found))


# Versions that are instants.


def test_of_a_proven_order_only_as_much_is_read_as_is_needed_and_just_the_changes_come() -> None:
    api = Api()
    api.insert(400)
    first, state = api.read()
    assert first == list(api.rows)
    assert state["order"] == "updated_at"
    assert state["replication_key_value"] == "2025-06-22T12:46:40+00:00"
    api.change(3)
    api.change(200)
    api.insert()
    again, state = api.read(state)
    assert sorted(again) == [3, 200, 401]
    assert len(api.asked) <= 13
    assert api.read(state)[0] == []


def test_rows_that_share_an_instant_do_not_disprove_the_order_and_come_once() -> None:
    api = Api()
    api.insert(40)
    api.insert(60, seconds=0)
    state = api.read()[1]
    assert state["order"] == "updated_at"
    assert api.read(state)[0] == []


def test_a_row_that_changes_twice_within_a_second_is_emitted_both_times() -> None:
    api = Api()
    api.insert(50)
    state = api.read()[1]
    api.change(7)
    changed, state = api.read(state)
    assert changed == [7]
    api.change(7, seconds=0)
    assert api.read(state)[0] == [7]


@pytest.mark.parametrize("sort", ["ignored", "refused"])
def test_without_a_kept_order_every_page_is_read_and_just_the_changes_come(sort: str) -> None:
    api = Api(sort=sort)
    api.insert(95)
    state = api.read()[1]
    assert state.get("order") != "updated_at"
    api.change(40)
    changed, _ = api.read(state)
    assert changed == [40]
    assert len(api.asked) >= 10


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_changed_row_is_never_missed(data: st.DataObject) -> None:
    api = Api(sort=data.draw(st.sampled_from(["honoured", "ignored"])))
    api.insert(data.draw(st.integers(1, 120)), seconds=data.draw(st.integers(0, 2)))
    copy: dict[int, dict[str, Any]] = {}
    state: dict[str, Any] = {}
    for _ in range(4):
        for _ in range(data.draw(st.integers(0, 5))):
            if data.draw(st.booleans()):
                api.change(data.draw(st.sampled_from(sorted(api.rows))), seconds=data.draw(st.integers(0, 2)))
            else:
                api.insert(seconds=data.draw(st.integers(0, 2)))
        steps = list(Versioned(api.plan(state)).steps())
        for step in steps:
            copy |= {row["id"]: row for row in step.changed}
        state = steps[-1].bookmark
        assert copy == api.rows


def test_rows_without_a_version_come_in_full_each_time() -> None:
    api = Api()
    api.insert(12)
    steps = list(plain(api.plan()))
    assert [row["id"] for step in steps for row in step.changed] == list(api.rows)
    assert steps[-1].bookmark == {"reads": "all"}
