"""Streams that are read in bulk for the rows of another: each page's figures before the page itself."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue

from tap_inventory.client import Client, Row
from tap_inventory.errors import StreamError
from tap_inventory.passes import Step
from tap_inventory.profile import Figures, StreamProfile

Fetch = Callable[[list[Row], int], list[Row]]
"""Reads the figures of a batch of pairs; the second argument numbers the batches."""


@dataclass(frozen=True)
class Joint:
    """Rows with their figures.

    Attributes:
        figures: The figures of the rows, all of one row together, in the order of the rows.
        changed: Those of the rows that are to be emitted.
        step: The page, where this is the end of it: then the STATE may say so.
        failure: Why no figures come any more; told once.
    """

    figures: list[Row]
    changed: list[Row]
    step: Step | None
    failure: StreamError | None


def fetcher(client: Client, stream: StreamProfile, parent: str) -> Fetch:
    """Return what reads a batch of figures from an API, for the rows of ``parent``."""
    return lambda pairs, number: client.post(stream.path, pairs, stream.name, number, chain=parent).rows


@dataclass
class _Entry:
    """A row on its way: waiting for the batches that hold its pairs."""

    row: Row | None
    changed: bool
    ends: Step | None
    missing: int
    batches: list[Future[list[Row]]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return not self.missing and all(batch.done() for batch in self.batches)


class FigureReader:
    """Joins pages with their figures. Batches are filled across pages, so that they are as few as possible.

    Args:
        figures: What is known of the stream of figures.
        splits: Values of the split key; ``[None]`` for one figure a row, of all values together.
        fetch: Reads a batch.
        hands: Batches read at once.
    """

    def __init__(self, figures: Figures, splits: Sequence[str | None], fetch: Fetch, hands: int = 8) -> None:
        self._figures = figures
        self._splits = tuple(splits)
        self._crew = _Crew(fetch, hands)
        self._hands = hands
        self._entries: deque[_Entry] = deque()
        self._filling: list[tuple[_Entry, Row]] = []
        self._answers: dict[Future[list[Row]], dict[str, list[Row]]] = {}
        self._failure: StreamError | None = None
        self._failed = False

    def read(self, steps: Iterator[Step]) -> Iterator[Joint]:
        """Return the pages with their figures, in the pages' order.

        Where the figures cannot be read, the pages go on without them.

        Raises:
            TapError: The pages cannot be read, or the API refuses the key.
        """
        try:
            for step in steps:
                self._enter(step)
                yield from self._release(most=self._hands)
            self._send()
            yield from self._release(most=0)
        finally:
            self._crew.dismiss()

    def _enter(self, step: Step) -> None:
        known, changed = self._figures, {id(row) for row in step.changed}
        for row in step.rows:
            entry = _Entry(row, id(row) in changed, None, len(self._splits))
            self._entries.append(entry)
            for split in self._splits:
                self._filling.append((entry, {known.parent_key: row[known.parent_key], known.split_key: split}))
                if len(self._filling) == known.batch:
                    self._send()
        # The end of the page is an entry of its own, so that a page without rows has one too.
        self._entries.append(_Entry(None, changed=False, ends=step, missing=0))

    def _send(self) -> None:
        if not self._filling:
            return
        batch: Future[list[Row]] = Future()
        for entry, _ in self._filling:
            entry.missing -= 1
            if not entry.batches or entry.batches[-1] is not batch:
                entry.batches.append(batch)
        if self._failed:
            batch.set_result([])
        else:
            self._crew.submit(batch, [pair for _, pair in self._filling])
        self._filling = []

    def _release(self, most: int) -> Iterator[Joint]:
        """Give out what is complete; wait while more than ``most`` batches are under way."""
        figures: list[Row] = []
        changed: list[Row] = []
        while self._entries:
            entry = self._entries[0]
            if not entry.done and (entry.missing or self._under_way() <= most):
                break
            self._entries.popleft()
            figures += self._figures_of(entry)
            if entry.changed and entry.row is not None:
                changed.append(entry.row)
            if entry.ends is not None:
                yield self._joint(figures, changed, entry.ends)
                figures, changed = [], []
        if figures or changed:
            yield self._joint(figures, changed, None)

    def _joint(self, figures: list[Row], changed: list[Row], step: Step | None) -> Joint:
        failure, self._failure = self._failure, None
        return Joint(figures, changed, step, failure)

    def _under_way(self) -> int:
        return len({id(batch) for entry in self._entries for batch in entry.batches if not batch.done()})

    def _figures_of(self, entry: _Entry) -> list[Row]:
        if entry.row is None:
            return []
        key = self._figures.parent_key
        found: list[Row] = []
        for batch in entry.batches:
            if batch not in self._answers:
                self._answers = {known: rows for known, rows in self._answers.items() if known in entry.batches}
                self._answers[batch] = self._sorted(batch)
            found += self._answers[batch].get(str(entry.row[key]), [])
        return found

    def _sorted(self, batch: Future[list[Row]]) -> dict[str, list[Row]]:
        try:
            rows = batch.result()
        except StreamError as error:
            if not self._failed:
                self._failure, self._failed = error, True
            return {}
        sorted_: dict[str, list[Row]] = {}
        for row in rows:
            sorted_.setdefault(str(row.get(self._figures.parent_key)), []).append(row)
        return sorted_


class _Crew:
    """Threads that read batches. They are daemons: the end of the process does not wait for an answer."""

    def __init__(self, fetch: Fetch, hands: int) -> None:
        self._jobs: SimpleQueue[tuple[Future[list[Row]], list[Row], int] | None] = SimpleQueue()
        self._fetch = fetch
        self._hands = hands
        self._number = 0

    def submit(self, batch: Future[list[Row]], pairs: list[Row]) -> None:
        """Read a batch; a thread more is started for each of the first ones."""
        self._number += 1
        if self._number <= self._hands:
            threading.Thread(target=self._work, daemon=True, name=f"figures-{self._number}").start()
        self._jobs.put((batch, pairs, self._number))

    def dismiss(self) -> None:
        """Let every thread end once its batch is read."""
        for _ in range(self._hands):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, pairs, number = job
            try:
                batch.set_result(self._fetch(pairs, number))
            except BaseException as error:  # noqa: BLE001 - whoever reads the batch gets it
                batch.set_exception(error)
