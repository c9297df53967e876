"""What the server and the APIs of the sandbox say to each other: a request in, a response out, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson


@dataclass(slots=True)
class Request:
    """One request as an API sees it.

    Attributes:
        method: Upper case, for example ``GET``.
        path: Below the mount, percent-decoded, with its leading slash: ``/products/12``.
        query: Decoded parameters in the order given; a parameter may occur more than once.
        headers: By lower-case name.
        body: As received.
        now: The sandbox's clock when the request arrived, in epoch seconds. APIs take the time from here and from
            nowhere else, so that tests can move it.
        base_url: Scheme, host, port and mount, without a closing slash, for absolute links.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    now: float
    base_url: str = ""

    def parameter(self, name: str) -> str | None:
        """Return the last value of the query parameter ``name``, or None."""
        value = None
        for key, text in self.query:
            if key == name:
                value = text
        return value


@dataclass(slots=True)
class Response:
    """One answer. The server adds ``content-length`` and ``date``; header names are lower case."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Api(Protocol):
    """One mounted API: synchronous, single-threaded, never blocking."""

    def handle(self, request: Request) -> Response:
        """Do what the request asks for and answer it."""


def json_response(
    status: int,
    value: Any,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a response whose body is ``value`` as JSON.

    Args:
        status: The HTTP status.
        value: Anything that orjson takes; exact decimals as strings or ``orjson.Fragment``.
        content_type: The ``content-type`` header.
        headers: Further headers, by lower-case name.
    """
    return Response(status, orjson.dumps(value), {"content-type": content_type, **(headers or {})})
