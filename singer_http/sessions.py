"""Connections: one pooled session that never follows redirects, never reads .netrc, and never waits for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
_CHUNK = 65_536


class BodyTooLargeError(requests.RequestException):
    """The body is larger than any honest answer."""


class BodyTooSlowError(requests.Timeout):
    """The body did not arrive in the time allowed, though bytes kept dripping in."""


class _KeepHeaders(AuthBase):
    """Leaves requests as they are; without an ``auth``, requests replaces Authorization from ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    """A session whose redirects are answers like any other: a token must not travel to another host."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        del resp
        return None


class _PatientAdapter(HTTPAdapter):
    """An adapter that gives every request a timeout."""

    def __init__(self, timeout: tuple[float, float], pool_size: int) -> None:
        self._timeout = timeout
        # max_retries=0: retries are decided by the client, which knows what may be repeated.
        super().__init__(pool_connections=4, pool_maxsize=pool_size, max_retries=0, pool_block=True)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, with the session's timeouts where it names none."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        return super().send(request, *args, **kwargs)


def new_session(
    pool_size: int,
    user_agent: str,
    *,
    timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
) -> requests.Session:
    """Return a session that threads may share, as long as none changes its headers.

    Proxies, CA bundles and TLS verification follow the environment, as ``requests`` honours it.

    Args:
        pool_size: Connections kept and allowed at once per host; a further request waits for one.
        user_agent: The ``User-Agent`` header.
        timeout: Seconds to wait for a connection, and between two pieces of an answer.
    """
    session = _Session()
    session.headers["User-Agent"] = user_agent
    session.auth = _KeepHeaders()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a jar is not safe to share
    adapter = _PatientAdapter(timeout, pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def read_body(
    response: requests.Response,
    limit_bytes: int,
    deadline: float,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Read the body of a streamed response (``stream=True``), decompressed, and give its connection back.

    Args:
        response: The response; it is closed where reading fails.
        limit_bytes: The size above which reading stops.
        deadline: The instant on ``clock`` by which the whole body must be there.
        clock: Seconds that only grow.

    Raises:
        BodyTooLargeError: The body is larger than ``limit_bytes``.
        BodyTooSlowError: The deadline passed.
        requests.RequestException: The body was cut short, or the connection broke.
    """
    try:
        return read_raw(response.raw, limit_bytes, deadline, clock=clock)
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error, response=response) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error, response=response) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error, response=response) from error


def read_raw(
    answer: urllib3.BaseHTTPResponse,
    limit_bytes: int,
    deadline: float,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Do what :func:`read_body` does for an answer as urllib3 has it.

    Raises:
        BodyTooLargeError: The body is larger than ``limit_bytes``.
        BodyTooSlowError: The deadline passed.
        urllib3.exceptions.HTTPError: The body was cut short, or the connection broke.
    """
    try:
        return _collect(answer, limit_bytes, deadline, clock)
    except BaseException:
        answer.close()
        raise
    finally:
        answer.release_conn()  # a closed one too: it makes room for another


def _collect(answer: urllib3.BaseHTTPResponse, limit_bytes: int, deadline: float, clock: Callable[[], float]) -> bytes:
    parts: list[bytes] = []
    size = 0
    # read1 returns what one receive brought; read would collect a whole chunk first, however slowly it drips.
    while part := answer.read1(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLargeError(f"the body is larger than {limit_bytes} bytes")
        if clock() > deadline:
            raise BodyTooSlowError("the body took too long")
    return b"".join(parts)
