"""Requests below one base URL: what is looked up once, and what is sent all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import trustme
from support.web import PROXIES, reply, serving, tunnel

from singer_http.sessions import new_session
from singer_http.straight import Straight


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def straight_to(url: str) -> Iterator[Straight]:
    with new_session(2, "tap-inventory/1", timeout=(5.0, 5.0)) as session:
        yield Straight(session, url)


def test_a_request_carries_the_headers_of_the_session_and_its_own():
    with serving(reply(200)) as (url, seen), straight_to(url) as straight:
        assert straight.send("GET", "/products?count=1", {"X-Own": "1"}).status_code == 200
    [(method, path, headers, body)] = seen
    assert (method, path, body) == ("GET", "/v1/products?count=1", b"")
    assert (headers["user-agent"], headers["x-own"]) == ("tap-inventory/1", "1")
    assert "content-length" not in headers


def test_a_body_is_sent_whole_with_its_length():
    with serving(reply(200)) as (url, seen), straight_to(url) as straight:
        straight.send("POST", "/summary", {}, b'["a"]')
    [(_, _, headers, body)] = seen
    assert body == b'["a"]'
    assert headers["content-length"] == "5"
    assert "transfer-encoding" not in headers


def test_a_redirect_is_an_answer():
    with serving(reply(302, Location="http://127.0.0.1:9/")) as (url, seen), straight_to(url) as straight:
        assert straight.send("GET", "/products", {}).status_code == 302
    assert len(seen) == 1


@pytest.mark.parametrize("through_proxy", [False, True])
def test_proxy_and_ca_bundle_of_the_environment_count_for_every_request(monkeypatch, tmp_path, through_proxy):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with tunnel() as (proxy, asked), serving(reply(200), authority) as (url, seen):
        if through_proxy:
            monkeypatch.setenv("https_proxy", proxy)
        with straight_to(url) as straight:
            assert [straight.send("GET", "/products", {}).json() for _ in range(3)] == [{}, {}, {}]
    assert len(seen) == 3
    assert len(asked) == through_proxy  # a kept connection


def test_a_certificate_of_an_unknown_authority_is_refused():
    with serving(reply(200), trustme.CA()) as (url, seen):
        with straight_to(url) as straight, pytest.raises(requests.exceptions.SSLError):
            straight.send("GET", "/products", {})
        assert seen == []


@pytest.mark.parametrize("url", ["http://", "no-scheme/company"])
def test_a_base_url_that_cannot_be_used_is_told(url):
    with straight_to(url) as straight, pytest.raises(requests.RequestException):
        straight.send("GET", "/products", {})
