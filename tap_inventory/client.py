"""One request to one answer: headers, pace, tries, and what each kind of answer means."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import requests

from singer_http.pacing import Pacer, SlidingWindow
from singer_http.redact import redact
from singer_http.retry import backoff_delay, parse_retry_after
from singer_http.sessions import BodyTooLargeError, new_session, read_body
from tap_inventory.answers import read_rows
from tap_inventory.chains import Chains
from tap_inventory.errors import CredentialsError, RefusedError, TapError, UnavailableError
from tap_inventory.settings import Settings

logger = logging.getLogger("tap-inventory")

Row = dict[str, Any]
Params = Sequence[tuple[str, str]]

MINUTE = 60.0
"""Seconds of the window in which requests_per_minute is kept."""

MAX_BODY = 256 * 1024 * 1024
"""Bytes. A page of 100 rows with all relations is far below; more is no answer of this API."""

_OVERLOADED = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})


@dataclass(frozen=True, slots=True)
class Answer:
    """A list that the API answered with.

    Attributes:
        rows: Its rows; numbers with a fraction are ``Decimal``.
        total: How many rows match in all, where the API said so.
    """

    rows: list[Row]
    total: int | None


class Client:
    """Reads one API for any number of threads, under one allowance.

    Args:
        settings: The settings of the run.
        user_agent: The ``User-Agent`` header.
        connections: Requests in flight at once, at most.
        pacer: The allowance; made from the settings where None.
        now: The present instant, for ``Retry-After`` dates.
        jitter: Draws a delay from ``0 … bound``; ``backoff.full_jitter`` where None.
    """

    def __init__(
        self,
        settings: Settings,
        user_agent: str,
        *,
        connections: int = 16,
        pacer: Pacer | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        jitter: Callable[[float], float] | None = None,
    ) -> None:
        self._profile = settings.profile
        self._settings = settings
        self._hour = SlidingWindow(settings["requests_per_hour"], 3600.0)
        self.pacer = pacer or Pacer([SlidingWindow(settings["requests_per_minute"], MINUTE), self._hour])
        self.chains = Chains()
        self._now = now
        self._jitter = jitter
        timeout = float(settings["request_timeout"])
        self._session = new_session(connections, user_agent, timeout=(min(timeout, 10.0), timeout))
        self._timeout = timeout
        self._headers = {name: _fill(text, settings.values) for name, text in self._profile.headers.items()}
        quoted = {name: quote(str(value), safe="") for name, value in settings.values.items() if value is not None}
        self._root = settings["api_url"].rstrip("/") + _fill(self._profile.root, quoted)
        self.trusted = False
        """True once the API has answered a request: from then on a 403 concerns one stream, not the run."""
        self.when_trusted: Callable[[], None] = lambda: None
        """Called when that happens."""

    def get(self, path: str, params: Params, stream: str, number: int, *, probing: bool = False) -> Answer:
        """Read a list.

        Args:
            path: Below the root.
            params: The query.
            stream: The stream, for logs and errors.
            number: The number of the request in its pass, likewise.
            probing: True where the server may not know what it is asked: then an error of its own (500) counts as a
                refusal when it comes twice.

        Raises:
            CredentialsError: The API refuses the key or the company.
            StreamError: The list cannot be read.
            TapError: The API has not answered a single request.
            PacerClosedError: The run is ending.
        """
        query = urlencode(params, safe="[],", quote_via=quote)
        return self._answer("GET", f"{path}?{query}" if query else path, None, (stream, number), probing=probing)

    def post(self, path: str, body: Any, stream: str, number: int, *, chain: str) -> Answer:
        """Read in bulk: a POST that changes nothing, and may be repeated like a GET. Raises as :meth:`get`.

        Args:
            path: Below the root.
            body: What to read, to be sent as JSON.
            stream: As for :meth:`get`.
            number: As for :meth:`get`.
            chain: The stream whose chain of pages waits for the answer.
        """
        return self._answer("POST", path, msgspec.json.encode(body), (stream, number), chain=chain)

    def close(self) -> None:
        """Start no further request; threads that wait for one are told."""
        self.pacer.close()
        self._session.close()

    def _answer(
        self,
        method: str,
        target: str,
        body: bytes | None,
        what: tuple[str, int],
        *,
        probing: bool = False,
        chain: str = "",
    ) -> Answer:
        tries = self._settings["max_retries"] + 1
        where = f"{what[0]}, request {what[1]} ({method} {target})"
        for attempt in range(1, tries + 1):
            try:
                response, content = self._send(method, target, body, chain or what[0])
                if response.status_code == requests.codes.ok:
                    return self._read(response, content)
                if probing and attempt > 1 and response.status_code == requests.codes.internal_server_error:
                    raise RefusedError(redact(f"The stream {where} is answered with an error, twice."), 500)
                reason, told = self._judge(response, content, where)
            except _PASSING as error:
                reason, told = _describe(error), None
            except BodyTooLargeError:
                reason, tries = "the answer is larger than any answer should be", attempt
                break
            if attempt < tries:
                self._hold(where, attempt, reason, told)
        times = "once" if tries == 1 else f"{tries} times"
        if not self.trusted:
            raise TapError(
                redact(f"{self._profile.title} cannot be reached: {reason}, {times} ({where}). Check api_url.")
            )
        raise UnavailableError(redact(f"The stream {where} cannot be read: {reason}, {times}."))

    def _send(self, method: str, target: str, body: bytes | None, chain: str) -> tuple[requests.Response, bytes]:
        self.chains.asks(chain)
        seconds = None
        try:
            began, response, content = self._exchange(method, target, body, chain)
            seconds = self.pacer.clock() - began
        finally:
            self.chains.ends(chain, self.pacer.clock(), seconds)
        self._heed(response.headers)
        return response, content

    def _exchange(
        self, method: str, target: str, body: bytes | None, chain: str
    ) -> tuple[float, requests.Response, bytes]:
        """Send a request when it is its turn; return when it was sent, its answer, and the answer's body."""
        minute = self.pacer.windows[0]
        with self.pacer.slot(lambda now: self.chains.yields(chain, minute, now)) as answered:
            self.chains.starts(chain)
            began = self.pacer.clock()
            response = self._session.request(
                method, self._root + target, data=body, headers=self._headers, stream=True, allow_redirects=False
            )
            answered()
        try:
            content = read_body(response, MAX_BODY, time.monotonic() + self._timeout)
        except requests.RequestException:
            if response.status_code == requests.codes.ok:
                raise
            # The body of a refusal is a courtesy; its status says enough.
            content = b""
        return began, response, content

    def _read(self, response: requests.Response, content: bytes) -> Answer:
        try:
            rows = read_rows(content)
        except ValueError as error:
            raise _BrokenAnswerError(str(error)) from None
        if not self.trusted:
            self.trusted = True
            self.when_trusted()
        total = response.headers.get(self._profile.paging.total, "")
        return Answer(rows, int(total) if total.isdecimal() else None)

    def _heed(self, headers: Mapping[str, str]) -> None:
        hint = self._profile.hour_hint
        if hint and not self._hour.limit and re.search(hint.pattern, headers.get(hint.header, "")):
            logger.info("%s allows %d requests in any hour; that limit is kept too.", self._profile.title, hint.limit)
            self.pacer.limit(self._hour, hint.limit)

    def _judge(self, response: requests.Response, content: bytes, where: str) -> tuple[str, float | None]:
        """Return why to try again, and after how many seconds if the answer says so; or raise what ends it."""
        status, profile = response.status_code, self._profile
        if status in _OVERLOADED:
            told = parse_retry_after(response.headers.get("Retry-After"), self._now())
            return f"{profile.title} answered {status} {_meaning(status)}".strip(), told
        if status == requests.codes.unauthorized:
            raise CredentialsError(
                redact(f"{profile.title} refuses the key (401, {where}): check the setting {profile.key_setting}.")
            )
        if not self.trusted and status in (requests.codes.forbidden, requests.codes.not_found):
            # What a key that is good for another company gets is not documented: either.
            raise CredentialsError(
                redact(
                    f"{profile.title} does not let this key read this company ({status}, {where}): check the settings "
                    f"{profile.scope_setting}, {profile.key_setting} and api_url."
                )
            )
        if 300 <= status < 400:
            raise RefusedError(
                redact(f"The stream {where} is answered with a redirect ({status}): check the setting api_url."), status
            )
        text = " ".join(content[:300].decode("utf-8", "replace").split())
        raise RefusedError(
            redact(f"The stream {where} cannot be read: {profile.title} answered {status} {text}".strip() + "."), status
        )

    def _hold(self, where: str, attempt: int, reason: str, told: float | None) -> None:
        refused_pace = told is not None or " 429" in reason
        # Without Retry-After, a refused pace takes longer to recover from than a broken connection.
        base = 4.0 if refused_pace else 1.0
        seconds = told if told is not None else backoff_delay(attempt, base=base, cap=60.0, rng=self._jitter)
        logger.warning("Stream %s: %s; trying again in %.1f s.", where, reason, seconds)
        if refused_pace:
            self.pacer.pause(seconds)  # it was asked of all streams, not only of this one
        else:
            self.pacer.rest(seconds)


class _BrokenAnswerError(Exception):
    """A 200 whose body is not what it should be: cut short by a proxy, or a page of HTML."""


_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    _BrokenAnswerError,
)
"""Failures that may pass. Others (a malformed URL, a body beyond all bounds) would come again."""


def _describe(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no trusted connection ({error})"
    if isinstance(error, requests.ConnectionError):
        return f"the connection failed ({_cause(error)})"
    if isinstance(error, requests.RequestException):
        return "the answer broke off"
    return str(error)


def _cause(error: BaseException) -> str:
    """Return what the system said of a failed connection, from under the layers that wrapped it."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__


def _meaning(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _fill(text: str, values: Mapping[str, Any]) -> str:
    return text.format_map(values)
