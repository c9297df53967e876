"""Carries out plans: requests in flight on worker threads, everything else on the main thread.

A *plan* is a generator that yields a :class:`~target_optiply.client.Request` and is sent its answer, or yields a
:class:`Pause`; what it returns is handed to its ``done``. Plans hold no locks and do no I/O, so they read as sequences
and are tested without threads. Restraint that concerns everyone (429, 503 with Retry-After, the adapting number of
connections, ``max_writes_per_second``) is dealt with here and never seen by a plan.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from singer_http.retry import backoff_delay, parse_retry_after
from target_optiply.answers import Meaning, meaning_of, words
from target_optiply.client import Answer, Client, Request
from target_optiply.concurrency import ConcurrencyLimit
from target_optiply.errors import Outage, RunStopped
from target_optiply.outage import OutageWatch
from target_optiply.report.traffic import Traffic
from target_optiply.senders import Answered, Senders

_AHEAD = 2  # times as many requests are handed out as may be in flight
_TOGETHER = 16  # requests that are brought to disk together, where as many are to be had at once
_PATIENCE = 20  # answers in a row that ask for restraint, after which a 429 counts as a failure

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """A plan waits so many seconds, without holding a connection."""

    seconds: float


Plan: TypeAlias = Generator[Request | Pause, Any, T]


@dataclass(slots=True, eq=False)
class _Work(Generic[T]):
    plan: Plan[T]
    done: Callable[[T], None]
    request: Request | None = None
    prepared: int = 0  # how many commits there had been when the request was made


class Dispatcher:
    """Runs plans over a bounded, adapting number of connections.

    Args:
        client: Sends one request.
        inbox: The main thread's queue, to which answers are put.
        limit: How many requests may be in flight.
        writes_per_second: Upper bound of writes a second; 0 is off.
        commit: Brings to disk what is noted; called before a request leaves that was made since the last time.
    """

    def __init__(
        self,
        client: Client,
        inbox: SimpleQueue[Any],
        *,
        limit: ConcurrencyLimit,
        writes_per_second: float = 0.0,
        commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._senders: Senders[_Work[Any]] = Senders(client.send, inbox)
        self._limit = limit
        self._interval = 1.0 / writes_per_second if writes_per_second else 0.0
        self._commit = commit
        self._commits = 0
        self._uncommitted = 0  # requests made since the last commit
        self.watch = OutageWatch()
        self.traffic = Traffic()
        self._ready: deque[_Work[Any]] = deque()
        self._pausing: list[tuple[float, int, _Work[Any]]] = []
        self._ties = itertools.count()
        self._throttled = 0
        self._next_write = 0.0

    @property
    def in_flight(self) -> int:
        """Requests handed out that no answer was taken to."""
        return self._senders.handed_out

    @property
    def idle(self) -> bool:
        """Whether no plan is under way."""
        return not (self._ready or self._pausing or self.in_flight)

    @property
    def stopping(self) -> bool:
        """Whether nothing is sent any more."""
        return self._senders.stopping

    def submit(self, plan: Plan[T], done: Callable[[T], None]) -> None:
        """Start a plan; ``done`` gets what it returns."""
        self._advance(_Work(plan, done), None)

    def _advance(self, work: _Work[Any], answer: Answer | None) -> None:
        try:
            step = work.plan.send(answer)
        except StopIteration as end:
            work.done(end.value)
            return
        if isinstance(step, Pause):
            self.traffic.pauses(work.request.entity if work.request is not None else None)
            heapq.heappush(self._pausing, (time.monotonic() + step.seconds, next(self._ties), work))
            work.request = None
        else:
            work.request, work.prepared = step, self._commits
            self._uncommitted += 1
            self._ready.append(work)

    def pump(self, *, more: bool = False) -> None:
        """Hand out what may be sent now.

        Args:
            more: Whether the caller goes on making requests and will pump again before it waits. Then what is not on
                disk yet stays until there are some: a commit for each would keep the connections waiting.
        """
        if self.stopping:
            return
        self._senders.width = self._limit.limit
        now = time.monotonic()
        while self._pausing and self._pausing[0][0] <= now:
            self._advance(heapq.heappop(self._pausing)[2], None)
        if not self._ready or not self._has_room or not self._senders.may_send:
            return
        while self._ready and self._has_room:
            if more and self._ready[0].prepared == self._commits and self._uncommitted < _TOGETHER:
                return
            request = self._ready[0].request
            if self._interval and request is not None and request.method != "GET":
                if now < self._next_write:
                    return
                self._next_write = max(now, self._next_write) + self._interval
            self._hand_out(self._ready.popleft())

    @property
    def _has_room(self) -> bool:
        """Whether a request may be handed out; ahead of its turn only where no clock says when it may leave."""
        return self.in_flight < self._limit.limit * (1 if self._interval else _AHEAD)

    def _hand_out(self, work: _Work[Any]) -> None:
        if work.request is None:
            return
        if work.prepared == self._commits:  # what waited its turn behind others was brought to disk with theirs
            self._commit()
            self._commits += 1
            self._uncommitted = 0
        self.traffic.sent(work.request.entity)
        self._senders.hand_out(work, work.request)

    def wake_in(self) -> float | None:
        """Seconds until something may be sent that may not be sent now; None where only an answer can change that."""
        if self.stopping:
            return None
        now = time.monotonic()
        times = [self._pausing[0][0]] if self._pausing else []
        if self._ready and self._has_room:
            times.append(max(self._senders.not_before, self._next_write))
        return max(0.0, min(times) - now) if times else None

    def receive(self, answered: Answered[_Work[Any]]) -> None:
        """Take an answer from the inbox and go on with its plan.

        Raises:
            RunStopped: The answer ends the run.
        """
        in_flight = self.in_flight
        self._senders.taken(answered)
        work, answer = answered.work, answered.answer
        if isinstance(answer, BaseException):
            raise answer
        request = work.request
        if request is None:
            return
        if answer is None:
            self.traffic.taken_back(request.entity)
            self._ready.appendleft(work)
            return
        now = time.monotonic()
        meaning = meaning_of(answer, wants_document=False)
        wrote = meaning is Meaning.DONE and request.method != "GET"
        self.traffic.answered(request.entity, answer.latency, now, wrote=wrote)
        if meaning is Meaning.THROTTLED:
            self._hold_back(request, answer, in_flight, now)
            self._ready.appendleft(work)
            return
        if 0 < answer.status < 500:
            self._throttled = 0
            self._limit.answered(answer.latency, in_flight=in_flight, now=now)
        self._watch(request, answer, meaning, now)
        self._advance(work, answer)

    def _hold_back(self, request: Request, answer: Answer, in_flight: int, now: float) -> None:
        self._throttled += 1
        self._limit.refused(in_flight=in_flight, now=now)
        wait = parse_retry_after(answer.headers.get("Retry-After"), self._client.server_now())
        if wait is None:
            wait = backoff_delay(min(self._throttled, 8), base=0.25, cap=30.0)
        begin, end = max(now, self._senders.not_before), now + wait
        self.traffic.holds_back(begin, end)
        self._senders.not_before = max(begin, end)
        reading = request.method == "GET"
        fails = answer.status == 503 or self._throttled >= _PATIENCE  # a restraint that never ends is an outage too
        if fails and (reason := self.watch.failed(now, words(answer), reading=reading)):
            raise Outage(reason)

    def _watch(self, request: Request, answer: Answer, meaning: Meaning, now: float) -> None:
        reason = None
        reading = request.method == "GET"
        if meaning in (Meaning.TRANSIENT, Meaning.BROKEN, Meaning.UNREADABLE):
            reason = self.watch.failed(now, words(answer), reading=reading)
        elif reading:
            self.watch.read()
        elif meaning in (Meaning.DONE, Meaning.DUPLICATE):
            self.watch.succeeded(request.entity, now)
        elif request.method == "POST" or answer.status != 404:
            reason = self.watch.refused(request.entity, answer.status, words(answer))
        if reason:
            raise Outage(reason)

    def stop(self, seconds: float) -> None:
        """Send nothing more and take in the answers of what is in flight, for so many seconds at most."""
        self._senders.stopping = True
        give_up = time.monotonic() + seconds
        while self.in_flight and (left := give_up - time.monotonic()) > 0:
            self._await_answer(left)

    def _await_answer(self, seconds: float) -> None:
        try:
            event = self._inbox.get(timeout=seconds)
        except Empty:
            return
        if isinstance(event, Answered):
            try:
                self.receive(event)
            except RunStopped:  # the run ends already, and the reason that came first is the one that is told
                return

    def close(self) -> None:
        """End the worker threads that wait for work."""
        self._senders.close()
