"""Where measurements happen: processes that are timed from start to end, sandboxes, and a folder for their files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.launcher import Launcher
from support.processes import environment

from benchmarks.model import Spent

ROOT = Path(__file__).resolve().parents[1]
BASELINES = Path(__file__).parent / "baselines"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback only
_PATIENCE = 900.0


class MeasurementError(Exception):
    """A run that was to be measured failed: its figures would mean nothing."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        scale: A share of the full sizes.
        quick: Whether this is only to show that everything works.
    """

    scale: float = 1.0
    quick: bool = False

    def of(self, full: int, least: int = 20) -> int:
        """Return a full size as it is measured now."""
        return max(least, round(full * self.scale))


@dataclass(frozen=True)
class Lab:
    """A folder to measure in, and how much is to be measured.

    Attributes:
        folder: Where files go.
        sizes: How much is measured.
        rounds: How often.
        by: Starts modules from a process that has imported them already, where nothing is timed; None for new
            interpreters, as a user starts them.
        plant: The slow-down, in percent, that is planted in what is counted.
        counts: A file of counts that stands for the recorded ones.
    """

    folder: Path
    sizes: Sizes
    rounds: int = 5
    by: Launcher | None = None
    plant: float = 0.0
    counts: Path | None = None

    def write_json(self, name: str, value: Any) -> Path:
        """Write a configuration and return its path."""
        path = self.folder / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def run(
        self,
        *command: str,
        stdin: Path | None = None,
        units: int = 1,
        keep: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Spent:
        """Run Python with arguments to its end, and return what it cost.

        Args:
            command: What follows the interpreter.
            stdin: The file that it reads.
            units: How much it deals with.
            keep: Where its output goes; nowhere if not said.
            env: Further environment variables.

        Raises:
            MeasurementError: It failed.
        """
        source, out = stdin or Path(os.devnull), keep or Path(os.devnull)
        with tempfile.NamedTemporaryFile(dir=self.folder) as err:
            began = time.perf_counter()
            if self.by is not None and command[0] == "-m":
                code, usage = _fork(self.by, self.folder, command, (source, out, Path(err.name)), env), None
            else:
                code, usage = _spawn(self.folder, command, (source, out, Path(err.name)), env)
            seconds = time.perf_counter() - began
            if code:
                said = err.read()[-2000:].decode(errors="replace")
                raise MeasurementError(f"{' '.join(command)} exited {code}:\n{said}")
        if usage is None:
            return Spent(seconds, units=units)
        return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, units)

    def baseline(self, name: str, *arguments: str, stdin: Path | None = None, units: int = 1) -> Spent:
        """Run a script of ``baselines/`` as :meth:`run` does."""
        return self.run(str(BASELINES / f"{name}.py"), *arguments, stdin=stdin, units=units)


Streams = tuple[Path, Path, Path]
"""Where a process reads from, writes to and complains to."""


def _spawn(folder: Path, command: Sequence[str], streams: Streams, env: Mapping[str, str] | None) -> tuple[int, Any]:
    """Run a new interpreter; return its exit code and the resources that it used."""
    with streams[0].open("rb") as given, streams[1].open("wb") as out, streams[2].open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, *command], stdin=given, stdout=out, stderr=err, cwd=folder, env=environment(env)
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def _fork(
    by: Launcher, folder: Path, command: Sequence[str], streams: Streams, env: Mapping[str, str] | None
) -> int | str:
    """Run a module by a process that has imported it; return its exit code, or that it was killed."""
    names = dict(zip(("stdin", "stdout", "stderr"), map(str, streams), strict=True))
    program = {
        "module": command[1],
        "arguments": command[2:],
        "directory": str(folder),
        "environment": environment(env),
    }
    (code,) = by.run([program | names], _PATIENCE)
    return "never" if code is None else code


@dataclass(frozen=True)
class Server:
    """A server in a process of its own: what it said when it listened."""

    ready: dict[str, Any]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's control interface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own loopback address
            f"{self.ready['control_url']}/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with _OPENER.open(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def delay(self, **seconds: float) -> None:
        """Let the answers of an API take so long."""
        self.ask("PUT", "latency", seconds)

    def asked(self) -> int:
        """Ask a server of pages how many requests for pages it got."""
        with _OPENER.open(f"{self.ready['url']}/asked", timeout=30) as answer:
            return int(answer.read())

    def target_config(self, state: Path, **settings: Any) -> dict[str, Any]:
        """Return a configuration of the target for a sandbox."""
        return {**self.ready["optiply"], "state_path": str(state), **settings}

    def tap_config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration of the tap, unpaced unless told otherwise."""
        inflow = self.ready["inflow"]
        return {
            **{key: inflow[key] for key in ("api_url", "company_id", "api_key")},
            "requests_per_minute": 0,
        } | settings


@contextmanager
def serving(*command: str) -> Iterator[Server]:
    """Run a server (Python with arguments) that prints one JSON line when it listens, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
    )
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line.strip():
            raise MeasurementError(f"{' '.join(command)} did not start")
        yield Server(json.loads(line))
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def sandbox(*arguments: str) -> Any:
    """Run a sandbox, small unless told otherwise."""
    small = ("--products", "5", "--sales-orders", "0", "--purchase-orders", "0", "--customers", "1")
    return serving("-m", "sandbox", *(arguments or small))
