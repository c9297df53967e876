"""One ``meltano run`` of the pair against the sandbox, and what it did, as the programs and the sandbox tell it."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demolib.processes import child
from demolib.sandbox import Sandbox

RUN_TIMEOUT = 240.0
PROGRESS_INTERVAL = 2.0
# Entities in the order in which a reader understands them; any other that is written follows.
ENTITIES = (
    "suppliers",
    "products",
    "supplierProducts",
    "productCompositions",
    "sellOrders",
    "sellOrderLines",
    "buyOrders",
    "buyOrderLines",
    "receiptLines",
)
WRITES = {"POST": "created", "PATCH": "changed", "DELETE": "removed"}


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did.

    Attributes:
        seconds: How long it took.
        read: Records that the tap emitted and the target took, by stream.
        requests: Requests that each API of the sandbox answered, by its name in the sandbox.
        written: Writes that the sandbox's Optiply carried out, by entity and by what they did.
        summary: The counts in the target's state file by entity: ``existing``, ``skipped``, ``fail`` and others.
        standing: Rows that stand in the sandbox's Optiply afterwards, by entity.
    """

    seconds: float
    read: Mapping[str, int]
    requests: Mapping[str, int]
    written: Mapping[str, Mapping[str, int]]
    summary: Mapping[str, Mapping[str, int]]
    standing: Mapping[str, int]

    @property
    def writes(self) -> int:
        """How many writes the sandbox's Optiply carried out in all."""
        return sum(sum(each.values()) for each in self.written.values())


class RunFailedError(RuntimeError):
    """The pipeline did not end well; the message holds the end of its log."""


def run_pipeline(
    meltano: Path,
    sandbox: Sandbox,
    *,
    root: Path,
    log: Path,
    state: Path,
    env: Mapping[str, str],
    progress: Callable[[str], None],
) -> Run:
    """Run the pair once and return what it did.

    Args:
        meltano: The Meltano program.
        sandbox: What it runs against.
        root: The Meltano project.
        log: The file that takes Meltano's log.
        state: The target's state file.
        env: The whole environment of the run.
        progress: Is told now and then how far the run is.

    Raises:
        RunFailedError: Meltano exited with an error, or did not end in time.
    """
    seen = len(sandbox.control("log"))
    start = time.monotonic()
    # An empty .env file: one in the checkout would take precedence over the environment that names the sandbox.
    command = [str(meltano), "--env-file", "/dev/null", "--log-format", "json", "--environment", "dev"]
    with child([*command, "run", "tap-inventory", "target-optiply"], log=log, env=env, cwd=root) as process:
        code = _wait(process, start, sandbox, progress)
    seconds = time.monotonic() - start
    if code != 0:
        raise RunFailedError(f"meltano run ended with {code}; the end of {log}:\n{_tail(log)}")
    answered = sandbox.control("log")[seen:]
    written = written_by_entity(answered)
    rows = sandbox.control("stats")["rows"]
    told = json.loads(state.read_text(encoding="utf-8"))["summary"] if state.exists() else {}
    summary = {name[:1].lower() + name[1:]: counts for name, counts in told.items()}
    return Run(
        seconds=seconds,
        read=records_by_stream(log.read_text(encoding="utf-8", errors="replace")),
        requests=Counter(each["api"] for each in answered),
        written=written,
        summary=summary,
        standing={entity: rows[entity] for entity in dict.fromkeys((*ENTITIES, *written, *summary))},
    )


def written_by_entity(answered: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Count the writes in the sandbox's log of answered requests, by entity and by what they did."""
    written: dict[str, Counter[str]] = {}
    for each in answered:
        carried_out = each["status"] is not None and 200 <= each["status"] < 300
        if each["api"] == "optiply" and each["method"] in WRITES and carried_out:
            entity = each["kind"].split(" ")[1]
            written.setdefault(entity, Counter())[WRITES[each["method"]]] += 1
    return written


def records_by_stream(log: str) -> dict[str, int]:
    """Count the records that came through the pipe, from the target's metrics in Meltano's log of JSON lines."""
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        if '"record_count"' not in line:
            continue
        entry = json.loads(line)
        if entry.get("name") == "target-optiply":
            point = entry["metric_info"]
            counts[point["tags"]["stream"]] += point["value"]
    return dict(counts)


def _wait(process: subprocess.Popen[bytes], start: float, sandbox: Sandbox, progress: Callable[[str], None]) -> int:
    """Wait for a run to end, saying every few seconds how far it is, and return its exit code."""
    told = start
    while (code := process.poll()) is None:
        now = time.monotonic()
        if now - start > RUN_TIMEOUT:
            raise RunFailedError(f"meltano run did not end within {RUN_TIMEOUT:.0f} seconds")
        if now - told >= PROGRESS_INTERVAL:
            stats = sandbox.control("stats")
            progress(f"{now - start:3.0f} s: {stats['requests']} requests answered, {stats['writes']} of them writes")
            told = now
        time.sleep(0.05)
    return code


def _tail(log: Path, lines: int = 20) -> str:
    """Return the end of what was said in a run, less what only counts and what goes well in the tap and in Meltano."""
    entries = map(_entry, log.read_text(encoding="utf-8", errors="replace").splitlines())
    told = [
        f"{entry.get('name', 'meltano')}: {entry['event']}"
        for entry in entries
        if entry["event"].strip() not in ("", "METRIC")
        and (entry.get("level") != "info" or entry.get("name") == "target-optiply")
    ]
    return "\n".join(told[-lines:])


def _entry(line: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"event": line}
    return entry
