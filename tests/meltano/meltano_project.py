"""A Meltano project of its own for the tests: a copy of meltano.yml, with the programs of this checkout as plugins.

``make unit`` prepares Meltano's environment; the plugins need none of their own here, since a plugin without a
``pip_url`` is whatever its executable is. That they install is what ``make demo`` and ``make test-meltano`` show.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from support.processes import ROOT, Sandbox, environment, stop

MELTANO = ROOT / ".venv-meltano" / "bin" / "meltano"
STATE_ID = "dev:tap-inventory-to-target-optiply"
SMALL = ("--products", "8", "--customers", "2", "--vendors", "3", "--sales-orders", "10", "--purchase-orders", "5")
PATIENCE = 240.0  # seconds that one command may take; installing takes a minute
_PROGRAMS = {"tap-inventory": "tap_inventory", "target-optiply": "target_optiply"}
_INSTALLED_FROM = (
    *("meltano.yml", "pyproject.toml", "README.md", "LICENSE", "requirements"),
    *("singer_http", "tap_inventory", "target_optiply"),
)
_PLUGIN = re.compile(r"^( +)pip_url: .*\n +executable: ([a-z-]+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code and what it said."""

    code: int
    stdout: str
    stderr: str

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """The entries of Meltano's log of JSON lines."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    def of(self, plugin: str) -> list[dict[str, Any]]:
        """The entries that a plugin caused."""
        return [each for each in self.entries if each.get("name") == plugin]

    def records(self, stream: str) -> int:
        """Return how many records of a stream the target counted, by the metrics that Meltano logs as such."""
        points = [each["metric_info"] for each in self.of("target-optiply") if "metric_info" in each]
        return sum(
            each["value"] for each in points if each["metric"] == "record_count" and each["tags"]["stream"] == stream
        )

    def ended(self, code: int = 0) -> Done:
        """Insist on an exit code."""
        said = [str(each.get("event")) for each in self.entries] or [self.stderr]
        assert self.code == code, f"exit code {self.code}, not {code}:\n" + "\n".join(said[-60:])[-6000:]
        return self


@dataclass
class Project:
    """A Meltano project that runs against a sandbox.

    Attributes:
        folder: Where it lies; nothing is written anywhere else.
        sandbox: What it runs against.
        env: Further environment variables.
    """

    folder: Path
    sandbox: Sandbox
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def in_folder(cls, folder: Path, sandbox: Sandbox) -> Project:
        """Lay a project out."""
        assert MELTANO.exists(), "Meltano's environment is made by `make unit` (or `make .venv-meltano/.installed`)"
        text, plugins = _PLUGIN.subn(r"\1executable: ./\2\n", (ROOT / "meltano.yml").read_text(encoding="utf-8"))
        assert plugins == len(_PROGRAMS)
        (folder / "meltano.yml").write_text(text, encoding="utf-8")
        for name, module in _PROGRAMS.items():
            script = folder / name
            script.write_text(
                f'#!/bin/sh\necho $$ > "{folder}/{module}.pid"\n'
                f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m {module} "$@"\n',
                encoding="utf-8",
            )
            script.chmod(0o755)
        return cls(folder, sandbox)

    @classmethod
    def of_checkout(cls, folder: Path, sandbox: Sandbox) -> Project:
        """Lay a project out as the checkout is one: whose plugins are to be installed."""
        for name in _INSTALLED_FROM:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, folder / name)
        return cls(folder, sandbox)

    @property
    def state_path(self) -> Path:
        """Where the target keeps its state."""
        return self.folder / "target-state.dev.json"

    def target_state(self) -> dict[str, Any]:
        """Return the target's state, parsed."""
        document: dict[str, Any] = json.loads(self.state_path.read_text(encoding="utf-8"))
        return document

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a command: the sandbox's addresses as the ``dev`` environment reads them."""
        sandbox = {
            f"SANDBOX_{api.upper()}_{name.upper()}": str(value)
            for api in ("inflow", "optiply")
            for name, value in self.sandbox.ready[api].items()
        }
        quiet = {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "MELTANO_CLI_DISABLE_VERSION_CHECK": "true"}
        unpaced = {"TAP_INVENTORY_REQUESTS_PER_MINUTE": "0", "NO_COLOR": "1"}
        return environment({**sandbox, **quiet, **unpaced, **self.env, **(env or {})})

    @contextmanager
    def started(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], Done]]]:
        """Start a command; what is yielded besides waits for its end. Whatever happens, it is ended."""
        out, err = self.folder / "stdout.log", self.folder / "stderr.log"
        given = self.folder / "stdin"
        given.write_text(stdin, encoding="utf-8")
        with given.open("rb") as source, out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [MELTANO, "--log-format", "json", *arguments],
                stdin=source,
                stdout=stdout,
                stderr=stderr,
                cwd=self.folder,
                env=self.environment(env),
            )

            def finish() -> Done:
                code = process.wait(PATIENCE)
                return Done(code, *(path.read_text(encoding="utf-8", errors="replace") for path in (out, err)))

            try:
                yield process, finish
            finally:
                stop(process, patience=30)

    def meltano(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        """Run a command to its end, with a fresh log of the sandbox's requests."""
        self.sandbox.control.clear_log()
        with self.started(*arguments, env=env, stdin=stdin) as (_, finish):
            return finish()

    def run(self, *options: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the pair."""
        return self.meltano("run", *options, "tap-inventory", "target-optiply", env=env)

    @property
    def writes(self) -> list[str]:
        """The writes that the latest command caused."""
        return self.sandbox.control.writes()

    def await_fault(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a fault of the sandbox has struck a running command."""
        deadline = time.monotonic() + PATIENCE
        while not any(rule["hits"] for rule in self.sandbox.control.request("GET", "faults")):
            assert process.poll() is None, "it ended before the fault struck"
            assert time.monotonic() < deadline, "the fault did not strike"
            time.sleep(0.02)

    def kill(self, module: str) -> None:
        """Kill one of the two programs that a running command has started, as a power cut would."""
        os.kill(int((self.folder / f"{module}.pid").read_text()), signal.SIGKILL)
