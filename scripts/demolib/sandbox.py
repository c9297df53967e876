"""The sandbox as the demo uses it: started on a free port, spoken to through its control interface."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demolib.processes import child

START_TIMEOUT = 60.0
# The machine's proxy settings are for the network, not for this machine itself.
_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: both APIs under one address, and what to log in with.

    Attributes:
        ready: What the sandbox said of itself when it began to listen.
    """

    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """Its address."""
        return str(self.ready["url"])

    def control(self, path: str) -> Any:
        """Return what the control interface answers to a GET below ``/control``."""
        with _OPEN(f"{self.ready['control_url']}/{path}", timeout=30) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Empty its Optiply; its inventory stays as it is."""
        request = urllib.request.Request(f"{self.ready['control_url']}/reset", method="POST")  # noqa: S310 - our own
        with _OPEN(request, timeout=30):
            return

    def environment(self) -> dict[str, str]:
        """Return the variables that the ``dev`` environment of meltano.yml reads, as ``SANDBOX_<API>_<NAME>``."""
        return {
            f"SANDBOX_{api.upper()}_{name.upper()}": str(value)
            for api in ("inflow", "optiply")
            for name, value in self.ready[api].items()
        }


@contextmanager
def running_sandbox(root: Path, scratch: Path, env: Mapping[str, str]) -> Iterator[Sandbox]:
    """Run a sandbox while the block lasts.

    Args:
        root: The checkout that holds the sandbox's code.
        scratch: Where its log is kept.
        env: Its whole environment.

    Raises:
        RuntimeError: It ended, or did not listen in time.
    """
    ready_file, log = scratch / "sandbox.json", scratch / "sandbox.log"
    command = [sys.executable, "-m", "sandbox", "--ready-file", str(ready_file)]
    with child(command, log=log, env=env, cwd=root) as process:
        yield Sandbox(_wait_until_ready(process, ready_file, log))


def _wait_until_ready(process: subprocess.Popen[bytes], ready_file: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if ready := _parsed(ready_file):
            return ready
        time.sleep(0.05)
    raise RuntimeError(
        f"the sandbox does not listen; it said: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
    )


def _parsed(ready_file: Path) -> dict[str, Any] | None:
    """Return what the file says once it is there and whole."""
    try:
        ready: dict[str, Any] = json.loads(ready_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return ready
