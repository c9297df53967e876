"""When to try again: what ``Retry-After`` asks for, and back-off with jitter where it is silent (pure)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from itertools import islice

import backoff

MAX_RETRY_AFTER = 3600.0
"""Seconds. A longer ``Retry-After`` is taken for this: the next answer says again what it wants."""


def parse_retry_after(value: str | None, now: datetime, *, cap: float = MAX_RETRY_AFTER) -> float | None:
    """Read a ``Retry-After`` header.

    Args:
        value: The header's text: a number of seconds, or an HTTP date (RFC 9110 §10.2.3). None where it is missing.
        now: The present instant, with a time zone.
        cap: The longest wait believed, in seconds.

    Returns:
        Seconds to wait, between 0 and ``cap``; None where the header is missing or cannot be read.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        if date.tzinfo is None:  # "-0000" and zone-less dates mean UTC in HTTP
            date = date.replace(tzinfo=timezone.utc)
        seconds = (date - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), cap)


def backoff_delay(
    attempt: int,
    *,
    base: float = 1.0,
    cap: float = 60.0,
    rng: Callable[[float], float] | random.Random | None = None,
) -> float:
    """Return how long to wait before a further try: exponential, with full jitter.

    Args:
        attempt: How many tries have failed, from 1.
        base: The upper bound after the first failure, in seconds; it doubles with each further one.
        cap: The highest upper bound, in seconds.
        rng: What draws from ``0 … bound``: a function of the bound, a ``random.Random``, or None for
            ``backoff.full_jitter``.

    Returns:
        Seconds, between 0 and ``min(cap, base * 2 ** (attempt - 1))``.
    """
    # The generator's first value answers its priming call; from the second on they are the delays.
    bound = next(islice(backoff.expo(base=2, factor=base, max_value=cap), attempt, None))
    if rng is None:
        return backoff.full_jitter(bound)
    if isinstance(rng, random.Random):
        return rng.uniform(0.0, bound)
    return rng(bound)
