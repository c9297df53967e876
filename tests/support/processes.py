"""The sandbox and the two programs as processes: started as a user starts them, and ended whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, final

from support.control import Control

ROOT = Path(__file__).resolve().parents[2]
TAP = (sys.executable, "-m", "tap_inventory")
TARGET = (sys.executable, "-m", "target_optiply")

# Settings of the person who runs the tests must not leak into the programs under test.
_FOREIGN = ("TAP_INVENTORY_", "TARGET_OPTIPLY_", "MELTANO_", "OPTIPLY_", "optiply_")
_FOREIGN_NAMES = frozenset({"JOB_ID", "JOB_ROOT", "FLOW", "ENV_ID", "http_proxy", "https_proxy", "all_proxy"})


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a process of this checkout, free of settings of the two programs."""
    names = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name not in _FOREIGN_NAMES and name.lower() not in _FOREIGN_NAMES
    }
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**names, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **(extra or {})}


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit code and all that it said."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Piped:
    """How ``tap | target > state`` ended; the tap's stdout went into the target."""

    tap: Finished
    target: Finished

    @property
    def state(self) -> str | None:
        """The last line of the target's stdout: what the next run's tap is given as its state."""
        lines = [line for line in self.target.stdout.splitlines() if line.strip()]
        return lines[-1] if lines else None

    def explain(self) -> str:
        """Return what both said on stderr, for the message of a failed assertion."""
        ends = [
            f"{name} exited {end.code}:\n{end.stderr[-3000:]}"
            for name, end in (("tap", self.tap), ("target", self.target))
        ]
        return "\n".join(ends)


def stop(process: subprocess.Popen[Any], *, patience: float = 5.0) -> None:
    """End a process this test started, if it still runs: politely, then not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            stream.close()


def run(
    command: Sequence[str],
    *,
    stdin: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    timeout: float = 60.0,
) -> Finished:
    """Run a command to its end; raise ``subprocess.TimeoutExpired`` (the process is killed) after ``timeout`` s."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    source: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    done = subprocess.run(
        list(command), **source, capture_output=True, cwd=cwd, env=environment(env), timeout=timeout, check=False
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def write_json(path: Path, value: Any) -> Path:
    """Write a configuration file and return its path."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def pipe(
    directory: Path,
    tap_config: Mapping[str, Any],
    target_config: Mapping[str, Any],
    *,
    state: str | None = None,
    catalog: Path | None = None,
    tap_arguments: Sequence[str] = (),
    target_arguments: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout: float = 90.0,
) -> Piped:
    """Run ``tap --config … [--state …] | target --config … > state`` through real pipes, in ``directory``.

    Args:
        directory: Where the configuration files go and where both programs run.
        tap_config: The tap's settings.
        target_config: The target's settings.
        state: The text of a STATE for the tap, as an earlier run printed it.
        catalog: A catalog file for the tap.
        tap_arguments: Further arguments of the tap.
        target_arguments: Further arguments of the target.
        env: Further environment variables for both.
        timeout: Seconds after which both are ended and ``subprocess.TimeoutExpired`` is raised.
    """
    tap_command = [*TAP, "--config", str(write_json(directory / "tap.json", tap_config)), *tap_arguments]
    if state is not None:
        (directory / "tap-state.json").write_text(state, encoding="utf-8")
        tap_command += ["--state", str(directory / "tap-state.json")]
    if catalog is not None:
        tap_command += ["--catalog", str(catalog)]
    target_command = [*TARGET, "--config", str(write_json(directory / "target.json", target_config)), *target_arguments]
    names = {"tap": directory / "tap.err", "target": directory / "target.err", "state": directory / "state.out"}
    tap = target = None
    with names["tap"].open("wb") as tap_err, names["target"].open("wb") as err, names["state"].open("wb") as out:
        try:
            common: dict[str, Any] = {"cwd": directory, "env": environment(env)}
            tap = subprocess.Popen(
                tap_command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=tap_err, **common
            )
            target = subprocess.Popen(target_command, stdin=tap.stdout, stdout=out, stderr=err, **common)
            # Only the two programs hold the pipe now, so that each notices the other's end.
            if tap.stdout is not None:
                tap.stdout.close()
            target.wait(timeout)
            tap.wait(10)
        except subprocess.TimeoutExpired as error:
            said = "\n".join(names[name].read_text(errors="replace")[-3000:] for name in ("tap", "target"))
            raise AssertionError(f"the pipe did not end in time: {error}\n{said}") from error
        finally:
            for process in (tap, target):
                if process is not None:
                    stop(process)
    texts = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in names.items()}
    return Piped(
        Finished(tap.returncode, "", texts["tap"]), Finished(target.returncode, texts["state"], texts["target"])
    )


@final
@dataclass
class Sandbox:
    """The two APIs as one local process; a context manager that ends it whatever happens.

    Attributes:
        directory: Where its log goes.
        arguments: Command-line arguments, for example ``("--products", "30")``.
        ready: What it said when it was listening: addresses and credentials.
        control: Its control interface.
    """

    directory: Path
    arguments: Sequence[str] = ()
    patience: float = 30.0
    ready: dict[str, Any] = field(init=False)
    control: Control = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Sandbox:
        command = [sys.executable, "-m", "sandbox", "--port", "0", *self.arguments]
        with (self.directory / "sandbox.err").open("wb") as err:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, cwd=ROOT, env=environment()
            )
        watch = threading.Timer(self.patience, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else b""
        finally:
            watch.cancel()
        if not line.strip():
            stop(self._process)
            raise RuntimeError(f"the sandbox did not start: {self.said()[-3000:]}")
        self.ready = json.loads(line)
        self.control = Control(self.ready["control_url"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._process)

    def said(self) -> str:
        """Return what the sandbox wrote on stderr."""
        return (self.directory / "sandbox.err").read_text(errors="replace")

    def tap_config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration of the tap for this sandbox, unpaced unless told otherwise."""
        inflow = self.ready["inflow"]
        base = {key: inflow[key] for key in ("api_url", "company_id", "api_key")}
        return {**base, "requests_per_minute": 0, **settings}

    def target_config(self, state_path: Path, **settings: Any) -> dict[str, Any]:
        """Return a configuration of the target for this sandbox."""
        return {**self.ready["optiply"], "state_path": str(state_path), **settings}
