"""Starts the target as a process of its own without importing it anew each time: a process that forks on request.

Importing the program takes a second, and the tests run it some hundred times. What is forked here is the program as
``python -m target_optiply`` starts it: own process, own signals, own standard streams, own exit code. Requests come
as JSON lines on the descriptor given as the first argument, and so do the answers.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from typing import Any, NoReturn


def _become_target(order: dict[str, Any]) -> NoReturn:
    """Turn this forked process into a run of the target."""
    code = 70
    try:
        for number, (path, flags) in enumerate(
            (
                (order["stdin"], os.O_RDONLY),
                (order["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                (order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            )
        ):
            descriptor = os.open(path, flags, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["directory"])
        sys.argv = ["target-optiply", *order["arguments"]]
        for name, value in order["constants"].items():
            module, _, constant = name.rpartition(".")
            owner = importlib.import_module(module)
            if not hasattr(owner, constant):
                sys.exit(f"there is no constant {name}")
            setattr(owner, constant, value)
        from target_optiply.__main__ import main  # noqa: PLC0415 - the parent imported it already

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - what the interpreter would do, said in its words
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(pid: int, seconds: float) -> int | None:
    """Return the exit code of a child (negative for a signal), None where it still runs after so many seconds."""
    give_up = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= give_up:
            return None
        time.sleep(0.005)


def main() -> None:
    """Serve requests until the other side closes the line."""
    import target_optiply.__main__  # noqa: F401, PLC0415 - what takes so long

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = os.fdopen(int(sys.argv[1]), "r+b", buffering=0)
    buffered = b""
    while chunk := line.read(1 << 16):
        buffered += chunk
        while b"\n" in buffered:
            text, _, buffered = buffered.partition(b"\n")
            order = json.loads(text)
            answer: dict[str, Any]
            if "wait" in order:
                answer = {"code": _wait(order["wait"], order["seconds"])}
            else:
                pid = os.fork()
                if not pid:
                    line.close()
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    _become_target(order)
                answer = {"pid": pid}
            line.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
