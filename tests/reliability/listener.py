"""Servers that no program should trust: they record who calls, answer without end, or show a worthless certificate."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

_CHUNK = b"[" + b" " * 65_534 + b"\n"


@dataclass
class Listener:
    """A server on a port of its own.

    Attributes:
        url: Where it listens.
        calls: The head of every request that reached it: its line, and its headers.
    """

    url: str = ""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)


Answer = Callable[[BaseHTTPRequestHandler], None]


def empty(handler: BaseHTTPRequestHandler) -> None:
    """Answer with an empty list."""
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"[]")


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Answer with a body that does not end until the client has had enough."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while True:
        handler.wfile.write(_CHUNK)


@contextlib.contextmanager
def listening(answer: Answer = empty, *, tls: bool = False) -> Iterator[Listener]:
    """Run a server while the block lasts."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            listener.calls.append((self.requestline, dict(self.headers.items())))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with contextlib.suppress(ConnectionError):
                answer(self)
            self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that the base class calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the parent
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of connections that break."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert("127.0.0.1").configure_cert(context)  # of an authority that nobody knows
            server.socket = context.wrap_socket(server.socket, server_side=True)
        listener.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
