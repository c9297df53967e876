"""Child processes that never outlive this one: each has a process group of its own, ended as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

GRACE = 10.0  # seconds between asking a process to end and ending it


@contextmanager
def child(command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command while the block lasts; whatever way it is left, the command and its children are ended.

    Args:
        command: The program and its arguments.
        log: The file that takes what it prints, on both streams.
        env: Its whole environment.
        cwd: Its working directory.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def end_on_signals() -> None:
    """Turn the signals that end a process into an exit, so that every block is left in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_exit)


def _raise_exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process group: first asked, then, where that is not heard, at once."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        pass  # the next line ends what is left
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait(GRACE)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left in the group (macOS says so with EPERM)
