"""Starts the programs as processes without importing them anew each time: a process that forks on request.

Importing the two programs takes seconds, and the tests run them some hundred times. What is forked here is a program
as ``python -m`` starts it: own process, own signals, own standard streams, own exit code. Orders come as JSON lines on
the descriptor given as the first argument; each is a row of programs, joined by pipes, and is answered with their exit
codes once they have ended.
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

    def run(self, programs: Sequence[Mapping[str, Any]], seconds: float) -> list[int | None]:
        """Run programs joined by pipes and return their exit codes, negative for a signal.

        Args:
            programs: Each with ``module``, ``arguments``, ``directory``, ``environment`` and the paths ``stdin``,
                ``stdout`` and ``stderr``; a ``stdout`` of None goes to the next program.
            seconds: After so long what still runs is killed; its code is None.
        """
        self._line.sendall(json.dumps({"programs": list(programs), "seconds": seconds}).encode() + b"\n")
        codes: list[int | None] = json.loads(self._answers.readline())
        return codes


def _become(program: Mapping[str, Any], stdin: int, stdout: int) -> NoReturn:
    """Turn this forked process into a run of the program."""
    code = 70
    try:
        for number, descriptor in ((0, stdin), (1, stdout), (2, os.open(program["stderr"], _WRITE, 0o600))):
            os.dup2(descriptor, number)
        os.closerange(3, 256)
        os.environ.clear()
        os.environ.update(program["environment"])
        os.chdir(program["directory"])
        sys.argv = [program["module"], *program["arguments"]]
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
    stdin = os.open(programs[0]["stdin"], os.O_RDONLY)
    for program in programs:
        following, stdout = (None, os.open(program["stdout"], _WRITE, 0o600)) if program["stdout"] else os.pipe()
        child = os.fork()
        if not child:
            if following is not None:
                os.close(following)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _become(program, stdin, stdout)
        children.append(child)
        # Only the two neighbours hold a pipe now, so that each notices the other's end.
        os.close(stdin)
        os.close(stdout)
        stdin = -1 if following is None else following
    return children


def _wait(children: Sequence[int], seconds: float) -> list[int | None]:
    """Return the exit codes of the children, None for those that had to be killed."""
    give_up = time.monotonic() + seconds
    codes: dict[int, int | None] = {}
    while len(codes) < len(children):
        for child in children:
            if child in codes:
                continue
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                codes[child] = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= give_up:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                codes[child] = None
        time.sleep(0.005)
    return [codes[child] for child in children]


def main() -> None:
    """Serve orders until the other side closes the line."""
    for module in PROGRAMS:
        importlib.import_module(f"{module}.__main__")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as line, line.makefile("rb") as orders:
        for text in orders:
            order = json.loads(text)
            codes = _wait(_start(order["programs"]), order["seconds"])
            line.sendall(json.dumps(codes).encode() + b"\n")


if __name__ == "__main__":
    main()
