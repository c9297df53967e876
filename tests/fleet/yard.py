"""A fleet under test: a sandbox per tenant, their ``tenants.yml``, and a Dagster instance of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, final

import dagster as dg
import yaml
from pair.compare import differences, standing
from pair.expected import Expectation, Inventory, Options, expect
from support.processes import ROOT, Sandbox, environment, stop

from fleet.location import JOB

SMALL = (
    *("--products", "30", "--customers", "8", "--vendors", "6"),
    *("--sales-orders", "40", "--purchase-orders", "16"),
)
MODULE = "fleet.definitions"
PARTITION = "dagster/partition"
_SECRETS = ("client_id", "client_secret", "username", "password")

T = TypeVar("T")


def until(told: Callable[[], T], *, seconds: float, what: str) -> T:
    """Return the first true thing that is told; raise where none is in time."""
    deadline = time.monotonic() + seconds
    while not (found := told()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {seconds} s: {what}")
        time.sleep(0.1)
    return found


@dataclass
class Site:
    """A tenant under test: its inventory and its Optiply, both in a sandbox of its own.

    Attributes:
        name: The tenant's.
        sandbox: The running sandbox.
        folder: Where the fleet keeps what it keeps of the tenant.
    """

    name: str
    sandbox: Sandbox
    folder: Path

    def entry(self, **further: Any) -> dict[str, Any]:
        """Return what stands of the tenant in ``tenants.yml``: everything but its secrets."""
        tap = {key: value for key, value in self.sandbox.tap_config().items() if key != "api_key"}
        target = {key: value for key, value in self.sandbox.ready["optiply"].items() if key not in _SECRETS}
        target["max_rejected_records"] = self.expected().refusals
        return {
            "tap": {**tap, **further.pop("tap", {})},
            "target": {**target, **further.pop("target", {})},
            **further,
        }

    def expected(self) -> Expectation:
        """Return what must stand in the tenant's Optiply."""
        return expect(Inventory.of(self.sandbox.control.inventory()), Options())

    def differences(self) -> list[str]:
        """Return what is not as it must be."""
        optiply = self.sandbox.ready["optiply"]
        account = {"account_id": int(optiply["account_id"]), "coupling_id": int(optiply["coupling_id"])}
        return differences(self.expected(), standing(self.sandbox.control, **account))

    def state(self) -> dict[str, Any]:
        """Return the target's state."""
        document: dict[str, Any] = json.loads((self.folder / "target-state.json").read_text(encoding="utf-8"))
        return document


