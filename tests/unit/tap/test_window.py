"""Windows of change: only the days that matter are asked for, and only what is new in them is emitted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from lists_api import NOW, ORDERS, Api, Reader

from tap_inventory.start import StartDate, parse_instant
from tap_inventory.window import window_filter, window_from, windowed


class Window(Reader):
    """Reads by the filter on changes."""

    filtered = True

    def steps(self, **options: Any) -> Any:
        plan = self.api.plan(self.state, **options)
        window = window_from(plan)
        if window and ORDERS.since and self.filtered:
            plan = self.api.plan(self.state, filters=[window_filter(window, ORDERS.since)], **options)
        return windowed(plan, window)


def started(rows: int = 300) -> Window:
    api = Api()
    api.insert(rows)
    reader = Window(api)
    assert len(reader.run()) == rows
    return reader


def test_only_the_window_is_asked_for_and_only_what_is_new_in_it_is_emitted() -> None:
    reader = started()
    api = reader.api
    api.version += 3 * 24 * 60
    keys = list(api.rows)[::60]
    for key in keys:
        api.change(key)
    assert sorted(reader.run()) == sorted(keys)
    assert all("filter[modified]" in ask for ask in api.requests)
    assert not reader.missed()
    assert reader.run() == []


def test_a_row_that_comes_to_light_late_is_found_within_the_days_of_the_look_back() -> None:
    """Its change was drawn before the last run, and could be seen only after it."""
    reader = started()
    latest = max(parse_instant(row["modified"]) or NOW for row in reader.api.rows.values())
    key = next(iter(reader.api.rows))
    reader.api.change(key)
    reader.api.rows[key]["modified"] = (latest - timedelta(days=2)).isoformat()
    assert reader.run() == [key]
    (ask, *_) = reader.api.requests
    assert json.loads(ask["filter[modified]"]) == {"fromDate": (latest - timedelta(days=2)).date().isoformat()}


def test_a_server_that_ignores_the_filter_makes_no_difference_to_what_is_emitted() -> None:
    reader = started()
    reader.filtered = False
    reader.api.version += 24 * 60
    key = next(iter(reader.api.rows))
    reader.api.change(key)
    assert reader.run() == [key]


def test_an_interrupted_window_goes_on_and_skips_nothing() -> None:
    reader = started()
    for key in list(reader.api.rows)[:250]:
        reader.api.change(key)
    reader.run(stop_after=1)
    reader.run()
    assert not reader.missed()


def test_everything_is_read_again_when_it_is_due() -> None:
    reader = started(20)
    assert len(reader.run(now=NOW + timedelta(days=8))) == 20
    assert not any("filter[modified]" in ask for ask in reader.api.requests)


def test_what_the_filter_of_a_start_date_lets_through_by_its_margin_is_not_emitted() -> None:
    api = Api()
    api.insert(20)
    keys = list(api.rows)
    for number, key in enumerate(keys):
        api.rows[key]["orderDate"] = f"2025-01-{number + 1:02}T12:00:00-05:00"
    assert ORDERS.start
    start = StartDate(ORDERS.start, datetime(2025, 1, 11, tzinfo=timezone.utc))
    assert sorted(Window(api).run(start=start)) == sorted(keys[10:])
    assert sorted(Reader(api).run(start=start)) == sorted(keys[10:])


def test_the_day_asked_for_is_the_one_in_utc() -> None:
    assert ORDERS.since
    east = datetime(2025, 3, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    name, text = window_filter(east, ORDERS.since)
    assert (name, json.loads(text)) == ("filter[modified]", {"fromDate": "2025-02-28"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-07-01", datetime(2025, 7, 1)),  # noqa: DTZ001 - a date without a zone stays one
        ("2025-07-01T10:00:00Z", datetime(2025, 7, 1, 10, tzinfo=timezone.utc)),
        ("2025-07-01T10:00:00.1234567+02:00", datetime(2025, 7, 1, 8, 0, 0, 123456, tzinfo=timezone.utc)),
        ("2025-07-01T10:00:00.5Z", datetime(2025, 7, 1, 10, 0, 0, 500000, tzinfo=timezone.utc)),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_instants_are_read_as_the_api_writes_them(value: Any, expected: datetime | None) -> None:
    assert parse_instant(value) == expected


@pytest.mark.parametrize(
    ("setting", "date", "kept"),
    [
        ("2025-01-01", "2025-01-01T00:00:00+08:00", True),
        ("2025-01-01", "2024-12-31T23:59:59-04:00", False),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00+08:00", False),
        ("2025-01-01T00:00:00Z", "2024-12-31T23:00:00-04:00", True),
        ("2025-01-01", None, True),
    ],
)
def test_a_start_date_without_a_zone_is_meant_in_the_rows_own(setting: str, date: str | None, kept: bool) -> None:
    instant = parse_instant(setting)
    assert ORDERS.start
    assert instant
    start = StartDate(ORDERS.start, instant)
    assert start.keeps({"orderDate": date}) is kept
    assert json.loads(start.parameter()[1]) == {"fromDate": "2024-12-31"}
