"""OAuth: grants in the body or the query, tokens that end, and the words of every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from optiply_client import Optiply

from sandbox import identity
from sandbox.http import Request


@pytest.fixture
def optiply() -> Optiply:
    return Optiply(optiply_token_lifetime=3600)


def use(optiply: Optiply, token: str) -> int:
    optiply.headers["authorization"] = f"Bearer {token}"
    return optiply.list("products").status


def test_a_password_grant_gives_what_oauth_promises(optiply: Optiply) -> None:
    answer = optiply.login()
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json) == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
    assert answer.json["token_type"] == "bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == "read write delete"
    assert use(optiply, answer.json["access_token"]) == 200


def test_the_grant_may_stand_in_the_query(optiply: Optiply) -> None:
    secrets = {"username": identity.OPTIPLY_USERNAME, "password": identity.OPTIPLY_PASSWORD}
    assert optiply.token(in_query=True, grant_type="password", **secrets).status == 200


def test_the_same_token_comes_back_while_it_is_good(optiply: Optiply) -> None:
    first = optiply.login().json
    optiply.now += 100
    second = optiply.login().json
    assert second["access_token"] == first["access_token"]
    assert second["expires_in"] == 3500


def test_a_login_may_give_a_new_token_and_leave_the_old_one_good() -> None:
    optiply = Optiply(optiply_same_token_on_login=False)
    first, second = optiply.login().json["access_token"], optiply.login().json["access_token"]
    assert first != second
    assert use(optiply, first) == use(optiply, second) == 200


def test_a_token_ends_with_its_lifetime(optiply: Optiply) -> None:
    token = optiply.login().json["access_token"]
    optiply.now += 3599
    assert use(optiply, token) == 200
    optiply.now += 1
    answer = optiply.list("products")
    assert answer.status == 401
    assert answer.json == {"error": "invalid_token", "error_description": "Access token expired"}
    assert answer.headers["www-authenticate"].startswith('Bearer realm="optiply", error="invalid_token"')
    assert use(optiply, optiply.login().json["access_token"]) == 200


def test_a_refresh_gives_a_new_token_and_ends_the_old_one(optiply: Optiply) -> None:
    first = optiply.login().json
    second = optiply.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json
    assert second["access_token"] != first["access_token"]
    assert use(optiply, first["access_token"]) == 401
    assert use(optiply, second["access_token"]) == 200
    third = optiply.token(in_query=True, grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert third.status == 200


def test_a_refresh_token_ends_too() -> None:
    optiply = Optiply(optiply_refresh_token_lifetime=100)
    token = optiply.login().json["refresh_token"]
    optiply.now += 100
    assert optiply.token(grant_type="refresh_token", refresh_token=token).status == 400


def test_revoked_tokens_are_unknown(optiply: Optiply) -> None:
    first = optiply.login().json
    optiply.api.tokens.revoke_all()
    assert use(optiply, first["access_token"]) == 401
    assert optiply.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400
    assert optiply.login().json["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        ({"client": "nobody:x"}, 401, ("unauthorized", "UserDetailsService returned null")),
        ({"client": f"{identity.OPTIPLY_CLIENT_ID}:x"}, 401, ("unauthorized", "Bad credentials")),
        ({"client": "no-colon"}, 401, ("unauthorized", "UserDetailsService returned null")),
        ({"username": "x"}, 400, ("invalid_grant", "Bad credentials")),
        ({"password": "x"}, 400, ("invalid_grant", "Bad credentials")),
        ({"password": "ü"}, 400, ("invalid_grant", "Bad credentials")),
        ({"grant_type": ""}, 400, ("invalid_request", "Missing grant type")),
        ({"grant_type": "magic"}, 400, ("unsupported_grant_type", "Unsupported grant type: magic")),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, ("invalid_grant", "Invalid refresh token")),
    ],
)
def test_a_wrong_grant_is_refused_in_words(
    optiply: Optiply, request_: dict[str, str], status: int, body: tuple[str, str]
) -> None:
    answer = optiply.login(**request_)
    assert answer.status == status
    assert answer.json["error"] == body[0]
    assert body[1] in answer.json["error_description"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/oauth/token", {}, 405),
        ("POST", "/oauth", {}, 404),
        ("POST", "/oauth/token", {}, 401),
        ("POST", "/oauth/token", {"authorization": "Basic %%%"}, 401),
        ("POST", "/oauth/token", {"authorization": "Bearer abc"}, 401),
    ],
)
def test_a_request_for_a_token_must_be_one(
    optiply: Optiply, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert optiply.auth.handle(Request(method, path, [], headers, b"", optiply.now)).status == status


@pytest.mark.parametrize(
    ("authorization", "error"),
    [(None, "unauthorized"), ("Basic abc", "unauthorized"), ("Bearer abc", "invalid_token"), ("", "unauthorized")],
)
def test_the_api_opens_to_good_tokens_only(optiply: Optiply, authorization: str | None, error: str) -> None:
    headers = {"content-type": "application/vnd.api+json"}
    if authorization is not None:
        headers["authorization"] = authorization
    answer = optiply.send("GET", "/products", headers=headers)
    assert answer.status == 401
    assert answer.json["error"] == error


def test_a_refusal_may_echo_the_token(optiply: Optiply) -> None:
    optiply.switches.optiply_echo_token = True
    optiply.headers["authorization"] = "Bearer secret-token"
    assert optiply.list("products").json["error_description"] == "Invalid access token: secret-token"


@pytest.mark.parametrize(
    ("scopes", "statuses"), [("read write", (200, 201, 403)), ("read", (200, 403, 403)), ("write", (403, 201, 403))]
)
def test_each_method_needs_its_scope(scopes: str, statuses: tuple[Any, ...]) -> None:
    optiply = Optiply(optiply_scopes=scopes)
    answers = [
        optiply.list("products"),
        optiply.post("suppliers", {"name": "Acme"}),
        optiply.delete("suppliers", 1),
    ]
    assert tuple(answer.status for answer in answers) == statuses
    refused = next(answer for answer in answers if answer.status == 403)
    assert refused.json["error"] == "insufficient_scope"
