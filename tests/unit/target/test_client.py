"""One request, one answer: over real sockets, with tokens renewed, and nothing followed or awaited too far."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
import trustme
from support.web import PROXIES, reply, serving, tunnel

from target_optiply import client as client_module
from target_optiply.auth import Token
from target_optiply.client import Client, Request, encode_query
from target_optiply.errors import ConfigProblem

GET = Request("GET", "products/1", (("accountId", "1380"),))
POST = Request("POST", "products", (("accountId", "1380"), ("filter[name]", "a & b")), b'{"data":{}}')


class Tokens:
    def __init__(self) -> None:
        self.number = 1

    def current(self) -> Token:
        return Token(f"T{self.number}", 0.0)

    def renew(self, refused: Token) -> Token:
        assert refused.value == f"T{self.number}"
        self.number += 1
        return self.current()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def connected(url: str, tokens: Tokens | None = None, timeout: float = 5.0) -> Iterator[Client]:
    client = Client(url, tokens or Tokens(), connections=2, timeout=timeout, user_agent="target-optiply/1.2")
    try:
        yield client
    finally:
        client.close()


def test_a_request_goes_out_as_it_is_promised():
    body = b'{"data": {"id": "7", "attributes": {"price": 19.90}}}'
    with serving(reply(201, body)) as (url, seen), connected(url) as client:
        answer = client.send(POST)
    (method, path, headers, body) = seen[0]
    assert (method, path, body) == ("POST", "/v1/products?accountId=1380&filter%5Bname%5D=a%20%26%20b", b'{"data":{}}')
    assert headers["authorization"] == "Bearer T1"
    assert headers["content-type"] == "application/vnd.api+json"
    assert headers["user-agent"] == "target-optiply/1.2"
    assert headers["content-length"] == "11"
    assert answer.status == 201
    assert answer.document() == {"data": {"id": "7", "attributes": {"price": "19.90"}}}
    assert answer.latency > 0


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_every_request_carries_the_content_type(method):
    with serving(reply(200)) as (url, seen), connected(url) as client:
        client.send(Request(method, "products/1", (), b"{}" if method == "PATCH" else None))
    assert seen[0][2]["content-type"] == "application/vnd.api+json"


def test_an_id_cannot_change_what_is_asked_for():
    with serving(reply(404)) as (url, seen), connected(url) as client:
        client.send(Request("GET", "products/1?accountId=9#x"))
    assert seen[0][1] == "/v1/products/1%3FaccountId%3D9%23x"


def test_after_a_401_the_request_goes_out_again_with_a_new_token():
    tokens = Tokens()

    def answer(handler, body):
        reply(401 if handler.headers["Authorization"] == "Bearer T1" else 200)(handler, body)

    with serving(answer) as (url, seen), connected(url, tokens) as client:
        assert client.send(POST).status == 200
    assert [(each[2]["authorization"], each[3]) for each in seen] == [
        ("Bearer T1", b'{"data":{}}'),
        ("Bearer T2", b'{"data":{}}'),
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_never_followed(status):
    with (
        serving(reply(200)) as (elsewhere, strangers),
        serving(reply(status, Location=f"{elsewhere}/products")) as (url, seen),
        connected(url) as client,
    ):
        answer = client.send(POST)
    assert answer.status == status
    assert len(seen) == 1
    assert strangers == []


@pytest.mark.parametrize("request_", [GET, POST, Request("POST", "products", (), b"x" * 1_000_000)])
def test_head_and_body_leave_together(monkeypatch, request_):
    sent = []
    send = socket.socket.sendall
    monkeypatch.setattr(socket.socket, "sendall", lambda self, data: sent.append(bytes(data)) or send(self, data))
    with serving(reply(200)) as (url, seen), connected(url) as client:
        assert [client.send(request_).status for _ in range(2)] == [200, 200]
    ours = [data for data in sent if data.startswith((b"GET ", b"POST "))]
    assert len(ours) == 2
    assert all(data.endswith(request_.body or b"\r\n\r\n") for data in ours)
    assert [body for *_, body in seen] == [request_.body or b""] * 2


def test_connections_are_used_again():
    ports = set()

    def answer(handler, body):
        ports.add(handler.client_address[1])
        reply(200)(handler, body)

    with serving(answer) as (url, _), connected(url) as client:
        for _ in range(5):
            client.send(GET)
    assert len(ports) == 1


def test_a_refused_connection_surely_left_nothing_behind():
    with serving(reply(200)) as (url, _):
        pass
    with connected(url) as client:
        answer = client.send(POST)
    assert (answer.status, answer.reached, answer.problem) == (0, False, "the connection broke")


def _hang_up(handler, _body):
    handler.close_connection = True
    handler.connection.close()


def _half_an_answer(handler, _body):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data"')
    handler.close_connection = True


def _silence(handler, _body):
    handler.close_connection = True
    time.sleep(0.6)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_hang_up, "the connection broke"),
        (_half_an_answer, "the connection broke"),
        (_silence, "no answer within the time limit"),
    ],
)
def test_a_lost_answer_may_have_been_a_write(answer, problem):
    with serving(answer) as (url, seen), connected(url, timeout=0.3) as client:
        lost = client.send(POST)
    assert len(seen) == 1
    assert (lost.status, lost.reached, lost.problem) == (0, True, problem)


def test_bytes_that_drip_for_ever_are_no_answer():
    def drip(handler, _body):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.close_connection = True
        try:
            for _ in range(100):
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            return

    began = time.monotonic()
    with serving(drip) as (url, _), connected(url, timeout=0.3) as client:
        answer = client.send(GET)
        assert time.monotonic() - began < 3
    assert (answer.status, answer.problem) == (0, "no answer within the time limit")


def test_an_answer_without_measure_is_not_read_to_its_end_and_holds_no_connection(monkeypatch):
    monkeypatch.setattr(client_module, "_LARGEST_BODY", 1000)
    with serving(reply(200, b"x" * 100_000)) as (url, _), connected(url) as client:
        for _ in range(3):  # one more than there are connections
            answer = client.send(GET)
            assert (answer.status, answer.problem) == (0, "the answer was larger than any answer should be")


def test_the_servers_clock_is_told_by_its_answers():
    with serving(reply(200)) as (url, _), connected(url) as client:
        client.send(GET)
        assert abs((client.server_now() - datetime.now(tz=timezone.utc)).total_seconds()) < 3

    def in_the_past(handler, _body):
        handler.send_response_only(200)
        handler.send_header("Date", "Tue, 01 Jul 2025 04:00:00 GMT")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(in_the_past) as (url, _), connected(url) as client:
        client.send(GET)
        assert client.server_now().strftime("%Y-%m-%dT%H:%M") == "2025-07-01T04:00"


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Jul 2025 04:00:00 GMT"])
def test_a_date_that_is_none_changes_no_clock(date):
    def answer(handler, _body):
        handler.send_response_only(200)
        handler.send_header("Date", date)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(answer) as (url, _), connected(url) as client:
        client.send(GET)
        assert abs((client.server_now() - datetime.now(tz=timezone.utc)).total_seconds()) < 3


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    with serving(reply(200)) as (proxy, seen):
        monkeypatch.setenv("http_proxy", proxy.removesuffix("/v1"))
        with connected("http://optiply.test/v1") as client:
            assert client.send(GET).status == 200
    assert seen[0][1] == "http://optiply.test/v1/products/1?accountId=1380"


def test_no_proxy_is_honoured(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(reply(200)) as (url, _), connected(url) as client:
        assert client.send(GET).status == 200


def test_a_ca_bundle_that_is_not_there_ends_the_run_by_name(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    with connected("https://127.0.0.1:9/v1") as client, pytest.raises(ConfigProblem, match=r"/nowhere/bundle\.pem"):
        client.send(GET)


def test_a_certificate_of_an_unknown_authority_ends_the_run():
    with serving(reply(200), trustme.CA()) as (url, seen), connected(url) as client:
        with pytest.raises(ConfigProblem, match="certificate"):
            client.send(GET)
        assert seen == []


@pytest.mark.parametrize("through_proxy", [False, True])
def test_an_authority_of_the_environment_is_trusted_through_a_proxy_too(monkeypatch, tmp_path, through_proxy):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with tunnel() as (proxy, asked), serving(reply(200), authority) as (url, seen):
        if through_proxy:
            monkeypatch.setenv("https_proxy", proxy.replace("://", "://user:word@"))
        with connected(url) as client:
            assert [client.send(GET).status for _ in range(3)] == [200, 200, 200]
    assert [headers["authorization"] for _, _, headers, _ in seen] == ["Bearer T1"] * 3
    assert len(asked) == through_proxy  # a kept connection
    for target, headers in asked:
        assert target == url.split("/")[2]
        assert headers["Proxy-Authorization"] == "Basic dXNlcjp3b3Jk"
        assert "Authorization" not in headers


def test_a_server_that_speaks_no_tls_is_no_answer():
    with serving(reply(200)) as (url, _), connected(url.replace("http:", "https:")) as client:
        assert client.send(GET).status == 0


def test_query_parameters_are_encoded_brackets_too():
    query = (("filter[createdAt][GE]", "2025-01-01T00:00:00Z"), ("n", "é/+ "))
    assert encode_query(query) == "filter%5BcreatedAt%5D%5BGE%5D=2025-01-01T00%3A00%3A00Z&n=%C3%A9%2F%2B%20"
