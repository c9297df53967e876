"""How many requests a key may make: two sliding windows, and what a request beyond them is told."""

from __future__ import annotations

import math
from collections import deque
from email.utils import formatdate

from sandbox.http import Response, json_response
from sandbox.switches import Switches

_MINUTE = 60.0
_HOUR = 3600.0
_MESSAGE = "Rate limit exceeded. Please slow down."


class RateLimit:
    """Counts the requests that were let through; refused ones do not count."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._minute: deque[float] = deque()
        self._hour: deque[float] = deque()

    def _windows(self) -> list[tuple[deque[float], float, int]]:
        return [
            (self._minute, _MINUTE, self._switches.inflow_requests_per_minute),
            (self._hour, _HOUR, self._switches.inflow_requests_per_hour),
        ]

    def take(self, now: float) -> Response | None:
        """Count a request at ``now`` (epoch seconds), or return the 429 it gets instead."""
        wait = 0.0
        for times, length, limit in self._windows():
            while times and times[0] <= now - length:
                times.popleft()
            if limit and len(times) >= limit:
                # The slot that must fall out of the window is the one that many places from its end.
                wait = max(wait, times[-limit] + length - now)
        if wait > 0:
            return self._refusal(now, wait)
        self._minute.append(now)
        self._hour.append(now)
        return None

    def headers(self) -> dict[str, str]:
        """Return the headers that tell how much of the windows is used, if the switch says that answers have them."""
        if not self._switches.inflow_rate_headers:
            return {}
        minute, hour = self._switches.inflow_requests_per_minute, self._switches.inflow_requests_per_hour
        headers = {"x-inflow-api-rate-limit": f"{len(self._minute)}/{minute or 60}"}
        if hour:
            headers["x-ratelimit-limit"] = f"{len(self._hour)}/{hour}"
        return headers

    def _refusal(self, now: float, wait: float) -> Response:
        kind = self._switches.inflow_error_body
        if kind == "json":
            response = json_response(429, {"code": "TooManyRequests", "message": _MESSAGE})
        else:
            body, content_type = {
                "text": (_MESSAGE, "text/plain"),
                "html": (f"<!doctype html><title>429</title><h1>{_MESSAGE}</h1>", "text/html"),
            }.get(kind, ("", ""))
            response = Response(429, body.encode(), {"content-type": content_type} if content_type else {})
        seconds = math.ceil(wait)
        if self._switches.inflow_retry_after == "seconds":
            response.headers["retry-after"] = str(seconds)
        elif self._switches.inflow_retry_after == "date":
            response.headers["retry-after"] = formatdate(math.ceil(now + wait), usegmt=True)
        return response
