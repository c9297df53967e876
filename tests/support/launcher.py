"""Starts the programs as processes without importing them anew each time: a process that forks on request.

Importing the two programs takes seconds, and the tests run them some hundred times. What is forked here is a program
as ``python -m`` starts it: own process, own signals, own standard streams, own exit code. Orders come as JSON lines on
the descriptor given as the first argument, and so do the answers: ``{"start": [program, …]}`` is a row of programs
joined by pipes and is answered with their process ids, ``{"wait": pid, "seconds": n}`` with an exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, final

PROGRAMS = ("tap_inventory", "target_optiply")
AVAILABLE = hasattr(os, "fork")
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@final
class Launcher:
    """The side that orders; a context manager that ends the other one."""

    def __init__(self, cwd: str, environment: Mapping[str, str]) -> None:
        self._cwd = cwd
        self._environment = dict(environment)

    def __enter__(self) -> Launcher:
        self._line, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=self._cwd, env=self._environment
            )
        self._answers = self._line.makefile("rb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._line.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, order: Mapping[str, Any]) -> Any:
        self._line.sendall(json.dumps(order).encode() + b"\n")
        return json.loads(self._answers.readline())

    def start(self, *programs: Mapping[str, Any]) -> list[int]:
        """Start programs joined by pipes and return their process ids.

        Args:
            programs: Each with ``module``, ``arguments``, ``directory``, ``environment`` and the paths ``stdin``,
                ``stdout`` and ``stderr``; a ``stdout`` of None goes to the next program. ``constants`` may name module
                constants of the program to start with other values, by dotted name.
        """
        pids: list[int] = self._ask({"start": programs})
        return pids

    def wait(self, pid: int, seconds: float) -> int | None:
        """Return an exit code (negative for a signal), None where the program still runs after so many seconds."""
        code: int | None = self._ask({"wait": pid, "seconds": seconds})
        return code

    def run(self, programs: Sequence[Mapping[str, Any]], seconds: float) -> list[int | None]:
        """Run programs to their end and return their exit codes; what still runs after so long is killed (None)."""
        give_up = time.monotonic() + seconds
        codes = []
        for pid in self.start(*programs):
            codes.append(self.wait(pid, max(0.0, give_up - time.monotonic())))
            if codes[-1] is None:
                os.kill(pid, signal.SIGKILL)
                self.wait(pid, 10.0)
        return codes


def _become(program: Mapping[str, Any], stdin: int | None, stdout: int | None) -> NoReturn:
    """Turn this forked process into a run of the program.

    Args:
        program: The program.
        stdin: The pipe it reads from, instead of its file.
        stdout: The pipe it writes to, instead of its file.
    """
    code = 70
    try:
        descriptors = (
            os.open(program["stdin"], os.O_RDONLY) if stdin is None else stdin,
            os.open(program["stdout"], _WRITE, 0o600) if stdout is None else stdout,
            os.open(program["stderr"], _WRITE, 0o600),
        )
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        os.closerange(3, 256)
        os.environ.clear()
        os.environ.update(program["environment"])
        os.chdir(program["directory"])
        sys.argv = [program["module"], *program["arguments"]]
        for name, value in program.get("constants", {}).items():
            module, _, constant = name.rpartition(".")
            owner = importlib.import_module(module)
            if not hasattr(owner, constant):
                sys.exit(f"there is no constant {name}")
            setattr(owner, constant, value)
        importlib.import_module(f"{program['module']}.__main__").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - what the interpreter would do, said in its words
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _start(programs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Fork one process a program, joined by pipes, and return their ids."""
    children = []
    stdin: int | None = None
    for program in programs:
        following, stdout = os.pipe() if program["stdout"] is None else (None, None)
        child = os.fork()
        if not child:
            if following is not None:
                os.close(following)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _become(program, stdin, stdout)
        children.append(child)
        # Only the two neighbours hold a pipe now, so that each notices the other's end.
        for descriptor in (stdin, stdout):
            if descriptor is not None:
                os.close(descriptor)
        stdin = following
    return children


def _wait(pid: int, seconds: float) -> int | None:
    give_up = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= give_up:
            return None
        time.sleep(0.005)


def main() -> None:
    """Serve orders until the other side closes the line."""
    sys.path[0] = os.path.dirname(sys.path[0])  # noqa: PTH120 - the tests, not this folder: its names may hide others
    for module in PROGRAMS:
        importlib.import_module(f"{module}.__main__")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as line, line.makefile("rb") as orders:
        for text in orders:
            order = json.loads(text)
            answer: Any = _start(order["start"]) if "start" in order else _wait(order["wait"], order["seconds"])
            line.sendall(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
