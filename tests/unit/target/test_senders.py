"""The threads that send: no more at a time than allowed, and nothing that is at hand once it must not leave."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue

import pytest

from target_optiply.client import Answer, Request
from target_optiply.senders import Senders


class Server:
    """Answers what it is asked, once it is let go; tells what is under way, and the most there was."""

    def __init__(self):
        self.go = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.asked = []
        self.answers = {}

    def send(self, request):
        with self.lock:
            self.asked.append(request.path)
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.go.acquire(timeout=10)
        with self.lock:
            self.now -= 1
        answer = self.answers.get(request.path, Answer(200))
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def inbox():
    return SimpleQueue()


@pytest.fixture
def senders(server, inbox):
    senders = Senders(server.send, inbox)
    yield senders
    server.go.release(100)
    senders.close()


def hand_out(senders, *names):
    for name in names:
        senders.hand_out(name, Request("POST", name))


def take(senders, inbox):
    answered = inbox.get(timeout=10)
    senders.taken(answered)
    return answered.work, answered.answer


def eventually(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_what_is_at_hand_is_sent_without_the_main_thread(senders, server, inbox):
    hand_out(senders, "a", "b", "c")
    server.go.release(3)
    eventually(lambda: inbox.qsize() == 3)

    assert server.asked == ["a", "b", "c"]
    assert server.most == 1
    assert senders.handed_out == 3


def test_no_more_are_sent_at_a_time_than_there_may_be(senders, server, inbox):
    senders.width = 4
    hand_out(senders, *"abcdefgh")
    eventually(lambda: server.now == 4)
    server.go.release(8)
    for _ in range(8):
        take(senders, inbox)

    assert server.most == 4


def test_fewer_are_sent_at_a_time_from_the_next_request_on(senders, server, inbox):
    senders.width = 4
    hand_out(senders, *"abcdefgh")
    eventually(lambda: server.now == 4)
    senders.width = 1
    server.go.release(4)
    for _ in range(4):
        take(senders, inbox)
    server.most = 0
    eventually(lambda: server.now == 1)
    for _ in range(4):
        server.go.release()
        take(senders, inbox)

    assert server.most == 1
    assert sorted(server.asked) == list("abcdefgh")


def test_threads_that_ended_are_started_again(senders, server, inbox):
    for width in (4, 1, 4):
        senders.width = width
        server.most = 0
        hand_out(senders, *"abcdefgh")
        eventually(lambda: server.now == width)  # noqa: B023 - called at once
        server.go.release(8)
        for _ in range(8):
            take(senders, inbox)

    assert server.most == 4


@pytest.mark.parametrize("answer", [Answer(429), Answer(503)])
def test_after_an_answer_that_asks_for_restraint_nothing_leaves_until_the_main_thread_knows(
    senders, server, inbox, answer
):
    server.answers["a"] = answer
    hand_out(senders, "a", "b")
    server.go.release(2)
    eventually(lambda: inbox.qsize() == 2)

    assert server.asked == ["a"]
    assert not senders.may_send
    assert take(senders, inbox) == ("a", answer)
    assert senders.may_send
    assert take(senders, inbox) == ("b", None)
    assert senders.handed_out == 0


def test_after_what_ends_the_run_nothing_leaves(senders, server, inbox):
    server.answers["a"] = problem = RuntimeError("the token is refused")
    hand_out(senders, "a", "b")
    server.go.release(2)

    assert take(senders, inbox) == ("a", problem)
    assert take(senders, inbox) == ("b", None)
    assert not senders.may_send
    assert server.asked == ["a"]


def test_before_the_time_that_was_asked_for_nothing_leaves(senders, server, inbox):
    server.go.release(2)
    senders.not_before = time.monotonic() + 0.05
    hand_out(senders, "early")
    assert take(senders, inbox) == ("early", None)
    time.sleep(0.06)
    hand_out(senders, "late")
    assert take(senders, inbox) == ("late", Answer(200))
    assert server.asked == ["late"]


def test_once_the_run_ends_nothing_leaves(senders, server, inbox):
    hand_out(senders, "under way", "at hand")
    eventually(lambda: server.now == 1)
    senders.stopping = True
    server.go.release(2)

    assert take(senders, inbox) == ("under way", Answer(200))
    assert take(senders, inbox) == ("at hand", None)
    assert server.asked == ["under way"]


def test_the_threads_end_when_they_are_told_to(server, inbox):
    before = threading.active_count()
    senders = Senders(server.send, inbox)
    senders.width = 3
    hand_out(senders, "a", "b", "c")
    server.go.release(3)
    for _ in range(3):
        take(senders, inbox)
    senders.close()

    eventually(lambda: threading.active_count() <= before)
    with pytest.raises(Empty):
        inbox.get_nowait()


def test_a_request_that_hangs_does_not_keep_the_program_from_ending(senders, server):
    before = set(threading.enumerate())
    hand_out(senders, "hangs")
    eventually(lambda: server.now == 1)

    assert [thread.daemon for thread in set(threading.enumerate()) - before] == [True]


def test_what_is_at_hand_when_the_threads_are_told_to_end_is_not_sent(senders, server, inbox):
    hand_out(senders, "under way", "at hand")
    eventually(lambda: server.now == 1)
    senders.close()
    server.go.release(2)

    assert take(senders, inbox) == ("under way", Answer(200))
    assert take(senders, inbox) == ("at hand", None)
