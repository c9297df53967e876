"""Plays hotglue's runner for one job: sync, ETL, export, each in the folder that the platform gives a job.

    python run_job.py TENANT            # a new job: read the inventory, write what changed
    python run_job.py TENANT --retrigger  # the last job's export once more: only what failed is tried again

A tenant's folder holds ``tap-config.json``, ``config.json`` (the target's), and what the jobs leave: ``snapshots`` and
``jobs``. A job's folder is laid out as on the platform::

    config.json  sync-output/data.singer  snapshots/  etl-output/data.singer  target-state.json  job_metrics.json

The exit code is the export's: 0 also where single records were refused, as the platform counts it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ETL = Path(__file__).with_name("etl.py")
TAP_STATE = "tap-state.json"  # among the snapshots: what is kept of a tenant between jobs
PREVIOUS = "previous-target-state.json"
STATE_LINES = ('{"type":"STATE"', '{"type": "STATE"')


def main() -> int:
    """Run one job and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("tenant", type=Path, help="folder with tap-config.json and config.json")
    parser.add_argument("--flow", default="inventory", help="names the ID snapshots (default: inventory)")
    parser.add_argument("--retrigger", action="store_true", help="export the last job's data once more")
    parser.add_argument("--tap", default="tap-inventory", help="the tap's command")
    parser.add_argument("--target", default="target-optiply", help="the target's command")
    options = parser.parse_args()
    tenant: Path = options.tenant.resolve()
    job = _job_folder(tenant, new=not options.retrigger)
    environment = _environment(tenant, job, options.flow)
    if not options.retrigger:
        _say(f"{job.name}: sync")
        if code := _sync(shlex.split(options.tap), tenant, job, environment):
            _say(f"{job.name}: SYNC_FAILED")
            return code
        _say(f"{job.name}: ETL")
        subprocess.run([sys.executable, str(ETL)], cwd=job, env=environment, check=True)
    _say(f"{job.name}: export")
    code = _export(shlex.split(options.target), tenant, job, environment)
    state = last_line(job / "target-state.json")
    _tell(job, state)
    _keep(tenant, job, state, options.flow, code)
    _say(f"{job.name}: {'JOB_COMPLETED' if code == 0 else 'EXPORT_FAILED'}")
    return code


# the folder of a job


def _job_folder(tenant: Path, *, new: bool) -> Path:
    """Return the next job's folder, made, or the last one's."""
    jobs = sorted((tenant / "jobs").glob("job-*"))
    if not new:
        if not jobs:
            sys.exit("there is no job to trigger again")
        return jobs[-1]
    job = tenant / "jobs" / f"job-{len(jobs) + 1:04}"
    for folder in ("sync-output", "etl-output"):
        (job / folder).mkdir(parents=True)
    shutil.copyfile(tenant / "config.json", job / "config.json")
    kept = tenant / "snapshots"
    kept.mkdir(exist_ok=True)
    shutil.copytree(kept, job / "snapshots")
    return job


def _environment(tenant: Path, job: Path, flow: str) -> dict[str, str]:
    """Return the environment of a job's steps; its first four variables are what the target tells a job by."""
    told = {"JOB_ID": job.name, "JOB_ROOT": str(job), "FLOW": flow, "ENV_ID": "example", "TENANT": tenant.name}
    return {**os.environ, **told, "SNAPSHOT_DIR": str(job / "snapshots")}


# the three steps


def _sync(tap: Sequence[str], tenant: Path, job: Path, environment: dict[str, str]) -> int:
    """Read the inventory into ``sync-output``, from where the last completed job left off."""
    command = [*tap, "--config", str(tenant / "tap-config.json")]
    state = job / "snapshots" / TAP_STATE
    if state.exists():
        command += ["--state", str(state)]
    output = job / "sync-output" / "data.singer"
    with output.open("wb") as stdout:
        code = _run(command, job, environment, stdout=stdout)
    with output.open(encoding="utf-8") as lines:
        states = [line for line in lines if line.startswith(STATE_LINES)]
    if states:
        (job / "sync-output" / TAP_STATE).write_text(json.dumps(json.loads(states[-1])["value"]), encoding="utf-8")
    return code


def _export(target: Sequence[str], tenant: Path, job: Path, environment: dict[str, str]) -> int:
    """Write to Optiply; ``target-state.json`` is what the target prints, so its predecessor lies beside it."""
    for folder in sorted((tenant / "jobs").glob("job-*"), reverse=True):
        if last_line(folder / "target-state.json").get("bookmarks"):
            shutil.copyfile(folder / "target-state.json", job / PREVIOUS)
            break
    previous = PREVIOUS if (job / PREVIOUS).exists() else "()"
    command = [*target, "--config", "config.json", "--state", previous]
    data = job / "etl-output" / "data.singer"
    with data.open("rb") as stdin, (job / "target-state.json").open("wb") as stdout:
        return _run(command, job, environment, stdin=stdin, stdout=stdout)


def _run(command: Sequence[str], job: Path, environment: dict[str, str], **streams: Any) -> int:
    """Run a step to its end; signals that the platform ends a job with are passed on to it."""
    process = subprocess.Popen(command, cwd=job, env=environment, **streams)
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    before = {each: signal.signal(each, lambda number, _: process.send_signal(number)) for each in signals}
    try:
        return process.wait()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


# what the platform makes of a job's end


def last_line(path: Path) -> dict[str, Any]:
    """Return the target state in a file: its last line; nothing where there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    document = json.loads(lines[-1]) if lines else {}
    return document if isinstance(document, dict) else {}


def _tell(job: Path, state: dict[str, Any]) -> None:
    """Print what the platform shows of an export: counts per entity, and each record that failed."""
    for name, counts in state.get("summary", {}).items():
        _say(f"{job.name}: {name}: " + ", ".join(f"{number} {what}" for what, number in counts.items()))
    for name, entries in state.get("bookmarks", {}).items():
        for entry in entries:
            if not entry["success"]:
                kind = entry.get("hg_error_class", "no class")
                _say(f"{job.name}: failed: {name} {entry.get('externalId')}: {entry.get('error')} ({kind})")
    if error := state.get("run", {}).get("error"):
        _say(f"{job.name}: ended: {error} ({state['run'].get('hg_error_class', 'no class')})")


def _keep(tenant: Path, job: Path, state: dict[str, Any], flow: str, code: int) -> None:
    """Keep the ids for later jobs; keep the tap's state only where everything that it passed was settled."""
    kept = tenant / "snapshots"
    for name, entries in state.get("bookmarks", {}).items():
        with (kept / f"{name}_{flow}.snapshot.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("InputId", "RemoteId", "CustomData"))
            for entry in entries:
                if entry["success"] and "id" in entry and "externalId" in entry:
                    rows.writerow((entry["externalId"], entry["id"], json.dumps(entry.get("customData", {}))))
    passed = job / "sync-output" / TAP_STATE
    if code == 0 and state.get("run", {}).get("outcome") in ("ok", "rejected") and passed.exists():
        shutil.copyfile(passed, kept / TAP_STATE)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
