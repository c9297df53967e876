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
from support.launcher import Launcher
from support.secrets import check

ROOT = Path(__file__).resolve().parents[2]
TAP = (sys.executable, "-m", "tap_inventory")
TARGET = (sys.executable, "-m", "target_optiply")

# Settings of the person who runs the tests must not leak into the programs under test.
_FOREIGN = ("TAP_INVENTORY_", "TARGET_OPTIPLY_", "MELTANO_", "OPTIPLY_", "optiply_")
_FOREIGN_NAMES = frozenset(
    {"JOB_ID", "JOB_ROOT", "FLOW", "ENV_ID", "http_proxy", "https_proxy", "all_proxy", "PYTHONDONTWRITEBYTECODE"}
)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a process of this checkout, free of settings of the two programs."""
    names = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and _FOREIGN_NAMES.isdisjoint((name, name.lower()))
    }
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**names, "PYTHONPATH": os.pathsep.join(paths), **(extra or {})}


@dataclass(frozen=True)
class Finished:
    """How a process ended: its exit code and all that it said, in which no secret is ever told."""

    code: int
    stdout: str
    stderr: str

    def __post_init__(self) -> None:
        check(self.stdout, self.stderr)


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


def launcher() -> Launcher:
    """Return what starts both programs of this checkout quickly; it is to be entered."""
    return Launcher(str(ROOT), environment())


def forked(
    programs: Sequence[tuple[str, Sequence[str]]],
    directory: Path,
    by: Launcher,
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    timeout: float = 90.0,
) -> list[Finished]:
    """Run modules with arguments, joined by pipes, in ``directory``; the last one's stdout is kept.

    ``constants`` names module constants of the programs to start with other values.

    Raises:
        AssertionError: One did not end in time; all are killed.
    """
    source = Path(os.devnull)
    if stdin is not None:
        source = directory / "stdin"
        source.write_text(stdin, encoding="utf-8")
    last = directory / "stdout"
    orders = [
        {
            "module": module,
            "arguments": list(arguments),
            "directory": str(directory),
            "environment": environment(env),
            "stdin": str(source),
            "stdout": str(last) if place == len(programs) - 1 else None,
            "stderr": str(directory / f"{module}.err"),
            "constants": dict(constants or {}),
        }
        for place, (module, arguments) in enumerate(programs)
    ]
    codes = by.run(orders, timeout)
    said = [Path(str(order["stderr"])).read_text(encoding="utf-8", errors="replace") for order in orders]
    if None in codes:
        raise AssertionError("not ended in time:\n" + "\n".join(text[-3000:] for text in said))
    outputs = [""] * (len(programs) - 1) + [last.read_text(encoding="utf-8", errors="replace")]
    return [Finished(code or 0, out, err) for code, out, err in zip(codes, outputs, said, strict=True)]


def joined(
    commands: Sequence[Sequence[str]],
    directory: Path,
    *,
    env: Mapping[str, str] | None = None,
    timeout: float = 90.0,
) -> list[Finished]:
    """Run two commands as ``first | second`` through a real pipe, in ``directory``; the second's stdout is kept.

    Raises:
        AssertionError: They did not end in time; both are ended.
    """
    errors = [directory / f"{place}.err" for place in range(2)]
    last = directory / "stdout"
    common: dict[str, Any] = {"cwd": directory, "env": environment(env)}
    processes: list[subprocess.Popen[bytes]] = []
    with errors[0].open("wb") as first_err, errors[1].open("wb") as second_err, last.open("wb") as out:
        try:
            first = subprocess.Popen(
                commands[0], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=first_err, **common
            )
            processes.append(first)
            processes.append(subprocess.Popen(commands[1], stdin=first.stdout, stdout=out, stderr=second_err, **common))
            # Only the two programs hold the pipe now, so that each notices the other's end.
            if first.stdout is not None:
                first.stdout.close()
            processes[1].wait(timeout)
            first.wait(10)
        except subprocess.TimeoutExpired as error:
            said = "\n".join(path.read_text(errors="replace")[-3000:] for path in errors)
            raise AssertionError(f"the pipe did not end in time: {error}\n{said}") from error
        finally:
            for process in processes:
                stop(process)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in (*errors, last)]
    return [Finished(processes[0].returncode, "", texts[0]), Finished(processes[1].returncode, texts[2], texts[1])]


def pipe(
    directory: Path,
    tap_config: Mapping[str, Any],
    target_config: Mapping[str, Any],
    *,
    state: str | None = None,
    catalog: Path | None = None,
    env: Mapping[str, str] | None = None,
    by: Launcher | None = None,
    timeout: float = 90.0,
) -> Piped:
    """Run ``tap --config … [--state …] | target --config … > state``, in ``directory``.

    Args:
        directory: Where the configuration files go and where both programs run.
        tap_config: The tap's settings.
        target_config: The target's settings.
        state: The text of a STATE for the tap, as an earlier run printed it.
        catalog: A catalog file for the tap.
        env: Further environment variables for both.
        by: What starts them quickly; without it two new interpreters do.
        timeout: Seconds that both may take.
    """
    tap = ["--config", str(write_json(directory / "tap.json", tap_config))]
    if state is not None:
        (directory / "tap-state.json").write_text(state, encoding="utf-8")
        tap += ["--state", str(directory / "tap-state.json")]
    if catalog is not None:
        tap += ["--catalog", str(catalog)]
    target = ["--config", str(write_json(directory / "target.json", target_config))]
    if by is None:
        done = joined([[*TAP, *tap], [*TARGET, *target]], directory, env=env, timeout=timeout)
    else:
        programs = [("tap_inventory", tap), ("target_optiply", target)]
        done = forked(programs, directory, by, env=env, timeout=timeout)
    return Piped(*done)


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
