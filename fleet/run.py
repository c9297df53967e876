"""One run of one tenant: lock, settings, the pair, and what became of it. Knows nothing of Dagster."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.keeping import REPORT, Keeping, Told
from fleet.pair import Line, Pair, command
from fleet.references import RefusedSetting, resolve
from fleet.tenants import Tenant
from fleet.verdict import Ended, Verdict, judge
from singer_http.redact import Redactor
from tap_inventory.settings import SECRET_SETTINGS
from target_optiply.errors import ConfigProblem, StateInUse
from target_optiply.settings import SECRETS

_KEPT_EVERY = 60.0  # seconds between two writings of the tap's STATE while a run goes on

Say = Callable[[str, str], None]
"""Takes a program's name and a line that it said."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a run.

    Attributes:
        verdict: The outcome, and whether another try could do better.
        told: What the target's state says of this run; empty where it was not written.
        seconds: How long both programs ran.
        cpu_seconds: The processor time that they took.
    """

    verdict: Verdict
    told: Told
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def run(tenant: Tenant, say: Say) -> Result:
    """Carry a tenant's inventory over to its Optiply, from where the last run left off.

    Args:
        tenant: Whose.
        say: Gets what both programs say, without secrets, in this thread.
    """
    try:
        keeping = Keeping(tenant.folder)
        with keeping.held():
            return _run(tenant, keeping, say)
    except StateInUse as problem:
        return Result(Verdict("busy", f"another run of {tenant.name} goes on: {problem}", may_pass=True), Told())
    except ConfigProblem as problem:
        return Result(Verdict("config", str(problem)), Told())
    except RefusedSetting as problem:
        return Result(Verdict("config", f"{tenant.name}: {problem}"), Told())
    except (FileNotFoundError, PermissionError) as problem:  # a program, or a folder that is not ours
        return Result(Verdict("config", str(problem)), Told())
    except OSError as problem:  # the place of a secret or a state does not answer, or the disk is full
        reason = f"{type(problem).__name__}: {problem.strerror or 'no reason given'}"
        return Result(Verdict("outage", reason, may_pass=True), Told())


def _run(tenant: Tenant, keeping: Keeping, say: Say) -> Result:
    tap, target = resolve(tenant.tap), resolve(tenant.target)
    target = {"report_path": f"{tenant.folder}/{REPORT}", **target}
    target |= {"state_path": keeping.target_state.location, "state_output": "singer"}
    redactor = Redactor()
    for settings, names in ((tap, SECRET_SETTINGS), (target, SECRETS)):
        for name in names:
            redactor.add(str(settings.get(name) or ""))
    before = keeping.told().run.get("saved_at")
    with tempfile.TemporaryDirectory(prefix="fleet-") as temporary:
        folder = Path(temporary)
        tap_command = [command("tap-inventory"), "--config", str(_write(folder / "tap.json", tap))]
        if (bookmarks := keeping.bookmarks()) is not None:
            tap_command += ["--state", str(_write(folder / "tap-state.json", bookmarks))]
        target_command = [command("target-optiply"), "--config", str(_write(folder / "target.json", target))]
        began, used = time.monotonic(), _children()
        watched = _Watched(keeping, redactor, say)
        with Pair(tap_command, target_command) as pair:
            watched.follow(pair)
        seconds, cpu = time.monotonic() - began, _children() - used
    verdict = judge(*(Ended(pair.codes[program], watched.last[program]) for program in ("tap", "target")))
    told = keeping.told()
    # A target that could not begin has left the state of the run before.
    return Result(verdict, told if told.run.get("saved_at") != before else Told(), seconds, cpu)


class _Watched:
    """Hands on what both programs say, and keeps the STATE that they release."""

    def __init__(self, keeping: Keeping, redactor: Redactor, say: Say) -> None:
        self._keeping = keeping
        self._redactor = redactor
        self._say = say
        self._state: str | None = None
        self._kept_at = time.monotonic()
        self.last = {"tap": "", "target": ""}

    def follow(self, pair: Pair) -> None:
        """See both programs to their end; where this is interrupted, end them, and hear them out."""
        try:
            for line in pair.lines():
                self._take(line)
        except BaseException:
            pair.stop()
            for line in pair.lines():
                self._take(line)
            raise
        finally:
            self._keep()

    def _take(self, line: Line) -> None:
        if line.source == "state":
            self._state = line.text
            if time.monotonic() - self._kept_at > _KEPT_EVERY:
                self._keep()
            return
        text = self._redactor.redact(line.text)
        self.last[line.source] = text
        self._say(line.source, text)

    def _keep(self) -> None:
        if self._state is not None:
            self._keeping.keep(self._state)
            self._state, self._kept_at = None, time.monotonic()


def _write(path: Path, content: Mapping[str, Any] | bytes) -> Path:
    """Write a file that only its owner may read, never for a moment otherwise."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def _children() -> float:
    """Return the processor seconds of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
