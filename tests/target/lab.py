"""One place to try the target in: a sandbox, a folder with the target's state, and runs on hand-written input."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from support.control import Control
from support.launcher import Launcher
from support.processes import Sandbox, environment, write_json

# Pauses between tries are what a user's run needs and what a test need not wait for.
QUICK = {"target_optiply.writes.FIRST_PAUSE": 0.02, "target_optiply.writes.LONGEST_PAUSE": 0.1}
PATIENCE = 30.0  # seconds that one run of a test may take


@dataclass
class Run:
    """A run of the target: under way, then ended.

    Attributes:
        pid: Its process.
        directory: Where its output goes.
        code: Its exit code, once it has ended; negative for the signal that ended it.
    """

    pid: int
    directory: Path
    launcher: Launcher
    code: int | None = None

    @property
    def stdout(self) -> str:
        """What it printed."""
        path = self.directory / "stdout"
        return path.read_text() if path.exists() else ""

    @property
    def stderr(self) -> str:
        """What it logged."""
        return (self.directory / "stderr").read_text(errors="replace")

    @property
    def states(self) -> list[str]:
        """The STATE lines it released."""
        return self.stdout.splitlines()

    @property
    def last_word(self) -> str:
        """The last line on stderr."""
        return self.stderr.rstrip().rpartition("\n")[2]

    def wait(self, seconds: float = PATIENCE) -> Run:
        """Wait for its end; a run that does not end is killed and fails the test."""
        if self.code is None:
            self.code = self.launcher.wait(self.pid, seconds)
        if self.code is None:
            self.kill()
            raise AssertionError(f"the run did not end in {seconds} s:\n{self.stderr[-3000:]}")
        return self

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self.send(signal.SIGKILL)
        self.code = self.launcher.wait(self.pid, 10.0)

    def send(self, signum: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.code is None:
            os.kill(self.pid, signum)

    def ended(self, code: int = 0) -> Run:
        """Insist on an exit code."""
        assert self.code == code, f"exit code {self.code}, not {code}:\n{self.stderr[-4000:]}"
        return self

    def said(self, text: str) -> list[str]:
        """Return the lines of stderr that hold a text."""
        return [line for line in self.stderr.splitlines() if text in line]


@dataclass
class Lab:
    """A sandbox, emptied, and a folder in which the target runs against it."""

    sandbox: Sandbox
    launcher: Launcher
    directory: Path
    settings: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    _runs: list[Run] = field(default_factory=list)

    @property
    def control(self) -> Control:
        """The sandbox's control interface."""
        return self.sandbox.control

    @property
    def account(self) -> int:
        """The account that the target writes to."""
        return int(self.sandbox.ready["optiply"]["account_id"])

    @property
    def coupling(self) -> int:
        """The coupling that the target writes under."""
        return int(self.sandbox.ready["optiply"]["coupling_id"])

    @property
    def state_path(self) -> Path:
        """Where the target keeps its state."""
        return self.directory / "target-state.json"

    @property
    def work_path(self) -> Path:
        """Where its working copy lies while it runs."""
        return self.directory / "target-state.json.work"

    def start(
        self,
        messages: Iterable[Mapping[str, Any] | str] | bytes | Path,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Run:
        """Start the target.

        Args:
            messages: Singer messages, raw text lines among them; or the whole input; or where to read it from.
            arguments: Further command-line arguments.
            env: Further environment variables.
            constants: Module constants of the program to start with other values, by dotted name.
            settings: Further settings.
        """
        place = self.directory / f"run-{len(self._runs)}"
        place.mkdir()
        source = messages if isinstance(messages, Path) else place / "stdin"
        if isinstance(messages, bytes):
            source.write_bytes(messages)
        elif not isinstance(messages, Path):
            texts = [each if isinstance(each, str) else json.dumps(each) for each in messages]
            source.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        given = {"state_path": self.state_path, "request_timeout": 5, **self.settings, **settings}
        config = self.sandbox.target_config(**given)
        config = {name: value for name, value in config.items() if value is not ...}
        program = {
            "module": "target_optiply",
            "arguments": ["--config", str(write_json(place / "config.json", config)), *arguments],
            "directory": str(self.directory),
            "environment": environment(env),
            "constants": {**QUICK, **self.constants, **(constants or {})},
            "stdin": str(source),
            "stdout": str(place / "stdout"),
            "stderr": str(place / "stderr"),
        }
        (pid,) = self.launcher.start(program)
        run = Run(pid, place, self.launcher)
        self._runs.append(run)
        return run

    def feed(self, messages: Iterable[Mapping[str, Any]], **options: Any) -> tuple[Run, IO[str]]:
        """Start a run whose input stays open after these messages; returns it and what feeds it."""
        fifo = self.directory / f"input-{len(self._runs)}"
        os.mkfifo(fifo)
        run = self.start(fifo, **options)
        source = fifo.open("w", encoding="utf-8")
        source.writelines(f"{json.dumps(each)}\n" for each in messages)
        source.flush()
        return run, source

    def run(self, *messages_and_arguments: Any, **options: Any) -> Run:
        """Run the target to its end; its requests are those that :meth:`requests` returns then."""
        self.control.clear_log()
        return self.start(*messages_and_arguments, **options).wait()

    def succeed(self, *messages_and_arguments: Any, **options: Any) -> Run:
        """Run the target and insist on success."""
        return self.run(*messages_and_arguments, **options).ended()

    def end(self) -> None:
        """End what still runs."""
        for run in self._runs:
            if run.code is None:
                run.kill()

    # what Optiply holds and was asked

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return the rows of an entity that stand in our account."""
        return self.control.optiply(entity, account_id=self.account)

    def row(self, entity: str, remote_id: str) -> dict[str, Any]:
        """Return the one row with a remote id; fails where there are several."""
        found = [row for row in self.rows(entity) if row["remoteId"] == remote_id]
        assert len(found) == 1, f"{len(found)} rows of {entity} {remote_id}: {self.rows(entity)}"
        return found[0]

    def value(self, entity: str, remote_id: str, attribute: str) -> Any:
        """Return one attribute of a row."""
        return self.row(entity, remote_id)["attributes"][attribute]

    def remote_ids(self, entity: str) -> list[str]:
        """Return the remote ids of an entity's rows, sorted."""
        return sorted(str(row["remoteId"]) for row in self.rows(entity))

    def insert(self, entity: str, /, *, account_id: int = 0, coupling_id: int | None = -1, **attributes: Any) -> str:
        """Insert a row past the API, under our account and coupling unless told otherwise; return its id."""
        coupling = self.coupling if coupling_id == -1 else coupling_id
        row = self.control.insert(entity, attributes, account_id=account_id or self.account, coupling_id=coupling)
        return str(row["id"])

    def drop(self, entity: str, remote_id: str) -> None:
        """Delete a row past the API, as somebody in Optiply would."""
        self.control.request("DELETE", f"optiply/{entity}/{self.row(entity, remote_id)['id']}")

    def requests(self, pattern: str = "") -> list[str]:
        """Return the kinds of the requests of the latest run, in the order of their arrival."""
        return [entry["kind"] for entry in self.control.log() if pattern in entry["kind"]]

    def counts(self) -> Counter[str]:
        """Return how many requests of each kind the latest run sent."""
        return Counter(self.requests())

    def writes(self) -> Counter[str]:
        """Return how many requests that change something the latest run sent, by kind."""
        return Counter(self.control.writes())

    def fault(
        self,
        kind: str,
        method: str = "",
        path: str = "",
        *,
        api: str = "optiply",
        times: int | None = 1,
        skip: int = 0,
        holding: str | None = None,
        **options: Any,
    ) -> None:
        """Let requests go wrong.

        Args:
            kind: What happens; ``options`` describe it.
            method: Which requests.
            path: Where to, a regular expression.
            api: Which API.
            times: So many; None for all.
            skip: So many pass first.
            holding: What the body must hold, a regular expression.
            options: The fault's own options.
        """
        match = {"api": api, "method": method, "path": path, "skip": skip, "body": holding}
        self.control.add_fault(match, {"kind": kind, **options}, times)

    def await_fault(self, seconds: float = 10.0) -> None:
        """Wait until a fault has struck."""
        self.await_that(lambda: any(rule["hits"] for rule in self.control.request("GET", "faults")), seconds)

    def an_hour_passes(self) -> None:
        """Put Optiply's clock an hour on."""
        offset = self.control.request("GET", "clock")["offset"]
        self.control.request("PUT", "clock", {"offset": offset + 3600})

    @staticmethod
    def await_that(holds: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something holds."""
        give_up = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < give_up, "it did not come about in time"
            time.sleep(0.01)

    # the state

    def state(self) -> dict[str, Any]:
        """Return the state file, parsed."""
        document: dict[str, Any] = json.loads(self.state_path.read_text(encoding="utf-8"))
        return document

    def entry(self, title: str, remote_id: str) -> dict[str, Any]:
        """Return a record's entry in the state."""
        entries = self.state()["bookmarks"].get(title, [])
        return next(each for each in entries if each.get("externalId") == remote_id)

    def summary(self, title: str) -> dict[str, int]:
        """Return an entity's counts of the latest run."""
        counts: dict[str, int] = self.state()["summary"].get(title, {})
        return counts
