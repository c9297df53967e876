"""One request to one answer: headers, pace, tries, and what each kind of answer means."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
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
from singer_http.straight import Straight
from tap_inventory.address import headers_of, root_of
from tap_inventory.answers import Answer, Row, decode, read_answer
from tap_inventory.chains import Chains
from tap_inventory.errors import CredentialsError, RefusedError, TapError, UnavailableError
from tap_inventory.settings import Settings
from tap_inventory.tokens import Tokens

__all__ = ["Answer", "Client", "Params", "Row"]

logger = logging.getLogger("tap-inventory")

Params = Sequence[tuple[str, str]]

MINUTE = 60.0
"""Seconds of the window in which requests_per_minute is kept."""

MAX_BODY = 256 * 1024 * 1024
"""Bytes. A page of 100 rows with all relations is far below; more is no answer of this API."""

_JSON = {"Accept": "application/json"}

_ADVICE = {
    403: "Give the key the right to read it, or deselect the stream.",
    404: "Deselect the stream, if the account does not have it.",
}
_ANY = "Check what the settings ask for with this stream, or deselect it."
"""What to do where the API refuses one stream, by status."""

_OVERLOADED = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})


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
        self._headers = headers_of(self._profile, settings.values)
        kind = self._profile.token
        self._straight = Straight(self._session, root_of(self._profile, settings.values))
        self._tokens = Tokens(kind, settings.values, self._grant, self._profile.title) if kind else None
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
                response, content = self._admitted(method, target, body, chain or what[0])
                if response.status_code == requests.codes.ok:
                    return self._read(response, content, what[0])
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
        raise UnavailableError(
            redact(f"The stream {where} cannot be read: {reason}, {times}. Run it again: it goes on where it ended.")
        )

    def _admitted(self, method: str, target: str, body: bytes | None, chain: str) -> tuple[requests.Response, bytes]:
        """Send a request; where its access token is refused, once more with another."""
        if self._tokens is None:
            return self._send(method, target, body, chain, {})
        token = self._tokens.access()
        response, content = self._send(method, target, body, chain, _bearer(token))
        if response.status_code == requests.codes.unauthorized:
            self._tokens.replace(token)
            response, content = self._send(method, target, body, chain, _bearer(self._tokens.access()))
        return response, content

    def _send(
        self, method: str, target: str, body: bytes | None, chain: str, headers: Mapping[str, str]
    ) -> tuple[requests.Response, bytes]:
        self.chains.asks(chain)
        seconds = None
        try:
            began, response, content = self._exchange(method, target, body, chain, headers)
            seconds = self.pacer.clock() - began
        finally:
            self.chains.ends(chain, self.pacer.clock(), seconds)
        self._heed(response.headers)
        return response, content

    def _exchange(
        self, method: str, target: str, body: bytes | None, chain: str, headers: Mapping[str, str]
    ) -> tuple[float, requests.Response, bytes]:
        """Send a request when it is its turn; return when it was sent, its answer, and the answer's body."""
        minute = self.pacer.windows[0]
        with self.pacer.slot(lambda now: self.chains.yields(chain, minute, now)) as answered:
            self.chains.starts(chain)
            began = self.pacer.clock()
            response = self._straight.send(method, target, {**self._headers, **headers}, body)
            answered()
        try:
            content = read_body(response, MAX_BODY, time.monotonic() + self._timeout)
        except requests.RequestException:
            if response.status_code == requests.codes.ok:
                raise
            # The body of a refusal is a courtesy; its status says enough.
            content = b""
        return began, response, content

    def _grant(self, url: str, form: Mapping[str, str]) -> tuple[int, Any]:
        """Send a form for a token; returns the status and the JSON of the answer, None where that is none.

        Raises:
            UnavailableError: Every try allowed has failed.
        """
        tries, reason = self._settings["max_retries"] + 1, ""
        for attempt in range(1, tries + 1):
            told = None
            try:
                with self.pacer.slot() as answered:
                    response = self._session.post(url, data=form, headers=_JSON, stream=True, allow_redirects=False)
                    answered()
                content = read_body(response, MAX_BODY, time.monotonic() + self._timeout)
            except _PASSING as error:
                reason = _describe(error)
            else:
                if response.status_code not in _OVERLOADED:
                    try:
                        return response.status_code, decode(content)
                    except ValueError:
                        return response.status_code, None
                told = parse_retry_after(response.headers.get("Retry-After"), self._now())
                reason = f"it answered {response.status_code} {_meaning(response.status_code)}".strip()
            if attempt < tries:
                self._hold("of tokens", attempt, reason, told)
        raise UnavailableError(redact(f"{self._profile.title} gives no access token: {reason}, {tries} times."))

    def _read(self, response: requests.Response, content: bytes, stream: str) -> Answer:
        known = self._profile.by_name.get(stream)
        try:
            answer = read_answer(
                content, response.headers, self._profile.paging, single=known.key if known and known.single else ()
            )
        except ValueError as error:
            raise _BrokenAnswerError(str(error)) from None
        if not self.trusted:
            self.trusted = True
            self.when_trusted()
        return answer

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
                    f"{profile.title} does not let this key read this {profile.scope} ({status}, {where}): check the "
                    f"settings {', '.join(filter(None, (profile.scope_setting, profile.key_setting)))} and api_url."
                )
            )
        if 300 <= status < 400:
            raise RefusedError(
                redact(f"The stream {where} is answered with a redirect ({status}): check the setting api_url."), status
            )
        text = " ".join(content[:300].decode("utf-8", "replace").split())
        said = f"{profile.title} answered {status} {text}".strip()
        raise RefusedError(redact(f"The stream {where} cannot be read: {said}. {_ADVICE.get(status, _ANY)}"), status)

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


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
