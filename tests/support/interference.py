"""Interferes with chosen requests in the process of a program under test, where no server and no network can.

Importing it (as a launched program's ``constants`` do, which also set ``RULES``) makes urllib3 look at every request.
One whose connection is refused finds its pooled connection closed and connects to a port on which nothing listens: the
refusal is the operating system's own. One at which the program is to end sends the signal from within: before anything
of the request has left, or when its answer is there and nothing has been made of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import BaseHTTPResponse

Act = Literal["refuse", "end before sending", "end before the answer is noted"]

RULES: list[dict[str, Any]] = []
"""Each with ``name``, ``act``, ``method`` (empty for any), ``path`` (searched for in path and query), ``skip``,
``times`` and, where the program is to end, ``signal``."""

CLOSED_PORT = 9  # discard: nothing listens there on a machine that runs tests
NOTED = "interfered"
_make_request = HTTPConnectionPool._make_request  # below it, connections of each kind go ways of their own


def rule(name: str, act: Act, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return a rule about the next request that matches."""
    return {"name": name, "act": act, "method": method, "path": path, "skip": 0, "times": 1, **more}


def _struck(method: str, url: str) -> dict[str, Any] | None:
    """Return the rule that a request falls under, counted and noted in a file of the program's folder."""
    for each in RULES:
        if each["method"] in ("", method) and each["times"] and re.search(each["path"], url):
            if each["skip"]:
                each["skip"] -= 1
                continue
            each["times"] -= 1
            with Path(NOTED).open("a", encoding="utf-8") as file:
                file.write(f"{each['name']}\n")
            return each
    return None


def _interfere(pool: HTTPConnectionPool, connection: Any, method: str, url: str, **options: Any) -> BaseHTTPResponse:
    struck = _struck(method, url)
    act = struck["act"] if struck else ""
    if struck and act == "end before sending":
        os.kill(os.getpid(), struck["signal"])
    if act == "refuse":
        connection.close()
        connection.port, port = CLOSED_PORT, connection.port
        try:
            return _make_request(pool, connection, method, url, **options)
        finally:
            connection.port = port
    response = _make_request(pool, connection, method, url, **options)
    if struck and act == "end before the answer is noted":
        os.kill(os.getpid(), struck["signal"])
    return response


HTTPConnectionPool._make_request = _interfere  # type: ignore[method-assign,assignment]
