"""Says now and then, in a run that takes long, how far it has come."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from target_optiply.summary import COUNTS, Summary

EVERY = 30.0
"""Seconds between two lines; a short run ends without one."""


class Pulse:
    """Logs what was read and written so far.

    Args:
        summary: The counts of the run.
        logger: Where the line goes, at info level.
        clock: Monotonic seconds.
    """

    def __init__(
        self, summary: Summary, logger: logging.Logger, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._summary = summary
        self._log = logger
        self._clock = clock
        self._next = clock() + EVERY

    def beat(self, under_way: int) -> None:
        """Say how far the run is, where it is time to.

        Args:
            under_way: Records that are on their way to Optiply, or wait for one that is.
        """
        now = self._clock()
        if now < self._next:
            return
        self._next = now + EVERY
        totals: Counter[str] = sum(self._summary.counts.values(), Counter())
        done = ", ".join(f"{totals[what]} {what}" for what in COUNTS if totals[what]) or "nothing written yet"
        read = sum(self._summary.records.values())
        self._log.info("so far: %d records read; %s; %d under way", read, done, under_way)
