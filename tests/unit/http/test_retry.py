"""Retry-After and back-off: what a server asks for is done, and what it leaves open is bounded."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singer_http.retry import MAX_RETRY_AFTER, backoff_delay, parse_retry_after

NOW = datetime(2025, 7, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("999999999", MAX_RETRY_AFTER),
        ("inf", MAX_RETRY_AFTER),
        ("Tue, 01 Jul 2025 12:00:30 GMT", 30.0),
        ("Tue, 01 Jul 2025 14:00:30 +0200", 30.0),
        ("Tue, 01 Jul 2025 12:00:30 -0000", 30.0),
        ("Tue, 01 Jul 2025 11:00:00 GMT", 0.0),
        ("nan", None),
        ("soon", None),
        ("Tue, 99 Jul 2025", None),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_however_odd_breaks_the_reading_or_gives_a_senseless_wait(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER


@given(st.integers(0, 3000))
def test_a_date_says_the_same_as_its_seconds(ahead: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=ahead), usegmt=True)
    assert parse_retry_after(date, NOW) == parse_retry_after(str(ahead), NOW)


def test_back_off_doubles_up_to_its_cap() -> None:
    bounds = [backoff_delay(attempt, base=0.5, cap=5, rng=lambda bound: bound) for attempt in range(1, 7)]
    assert bounds == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


@given(st.integers(1, 40), st.integers())
def test_jitter_stays_between_nothing_and_the_bound(attempt: int, seed: int) -> None:
    delay = backoff_delay(attempt, base=1, cap=60, rng=random.Random(seed))
    assert 0 <= delay <= min(60, 2 ** (attempt - 1))


def test_without_a_source_of_chance_the_delay_still_stays_in_its_bounds() -> None:
    assert all(0 <= backoff_delay(3, base=1, cap=60) <= 4 for _ in range(50))


def test_an_hour_is_the_longest_wait_that_is_believed() -> None:
    assert parse_retry_after("7200", NOW) == 3600.0


def test_unless_told_otherwise_back_off_begins_at_a_second_and_ends_at_a_minute() -> None:
    assert [backoff_delay(attempt, rng=lambda bound: bound) for attempt in (1, 2, 40)] == [1.0, 2.0, 60.0]


class Lowest(random.Random):
    def random(self) -> float:
        return 0.0


def test_jitter_may_draw_no_wait_at_all() -> None:
    assert backoff_delay(3, rng=Lowest()) == 0.0
