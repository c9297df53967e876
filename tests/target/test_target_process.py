"""The run as a process: signals, locks, states of other accounts, and what no output may hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest
from support import processes
from target.lab import Lab, Run
from target.messages import line, optiply, products, sell_order, state, suppliers

BUFFERED = {"PYTHONUNBUFFERED": ""}  # as Python is by itself: what could not be written lies in its buffer


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_with_what_was_written_in_its_state(lab: Lab, signum: int, code: int) -> None:
    run, source = lab.feed([*products("P1"), state({"at": 1}), *products("P2")])
    with source:
        lab.await_that(lambda: '{"at": 1}' in run.stdout)
        lab.await_that(lambda: len(lab.rows("products")) == 2)
        run.send(signum)
        run.wait().ended(code)
    assert run.last_word.startswith("terminated: ")
    assert lab.state()["run"]["outcome"] == "terminated"
    assert not lab.work_path.exists()
    lab.succeed(products("P1", "P2"))
    assert lab.requests() == []


def test_a_signal_lets_requests_in_flight_finish(lab: Lab) -> None:
    lab.succeed(products("P0"))
    lab.fault("hang", "POST", "^/products$", when="after", seconds=1)
    run, source = lab.feed([*products("P1"), *products("P2")], max_connections=1)
    with source:
        lab.await_fault()
        run.send(signal.SIGTERM)
        run.wait().ended(143)
    assert lab.entry("Products", "P1")["success"] is True
    lab.succeed(products("P1", "P2"))
    assert lab.remote_ids("products") == ["P0", "P1", "P2"]


def test_a_second_run_for_one_state_refuses_and_leaves_the_first_alone(lab: Lab) -> None:
    run, source = lab.feed(products("P1"))
    with source:
        lab.await_that(lab.work_path.exists)
        second = lab.run(products("P2")).ended(1)
        assert second.last_word.startswith("config: another run is using the state")
    run.wait().ended()
    assert lab.remote_ids("products") == ["P1"]
    lab.succeed(products("P2"))


@pytest.mark.parametrize("other", [{"account_id": 1381}, {"coupling_id": 78}, {"api_url": "http://127.0.0.1:9/v1"}])
def test_a_state_of_another_account_coupling_or_api_is_refused(lab: Lab, other: dict[str, Any]) -> None:
    lab.succeed(products("P1"))
    before = lab.state_path.read_bytes()
    run = lab.run(products("P1", name="New"), **other).ended(1)
    assert run.last_word.startswith("config: the state belongs to another ")
    assert lab.requests() == []
    assert lab.state_path.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"bookmarks": {"products": {"replication_key": "x"}}}', '"text"', "\0"]
)
def test_a_file_that_is_no_state_is_refused_and_left_as_it_is(lab: Lab, content: str) -> None:
    lab.state_path.write_text(content)
    run = lab.run(products("P1")).ended(1)
    assert run.last_word.startswith("config: ")
    assert lab.state_path.read_text() == content
    assert "Traceback" not in run.stderr


def _said(lab: Lab, *runs: Run) -> str:
    kept = lab.state_path.read_text() if lab.state_path.exists() else ""
    return kept + "".join(run.stdout + run.stderr for run in runs)


def test_no_output_holds_a_secret_or_a_token_at_any_level(lab: Lab) -> None:
    lab.control.set_switches(optiply_echo_token=True, optiply_same_token_on_login=False)
    echo = {"body": {"errors": [{"detail": "Bearer {}"}]}}
    secrets = [str(lab.sandbox.ready["optiply"][name]) for name in ("client_secret", "password")]
    debug = {"LOGLEVEL": "DEBUG", "TARGET_OPTIPLY_LOGLEVEL": "DEBUG"}
    order = optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))
    lab.fault("status", "POST", "^/products$", status=400, body=echo["body"] | {"password": secrets[1]})
    lab.fault("reset", "POST", "^/suppliers$", when="after")
    first = lab.run([*products("P0", "P1"), *suppliers("S1"), *order], env=debug)
    lab.control.request("POST", "tokens/revoke")
    lab.fault("status", "POST", status=401, body={"error_description": f"secret {secrets[0]}"}, times=None)
    second = lab.run(products("P9"), env=debug).ended(1)
    third = lab.run(products("P9"), env=debug, password="not-the-password").ended(1)
    text = _said(lab, first, second, third)
    assert "| DEBUG" in text
    for secret in (*secrets, "not-the-password", "Authorization: B", "grant_type"):
        assert secret not in text, [each for each in text.splitlines() if secret in each]
    assert "example.com" not in text


def test_a_wrong_setting_is_said_in_a_sentence_without_its_value(lab: Lab) -> None:
    run = lab.run(products("P1"), max_connections="secret-looking", password=...).ended(1)
    assert run.last_word.startswith("config: ")
    assert "max_connections" in run.last_word
    assert "password is missing" in run.last_word
    assert "secret-looking" not in run.stderr


def test_the_program_runs_as_a_user_starts_it(lab: Lab, tmp_path: Path) -> None:
    config = processes.write_json(tmp_path / "config.json", lab.sandbox.target_config(lab.state_path))
    text = "".join(f"{json.dumps(each)}\n" for each in [*products("P1"), state({"at": 1})])
    done = processes.run([*processes.TARGET, "--config", str(config)], stdin=text)
    assert (done.code, done.stdout) == (0, '{"at": 1}\n'), done.stderr
    assert lab.remote_ids("products") == ["P1"]


def _write_into(stdout: IO[str], lab: Lab, directory: Path, messages: list[Any]) -> subprocess.CompletedProcess[str]:
    config = processes.write_json(directory / "config.json", lab.sandbox.target_config(lab.state_path))
    return subprocess.run(
        [*processes.TARGET, "--config", str(config)], input="".join(f"{json.dumps(each)}\n" for each in messages),
        stdout=stdout, stderr=subprocess.PIPE, text=True, env=processes.environment(BUFFERED), timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("more", [[], products("P2"), products(*(f"P{n}" for n in range(2, 60)))])
def test_the_state_is_written_though_there_is_no_room_for_the_state_messages(
    lab: Lab, tmp_path: Path, more: list[Any]
) -> None:
    with Path("/dev/full").open("w") as full:
        done = _write_into(full, lab, tmp_path, [*products("P1"), state({"at": 1}), *more])
    last = done.stderr.splitlines()[-1]
    assert last == "outage: the STATE messages could not be written to stdout (No space left on device)"
    assert done.returncode == 1
    assert lab.entry("Products", "P1")["success"] is True


def test_the_state_is_written_though_nobody_reads_the_state_messages(lab: Lab, tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as pipe:
        done = _write_into(pipe, lab, tmp_path, [*products("P1"), state({"at": 1})])
    assert done.stderr.splitlines()[-1] == "outage: nobody reads what is written to stdout"
    assert done.returncode == 1
    assert lab.entry("Products", "P1")["success"] is True


def test_what_cannot_be_written_to_stdout_leaves_the_exit_code_as_it_is() -> None:
    """The interpreter flushes stdout once more when it ends, and its own code where that fails is 120."""
    program = (
        "import sys\n"
        "from target_optiply import __main__, errors\n"
        "def cli():\n"
        "    sys.stdout.write('left over')\n"
        "    raise errors.Outage('for a reason')\n"
        "__main__.TargetOptiply.cli = cli\n"
        "__main__.main()\n"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            env=processes.environment(BUFFERED), cwd=processes.ROOT,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "outage: for a reason\n")
