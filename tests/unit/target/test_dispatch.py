"""The dispatcher: nothing leaves before what was noted for it is on disk, and no commit is made twice."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from target_optiply.client import Answer, Request
from target_optiply.concurrency import ConcurrencyLimit
from target_optiply.dispatch import Dispatcher, Pause
from target_optiply.errors import ConfigProblem, CredentialsProblem, Outage


class Disk:
    """What was noted, and how much of it is on disk."""

    def __init__(self):
        self.noted = 0
        self.kept = 0
        self.commits = 0
        self.kept_when_sent = {}
        self.sent = threading.Semaphore(0)
        self.answers = []

    def commit(self):
        self.kept = self.noted
        self.commits += 1

    def send(self, request):
        self.kept_when_sent[request.path] = self.kept
        self.sent.release()
        return self.answers.pop() if self.answers else Answer(200, b'{"data":{"id":"1"}}', latency=0.05)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def inbox():
    return SimpleQueue()


@contextmanager
def over(connections, disk, inbox, *, send=None, writes_per_second=0.0):
    client = SimpleNamespace(send=send or disk.send, server_now=lambda: datetime.now(tz=timezone.utc))
    limit = ConcurrencyLimit(connections, start=connections)
    dispatcher = Dispatcher(client, inbox, limit=limit, writes_per_second=writes_per_second, commit=disk.commit)
    with closing(dispatcher):
        yield dispatcher


@pytest.fixture
def dispatcher(disk, inbox):
    with over(1, disk, inbox) as dispatcher:
        yield dispatcher


@pytest.fixture
def finish(dispatcher, inbox):
    def until_idle():
        while not dispatcher.idle:
            dispatcher.pump()
            if dispatcher.in_flight:
                dispatcher.receive(inbox.get(timeout=5))

    return until_idle


def plan(disk, *names):
    for name in names:
        disk.noted += 1
        yield Request("POST", name)


def test_a_request_leaves_after_what_was_noted_for_it_is_on_disk(disk, dispatcher, finish):
    for number in range(1, 6):
        dispatcher.submit(plan(disk, f"products/{number}"), lambda _: None)
        dispatcher.pump()
    finish()

    assert all(kept >= int(path.partition("/")[2]) for path, kept in disk.kept_when_sent.items())
    assert len(disk.kept_when_sent) == 5


def test_the_second_request_of_a_plan_leaves_after_what_was_noted_between_them_is_on_disk(disk, dispatcher, finish):
    dispatcher.submit(plan(disk, "first", "second"), lambda _: None)
    finish()

    assert disk.kept_when_sent == {"first": 1, "second": 2}


def test_a_request_that_is_made_while_another_is_on_its_way_has_a_commit_of_its_own(disk, dispatcher, finish):
    dispatcher.submit(plan(disk, "first"), lambda _: None)
    dispatcher.pump()
    assert disk.sent.acquire(timeout=5)
    dispatcher.submit(plan(disk, "second"), lambda _: None)
    finish()

    assert disk.kept_when_sent == {"first": 1, "second": 2}
    assert disk.commits == 2


def test_what_waits_its_turn_behind_others_is_brought_to_disk_with_theirs(disk, dispatcher, finish):
    for number in range(10):
        dispatcher.submit(plan(disk, f"products/{number}"), lambda _: None)
    finish()

    assert len(disk.kept_when_sent) == 10
    assert disk.commits == 1


def test_a_request_that_the_server_puts_off_needs_no_further_commit(disk, dispatcher, finish):
    disk.answers.append(Answer(429, headers={"Retry-After": "0"}))
    dispatcher.submit(plan(disk, "products/1"), lambda _: None)
    finish()

    assert disk.commits == 1


def test_a_plan_that_paused_has_what_it_noted_meanwhile_on_disk(disk, dispatcher, finish):
    def pausing():
        disk.noted += 1
        yield Request("POST", "before")
        yield Pause(0.0)
        disk.noted += 1
        yield Request("POST", "after")

    dispatcher.submit(pausing(), lambda _: None)
    finish()

    assert disk.kept_when_sent == {"before": 1, "after": 2}


def test_plans_that_pause_go_on_in_the_order_of_their_times_and_are_counted_as_retries(disk, dispatcher, finish):
    def pausing(name, seconds):
        yield Request("POST", f"products/{name}")
        yield Pause(seconds)
        yield Request("POST", f"products/{name} again")

    began = time.monotonic()
    dispatcher.submit(pausing("a", 0.2), lambda _: None)
    dispatcher.submit(pausing("b", 0.1), lambda _: None)
    finish()

    assert list(disk.kept_when_sent) == ["products/a", "products/b", "products/b again", "products/a again"]
    assert time.monotonic() - began >= 0.2
    assert dispatcher.traffic.retries == dispatcher.traffic.entities["products"].retries == 2


def test_the_main_thread_is_woken_when_a_pause_ends_and_not_before(dispatcher):
    def pausing(seconds):
        yield Pause(seconds)

    assert dispatcher.wake_in() is None
    assert dispatcher.idle
    for seconds in (60, 30, 90):
        dispatcher.submit(pausing(seconds), lambda _: None)
    assert not dispatcher.idle
    assert 29 < dispatcher.wake_in() <= 30
    dispatcher.stop(1)
    assert dispatcher.wake_in() is None


def test_writes_leave_at_the_pace_that_is_allowed(disk, inbox):
    with over(8, disk, inbox, writes_per_second=2.0) as dispatcher:
        for number in range(3):
            dispatcher.submit(plan(disk, f"products/{number}"), lambda _: None)
        dispatcher.pump()
        assert dispatcher.in_flight == 1
        assert 0.4 < dispatcher.wake_in() <= 0.5


@pytest.mark.parametrize(("writes_per_second", "handed_out"), [(0.0, 2), (1000.0, 1)])
def test_a_request_is_at_hand_for_the_next_thread_unless_a_clock_says_when_it_may_leave(
    disk, inbox, writes_per_second, handed_out
):
    with over(1, disk, inbox, writes_per_second=writes_per_second) as dispatcher:
        for number in range(5):
            dispatcher.submit(plan(disk, f"products/{number}"), lambda _: None)
        dispatcher.pump()

        assert dispatcher.in_flight == handed_out


def test_what_was_at_hand_when_the_server_asked_for_restraint_leaves_after_it_and_is_counted_once(
    disk, dispatcher, finish
):
    disk.answers.append(Answer(429, headers={"Retry-After": "0"}))
    for number in range(4):
        dispatcher.submit(plan(disk, f"products/{number}"), lambda _: None)
    finish()

    assert len(disk.kept_when_sent) == 4
    assert dispatcher.traffic.requests == 5
    assert dispatcher.traffic.entities["products"].requests == 5


@pytest.fixture
def wide(disk, inbox):
    with over(64, disk, inbox) as dispatcher:
        yield dispatcher


def test_requests_that_are_made_one_after_another_are_brought_to_disk_together(disk, wide):
    for number in range(1, 41):
        wide.submit(plan(disk, f"products/{number}"), lambda _: None)
        wide.pump(more=True)
    assert (disk.commits, wide.in_flight) == (2, 32)
    wide.pump()
    assert (disk.commits, wide.in_flight) == (3, 40)


@pytest.mark.parametrize("problem", [CredentialsProblem("refused"), ConfigProblem("not trusted"), Outage("out")])
def test_a_run_that_ends_takes_in_every_answer_though_each_is_a_reason_to_end(disk, inbox, problem):
    together = threading.Barrier(10)

    def send(request):
        together.wait(5)
        if request.path != "products/9":
            raise problem
        return disk.send(request)

    ended = []
    with over(10, disk, inbox, send=send) as dispatcher:
        for number in range(10):
            dispatcher.submit(plan(disk, f"products/{number}"), lambda _, number=number: ended.append(number))
        dispatcher.pump()
        answers = sorted((inbox.get(timeout=5) for _ in range(10)), key=lambda each: each.work.request.path)
        with pytest.raises(type(problem)):
            dispatcher.receive(answers[0])
        for each in answers[1:]:
            inbox.put(each)
        dispatcher.stop(5)
        assert dispatcher.in_flight == 0
    assert ended == [9]


def test_what_is_on_disk_already_waits_for_no_others(disk, wide, inbox):
    disk.answers = [Answer(503, headers={"Retry-After": "0"})]
    wide.submit(plan(disk, "products/1"), lambda _: None)
    wide.pump()
    wide.receive(inbox.get(timeout=5))
    wide.pump(more=True)
    assert wide.in_flight == 1
    assert disk.commits == 1
