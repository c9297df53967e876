"""Load: latency, throttling, answers that slow down, and commits after the client has gone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
from server_client import Client


def post_at_once(client: Client, number: int) -> list[int]:
    with ThreadPoolExecutor(number) as pool:
        replies = pool.map(lambda place: client.post_product(f"Chair {place}"), range(number))
        return sorted(reply.status for reply in replies)


def test_latency_delays_the_answers_of_one_api(client: Client) -> None:
    client.control.request("PUT", "latency", {"optiply": 0.2})
    begin = time.monotonic()
    assert post_at_once(client, 4) == [201] * 4
    assert 0.2 <= time.monotonic() - begin < 0.7, "they wait side by side"
    assert client.control.request("GET", "stats")["max_in_flight_by_api"]["optiply"] == 4
    begin = time.monotonic()
    client.inflow("/products?count=1")
    assert time.monotonic() - begin < 0.2


def test_requests_above_the_rate_are_throttled(client: Client) -> None:
    client.control.set_switches(optiply_requests_per_second=3)
    replies = [client.post_product() for _ in range(5)]
    assert [reply.status for reply in replies] == [201, 201, 201, 429, 429]
    assert replies[-1].headers["retry-after"] == "1"
    time.sleep(1.05)
    assert client.post_product().status == 201
    assert len(client.names()) == 4


def test_requests_above_the_number_in_flight_are_throttled(client: Client) -> None:
    client.control.set_switches(
        optiply_max_in_flight=2, optiply_throttle_status=503, optiply_retry_after="date", optiply_retry_after_seconds=5
    )
    client.control.request("PUT", "latency", {"optiply": 0.3})
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: client.post_product(), range(4)))
    assert sorted(reply.status for reply in replies) == [201, 201, 503, 503]
    told = next(reply for reply in replies if reply.status == 503).headers
    ahead = parsedate_to_datetime(told["retry-after"]) - parsedate_to_datetime(told["date"])
    assert 5 <= ahead.total_seconds() <= 7


def test_a_throttled_answer_may_say_nothing_of_time(client: Client) -> None:
    client.control.set_switches(optiply_requests_per_second=1, optiply_retry_after="absent")
    assert client.post_product().status == 201
    assert "retry-after" not in client.post_product().headers


def test_answers_slow_down_above_the_knee(client: Client) -> None:
    client.control.set_switches(optiply_latency_knee=1, optiply_latency_per_excess=0.1)
    begin = time.monotonic()
    assert post_at_once(client, 1) == [201]
    alone = time.monotonic() - begin
    client.control.request("PUT", "latency", {"optiply": 0.05})
    begin = time.monotonic()
    post_at_once(client, 4)
    assert alone < 0.1
    assert time.monotonic() - begin >= 0.35, "the fourth waits three times the excess"


@pytest.mark.parametrize(("late", "at_once"), [(False, ["Chair"]), (True, [])])
def test_a_delayed_write_is_committed_on_arrival_or_at_the_end(client: Client, late: bool, at_once: list[str]) -> None:
    client.control.set_switches(optiply_late_commit=late)
    client.control.request("PUT", "latency", {"optiply": 0.4})
    client.send_and_leave("POST", "/products?accountId=1380&couplingId=77", client.product("Chair"))
    time.sleep(0.15)
    assert client.names() == at_once
    time.sleep(0.5)
    assert client.names() == ["Chair"], "although nobody waits for the answer"
