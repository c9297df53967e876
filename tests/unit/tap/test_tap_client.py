"""One request: headers, tries, waits, and what each kind of answer means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
import requests
import requests_mock
from support.clock import Clock

from singer_http.pacing import Pacer, SlidingWindow
from tap_inventory.client import Client
from tap_inventory.errors import CredentialsError, RefusedError, TapError, UnavailableError
from tap_inventory.settings import settle

URL = "https://api.test/c%20o/things"
NOW = datetime(2025, 7, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mock() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        yield mocker


def client(clock: Clock, **settings: Any) -> Client:
    config = {"api_key": "k3y", "company_id": "c o", "api_url": "https://api.test/", **settings}
    pacer = Pacer([SlidingWindow(0, 60.0)], clock=clock, sleep=clock.sleep)
    return Client(settle(config), "tap/1", pacer=pacer, now=lambda: NOW, jitter=lambda bound: bound)


def test_a_request_carries_key_version_and_encoded_company(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, text='[{"a": 1.10, "b": 12345678901234567890.5}]', headers={"X-listCount": "7"})
    answer = client(clock).get("/things", [("filter[x]", '{"fromDate":"2025-01-01"}')], "things", 1)
    assert answer.rows == [{"a": Decimal("1.10"), "b": Decimal("12345678901234567890.5")}]
    assert answer.total == 7
    sent = mock.request_history[0]
    assert sent.headers["Authorization"] == "Bearer k3y"
    assert sent.headers["Accept"] == "application/json;version=2025-06-24"
    assert sent.headers["User-Agent"] == "tap/1"
    assert unquote(sent.query).lower() == 'filter[x]={"fromdate":"2025-01-01"}'


@pytest.mark.parametrize(
    "first",
    [
        {"status_code": 500}, {"status_code": 502}, {"status_code": 503}, {"status_code": 504}, {"status_code": 408},
        {"text": "<html>"}, {"text": ""}, {"text": "[{"}, {"text": "{}"}, {"text": "[1]"}, {"text": "null"},
        {"exc": requests.ConnectionError("reset")}, {"exc": requests.ReadTimeout()},
        {"exc": requests.exceptions.ChunkedEncodingError()},
    ],
    ids=str,
)  # fmt: skip
def test_what_may_pass_is_tried_again_after_a_wait_that_doubles(
    clock: Clock, mock: requests_mock.Mocker, first: dict[str, Any]
) -> None:
    mock.get(URL, [first, first, {"text": "[]"}])
    assert client(clock).get("/things", [], "things", 1).rows == []
    assert clock.slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "17"}, [17.0]),
        ({"Retry-After": "Tue, 01 Jul 2025 12:00:09 GMT"}, [9.0]),
        ({}, [4.0]),
        ({"Retry-After": "soon"}, [4.0]),
    ],
)
def test_a_pace_refused_is_waited_for_as_told_or_with_back_off(
    clock: Clock, mock: requests_mock.Mocker, headers: dict[str, str], waits: list[float]
) -> None:
    mock.get(URL, [{"status_code": 429, "headers": headers}, {"text": "[]"}])
    client(clock).get("/things", [], "things", 1)
    assert clock.slept == waits


def test_a_pace_refused_holds_every_stream_and_a_broken_answer_only_its_own(
    clock: Clock, mock: requests_mock.Mocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = client(clock)
    others: list[float] = []
    wait = Pacer._wait

    def waited(pacer: Pacer, seconds: float) -> None:
        others.append(pacer.wait(clock.now))
        wait(pacer, seconds)

    monkeypatch.setattr(Pacer, "_wait", waited)
    mock.get(URL, [{"status_code": 429, "headers": {"Retry-After": "17"}}, {"status_code": 500}, {"text": "[]"}])
    reading.get("/things", [], "things", 1)
    assert others == [17.0, 0.0]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_first_request_that_is_refused_names_the_setting_and_is_not_repeated(
    clock: Clock, mock: requests_mock.Mocker, status: int
) -> None:
    mock.get(URL, status_code=status)
    with pytest.raises(CredentialsError, match="api_key"):
        client(clock).get("/things", [], "things", 1)
    assert mock.call_count == 1


def test_a_refusal_of_one_stream_later_concerns_that_stream(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, [{"text": "[]"}, {"status_code": 403, "text": '{"message": "no  feature"}'}])
    one = client(clock)
    one.get("/things", [], "things", 1)
    with pytest.raises(RefusedError, match=r"things, request 2 .* 403 .*no feature") as caught:
        one.get("/things", [], "things", 2)
    assert caught.value.status == 403


def test_tries_are_counted_and_the_failure_names_stream_and_request(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, [{"text": "[]"}, *[{"status_code": 500}] * 10])
    one = client(clock, max_retries=2)
    one.get("/things", [], "things", 1)
    with pytest.raises(UnavailableError, match=r"things, request 5 \(GET /things\?after=x\).*500.*3 times"):
        one.get("/things", [("after", "x")], "things", 5)


def test_an_api_that_never_answered_is_not_blamed_on_a_stream(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, exc=requests.ConnectionError("refused"))
    with pytest.raises(TapError, match="cannot be reached"):
        client(clock, max_retries=1).get("/things", [], "things", 1)


def test_a_question_the_server_may_not_know_is_not_asked_many_times(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, status_code=500)
    with pytest.raises(RefusedError):
        client(clock).get("/things", [], "things", 1, probing=True)
    assert mock.call_count == 2


def test_a_redirect_is_refused_and_not_followed(clock: Clock, mock: requests_mock.Mocker) -> None:
    mock.get(URL, status_code=302, headers={"Location": "https://elsewhere.test/"})
    with pytest.raises(RefusedError, match="api_url"):
        client(clock).get("/things", [], "things", 1)


def test_a_limit_an_hour_is_switched_on_by_the_header_that_tells_it(mock: requests_mock.Mocker) -> None:
    mock.get(URL, text="[]", headers={"x-ratelimit-limit": "12/1000"})
    one = Client(settle({"api_key": "k", "company_id": "c o", "api_url": "https://api.test"}), "tap/1")
    minute, hour = one.pacer.windows
    assert (minute.limit, hour.limit) == (60, 0)
    one.get("/things", [], "things", 1)
    assert hour.limit == 1000
    one.close()


def test_a_limit_of_the_user_stays(mock: requests_mock.Mocker) -> None:
    mock.get(URL, text="[]", headers={"x-ratelimit-limit": "12/1000"})
    config = {"api_key": "k", "company_id": "c o", "api_url": "https://api.test", "requests_per_hour": 400}
    one = Client(settle(config), "tap/1")
    one.get("/things", [], "things", 1)
    assert one.pacer.windows[1].limit == 400
    one.close()
