"""The example's recorded smoke test: it passes, it notices a change, and it can be recorded anew."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import ROOT, TARGET, Sandbox, environment, write_json

SCRIPT = ROOT / "examples" / "hotglue" / "smoke.py"
RECORDED = ROOT / "examples" / "hotglue" / "__tests__" / "first_job_test"


def smoke(verb: str, case: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), verb, str(case), "--target", " ".join(TARGET), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, check=False)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECORDED, tmp_path / "first_job_test"))


def test_the_recorded_job_is_done_as_it_was_recorded(case: Path) -> None:
    done = smoke("run", case)
    assert done.returncode == 0, done.stderr
    told = json.loads((case / "expected_output" / "state.json").read_text())
    failed = [each for entries in told["bookmarks"].values() for each in entries if not each["success"]]
    assert [(each["externalId"], each["hg_error_class"]) for each in failed] == [("P2", "InvalidPayloadError")]


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("data.singer", "Desk lamp", "Table lamp", "sends"),
        ("expected_output/state.json", '"LAMP-1"', '"LAMP-2"', "state.json differs"),
    ],
)
def test_a_change_of_what_is_sent_or_told_is_noticed(case: Path, file: str, old: str, new: str, complaint: str) -> None:
    text = (case / file).read_text()
    assert old in text
    (case / file).write_text(text.replace(old, new))
    done = smoke("run", case)
    assert done.returncode == 1
    assert complaint in done.stderr


def test_it_can_be_recorded_anew_and_holds_no_secret(case: Path, tiny_sandbox: Sandbox, tmp_path: Path) -> None:
    tiny_sandbox.control.reset()
    optiply = tiny_sandbox.ready["optiply"]
    secrets = [str(optiply[name]) for name in ("client_secret", "password")]
    login = write_json(
        tmp_path / "config.json",
        {name: optiply[name] for name in ("client_id", "client_secret", "username", "password")},
    )
    shutil.rmtree(case / "fixtures")
    addresses = ["--api-url", optiply["api_url"], "--auth-url", optiply["auth_url"]]
    for verb, arguments in (("record", [*addresses, "--login", str(login)]), ("generate", []), ("run", [])):
        done = smoke(verb, case, *arguments)
        assert done.returncode == 0, done.stderr
    cassette = (case / "fixtures" / "vcr.yaml").read_text()
    assert not [secret for secret in secrets if secret in cassette]
    assert "Bearer" not in cassette
    assert "127.0.0.1" not in cassette
