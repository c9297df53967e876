"""Progress: a line that renews itself for people at a terminal, plain log lines for a job, nothing of it on stdout."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest
from runs import Tap
from support.processes import TAP, environment, stop

ERASE = "\r\x1b[K"
SLOW = 0.12
"""Seconds an answer takes: several renewals of the line come between two of them."""

INTERRUPTED_WITHIN_A_LINE = """
import os, signal, sys

class Struck:
    def __init__(self, terminal):
        self.terminal = terminal
        self.struck = False

    def __getattr__(self, name):
        return getattr(self.terminal, name)

    def flush(self):
        self.terminal.flush()
        if self.line and not self.struck:
            self.struck = True
            os.kill(os.getpid(), signal.SIGINT)

    def write(self, text):
        self.line = " of 350 rows" in text
        self.terminal.write(text)

sys.stderr = Struck(sys.stderr)
from tap_inventory.__main__ import main
main()
"""
"""The tap, interrupted when the terminal has the line of progress, and the tap does not know it yet."""


def at_a_terminal(
    tap: Tap,
    arguments: list[str],
    *,
    after: bytes | None = None,
    columns: int = 120,
    program: Sequence[str] = TAP,
) -> tuple[int, str, str]:
    """Run the tap with its stderr on a terminal; return its exit code, what the terminal got, and stdout.

    Where ``after`` is given, an interrupt is sent once the terminal has got that.
    """
    ours, theirs = pty.openpty()
    os.set_blocking(ours, True)
    subprocess.run(["stty", "cols", str(columns), "rows", "24"], stdin=theirs, check=True)
    out = tap.directory / "out.jsonl"
    shown = bytearray()
    with out.open("wb") as stdout:
        process = subprocess.Popen(
            [*program, *arguments], stdin=subprocess.DEVNULL, stdout=stdout, stderr=theirs, env=environment(),
            cwd=tap.directory,
        )  # fmt: skip
        os.close(theirs)
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # the other end of a terminal is gone
                    break
                if not part:
                    break
                shown += part
                if after and after in shown:
                    process.send_signal(signal.SIGINT)
                    after = None
            code = process.wait(10)
        finally:
            stop(process)
            os.close(ours)
    return code, shown.decode(), out.read_text(encoding="utf-8")


def lines_left(shown: str) -> list[str]:
    """Return what a person sees in the end: each line as it stood when the next began."""
    return [line.rstrip("\r").split(ERASE)[-1] for line in shown.split("\n")]


@pytest.fixture
def slow(tap: Tap) -> Tap:
    tap.sandbox.control.request("PUT", "latency", {"inflow": SLOW})
    return tap


def test_at_a_terminal_each_stream_shows_its_total_rate_and_time_left(slow: Tap) -> None:
    catalog = slow.catalog(["sales_orders", "customers"])
    code, shown, stdout = at_a_terminal(slow, slow.arguments(catalog=catalog, settings={"page_size": 20}))
    assert code == 0
    renewed = [text for text in re.split(r"[\r\n]+", shown.replace("\x1b[K", "")) if " rows" in text]
    assert [
        text for text in renewed if re.fullmatch(r"sales_orders: \d+ of 350 rows, [\d,]+ a second, \d+ s left", text)
    ]
    assert any(re.match(r".*Stream customers: 120 rows read, 120 records written", text) for text in renewed)
    kinds = {json.loads(line)["type"] for line in stdout.splitlines()}
    assert kinds == {"SCHEMA", "RECORD", "STATE"}
    # Nothing of the line that renewed itself stays, nor does it run into what is said otherwise.
    assert shown.endswith("\n")
    assert not [line for line in lines_left(shown) if re.match(r"\w+: \d+", line)]


def test_a_line_is_no_wider_than_the_terminal(slow: Tap) -> None:
    arguments = slow.arguments(catalog=slow.catalog(["sales_orders"]), settings={"page_size": 20})
    _, shown, _ = at_a_terminal(slow, arguments, columns=30)
    live = [text.split("\n")[0] for text in shown.split(ERASE)[1:] if text.startswith("sales_orders")]
    assert live
    assert max(map(len, live)) <= 29


def test_an_interrupt_at_a_terminal_leaves_no_half_line(slow: Tap) -> None:
    arguments = slow.arguments(catalog=slow.catalog(["sales_orders"]), settings={"page_size": 10})
    code, shown, stdout = at_a_terminal(slow, arguments, after=b"of 350 rows")
    assert code == 130
    assert shown.endswith("\n")
    assert any("Ending on signal SIGINT" in line for line in lines_left(shown))
    assert not [line for line in lines_left(shown) if re.match(r"\w+: \d+", line)]
    assert stdout.endswith("\n")


def test_an_interrupt_within_a_line_of_progress_is_said_on_a_line_of_its_own(slow: Tap) -> None:
    arguments = slow.arguments(catalog=slow.catalog(["sales_orders"]), settings={"page_size": 10})
    program = [sys.executable, "-c", INTERRUPTED_WITHIN_A_LINE]
    code, shown, stdout = at_a_terminal(slow, arguments, program=program)
    assert code == 130
    assert [line for line in lines_left(shown) if line.endswith("Ending on signal SIGINT.")]
    assert not [line for line in lines_left(shown) if re.match(r"\w+: \d+", line)]
    assert stdout.endswith("\n")


def test_an_error_at_a_terminal_stands_on_a_line_of_its_own(slow: Tap) -> None:
    match = {"api": "inflow", "path": "/sales-orders", "skip": 12}
    slow.sandbox.control.add_fault(match, {"kind": "status", "status": 401}, None)
    arguments = slow.arguments(catalog=slow.catalog(["sales_orders"]), settings={"page_size": 20})
    code, shown, _ = at_a_terminal(slow, arguments)
    assert code == 1
    assert "of 350 rows" in shown
    assert lines_left(shown)[-2].startswith("inFlow refuses the key")


def test_a_job_gets_plain_log_lines(slow: Tap) -> None:
    run = slow.run(
        catalog=slow.catalog(["sales_orders"]), page_size=20, constants={"tap_inventory.progress.JOB_EVERY": 0.1}
    )
    assert "\x1b" not in run.ended.stderr
    assert "\r" not in run.ended.stderr
    told = [line for line in run.ended.stderr.splitlines() if "sales_orders: " in line]
    assert [line for line in told if re.search(r"sales_orders: \d+ of 350 rows, [\d,]+ a second, \d+ s left$", line)]
    assert all(_is_singer(line) for line in run.ended.stdout.splitlines())


def test_a_job_is_not_told_more_often_than_every_half_minute(slow: Tap) -> None:
    run = slow.run(catalog=slow.catalog(["sales_orders"]), page_size=50)
    assert [line for line in run.ended.stderr.splitlines() if "Stream sales_orders: 350 rows read" in line]
    assert "of 350 rows" not in run.ended.stderr


def _is_singer(line: str) -> bool:
    message: dict[str, Any] = json.loads(line)
    return message["type"] in ("SCHEMA", "RECORD", "STATE")
