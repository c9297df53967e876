"""Refreshed tokens: kept before they are used, renewed in time, told in one sentence where they are lost."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from singer_http.redact import redact
from tap_inventory.errors import CredentialsError, TapError, UnavailableError
from tap_inventory.profile import RefreshedToken
from tap_inventory.tokens import TokenFile, Tokens

FIRST = "first-refresh-token"


@dataclass
class Server:
    """A token server that replaces refresh tokens.

    Attributes:
        good: The refresh token that it takes.
        life: Seconds it says that an access token lives; None where it does not say.
        rotates: Whether a refresh token is good once.
        asked: The forms it was sent.
    """

    good: str = FIRST
    life: int | None = 600
    rotates: bool = True
    answer: tuple[int, Any] | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list)

    def __call__(self, url: str, form: Mapping[str, str]) -> tuple[int, Any]:
        assert url == "https://api.example.com/oauth/token"
        self.asked.append(form)
        if self.answer:
            return self.answer
        if form["refresh_token"] != self.good:
            return 400, {"error": "invalid_grant"}
        number = len(self.asked)
        given: dict[str, Any] = {"access_token": f"access-{number}"}
        if self.rotates:
            self.good = given["refresh_token"] = f"refresh-{number}"
        return 200, given | ({"expires_in": self.life} if self.life else {})


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def tokens(server: Any, folder: Path, clock: Clock | None = None, first: str = FIRST) -> Tokens:
    settings = {
        "token_url": "https://api.example.com/oauth/token",
        "client_id": "app",
        "client_secret": "s3cret",
        "refresh_token": first,
        "token_file": str(folder / "tokens.json"),
    }
    return Tokens(RefreshedToken(), settings, server, "The API", clock or Clock())


def test_a_token_is_had_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    server = Server()
    one = tokens(server, tmp_path)
    assert [one.access(), one.access()] == ["access-1", "access-1"]
    assert server.asked == [
        {"grant_type": "refresh_token", "refresh_token": FIRST, "client_id": "app", "client_secret": "s3cret"}
    ]
    path = tmp_path / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["refresh_token"] == "refresh-1"
    assert FIRST not in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["tokens.json"]


def test_the_next_run_goes_on_with_what_is_kept(tmp_path: Path) -> None:
    server, clock = Server(), Clock()
    tokens(server, tmp_path, clock).access()
    assert tokens(server, tmp_path, clock).access() == "access-1"
    clock.now += 541  # less than a minute before its end
    assert tokens(server, tmp_path, clock).access() == "access-2"
    assert [form["refresh_token"] for form in server.asked] == [FIRST, "refresh-1"]


def test_a_token_without_an_end_is_replaced_when_it_is_refused(tmp_path: Path) -> None:
    server, clock = Server(life=None), Clock()
    one = tokens(server, tmp_path, clock)
    assert one.access() == "access-1"
    clock.now += 1e6
    assert one.access() == "access-1"
    one.replace("access-1")
    assert one.access() == "access-2"


def test_of_many_threads_one_renews(tmp_path: Path) -> None:
    server = Server()
    one = tokens(server, tmp_path)
    refused = one.access()
    threads = [threading.Thread(target=one.replace, args=(refused,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 2


def test_a_server_that_does_not_rotate_is_asked_with_the_same_token_again(tmp_path: Path) -> None:
    server, clock = Server(rotates=False), Clock()
    tokens(server, tmp_path, clock).access()
    clock.now += 1e6
    assert tokens(server, tmp_path, clock).access() == "access-2"
    assert [form["refresh_token"] for form in server.asked] == [FIRST, FIRST]


def test_what_another_run_was_given_meanwhile_is_used(tmp_path: Path) -> None:
    server, clock = Server(), Clock()
    one, other = tokens(server, tmp_path, clock), tokens(server, tmp_path, clock)
    used = one.access()
    other.access()
    other.replace(used)
    one.replace(used)
    assert one.access() == "access-3"
    assert [form["refresh_token"] for form in server.asked] == [FIRST, "refresh-1", "refresh-2"]


def test_a_new_authorisation_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    server = Server()
    tokens(server, tmp_path).access()
    server.good = "new-authorisation"
    assert tokens(server, tmp_path, first="new-authorisation").access() == "access-2"


def test_a_lost_token_file_is_explained_in_one_sentence(tmp_path: Path) -> None:
    server = Server()
    tokens(server, tmp_path).access()
    (tmp_path / "tokens.json").unlink()
    with pytest.raises(CredentialsError) as caught:
        tokens(server, tmp_path).access()
    said = str(caught.value)
    assert all(word in said for word in ("tokens.json", "is not there", "refresh_token", "anew", "invalid_grant"))
    assert said.endswith(".")
    assert ". " not in said
    assert len(server.asked) == 2


def test_a_token_that_was_withdrawn_is_told_otherwise(tmp_path: Path) -> None:
    server, clock = Server(), Clock()
    tokens(server, tmp_path, clock).access()
    server.good, clock.now = "other", 1e6
    with pytest.raises(CredentialsError, match="used elsewhere, withdrawn or is too old"):
        tokens(server, tmp_path, clock).access()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"refresh_token": 1}'])
def test_a_file_of_something_else_is_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(content)
    server = Server()
    with pytest.raises(CredentialsError, match=r"tokens\.json does not hold"):
        tokens(server, tmp_path).access()
    assert path.read_text() == content
    assert not server.asked


def test_a_folder_that_is_not_there_is_told_before_the_refresh_token_is_used(tmp_path: Path) -> None:
    server = Server()
    with pytest.raises(CredentialsError, match="cannot be written"):
        tokens(server, tmp_path / "no such folder").access()
    assert not server.asked


def test_the_files_place_is_taken_at_once_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = TokenFile(str(tmp_path / "tokens.json"), FIRST)
    file.write({"refresh_token": "one"})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tap_inventory.tokens.os.fsync", full)
    with pytest.raises(CredentialsError, match="No space left"):
        file.write({"refresh_token": "two"})
    assert file.read()["refresh_token"] == "one"
    assert [each.name for each in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("answer", [(200, None), (200, []), (200, {"token": "x"}), (404, None), (302, None)])
def test_an_address_that_gives_no_tokens_is_named(tmp_path: Path, answer: tuple[int, Any]) -> None:
    with pytest.raises(CredentialsError, match="token_url"):
        tokens(Server(answer=answer), tmp_path).access()
    assert not (tmp_path / "tokens.json").exists()


def test_a_server_that_cannot_be_reached_is_named_too(tmp_path: Path) -> None:
    def down(_url: str, _form: Mapping[str, str]) -> tuple[int, Any]:
        raise UnavailableError("The API gives no access token: the connection failed, 8 times.")

    with pytest.raises(TapError, match="token_url"):
        tokens(down, tmp_path).access()


def test_every_token_is_hidden_from_the_moment_it_is_known(tmp_path: Path) -> None:
    tokens(Server(), tmp_path).access()
    assert redact("access-1 refresh-1") == "*** ***"
