"""The flags that users type: checking the login, and naming the state to begin from."""

from __future__ import annotations

import json
from pathlib import Path

from support.processes import TARGET, run
from target.lab import Lab
from target.messages import products

GONE_SOON = {"target_optiply.auth._PATIENCE": 0.3}


def test_the_login_is_checked_without_anything_else_being_done(lab: Lab) -> None:
    run = lab.run([], "--access-token").ended()
    assert (run.stdout, run.last_word) == ("", "the login works")
    assert lab.requests() == ["token"]
    assert [path.name for path in lab.directory.iterdir()] == ["run-0"]


def test_a_login_that_is_refused_is_told_in_a_sentence(lab: Lab) -> None:
    run = lab.run([], "--access-token", password="not-the-password").ended(1)
    assert run.last_word.startswith("credentials: ")
    assert "not-the-password" not in run.stdout + run.stderr


def test_a_login_that_cannot_be_checked_is_told_in_a_sentence(lab: Lab) -> None:
    lab.fault("status", api="auth", times=None, status=503)
    run = lab.run([], "--access-token", constants=GONE_SOON).ended(1)
    assert run.last_word.startswith("outage: ")


def test_the_state_that_is_named_comes_before_the_one_at_its_place(lab: Lab) -> None:
    lab.succeed(products("P1"))
    kept = lab.state_path.rename(lab.directory / "kept.json")
    lab.succeed(products("P2"), adopt_existing=False)
    lab.succeed(products("P1"), "--state", str(kept), max_rejected_records=0)
    assert lab.requests() == []
    assert "P2" not in lab.state_path.read_text(encoding="utf-8")


def test_no_state_is_said_as_a_hotglue_runner_says_it(lab: Lab) -> None:
    lab.succeed(products("P1"))
    run = lab.succeed(products("P1"), "--state", "()")
    assert lab.requests() == []
    [line] = run.stdout.splitlines()
    assert [each["externalId"] for each in json.loads(line)["bookmarks"]["Products"]] == ["P1"]


def test_a_run_that_takes_long_says_how_far_it_is(lab: Lab) -> None:
    run = lab.run(products("P1", "P2"), constants={"target_optiply.pulse.EVERY": 0.0}).ended()
    lines = [line for line in run.stderr.splitlines() if "so far: " in line]
    assert any("so far: 2 records read; nothing written yet; 2 under way" in line for line in lines)
    assert "so far" not in run.stdout


def test_a_config_file_that_cannot_be_read_is_named_and_a_job_gets_its_state_all_the_same(tmp_path: Path) -> None:
    command = [*TARGET, "--config", str(tmp_path / "none.json")]
    done = run(command, stdin="", cwd=tmp_path)
    last = done.stderr.splitlines()[-1]
    assert last == f"config: The configuration file {tmp_path / 'none.json'} cannot be read: No such file or directory."
    assert (done.code, done.stdout) == (1, "")
    job = run([*command, "--state", "()"], stdin="", cwd=tmp_path)
    assert job.code == 1
    assert json.loads(job.stdout)["run"]["outcome"] == "config"
