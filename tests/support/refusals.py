"""Refuses the connection of chosen requests, in the process of a program under test.

Importing it (as a launched program's ``constants`` do, which also set ``RULES``) makes urllib3 look at every request:
one that a rule is about finds its pooled connection closed and connects to a port on which nothing listens, so that
the refusal is the operating system's own. Each refusal is noted in the file ``refused``, in the program's folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from urllib3.connection import HTTPConnection

RULES: list[dict[str, Any]] = []
"""Each with ``name``, ``method`` (empty for any), ``path`` (searched for in path and query), ``skip`` and ``times``."""

CLOSED_PORT = 9  # discard: nothing listens there on a machine that runs tests
NOTED = "refused"
_original = HTTPConnection.request


def _struck(method: str, url: str) -> bool:
    for rule in RULES:
        if rule["method"] in ("", method) and rule["times"] and re.search(rule["path"], url):
            if rule["skip"]:
                rule["skip"] -= 1
                continue
            rule["times"] -= 1
            with Path(NOTED).open("a", encoding="utf-8") as file:
                file.write(f"{rule['name']}\n")
            return True
    return False


def _request(self: HTTPConnection, method: str, url: str, *arguments: Any, **options: Any) -> None:
    if not _struck(method, url):
        _original(self, method, url, *arguments, **options)
        return
    self.close()
    port, self.port = self.port, CLOSED_PORT
    try:
        _original(self, method, url, *arguments, **options)
    finally:
        self.port = port


HTTPConnection.request = _request  # type: ignore[method-assign]
