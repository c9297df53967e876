"""OAuth tokens for all threads: the password grant, renewed once however many requests meet a 401 together."""

from __future__ import annotations

import json
import math
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import requests

from singer_http.redact import add_secret
from singer_http.retry import backoff_delay, parse_retry_after
from singer_http.sessions import new_session, read_body
from target_optiply.errors import ConfigProblem, CredentialsProblem, Outage, RunStopped

_EARLY = 120.0  # seconds before expiry at which a token is renewed; a tenth of its life where that is less
_PATIENCE = 120.0  # seconds of transient failures after which the token endpoint counts as out
_UNREADABLE = 3  # answers without a token, such as a page of HTML, after which auth_url must be wrong
_USUAL_LIFETIME = 3600.0  # seconds, where the answer does not say
_LARGEST_BODY = 1 << 20  # bytes
_STILL_VALID = b"access_token not expired"  # seen from related token endpoints: keep the token that you have


@dataclass(slots=True, eq=False)
class Token:
    """One grant. A later grant is another token, though its value may be the same.

    Attributes:
        value: What is sent.
        renew_at: When it is to be replaced, on the grant's clock.
        after_refusal: Whether it was fetched because the API refused the one before.
        accepted: Whether the API took it.
    """

    value: str = field(repr=False)
    renew_at: float
    after_refusal: bool = False
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
        add_secret(b64encode(":".join(client).encode()).decode())
        self._session = new_session(pool_size=1, user_agent=user_agent)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._ended: RunStopped | None = None

    def close(self) -> None:
        """Close the connection to the token endpoint."""
        self._session.close()

    def current(self) -> Token:
        """Return the token in use, fetching one where there is none or it is about to expire.

        Raises:
            ConfigProblem: The token endpoint cannot be reached with these settings.
            CredentialsProblem: The grant is refused.
            Outage: The token endpoint does not answer for two minutes.
        """
        token = self._token
        if token is not None and self._clock() < token.renew_at:
            return token
        with self._lock:
            if self._token is None or self._token is token:
                self._token = self._grant()
            return self._token

    def renew(self, refused: Token) -> Token:
        """Return a token other than the refused one; of many callers at once, one fetches it.

        Raises:
            ConfigProblem: The token endpoint cannot be reached with these settings.
            CredentialsProblem: The grant is refused, or a token fetched after the first was never accepted.
            Outage: The token endpoint does not answer for two minutes.
        """
        with self._lock:
            if self._token is None or self._token is refused:
                if refused.after_refusal and not refused.accepted:
                    raise CredentialsProblem(
                        "Optiply refuses a token that it has just issued; check that the user may use the API"
                    )
                self._token = self._grant()
                self._token.after_refusal = True
            return self._token

    def _grant(self) -> Token:
        """Fetch a token; the lock is held. What ended the run is told to all who wait for it, and not asked again."""
        if self._ended is not None:
            raise self._ended
        try:
            return self._fetch()
        except RunStopped as problem:
            self._ended = problem
            raise

    def _fetch(self) -> Token:
        attempt, unreadable, give_up = 0, 0, self._clock() + _PATIENCE
        while True:
            problem, delay = "does not answer", None
            answer = self._ask()
            if answer is not None:
                status, body, retry_after = answer
                problem, delay = f"answers {status}", parse_retry_after(retry_after, datetime.now(tz=timezone.utc))
                if status < 300 and (token := self._token_in(body)) is not None:
                    return token
                if self._token is not None and _STILL_VALID in body:
                    return Token(self._token.value, renew_at=self._clock() + _EARLY)
                if status in (400, 401, 403):
                    raise CredentialsProblem(
                        "the login was refused; check client_id, client_secret, username and password"
                    )
                unreadable += status < 300
                passing = status in (408, 425, 429) or (status < 300 and unreadable < _UNREADABLE)
                if status < 500 and not passing:
                    raise CredentialsProblem(f"the token endpoint {problem}; check auth_url")
            attempt += 1
            delay = backoff_delay(attempt, base=0.5, cap=20.0) if delay is None else delay
            if self._clock() + delay > give_up:
                raise Outage(f"the token endpoint {problem}; nothing more was sent")
            self._sleep(delay)

    def _ask(self) -> tuple[int, bytes, str | None] | None:
        """Send one request; returns status, body and Retry-After, or None where no whole answer came."""
        try:
            with self._session.post(
                self._url,
                data=self._form,
                auth=self._client,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = read_body(response, _LARGEST_BODY, deadline=time.monotonic() + 2 * self._timeout)
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ConfigProblem(
                    "the certificate of the token endpoint is not trusted; check auth_url and the CA bundle"
                ) from None
            return None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise ConfigProblem("auth_url cannot be used, or a proxy in the environment cannot") from None
        except requests.RequestException:
            return None
        except OSError as error:  # requests itself checks that the file is there
            raise ConfigProblem(f"the CA bundle that the environment names cannot be read ({error})") from None
        return response.status_code, body, response.headers.get("Retry-After")

    def _token_in(self, body: bytes) -> Token | None:
        """Return the token of an answer; None where the answer holds none."""
        try:
            answer: Any = json.loads(body)
        except (ValueError, RecursionError):
            return None
        value = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(value, str) or not value:
            return None
        for secret in (value, answer.get("refresh_token")):
            if isinstance(secret, str) and secret:
                add_secret(secret)
        lifetime = answer.get("expires_in")
        known = isinstance(lifetime, (int, float)) and 0 < lifetime < math.inf
        lifetime = float(lifetime) if known else _USUAL_LIFETIME
        return Token(value, renew_at=self._clock() + lifetime - min(_EARLY, lifetime / 10))
