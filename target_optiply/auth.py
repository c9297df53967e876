"""OAuth tokens for all threads: the password grant, renewed once however many requests meet a 401 together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import requests

from singer_http.redact import add_secret
from singer_http.retry import backoff_delay, parse_retry_after
from singer_http.sessions import new_session
from target_optiply.errors import CredentialsProblem, Outage

_EARLY = 120.0  # seconds before expiry at which a token is renewed; a tenth of its life where that is less
_PATIENCE = 120.0  # seconds of transient failures after which the token endpoint counts as out
_UNREADABLE = 3  # answers without a token, such as a page of HTML, after which auth_url must be wrong
_STILL_VALID = "access_token not expired"  # seen from related token endpoints: keep the token that you have


@dataclass(slots=True)
class _Token:
    value: str
    renew_at: float
    after_refusal: bool = False  # fetched because the API refused the one before
    accepted: bool = False


class PasswordGrant:
    """Fetches tokens by the password grant with Basic client credentials.

    Args:
        auth_url: The token endpoint.
        client: Client id and secret.
        user: User name and password.
        timeout: Seconds to wait for an answer.
        user_agent: ``target-optiply/<version>``.
        clock: Monotonic seconds; replaced in tests.
        sleep: Waits; replaced in tests.
    """

    def __init__(
        self,
        auth_url: str,
        *,
        client: tuple[str, str],
        user: tuple[str, str],
        timeout: float,
        user_agent: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = auth_url
        self._client = client
        self._form = {"grant_type": "password", "username": user[0], "password": user[1]}
        self._timeout = timeout
        self._session = new_session(pool_size=1, user_agent=user_agent)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def close(self) -> None:
        """Close the connection to the token endpoint."""
        self._session.close()

    def current(self) -> str:
        """Return the token in use, fetching one where there is none or it is about to expire.

        Raises:
            CredentialsProblem: The grant is refused.
            Outage: The token endpoint does not answer for two minutes.
        """
        token = self._token
        if token is None or self._clock() >= token.renew_at:
            with self._lock:
                if self._token is token:
                    self._grant()
                token = self._token
        return token.value if token else ""

    def renew(self, refused: str) -> str:
        """Return a token other than the refused one; of many callers at once, one fetches it.

        Raises:
            CredentialsProblem: The grant is refused, or a token fetched after the first was never accepted.
            Outage: The token endpoint does not answer for two minutes.
        """
        with self._lock:
            token = self._token
            if token is not None and token.value == refused:
                if token.after_refusal and not token.accepted:
                    raise CredentialsProblem(
                        "Optiply refuses a token that it has just issued; check that the user may use the API"
                    )
                self._grant()
                if self._token is not None:
                    self._token.after_refusal, self._token.accepted = True, False
            return self._token.value if self._token else ""

    def accepted(self, token: str) -> None:
        """Note that the API took this token."""
        if self._token is not None and self._token.value == token:
            self._token.accepted = True

    def _grant(self) -> None:
        """Fetch a token; the lock is held."""
        attempt, unreadable, give_up = 0, 0, self._clock() + _PATIENCE
        while True:
            try:
                response = self._session.post(
                    self._url, data=self._form, auth=self._client, timeout=self._timeout, allow_redirects=False
                )
            except requests.RequestException:
                problem, delay = "does not answer", None
            else:
                problem, delay = f"answers {response.status_code}", None
                if response.status_code < 300 and self._keep(response):
                    return
                if self._token is not None and _STILL_VALID in response.text:
                    return
                if response.status_code in (400, 401, 403):
                    raise CredentialsProblem(
                        "the login was refused; check client_id, client_secret, username and password"
                    )
                unreadable += response.status_code < 300
                passing = response.status_code in (408, 425, 429) or (
                    response.status_code < 300 and unreadable < _UNREADABLE
                )
                if response.status_code < 500 and not passing:
                    raise CredentialsProblem(f"the token endpoint {problem}; check auth_url")
                delay = parse_retry_after(response.headers.get("Retry-After"), datetime.now(tz=timezone.utc))
            attempt += 1
            delay = backoff_delay(attempt, base=0.5, cap=20.0) if delay is None else delay
            if self._clock() + delay > give_up:
                raise Outage(f"the token endpoint {problem}; nothing more was sent")
            self._sleep(delay)

    def _keep(self, response: requests.Response) -> bool:
        """Keep the token of an answer; False where the answer holds none."""
        try:
            answer: Any = response.json()
        except ValueError:
            return False
        value = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(value, str) or not value:
            return False
        for secret in (value, answer.get("refresh_token")):
            if isinstance(secret, str) and secret:
                add_secret(secret)
        lifetime = answer.get("expires_in")
        lifetime = float(lifetime) if isinstance(lifetime, (int, float)) and lifetime > 0 else 3600.0
        self._token = _Token(value, renew_at=self._clock() + lifetime - min(_EARLY, lifetime / 10))
        return True
