"""The threads that send: each takes a request, waits for its answer, hands that over and takes the next.

More requests than there are threads may be handed out, so that a thread goes straight on to the next one: it need
not sleep until the main thread has dealt with its answer, which costs both of them most where answers are quick. What
is at hand but must not leave any more (the server asks for restraint, the run ends) comes back unsent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from target_optiply.client import Answer, Request

_RESTRAINING = frozenset({429, 503})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """An answer on its way to the main thread.

    Attributes:
        work: What was handed out with the request.
        answer: The answer, or what ended the run; None where the request was not sent.
    """

    work: T
    answer: Answer | BaseException | None


class Senders(Generic[T]):
    """Worker threads, as many as may send at a time.

    Args:
        send: Sends one request and returns its answer.
        inbox: The main thread's queue, to which answers are put.
    """

    def __init__(self, send: Callable[[Request], Answer], inbox: SimpleQueue[Any]) -> None:
        self._send = send
        self._inbox = inbox
        self._tasks: SimpleQueue[tuple[T, Request] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._heard = 0  # answers upon which nothing may leave until the main thread decides: those there were,
        self._heeded = 0  # and those it has taken
        self.handed_out = 0
        """Requests that the main thread has not taken an answer to; of the main thread, as what follows."""
        self.width = 1
        """How many threads may send."""
        self.not_before = 0.0
        """Nothing is sent before this monotonic second."""
        self.stopping = False
        """Whether nothing is sent any more."""

    @property
    def may_send(self) -> bool:
        """Whether a request may leave now."""
        return self._heard == self._heeded and not self.stopping and time.monotonic() >= self.not_before

    def hand_out(self, work: T, request: Request) -> None:
        """Have a request sent when its turn comes; the inbox gets an :class:`Answered`."""
        self.handed_out += 1
        if self._threads < min(self.width, self.handed_out):
            with self._lock:
                self._threads += 1
            threading.Thread(target=self._serve, name=f"sender-{self._threads}", daemon=True).start()
        self._tasks.put((work, request))

    def taken(self, answered: Answered[T]) -> None:
        """Note that the main thread has an answer, so that what it decides upon it holds from now on.

        After what ended the run, nothing is sent any more.
        """
        self.handed_out -= 1
        if isinstance(answered.answer, Answer) and answered.answer.status in _RESTRAINING:
            self._heeded += 1

    def close(self) -> None:
        """End the threads, and send nothing that is at hand."""
        self.stopping = True
        for _ in range(self._threads):
            self._tasks.put(None)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            if self._threads > self.width and self._leaves():
                self._tasks.put(task)
                return
            work, request = task
            self._inbox.put(Answered(work, self._exchange(request) if self.may_send else None))

    def _leaves(self) -> bool:
        """Whether there are more threads than are wanted, of which the one that asks is to end."""
        with self._lock:
            leaves = self._threads > self.width
            self._threads -= leaves
            return leaves

    def _exchange(self, request: Request) -> Answer | BaseException:
        try:
            answer: Answer | BaseException = self._send(request)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            answer = error
        if isinstance(answer, BaseException) or answer.status in _RESTRAINING:
            with self._lock:
                self._heard += 1
        return answer
