"""Tokens: one grant for all threads, renewed in time, and a refused login said at once in one sentence."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from singer_http.redact import redact
from target_optiply.auth import PasswordGrant
from target_optiply.errors import ConfigProblem, CredentialsProblem, Outage

URL = "https://dashboard.test/api/auth/oauth/token"


class Time:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def grant(time):
    tokens = PasswordGrant(
        URL,
        client=("id-of-client", "secret-of-client"),
        user=("user@x", "pass&word"),
        timeout=5,
        user_agent="target-optiply/1",
        clock=time.clock,
        sleep=time.sleep,
    )
    yield tokens
    tokens.close()


def token(value: str, **more):
    return {"json": {"access_token": value, "expires_in": 3600, **more}}


def test_the_grant_is_a_form_with_basic_client_credentials(grant, requests_mock):
    requests_mock.post(URL, **token("T1"))
    assert grant.current().value == "T1"
    (request,) = requests_mock.request_history
    assert request.text == "grant_type=password&username=user%40x&password=pass%26word"
    expected = base64.b64encode(b"id-of-client:secret-of-client").decode()
    assert request.headers["Authorization"] == f"Basic {expected}"
    assert request.headers["User-Agent"] == "target-optiply/1"
    assert request.url == URL


def test_tokens_and_encoded_credentials_are_kept_out_of_logs(grant, requests_mock):
    requests_mock.post(URL, **token("token-never-seen", refresh_token="refresh-never-seen"))
    token_object = grant.current()
    encoded = base64.b64encode(b"id-of-client:secret-of-client").decode()
    assert redact(f"a token-never-seen b refresh-never-seen c {encoded}") == "a *** b *** c ***"
    assert "never-seen" not in repr(token_object)


def test_of_many_threads_one_fetches_the_token(grant, requests_mock):
    requests_mock.post(URL, **token("T1"))
    barrier = threading.Barrier(16)

    def ask(_):
        barrier.wait(5)
        return grant.current()

    with ThreadPoolExecutor(16) as pool:
        assert len({id(each) for each in pool.map(ask, range(16))}) == 1
    assert requests_mock.call_count == 1


def test_of_many_threads_that_wait_for_a_login_that_is_refused_one_has_asked(grant, requests_mock):
    """As many wrong passwords as connections could lock the account."""
    requests_mock.post(URL, status_code=401)
    barrier = threading.Barrier(16)

    def ask(_):
        barrier.wait(5)
        with pytest.raises(CredentialsProblem) as raised:
            grant.current()
        return str(raised.value)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(ask, range(16)))) == 1
    assert requests_mock.call_count == 1


def test_where_the_token_endpoint_was_out_for_long_no_other_thread_waits_as_long_again(grant, requests_mock, time):
    requests_mock.post(URL, status_code=503)
    for _ in range(3):
        with pytest.raises(Outage):
            grant.current()
    assert sum(time.slept) <= 120


@pytest.mark.parametrize("values", [("T1", "T2"), ("T1", "T1")])
def test_of_many_threads_that_meet_a_401_one_renews_even_if_the_same_token_comes_back(grant, requests_mock, values):
    requests_mock.post(URL, [token(value) for value in values])
    refused = grant.current()
    barrier = threading.Barrier(16)

    def renew(_):
        barrier.wait(5)
        return grant.renew(refused)

    with ThreadPoolExecutor(16) as pool:
        renewed = set(pool.map(renew, range(16)))
    assert len(renewed) == 1
    assert renewed.pop().value == values[1]
    assert requests_mock.call_count == 2


@pytest.mark.parametrize(
    ("lifetime", "life"), [(3600, 3480), (600, 540), (None, 3480), (0, 3480), (-1, 3480), ("x", 3480)]
)
def test_a_token_is_renewed_before_it_expires(grant, requests_mock, time, lifetime, life):
    requests_mock.post(URL, [token("T1", expires_in=lifetime), token("T2")])
    assert grant.current().value == "T1"
    time.now += life - 1
    assert grant.current().value == "T1"
    time.now += 1
    assert grant.current().value == "T2"


def test_an_endpoint_that_says_the_token_has_not_expired_is_believed_for_a_while(grant, requests_mock, time):
    still = {"status_code": 400, "json": {"error": "access_token not expired"}}
    requests_mock.post(URL, [token("T1", expires_in=100), still, still])
    grant.current()
    time.now += 95
    for _ in range(5):
        assert grant.current().value == "T1"
    assert requests_mock.call_count == 2


def test_a_fresh_token_that_is_refused_ends_the_run(grant, requests_mock):
    requests_mock.post(URL, [token("T1"), token("T2"), token("T3")])
    second = grant.renew(grant.current())
    with pytest.raises(CredentialsProblem, match="just issued"):
        grant.renew(second)
    assert requests_mock.call_count == 2


def test_a_token_that_served_may_be_refused_again_later(grant, requests_mock):
    requests_mock.post(URL, [token("T1"), token("T2"), token("T3")])
    second = grant.renew(grant.current())
    second.accepted = True
    assert grant.renew(second).value == "T3"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_grant_ends_the_run_at_once_without_a_secret(grant, requests_mock, time, status):
    requests_mock.post(URL, status_code=status, text="invalid_grant: pass&word")
    with pytest.raises(CredentialsProblem) as problem:
        grant.current()
    assert str(problem.value) == "the login was refused; check client_id, client_secret, username and password"
    assert requests_mock.call_count == 1
    assert time.slept == []


@pytest.mark.parametrize("status", [301, 302, 404, 405, 410])
def test_a_wrong_place_is_told_as_such_and_no_redirect_is_followed(grant, requests_mock, status):
    requests_mock.post(URL, status_code=status, headers={"Location": "https://elsewhere.test/"})
    with pytest.raises(CredentialsProblem, match=f"answers {status}; check auth_url"):
        grant.current()
    assert requests_mock.call_count == 1


@pytest.mark.parametrize(
    "passing",
    [
        {"status_code": 408},
        {"status_code": 429},
        {"status_code": 500},
        {"status_code": 503, "text": "<html>"},
        {"exc": requests.ConnectTimeout},
        {"exc": requests.ConnectionError},
        {"text": "<html>maintenance</html>"},
        {"json": {"access_token": ""}},
        {"json": []},
        {"text": "[" * 100_000},
    ],
)
def test_what_passes_is_tried_again(grant, requests_mock, time, passing):
    requests_mock.post(URL, [passing, passing, token("T1")])
    assert grant.current().value == "T1"
    assert len(time.slept) == 2


def test_retry_after_is_obeyed(grant, requests_mock, time):
    requests_mock.post(URL, [{"status_code": 429, "headers": {"Retry-After": "17"}}, token("T1")])
    grant.current()
    assert time.slept == [17.0]


def test_an_endpoint_that_stays_away_for_two_minutes_is_an_outage(grant, requests_mock, time):
    requests_mock.post(URL, status_code=503)
    with pytest.raises(Outage, match="the token endpoint answers 503"):
        grant.current()
    assert time.now - 1000.0 <= 120
    assert len(time.slept) >= 5


def test_a_page_of_html_in_place_of_a_token_is_told_as_a_wrong_url_after_a_few_tries(grant, requests_mock):
    requests_mock.post(URL, text="<html>log in</html>")
    with pytest.raises(CredentialsProblem, match="answers 200; check auth_url"):
        grant.current()
    assert requests_mock.call_count == 3


def test_an_endless_answer_is_no_answer(grant, requests_mock):
    requests_mock.post(URL, [{"content": b" " * (2 << 20)}, token("T1")])
    assert grant.current().value == "T1"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "is not trusted"),
        (requests.exceptions.InvalidURL("x"), "cannot be used"),
        (requests.exceptions.InvalidProxyURL("x"), "cannot be used"),
        (OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /no"), "CA bundle"),
    ],
)
def test_what_no_waiting_mends_is_told_at_once(grant, requests_mock, time, error, sentence):
    requests_mock.post(URL, exc=error)
    with pytest.raises(ConfigProblem, match=sentence):
        grant.current()
    assert time.slept == []
