"""How far the run is: one line that renews itself on a terminal, plain log lines from time to time in a job."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

logger = logging.getLogger("tap-inventory")

TERMINAL_EVERY = 0.2
"""Seconds between two renewals of the line on a terminal."""

JOB_EVERY = 30.0
"""Seconds between two log lines of one stream in a job."""


def describe(stream: str, read: int, total: int | None, seconds: float) -> str:
    """Return a line on one stream: rows read, of how many, how fast, and the time left where it can be told."""
    rate = read / seconds if seconds > 0 else 0.0
    text = f"{stream}: {read:,} of {total:,} rows" if total is not None else f"{stream}: {read:,} rows"
    if rate >= 1:
        text += f", {rate:,.0f} a second"
        if total is not None and total > read:
            text += f", {_duration((total - read) / rate)} left"
    return text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class Progress:
    """Tells how far each stream is.

    Args:
        terminal: Where people look; standard error where None.
        clock: Seconds that only grow.
    """

    def __init__(self, terminal: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = terminal or sys.stderr
        self._live = self._out.isatty()
        self._clock = clock
        self._stream = ""
        self._began = 0.0
        self._told = 0.0
        self._line = False
        if self._live:
            for handler in logging.getLogger().handlers:
                handler.addFilter(self._make_way)

    def begin(self, stream: str) -> None:
        """Say that a stream begins."""
        self._stream, self._began = stream, self._clock()
        self._told = self._began

    def update(self, read: int, total: int | None) -> None:
        """Say how many rows of the stream were read and written, of how many."""
        now = self._clock()
        if now - self._told >= (TERMINAL_EVERY if self._live else JOB_EVERY):
            self._told = now
            self._tell(describe(self._stream, read, total, now - self._began))

    def end(self, read: int, emitted: int) -> None:
        """Say that the stream ended."""
        self.clear()
        seconds = max(self._clock() - self._began, 0.0)
        logger.info("Stream %s: %d rows read, %d records written in %.1f s.", self._stream, read, emitted, seconds)

    def clear(self) -> None:
        """Remove the line, so that something else can be said."""
        if self._line:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._line = False

    def _tell(self, text: str) -> None:
        if not self._live:
            logger.info("%s", text)
            return
        # A line that wraps could not be renewed.
        self._out.write(f"\r\x1b[K{text[: self._width() - 1]}")
        self._out.flush()
        self._line = True

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._out.fileno()).columns or 80  # a terminal may not know its size
        except OSError:
            return 80

    def _make_way(self, record: logging.LogRecord) -> bool:
        del record
        self.clear()
        return True
