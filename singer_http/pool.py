"""Requests that go straight to the pool of connections from which ``requests`` would take theirs.

For every request ``requests`` looks up anew what is the same for a whole base URL: the proxy, the CA bundle, the pool,
the cookies and hooks. That costs more than sending a small request does. Here the session is asked once, so that
proxies, CA bundles and TLS verification are as ``requests`` has them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util.retry import Retry

from singer_http.connection import BriefConnection

_NEVER = Retry(0, read=False)  # what may be repeated, the caller knows


class Pool:
    """The connections of a session to one base URL; threads may share it.

    Args:
        session: Whose adapter, proxies, CA bundle and verification count.
        base_url: What every request's path is below, without a trailing slash.
        timeout: Seconds to wait for a connection, and between two pieces of an answer.
    """

    def __init__(self, session: requests.Session, base_url: str, timeout: tuple[float, float]) -> None:
        self._session = session
        self._base_url = base_url
        self._timeout = urllib3.Timeout(connect=timeout[0], read=timeout[1])
        self._lock = threading.Lock()
        self._opened: tuple[HTTPConnectionPool, str] | None = None

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> urllib3.BaseHTTPResponse:
        """Send a request and return the answer's head; the body is still to be read. A redirect is an answer.

        Args:
            method: HTTP method.
            path: Below the base URL, percent-encoded, with its query.
            headers: All headers but Host and Content-Length.
            body: What is sent, if anything.

        Raises:
            requests.exceptions.InvalidURL: The base URL, or a proxy of the environment, cannot be used.
            requests.exceptions.InvalidSchema: Nothing speaks the proxy's protocol.
            OSError: The CA bundle that the environment names is not there.
            urllib3.exceptions.HTTPError: No answer came.
        """
        pool, prefix = self._opened or self._open()
        return pool.urlopen(
            method,
            f"{prefix}/{path}",
            body=body,
            headers=headers,
            retries=_NEVER,
            redirect=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
            decode_content=False,
        )

    def _open(self) -> tuple[HTTPConnectionPool, str]:
        with self._lock:
            if self._opened is None:
                self._opened = self._look_up()
            return self._opened

    def _look_up(self) -> tuple[HTTPConnectionPool, str]:
        """Take the steps of ``HTTPAdapter.send`` that are about the base URL alone."""
        adapter = self._session.get_adapter(self._base_url)
        if not isinstance(adapter, HTTPAdapter):
            raise TypeError(f"{type(adapter).__name__} has no pool of connections")
        request = requests.Request("GET", self._base_url).prepare()
        settings = self._session.merge_environment_settings(self._base_url, {}, stream=True, verify=None, cert=None)
        proxies, verify, cert = settings["proxies"], settings["verify"], settings["cert"]
        try:
            found = adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        except urllib3.exceptions.LocationValueError as error:
            raise requests.exceptions.InvalidURL(error, request=request) from error
        pool = cast("HTTPConnectionPool", found)  # as which every pool of HTTPAdapter is typed by requests itself
        pool.ConnectionCls = type("Connection", (BriefConnection, pool.ConnectionCls), {"heads": {}})
        adapter.cert_verify(pool, self._base_url, verify, cert)  # type: ignore[no-untyped-call]
        return pool, adapter.request_url(request, proxies).rstrip("/")
