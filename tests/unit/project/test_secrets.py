from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.processes import Finished
from support.secrets import SECRETS, leaks

from sandbox import identity

PAIR = base64.b64encode(f"{identity.OPTIPLY_CLIENT_ID}:{identity.OPTIPLY_CLIENT_SECRET}".encode()).decode()
TOKEN = f"{identity.OPTIPLY_TOKEN_MARK}{7:032x}"


@pytest.mark.parametrize("secret", [*SECRETS, PAIR, TOKEN, identity.OPTIPLY_PASSWORD.upper()])
def test_a_secret_is_found_wherever_a_program_tells_it(secret: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(AssertionError, match="told"):
        Finished(0, "", f"a line\nthe server said {secret}!")
    place = tmp_path_factory.mktemp("told")
    path = place / "target-state.json.work"
    path.write_bytes(b"\0\xff" + secret.encode() + b"\0")
    assert [text.partition(" ")[0] for text in leaks(place)] == [path.name]
    path.unlink()  # the whole run is searched too


def test_what_a_test_hands_to_a_program_is_no_leak(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(identity.OPTIPLY_PASSWORD, encoding="utf-8")
    assert leaks(tmp_path) == []
