"""The OAuth server in front of the API: grants, tokens that expire, and the words of its refusals."""

from __future__ import annotations

import base64
import binascii
import hmac
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox import identity
from sandbox.http import Request, Response, json_response
from sandbox.switches import Switches

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_UNKNOWN_CLIENT = "UserDetailsService returned null, which is an interface contract violation"
_NEEDS_LOGIN = "Full authentication is required to access this resource"
#: The scope that each method needs.
_SCOPES = {"GET": "read", "POST": "write", "PATCH": "write", "DELETE": "delete"}


@dataclass(slots=True)
class Grant:
    """An access token with its refresh token; times are in epoch seconds."""

    access_token: str
    refresh_token: str
    expires_at: float
    refresh_expires_at: float
    scope: str


class Tokens:
    """Every token that was issued, and the check of a request's Authorization header."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._random = random.Random(2)
        self._grants: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}
        self._current: Grant | None = None

    def login(self, now: float) -> Grant:
        """Return a token for the one user: the one that is still valid, or a new one."""
        if self._switches.optiply_same_token_on_login and self._current and self._current.expires_at > now:
            return self._current
        return self._issue(now, self._token(), now + self._switches.optiply_refresh_token_lifetime)

    def refresh(self, refresh_token: str, now: float) -> Grant | None:
        """Return a new token for a refresh token, whose old access token dies; None where it is not valid."""
        old = self._by_refresh.get(refresh_token)
        if old is None or old.refresh_expires_at <= now:
            return None
        self._grants.pop(old.access_token, None)
        return self._issue(now, refresh_token, old.refresh_expires_at)

    def revoke_all(self) -> int:
        """Make every token invalid; return how many there were."""
        number = len(self._grants)
        self._grants.clear()
        self._by_refresh.clear()
        self._current = None
        return number

    def check(self, method: str, authorization: str | None, now: float) -> Response | None:
        """Return None for a request that may pass, else the answer it gets."""
        if authorization is None or authorization[:7].lower() != "bearer ":
            return self._unauthorized("unauthorized", _NEEDS_LOGIN)
        token = authorization[7:].strip()
        grant = self._grants.get(token)
        echo = f": {token}" if self._switches.optiply_echo_token else ""
        if grant is None:
            return self._unauthorized("invalid_token", f"Invalid access token{echo}")
        if grant.expires_at <= now:
            return self._unauthorized("invalid_token", f"Access token expired{echo}")
        scope = _SCOPES.get(method, "read")
        if scope not in grant.scope.split():
            body = {
                "error": "insufficient_scope",
                "error_description": "Insufficient scope for this resource",
                "scope": scope,
            }
            return json_response(403, body)
        return None

    def _issue(self, now: float, refresh_token: str, refresh_expires_at: float) -> Grant:
        lifetime = self._switches.optiply_token_lifetime
        grant = Grant(self._token(), refresh_token, now + lifetime, refresh_expires_at, self._switches.optiply_scopes)
        self._grants[grant.access_token] = grant
        self._by_refresh[refresh_token] = grant
        self._current = grant
        return grant

    def _token(self) -> str:
        return f"{identity.OPTIPLY_TOKEN_MARK}{self._random.getrandbits(128):032x}"

    def _unauthorized(self, error: str, description: str) -> Response:
        challenge = f'Bearer realm="optiply", error="{error}", error_description="{description}"'
        body = {"error": error, "error_description": description}
        return json_response(401, body, headers={**_NO_STORE, "www-authenticate": challenge})


class AuthApi:
    """The token endpoint, ``/oauth/token`` below its mount."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def handle(self, request: Request) -> Response:
        """Answer a request for a token."""
        if request.path != "/oauth/token":
            return _refused(404, "not_found", f"No such resource: {request.path}")
        if request.method != "POST":
            return _refused(405, "method_not_allowed", f"Request method '{request.method}' not supported")
        refusal = _check_client(request.headers.get("authorization"))
        if refusal is not None:
            return refusal
        fields = _fields(request)
        grant_type = fields.get("grant_type")
        if not grant_type:
            return _refused(400, "invalid_request", "Missing grant type")
        if grant_type == "password":
            return self._password(fields, request.now)
        if grant_type == "refresh_token":
            grant = self._tokens.refresh(fields.get("refresh_token", ""), request.now)
            if grant is None:
                return _refused(400, "invalid_grant", "Invalid refresh token")
            return _granted(grant, request.now)
        return _refused(400, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")

    def _password(self, fields: dict[str, str], now: float) -> Response:
        name_is_right = _same(fields.get("username", ""), identity.OPTIPLY_USERNAME)
        if not (name_is_right and _same(fields.get("password", ""), identity.OPTIPLY_PASSWORD)):
            return _refused(400, "invalid_grant", "Bad credentials")
        return _granted(self._tokens.login(now), now)


def _fields(request: Request) -> dict[str, str]:
    """Return the form's fields, which may stand in the query string, in the body, or in both."""
    fields = dict(request.query)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        fields.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return fields


def _check_client(authorization: str | None) -> Response | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return _refused(401, "unauthorized", _NEEDS_LOGIN)
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return _refused(401, "unauthorized", "Failed to decode basic authentication token")
    if not _same(client, identity.OPTIPLY_CLIENT_ID):
        return _refused(401, "unauthorized", _UNKNOWN_CLIENT)
    if not _same(secret, identity.OPTIPLY_CLIENT_SECRET):
        return _refused(401, "unauthorized", "Bad credentials")
    return None


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _granted(grant: Grant, now: float) -> Response:
    body: dict[str, Any] = {
        "access_token": grant.access_token,
        "token_type": "bearer",
        "refresh_token": grant.refresh_token,
        "expires_in": int(grant.expires_at - now),
        "scope": grant.scope,
    }
    return json_response(200, body, headers=_NO_STORE)


def _refused(status: int, error: str, description: str) -> Response:
    headers = dict(_NO_STORE)
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="oauth2/client"'
    return json_response(status, {"error": error, "error_description": description}, headers=headers)
