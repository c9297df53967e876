"""Sessions: bodies are bounded in size and time, redirects and .netrc are left alone."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from singer_http.sessions import BodyTooLargeError, BodyTooSlowError, new_session, read_body


@contextmanager
def server(answer: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """Answer every connection with a function, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                if request:
                    answer(connection, request)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        ended.set()
        # A last connection wakes the accept; closing alone does not on every platform.
        with socket.create_connection(listener.getsockname()):
            pass
        thread.join(10)
        listener.close()


def fixed(head: str, body: bytes = b"") -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(head.replace("\n", "\r\n").encode() + body)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session(2, "tests/1", timeout=(2.0, 2.0)) as made:
        yield made


def fetch(session: requests.Session, url: str, limit: int = 10_000, seconds: float = 5.0) -> bytes:
    with session.get(url, stream=True) as response:
        return read_body(response, limit, time.monotonic() + seconds)


def test_a_whole_body_is_read(session: requests.Session) -> None:
    with server(fixed("HTTP/1.1 200 OK\nContent-Length: 5\n\n", b"hello")) as url:
        assert fetch(session, url) == b"hello"


def test_a_chunked_body_is_read_whole(session: requests.Session) -> None:
    head = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"
    with server(fixed(head, b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")) as url:
        assert fetch(session, url) == b"hello"


def test_a_body_that_is_too_large_is_refused(session: requests.Session) -> None:
    with server(fixed("HTTP/1.1 200 OK\nContent-Length: 100\n\n", b"x" * 100)) as url, pytest.raises(BodyTooLargeError):
        fetch(session, url, limit=99)


@pytest.mark.parametrize("head", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_cut_short_is_an_error(session: requests.Session, head: str) -> None:
    with (
        server(fixed(f"HTTP/1.1 200 OK\n{head}\n\n", b"5\r\nhel")) as url,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        fetch(session, url)


def test_a_body_that_claims_to_be_compressed_and_is_not_is_an_error(session: requests.Session) -> None:
    head = "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Encoding: gzip\n\n"
    with server(fixed(head, b"hello")) as url, pytest.raises(requests.exceptions.ContentDecodingError):
        fetch(session, url)


def test_a_body_that_drips_is_given_up_at_the_deadline(session: requests.Session) -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            try:
                connection.sendall(b"x")
            except OSError:
                return
            time.sleep(0.02)

    with server(drip) as url:
        began = time.monotonic()
        with pytest.raises(BodyTooSlowError):
            fetch(session, url, seconds=0.2)
        assert time.monotonic() - began < 1.5


def test_an_answer_that_stops_is_a_timeout() -> None:
    def stop(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        time.sleep(0.6)

    with (
        server(stop) as url,
        new_session(1, "tests/1", timeout=(2.0, 0.2)) as session,
        pytest.raises(requests.ReadTimeout),
    ):
        fetch(session, url)


def test_a_redirect_is_an_answer_not_an_order(session: requests.Session) -> None:
    moved = fixed("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\nContent-Length: 0\n\n")
    with server(moved) as url, session.get(url, stream=True) as response:
        assert response.status_code == 302


def test_netrc_does_not_replace_the_authorization_header(
    session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with server(answer) as url, session.get(url, headers={"Authorization": "Bearer key"}, stream=True) as response:
        response.raw.read()
    assert b"Authorization: Bearer key" in seen[0]
    assert b"User-Agent: tests/1" in seen[0]
