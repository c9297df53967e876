"""What a run's page tells of its traffic: counted exactly, in bounded memory however long the run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_optiply.report.timeline import FINEST, MOST_BUCKETS, Timeline
from target_optiply.report.traffic import Traffic


def waited(timeline: Timeline, now: float) -> list[float]:
    return [round(each.waited, 6) for each in timeline.buckets(now)]


def test_answers_are_counted_in_the_quarter_of_a_second_they_came_in():
    timeline = Timeline(100.0)
    for now, wrote in ((100.0, True), (100.2, False), (100.6, True)):
        timeline.answered(now, wrote=wrote)
    assert [(each.writes, each.requests) for each in timeline.buckets(100.8)] == [(1, 2), (0, 0), (1, 1), (0, 0)]


def test_a_wait_is_spread_over_the_time_it_covers():
    timeline = Timeline(0.0)
    timeline.holds_back(0.125, 0.625)
    assert waited(timeline, 0.75) == [0.125, 0.25, 0.125, 0.0]


def test_waits_that_overlap_are_one():
    timeline = Timeline(0.0)
    timeline.holds_back(0.0, 0.25)
    timeline.holds_back(0.125, 0.375)
    timeline.holds_back(0.75, 0.875)
    assert waited(timeline, 1.0) == [0.25, 0.125, 0.0, 0.125, 0.0]


def test_a_wait_of_a_day_does_not_blur_what_was_before_it():
    timeline = Timeline(0.0)
    timeline.answered(0.1, wrote=True)
    timeline.holds_back(0.25, 86_400.0)
    assert waited(timeline, 1.0)[:4] == [0.0, 0.25, 0.25, 0.25]
    assert timeline.width == FINEST


@given(
    st.lists(st.floats(0, 1e7), max_size=60),
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0.001, 1e5)), max_size=10),
)
def test_nothing_is_lost_however_long_the_run_and_memory_is_bounded(
    answers: list[float], waits: list[tuple[float, float]]
):
    timeline, gate, asked = Timeline(0.0), 0.0, 0.0
    events = [(now, 0.0) for now in answers] + waits
    for now, wait in sorted(events):
        if wait:
            begin = max(now, gate)
            if now + wait > begin:
                timeline.holds_back(begin, now + wait)
                asked += now + wait - begin
                gate = now + wait
        else:
            timeline.answered(now, wrote=True)
    end = max([gate, *answers, 1.0])
    buckets = timeline.buckets(end)
    assert len(buckets) <= MOST_BUCKETS
    assert sum(each.writes for each in buckets) == len(answers)
    assert sum(each.waited for each in buckets) == pytest.approx(asked, rel=1e-6, abs=1e-6)
    assert all(each.waited <= timeline.width * (1 + 1e-9) for each in buckets)


def test_traffic_is_counted_in_all_and_per_entity():
    traffic = Traffic()
    now = traffic.timeline.began
    traffic.sent("products")
    traffic.answered("products", 0.5, now, wrote=False)
    traffic.pauses("products")
    traffic.sent("products")
    traffic.answered("products", 0.25, now, wrote=True)
    traffic.sent("suppliers")
    traffic.pauses(None)
    assert (traffic.requests, traffic.retries) == (3, 2)
    products = traffic.entities["products"]
    assert (products.requests, products.retries, products.seconds) == (2, 1, 0.75)


def test_a_wait_that_is_asked_for_already_adds_nothing():
    traffic = Traffic()
    now = traffic.timeline.began
    traffic.holds_back(now, now + 2)
    traffic.holds_back(now + 2, now + 1.5)
    assert (traffic.held_back, traffic.waits) == (2, pytest.approx(2))
