"""Pacing: no window of time ever holds more requests than allowed, and a free slot is never withheld."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clock import Clock

from singer_http.pacing import Pacer, PacerClosedError, SlidingWindow


def test_bursts_up_to_the_limit_start_at_once_and_the_next_waits_for_the_first_slot() -> None:
    window = SlidingWindow(3, 60.0)
    tokens = []
    for _ in range(3):
        assert window.wait(0.0) == 0
        tokens.append(window.start(0.0))
    assert window.wait(0.0) == math.inf
    window.answered(tokens[1], 2.0)
    window.answered(tokens[0], 5.0)
    assert window.wait(5.0) == 57.0
    assert window.wait(61.9) == pytest.approx(0.1)
    assert window.wait(62.0) == 0


def test_a_slot_is_held_until_a_period_after_the_answer_not_after_the_request() -> None:
    window = SlidingWindow(1, 60.0)
    token = window.start(0.0)
    assert window.wait(500.0) == math.inf
    window.answered(token, 500.0)
    assert window.wait(559.0) == 1.0


def test_an_answer_counts_once_however_often_it_is_told() -> None:
    window = SlidingWindow(1, 60.0)
    token = window.start(0.0)
    window.answered(token, 1.0)
    window.answered(token, 9.0)
    assert window.wait(60.0) == 1.0


def test_a_limit_switched_on_late_counts_the_requests_made_before() -> None:
    window = SlidingWindow(0, 3600.0)
    for second in range(10):
        assert window.wait(second) == 0
        window.answered(window.start(second), second)
    window.limit = 4
    # Of ten slots in use only four may be: the seventh must be free again before another request starts.
    assert window.wait(10.0) == 3606.0 - 10.0
    assert window.free_slots(10.0) == 0


@settings(max_examples=200)
@given(
    limit=st.integers(1, 6),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    answers=st.lists(st.floats(0, 20), min_size=1, max_size=20),
    arrivals=st.lists(st.floats(0, 1), min_size=1, max_size=20),
)
def test_no_window_on_the_servers_clock_ever_holds_more_than_the_limit(
    limit: int, pauses: list[float], answers: list[float], arrivals: list[float]
) -> None:
    """The server counts a request at any instant between its sending and its answer."""
    window = SlidingWindow(limit, 60.0)
    now, seen, pending = 0.0, [], []
    for number, pause in enumerate(pauses):
        now += pause
        while window.wait(now) > 0:
            finished = [entry for entry in pending if entry[0] <= now]
            if not finished:
                now = min([entry[0] for entry in pending], default=now + window.wait(now))
                finished = [entry for entry in pending if entry[0] <= now]
            for entry in finished:
                pending.remove(entry)
                window.answered(entry[1], entry[0])
            if 0 < window.wait(now) < math.inf and not pending:
                now += window.wait(now)
        token = window.start(now)
        takes = answers[number % len(answers)]
        seen.append(now + arrivals[number % len(arrivals)] * takes)
        pending.append((now + takes, token))
    for start in seen:
        assert sum(1 for instant in seen if start <= instant < start + 60.0 - 1e-6) <= limit


def test_several_windows_hold_together() -> None:
    time = Clock()
    hour = SlidingWindow(0, 3600.0)
    pacer = Pacer([SlidingWindow(2, 60.0), hour], clock=time, sleep=time.sleep)
    pacer.limit(hour, 3)
    starts = []
    for _ in range(4):
        with pacer.slot():
            starts.append(time.now)
    assert starts == [0.0, 0.0, 60.0, 3600.0]


def test_a_pause_holds_everyone_and_a_shorter_one_does_not_end_it() -> None:
    time = Clock()
    pacer = Pacer([SlidingWindow(0, 60.0)], clock=time, sleep=time.sleep)
    pacer.pause(30)
    pacer.pause(5)
    with pacer.slot():
        assert time.now == 30.0


def test_a_failed_request_gives_its_slot_back_a_period_later() -> None:
    time = Clock()
    pacer = Pacer([SlidingWindow(1, 60.0)], clock=time, sleep=time.sleep)

    def reset_after(seconds: float) -> None:
        with pacer.slot():
            time.now = seconds
            raise OSError("reset")

    with pytest.raises(OSError, match="reset"):
        reset_after(7.0)
    with pacer.slot():
        assert time.now == 67.0


def test_an_answer_in_another_thread_wakes_the_one_that_waits() -> None:
    pacer = Pacer([SlidingWindow(1, 0.05)])
    first = pacer.acquire()
    done = threading.Event()

    def second() -> None:
        with pacer.slot():
            done.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not done.wait(0.05)
    pacer.answered(first)
    assert done.wait(5)
    thread.join(5)


def test_closing_wakes_everyone_who_waits() -> None:
    pacer = Pacer([SlidingWindow(1, 60.0)])
    pacer.acquire()
    ended: list[str] = []

    def waiting() -> None:
        try:
            pacer.acquire()
        except PacerClosedError:
            ended.append("closed")

    threads = [threading.Thread(target=waiting) for _ in range(3)]
    for thread in threads:
        thread.start()
    pacer.close()
    for thread in threads:
        thread.join(5)
    assert ended == ["closed"] * 3
    with pytest.raises(PacerClosedError):
        pacer.acquire()


def test_a_wait_that_nobody_can_end_is_an_error_not_a_hang() -> None:
    time = Clock()
    pacer = Pacer([SlidingWindow(1, 60.0)], clock=time, sleep=time.sleep)
    pacer.acquire()
    with pytest.raises(RuntimeError):
        pacer.acquire()


def test_slots_in_use_and_when_they_are_free_again_are_told() -> None:
    window = SlidingWindow(4, 60.0)
    first, second, _third = (window.start(0.0) for _ in range(3))
    assert (window.in_flight, window.free_slots(0.0), window.frees_at(0.0)) == (3, 1, [])
    window.answered(second, 5.0)
    window.answered(first, 2.0)
    assert (window.in_flight, window.free_slots(5.0)) == (1, 1)
    assert window.frees_at(5.0) == [62.0, 65.0]
    assert window.frees_at(62.0) == [65.0]
    assert window.free_slots(65.0) == 3
    assert SlidingWindow(0, 60.0).free_slots(0.0) == math.inf


def test_a_fraction_of_a_second_is_waited_for_too() -> None:
    time = Clock()
    pacer = Pacer([SlidingWindow(1, 60.0)], clock=time, sleep=time.sleep)
    pacer.pause(0.5)
    with pacer.slot():
        assert time.now == 0.5
        time.now = 1.25
    with pacer.slot():
        assert time.now == 61.25


def in_a_thread(work: Callable[[], object]) -> threading.Event:
    """Run something in a thread; the event is set once it has ended."""
    done = threading.Event()

    def body() -> None:
        try:
            work()
        finally:
            done.set()

    threading.Thread(target=body, daemon=True).start()
    return done


def test_a_limit_that_is_raised_wakes_whoever_waits() -> None:
    window = SlidingWindow(1, 60.0)
    pacer = Pacer([window])
    pacer.acquire()
    done = in_a_thread(pacer.acquire)
    assert not done.wait(0.1)
    pacer.limit(window, 2)
    assert done.wait(5)


def test_who_rests_is_told_when_the_run_ends() -> None:
    pacer = Pacer([])
    told: list[str] = []

    def rest() -> None:
        try:
            pacer.rest(60)
        except PacerClosedError:
            told.append("closed")

    done = in_a_thread(rest)
    assert not done.wait(0.1)
    pacer.close()
    assert done.wait(5)
    assert told == ["closed"]
