"""Requests of a session below one base URL, with what ``requests`` looks up for each of them looked up once.

The proxy, the CA bundle and the URL's normal form are the same for all; cookies, an ``auth`` and hooks are left out.
Answers and errors are those of ``requests``. (``pool`` goes further, for what is sent many times a second.)
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict


class Straight:
    """Sends requests below one base URL; threads may share it.

    Args:
        session: Whose adapter, headers, proxies, CA bundle and verification count.
        base_url: What every URL begins with.
    """

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = CaseInsensitiveDict({name: str(value) for name, value in session.headers.items()})
        self._lock = threading.Lock()
        self._settings: dict[str, Any] | None = None

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> requests.Response:
        """Send a request and return the answer's head; the body is still to be read. A redirect is an answer.

        Args:
            method: HTTP method.
            path: What follows the base URL, percent-encoded, with its query.
            headers: Headers beside those of the session.
            body: What is sent, if anything.

        Raises:
            requests.RequestException: No answer came, or the base URL cannot be used.
            OSError: The CA bundle that the environment names is not there.
        """
        settings = self._settings or self._look_up()
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base_url + path
        request.headers = self._headers.copy()
        request.headers.update(headers)
        request.body = body
        if body is not None:  # else it would be sent in chunks
            request.headers["Content-Length"] = str(len(body))
        return self._session.send(request, allow_redirects=False, **settings)

    def _look_up(self) -> dict[str, Any]:
        with self._lock:
            if self._settings is None:
                requests.Request("GET", self._base_url).prepare()  # tells what is wrong with the URL
                found = self._session.merge_environment_settings(
                    self._base_url, {}, stream=True, verify=None, cert=None
                )
                self._settings = dict(found)
            return self._settings
