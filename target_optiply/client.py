"""One request to Optiply and its one answer: the only room, with ``auth``, that knows HTTP. It never repeats a write.

A request either gets an :class:`Answer` (also for a broken connection: status 0) or ends the run with an exception
from ``errors``. What an answer means is decided in ``answers``; what to do about it in ``writes``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
import requests
import urllib3.exceptions

from singer_http.pool import Pool
from singer_http.sessions import BodyTooLargeError, new_session, read_raw
from target_optiply.auth import Token
from target_optiply.errors import ConfigProblem

CONTENT_TYPE = "application/vnd.api+json"
_LARGEST_BODY = 64 * 1024 * 1024  # bytes; a page of 100 rows is some hundred kilobytes
_CONNECT_TIMEOUT = 10.0
_decoder = msgspec.json.Decoder(float_hook=str)  # decimals of an answer stay exact: numbers as text

_UNREAD = object()  # in place of a document that nobody asked for yet


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent.

    Attributes:
        method: GET, POST, PATCH or DELETE.
        path: Below the base URL, for example ``products/123``.
        query: Query parameters in order, not yet percent-encoded.
        body: Encoded JSON:API document.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    @property
    def entity(self) -> str:
        """The resource type that the path begins with."""
        return self.path.partition("/")[0]


@dataclass(slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status; 0 where no whole answer came.
        body: The body; empty where none was read.
        headers: The answer's headers.
        problem: In words, what went wrong where ``status`` is 0.
        reached: False where the request surely never reached the server.
        latency: Seconds until the answer's head.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    reached: bool = True
    latency: float = 0.0
    _document: Any = field(default=_UNREAD, init=False, repr=False, compare=False)

    def document(self) -> Any:
        """Return the JSON body, decimals as text; None where it is not JSON. Parsed once: not to be changed."""
        if self._document is _UNREAD:
            try:
                self._document = _decoder.decode(self.body)
            except (msgspec.DecodeError, RecursionError):
                self._document = None
        return self._document


class Tokens(Protocol):
    """Where the bearer token comes from."""

    def current(self) -> Token:
        """Return a token, fetching one if there is none or it is about to expire."""

    def renew(self, refused: Token) -> Token:
        """Return a newer token than the refused one."""


@lru_cache(maxsize=256)  # of all writes it is the same
def encode_query(query: tuple[tuple[str, str], ...]) -> str:
    """Percent-encode query parameters; brackets too, since some proxies refuse raw ones."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


class Client:
    """Sends requests over pooled connections with a bearer token, and sees that one 401 costs one new grant.

    Args:
        api_url: Base URL without a trailing slash.
        tokens: The source of bearer tokens, shared by all threads.
        connections: Size of the connection pool.
        timeout: Seconds to wait for an answer.
        user_agent: ``target-optiply/<version>``.
    """

    def __init__(self, api_url: str, tokens: Tokens, *, connections: int, timeout: float, user_agent: str) -> None:
        self._tokens = tokens
        self._timeout = timeout
        self._session = new_session(pool_size=connections, user_agent=user_agent)
        self._pool = Pool(self._session, api_url, (min(_CONNECT_TIMEOUT, timeout), timeout))
        self._headers = {
            "User-Agent": user_agent,
            "Content-Type": CONTENT_TYPE,
            "Accept": CONTENT_TYPE,
            "Accept-Encoding": "gzip, deflate",
        }
        self._clock_offset = 0.0
        self._date = ""  # of the latest answer

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def server_now(self) -> datetime:
        """Return the server's time in UTC, by the Date header of its latest answer."""
        return datetime.fromtimestamp(time.time() + self._clock_offset, tz=timezone.utc)

    def send(self, request: Request) -> Answer:
        """Send a request and return its answer; after a 401 again, with a new token.

        Raises:
            CredentialsProblem: The login is refused, or a fresh token is.
            ConfigProblem: The server's certificate is not trusted, or the URL or the CA bundle cannot be used.
            Outage: The token endpoint does not answer.
        """
        token = self._tokens.current()
        while (answer := self._exchange(request, token)).status == 401:
            token = self._tokens.renew(token)  # ends the run where the API refuses what was fetched for it
        if answer.status:
            token.accepted = True
        return answer

    def _exchange(self, request: Request, token: Token) -> Answer:
        path = quote(request.path) + (f"?{encode_query(request.query)}" if request.query else "")
        headers = {**self._headers, "Authorization": f"Bearer {token.value}"}
        body = b"" if request.body is None and request.method != "GET" else request.body
        began = time.monotonic()
        try:
            answer = self._pool.send(request.method, path, headers, body)
            latency = time.monotonic() - began
            content = read_raw(answer, _LARGEST_BODY, deadline=began + 2 * self._timeout)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise ConfigProblem("api_url cannot be used, or a proxy in the environment cannot") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            cause = _cause_of(error)
            if isinstance(cause, urllib3.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(cause):
                raise ConfigProblem(
                    "the certificate of the Optiply API is not trusted; check api_url and the CA bundle"
                ) from None
            return Answer(0, problem=_in_words(cause), reached=not _never_left(cause))
        except OSError as error:  # requests itself checks that the file is there
            raise ConfigProblem(f"the CA bundle that the environment names cannot be read ({error})") from None
        self._note_time(answer.headers.get("Date"))
        return Answer(answer.status, content, answer.headers, latency=latency)

    def _note_time(self, date: str | None) -> None:
        if date and date != self._date:  # once a second is enough
            self._date = date
            with suppress(ValueError):  # what cannot be read tells no time
                self._clock_offset = parsedate_to_datetime(date).timestamp() - time.time()


def _cause_of(error: Exception) -> Exception:
    """Return why no try succeeded, where that is what an error says."""
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        return error.reason
    return error


def _in_words(error: Exception) -> str:
    """Describe a broken exchange without the URL, whose query names the account."""
    if isinstance(error, urllib3.exceptions.SSLError):
        return "the TLS connection broke"
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # a kind of time-out, by its class
        return "the connection broke"
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return "no connection within the time limit"
    if isinstance(error, (urllib3.exceptions.TimeoutError, requests.Timeout, TimeoutError)):
        return "no answer within the time limit"
    if isinstance(error, urllib3.exceptions.ProxyError):
        return "the proxy refused the connection"
    if isinstance(error, BodyTooLargeError):
        return "the answer was larger than any answer should be"
    return "the connection broke"


def _never_left(error: Exception) -> bool:
    """Whether the request surely did not reach the server."""
    return isinstance(error, urllib3.exceptions.ConnectTimeoutError)
