"""How Optiply reacts to load: throttling and answers that slow down, both off unless a switch sets them."""

from __future__ import annotations

from collections import deque
from email.utils import formatdate

from sandbox.http import Response
from sandbox.optiply.errors import Refusal, refusal_response
from sandbox.switches import Switches


class Load:
    """Decides by the switches which requests are throttled, and how slow the others are."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._admitted: deque[float] = deque()

    def throttled(self, now: float, in_flight: int) -> Response | None:
        """Return the answer of a request that is one too many, else None and count it.

        Args:
            now: Epoch seconds.
            in_flight: Requests under way, this one included.
        """
        switches = self._switches
        if switches.optiply_max_in_flight and in_flight > switches.optiply_max_in_flight:
            return self._refused(now)
        if switches.optiply_requests_per_second:
            while self._admitted and self._admitted[0] <= now - 1:
                self._admitted.popleft()
            if len(self._admitted) >= switches.optiply_requests_per_second:
                return self._refused(now)
            self._admitted.append(now)
        return None

    def forget(self) -> None:
        """Start with an empty window."""
        self._admitted.clear()

    def extra_latency(self, in_flight: int) -> float:
        """Return the seconds that the requests under way add to an answer."""
        knee = self._switches.optiply_latency_knee
        if not knee or in_flight <= knee:
            return 0.0
        return (in_flight - knee) * self._switches.optiply_latency_per_excess

    def _refused(self, now: float) -> Response:
        switches = self._switches
        response = refusal_response(Refusal(switches.optiply_throttle_status, "Too many requests"), switches)
        response.headers = dict(response.headers)
        if switches.optiply_retry_after == "seconds":
            response.headers["retry-after"] = str(switches.optiply_retry_after_seconds)
        elif switches.optiply_retry_after == "date":
            # A date has whole seconds: the next one, so that it is not over before the wait is.
            response.headers["retry-after"] = formatdate(
                int(now) + 1 + switches.optiply_retry_after_seconds, usegmt=True
            )
        return response
