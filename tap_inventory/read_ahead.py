"""Several passes read at once under one allowance, and given out one after another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

import msgspec

from tap_inventory.errors import StreamError
from tap_inventory.planner import Batch, Pass

IN_MEMORY = 8
"""Batches of one pass kept in memory; further ones wait on disk."""

MOST_AHEAD = 20_000
"""Batches of one pass read ahead at most."""


class Shelf:
    """A queue of batches between two threads. Only the first few are in memory; the rows of others wait in a file.

    The file has no name and goes with the process. Decimals come back digit by digit.
    """

    def __init__(self, in_memory: int = IN_MEMORY, most: int = MOST_AHEAD) -> None:
        self._in_memory = in_memory
        self._most = most
        self._changed = threading.Condition()
        self._queue: deque[tuple[Batch, int | None]] = deque()
        self._file: IO[bytes] | None = None
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._decoder = msgspec.json.Decoder(float_hook=Decimal)
        self._error: BaseException | None = None
        self._ended = False
        self._closed = False

    def put(self, batch: Batch) -> bool:
        """Take a batch, waiting while too many are ahead; False when nobody wants them any more."""
        with self._changed:
            while len(self._queue) >= self._most and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            waits = len(self._queue) >= self._in_memory
            self._queue.append((replace(batch, rows=()), self._store(batch)) if waits else (batch, None))
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Say that no batch follows, and why where that is an error."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """Take no more batches and forget those there are."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            if self._file:
                self._file.close()
                self._file = None
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            with self._changed:
                while not self._queue and not self._ended:
                    self._changed.wait()
                if not self._queue:
                    break
                batch, place = self._queue.popleft()
                if place is not None:
                    batch = replace(batch, rows=self._fetch(place))
                self._changed.notify_all()
            yield batch
        if self._error:
            raise self._error

    def _store(self, batch: Batch) -> int:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - closed in close()
        line = self._encoder.encode(batch.rows)
        place = self._file.seek(0, 2)
        self._file.write(len(line).to_bytes(8, "big"))
        self._file.write(line)
        return place

    def _fetch(self, place: int) -> tuple[tuple[str, list[dict[str, object]]], ...]:
        if self._file is None:
            raise RuntimeError("the file of a closed shelf is gone")
        self._file.seek(place)
        line = self._file.read(int.from_bytes(self._file.read(8), "big"))
        if all(waiting is None for _, waiting in self._queue):
            self._file.truncate(0)
        return tuple((stream, rows) for stream, rows in self._decoder.decode(line))


class ReadAhead:
    """Reads passes, each in a thread of its own, and gives out their batches in the order of the passes.

    The first pass begins alone, until its first request is answered: a key that is refused is refused once, not once a
    stream.

    Args:
        passes: The passes.
    """

    def __init__(self, passes: Sequence[Pass]) -> None:
        self._passes = list(passes)
        self._answered = threading.Event()
        self._shelves = {made.name: Shelf() for made in passes}
        self._began = False
        self._refused = False

    def batches(self, name: str) -> Iterator[Batch]:
        """Return the batches of a pass; whatever ended it early is raised after them."""
        self._begin()
        shelf = self._shelves[name]
        try:
            yield from shelf
        finally:
            shelf.close()

    def go_on(self) -> None:
        """Say that the API has answered a request: the other passes may begin."""
        self._answered.set()

    def close(self) -> None:
        """Let every thread end with its next batch."""
        for shelf in self._shelves.values():
            shelf.close()

    def _begin(self) -> None:
        if self._began:
            return
        self._began = True
        first, *others = self._passes
        self._start(first)
        self._answered.wait()
        if not self._refused:
            for made in others:
                self._start(made)

    def _start(self, made: Pass) -> None:
        # A daemon: the end of the process does not wait for an answer that may take a minute.
        threading.Thread(target=self._run, args=(made,), daemon=True, name=f"read-{made.name}").start()

    def _run(self, made: Pass) -> None:
        shelf = self._shelves[made.name]
        try:
            for batch in made.open():
                self.go_on()
                if not shelf.put(batch):
                    break
        except BaseException as error:  # noqa: BLE001 - raised again where the batches are read
            self._refused = self._refused or not isinstance(error, StreamError)
            shelf.end(error)
        else:
            shelf.end()
        finally:
            self.go_on()