@final
@dataclass
class Yard:
    """Sites and the files of a fleet; a context manager that ends the sandboxes.

    Attributes:
        directory: Where everything lies.
        names: The tenants.
        retries: How what may pass is tried again.
    """

    directory: Path
    names: Sequence[str]
    retries: Mapping[str, float] = field(default_factory=lambda: {"attempts": 2, "first_wait": 0.2})
    sites: dict[str, Site] = field(default_factory=dict)
    _resources: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Yard:
        for name in ("vault", "state", "home", "tmp", "boxes"):
            (self.directory / name).mkdir()
        settings = yaml.safe_load((ROOT / "fleet" / "dagster.yaml").read_text(encoding="utf-8"))
        settings["concurrency"]["runs"]["max_concurrent_runs"] = 5
        (self.directory / "home" / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        with self._resources as resources, ThreadPoolExecutor(4) as starters:
            sandboxes = starters.map(self._start, enumerate(self.names))
            for name, sandbox in zip(self.names, sandboxes, strict=True):
                resources.push(sandbox)
                self.sites[name] = Site(name, sandbox, self.directory / "state" / name)
                self.entrust(name)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _start(self, numbered: tuple[int, str]) -> Sandbox:
        seed, name = numbered
        box = self.directory / "boxes" / name
        box.mkdir()
        return Sandbox(box, (*SMALL, "--seed", str(seed + 1)), patience=120.0).__enter__()

    def entrust(self, name: str, **other: str) -> None:
        """Put a tenant's secrets where its references look for them."""
        ready = self.sites[name].sandbox.ready["optiply"]
        vault = self.directory / "vault" / name
        vault.mkdir(exist_ok=True)
        secrets = {**{key: ready[key] for key in _SECRETS}, **other}
        (vault / "config.json").write_text(json.dumps(secrets), encoding="utf-8")

    def document(self, entries: Mapping[str, Any] | None = None, *, state: str | None = None) -> str:
        """Return the fleet's ``tenants.yml``; ``entries`` and ``state`` where they are not the yard's own."""
        place = f"{self.directory}/vault/{{tenant}}/config.json"
        return yaml.safe_dump(
            {
                "state": state or str(self.directory / "state"),
                "retries": dict(self.retries),
                "defaults": {
                    "tap": {"api_key": {"env": "{TENANT}_KEY"}},
                    "target": {name: {"url": place, "key": name} for name in _SECRETS},
                },
                "tenants": {name: (entries or {}).get(name, site.entry()) for name, site in self.sites.items()},
            }
        )

    def keys(self) -> dict[str, str]:
        """Return the environment that holds the tenants' API keys."""
        return {
            f"{name.upper().replace('-', '_')}_KEY": site.sandbox.ready["inflow"]["api_key"]
            for name, site in self.sites.items()
        }

    def environment(self) -> dict[str, str]:
        """Return the environment of Dagster's processes."""
        return environment(
            {
                **self.keys(),
                "FLEET_TENANTS": str(self.directory / "tenants.yml"),
                "DAGSTER_HOME": str(self.directory / "home"),
                "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
                "TMPDIR": str(self.directory / "tmp"),
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            }
        )

    def processes(self, mark: str = "tmp/fleet-") -> dict[int, str]:
        """Return the command lines of this yard's processes by id: the programs', or those that name something else."""
        found = {}
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            if str(self.directory / mark) in line:
                found[int(each.parent.name)] = line
        return found


@final
class Daemon:
    """Dagster's daemon on a yard: takes runs off the queue and starts each in a process of its own."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    def __enter__(self) -> Daemon:
        self._log = (self._yard.directory / "daemon.err").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", MODULE],
            env=self._yard.environment(),
            cwd=self._yard.directory,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.instance = dg.DagsterInstance.from_config(str(self._yard.directory / "home"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._end_runs()
        finally:
            self.instance.dispose()
            stop(self._process, patience=30.0)
            self._log.close()
            for pid in self._yard.processes("home"):  # the daemon's code server ends after it, or not at all
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _end_runs(self) -> None:
        """End what a failed test has left: runs outlive the daemon that started them."""
        for run in self.runs():
            if run.status is dg.DagsterRunStatus.QUEUED:
                self.instance.report_run_canceled(run)
            elif not run.is_finished:
                self.instance.run_launcher.terminate(run.run_id)
        until(lambda: not self._yard.processes(), seconds=60, what="all runs ended")

    def submit(self, names: Iterable[str]) -> None:
        """Ask for a run of each of these tenants, as a person does for a choice of partitions."""
        arguments = ["job", "backfill", "-m", MODULE, "-j", JOB, "--partitions", ",".join(names), "--noprompt"]
        done = subprocess.run(
            [sys.executable, "-m", "dagster", *arguments],
            env=self._yard.environment(),
            cwd=self._yard.directory,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def runs(self, name: str | None = None) -> list[dg.DagsterRun]:
        """Return the runs of a tenant, or all, oldest first."""
        found = self.instance.get_runs(dg.RunsFilter(tags={PARTITION: name} if name else {}))
        return list(reversed(found))

    def ended(self, count: int, *, seconds: float) -> list[dg.DagsterRun]:
        """Return all runs once so many have ended."""

        def told() -> list[dg.DagsterRun]:
            runs = self.runs()
            return runs if sum(run.is_finished for run in runs) >= count else []

        return until(told, seconds=seconds, what=f"{count} runs ended\n{self.said()[-3000:]}")

    def said(self) -> str:
        """Return what the daemon said."""
        return (self._yard.directory / "daemon.err").read_text(encoding="utf-8", errors="replace")
