"""Answers on the wire, the broken ones too: reset, cut off, dripping. The only place that knows sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.http import Response

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]
Scope = dict[str, Any]

#: Where the application finds the transport of its connection.
EXTENSION: Final = "sandbox.transport"
#: Sent away in so many pieces a second, where an answer drips.
_DRIPS_PER_SECOND = 10


class TransportProtocol(HttpToolsProtocol):
    """uvicorn's protocol that hands its transport to the application, which ASGI keeps from it."""

    def on_message_begin(self) -> None:  # noqa: D102 - as in the parent
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"transport": self.transport}}


def is_gone(scope: Scope) -> bool:
    """Tell whether the client has closed its connection."""
    transport = _transport(scope)
    return transport.is_closing()


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"][EXTENSION]["transport"]
    return transport


async def send_response(send: Send, response: Response, date: bytes) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response, date)})
    await send({"type": "http.response.body", "body": response.body})


def reset(scope: Scope) -> None:
    """Break the connection with a TCP reset, without an answer."""
    transport = _transport(scope)
    wrapped = transport.get_extra_info("socket")
    if wrapped is not None and not transport.is_closing():
        # To linger for no time at all turns the close into a reset.
        wrapped.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def truncate(scope: Scope, receive: Receive, send: Send, response: Response, date: bytes) -> None:
    """Announce the whole answer, send half of its body and close the connection."""
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response, date)})
    half = response.body[: len(response.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    transport = _transport(scope)
    transport.close()
    await wait_for_disconnect(receive)


async def drip(scope: Scope, send: Send, response: Response, date: bytes, bytes_per_second: float) -> None:
    """Send the answer's body slowly, until it is out or the client has gone."""
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response, date)})
    size = max(1, int(bytes_per_second / _DRIPS_PER_SECOND))
    for start in range(0, len(response.body), size):
        if is_gone(scope):
            return
        await send({"type": "http.response.body", "body": response.body[start : start + size], "more_body": True})
        await asyncio.sleep(size / bytes_per_second)
    await send({"type": "http.response.body", "body": b""})


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the connection is gone, so that the server does not take an unfinished answer for a mistake."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(response: Response, date: bytes) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in response.headers.items()]
    if response.status != 204:
        headers.append((b"content-length", b"%d" % len(response.body)))
    headers.append((b"date", date))
    return headers
