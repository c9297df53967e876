"""Faults are real: a reset resets, a cut answer is cut, and what was to be committed stands in Optiply."""

from __future__ import annotations

import http.client
import time
from typing import Any
from urllib.error import HTTPError

import pytest
from server_client import Client


def add(client: Client, kind: str, times: int | None = 1, match: dict[str, Any] | None = None, **options: Any) -> None:
    wanted = {"api": "optiply", "method": "POST", "path": "^/products$"} if match is None else match
    client.control.add_fault(wanted, {"kind": kind, **options}, times)


@pytest.mark.parametrize(("when", "names"), [("before", []), ("after", ["Chair"])])
def test_a_reset_breaks_the_connection_before_or_after_the_commit(client: Client, when: str, names: list[str]) -> None:
    add(client, "reset", when=when)
    with pytest.raises(ConnectionResetError):
        client.post_product()
    assert client.names() == names
    assert client.post_product("Table").status == 201, "it happened once"
    entry = client.control.log()[0]
    assert (entry["fault"], entry["status"], entry["kind"]) == ("reset", None, "POST products")


def test_a_truncated_answer_ends_early_and_was_committed(client: Client) -> None:
    add(client, "truncate")
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.post_product()
    assert caught.value.partial.startswith(b'{"data":{"id"')
    assert client.names() == ["Chair"]


@pytest.mark.parametrize(("commit", "names"), [(False, []), (True, ["Chair"])])
def test_a_status_takes_the_place_of_the_answer(client: Client, commit: bool, names: list[str]) -> None:
    add(client, "status", status=503, headers={"Retry-After": "7"}, body={"message": "busy"}, commit=commit)
    reply = client.post_product()
    assert (reply.status, reply.headers["retry-after"], reply.json) == (503, "7", {"message": "busy"})
    assert client.names() == names


def test_a_status_without_a_body_speaks_as_the_api_does(client: Client) -> None:
    add(client, "status", status=502)
    reply = client.post_product()
    assert reply.json["errors"][0]["status"] == "502"
    add(client, "status", status=599, body="plain words")
    reply = client.post_product()
    assert (reply.status, reply.body, reply.headers["content-type"]) == (
        599,
        b"plain words",
        "text/plain; charset=utf-8",
    )


def test_a_page_and_a_wrong_body_come_with_200(client: Client) -> None:
    add(client, "html", match={"api": "optiply"})
    reply = client.optiply("GET", "/products")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    add(client, "body", match={"api": "inflow"}, body={"unexpected": []})
    assert client.inflow("/products").json == {"unexpected": []}


def test_a_redirect_points_elsewhere(client: Client) -> None:
    add(client, "redirect", match={"api": "auth"}, location="http://elsewhere.test/login")
    reply = client.login()
    assert (reply.status, reply.headers["location"]) == (302, "http://elsewhere.test/login")


def test_a_slow_answer_drips(client: Client) -> None:
    whole = len(client.post_product().body)
    add(client, "slow", bytes_per_second=whole * 4)
    begin = time.monotonic()
    reply = client.post_product("Table")
    assert (reply.status, reply.json["data"]["attributes"]["name"]) == (201, "Table")
    assert 0.2 < time.monotonic() - begin < 2


def test_a_request_that_hangs_is_answered_late(client: Client) -> None:
    add(client, "hang", seconds=0.3)
    begin = time.monotonic()
    assert client.post_product().status == 201
    assert time.monotonic() - begin >= 0.3


@pytest.mark.parametrize(
    ("when", "late_commit", "names"),
    [("before", False, []), ("after", False, ["Chair"]), ("before", True, ["Chair"])],
)
def test_a_client_that_gives_up_may_have_been_served(
    client: Client, when: str, late_commit: bool, names: list[str]
) -> None:
    client.control.set_switches(optiply_late_commit=late_commit)
    add(client, "hang", when=when, seconds=0.4)
    with pytest.raises(TimeoutError):
        client.post_product(timeout=0.2)
    if when == "before":
        assert client.names() == [], "not yet"
    wait_until_idle(client)
    assert client.names() == names


def wait_until_idle(client: Client) -> None:
    limit = time.monotonic() + 5
    while client.control.request("GET", "stats")["in_flight"]["optiply"]:
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_fault_befalls_what_it_names_as_often_as_it_says(client: Client) -> None:
    match = {"api": "optiply", "method": "POST", "path": "products", "body": "Ch.ir", "skip": 1}
    add(client, "status", match=match, times=2, status=500)
    statuses = [client.post_product(name).status for name in ("Chair", "Table", "Chair", "Table", "Chair", "Chair")]
    assert statuses == [201, 201, 500, 201, 500, 201]
    assert client.optiply("GET", "/products").status == 200
    assert client.control.request("GET", "faults")[0]["hits"] == 2


def test_a_fault_befalls_what_asks_for_it_in_its_query(client: Client) -> None:
    add(client, "status", match={"api": "optiply", "query": "filter%5Bname%5D=Ch.ir"}, times=None, status=500)
    asked = [client.optiply("GET", f"/products?{query}").status for query in ("", "filter%5Bname%5D=Chair", "sort=id")]
    assert asked == [200, 500, 200]


def test_a_fault_without_a_number_stays_until_it_is_removed(client: Client) -> None:
    add(client, "status", times=None, status=500)
    assert [client.post_product().status for _ in range(3)] == [500] * 3
    client.control.clear_faults()
    assert client.post_product().status == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fault": {"kind": "flood"}},
        {"fault": {"kind": "status"}},
        {"fault": {"kind": "status", "status": "500"}},
        {"fault": {"kind": "status", "status": 999}},
        {"fault": {"kind": "status", "status": True}},
        {"fault": {"kind": "hang", "seconds": -1}},
        {"fault": {"kind": "hang"}},
        {"fault": {"kind": "slow", "bytes_per_second": 0}},
        {"fault": {"kind": "reset", "when": "during"}},
        {"fault": {"kind": "reset", "often": True}},
        {"fault": {"kind": "reset"}, "times": 0},
        {"fault": {"kind": "reset"}, "match": {"api": "shopify"}},
        {"fault": {"kind": "reset"}, "match": {"path": "("}},
        {"fault": {"kind": "reset"}, "match": {"colour": "red"}},
        {"fault": {"kind": "reset"}, "match": {"skip": -1}},
        {"fault": {"kind": "reset"}, "always": True},
        [],
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(client: Client, body: Any) -> None:
    with pytest.raises(HTTPError) as caught:
        client.control.request("POST", "faults", body)
    with caught.value as answer:
        assert answer.code == 400
    assert client.control.request("GET", "faults") == []
