"""The same synchronisation through a plain shell pipe, and what stands in Optiply afterwards, apart from its ids."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from demolib.sandbox import Sandbox

PIPE_TIMEOUT = 240.0
# References, and the entity each points to: they are compared by what they point to, since ids differ between runs.
REFERENCES = {
    "productId": "products",
    "composedProductId": "products",
    "partProductId": "products",
    "supplierId": "suppliers",
    "sellOrderId": "sellOrders",
    "buyOrderId": "buyOrders",
    "buyOrderLineId": "buyOrderLines",
}
# What the server draws for each row, and when it was written.
DRAWN = {"uuid", "productUuid", "createdAt", "updatedAt", "remoteDataSyncedToDate"}

Content = Mapping[str, Counter[str]]


class PipeFailedError(RuntimeError):
    """One of the two programs did not end well; the message holds the end of what it said."""


def run_pipe(
    sandbox: Sandbox, tap_settings: Mapping[str, str], *, root: Path, scratch: Path, env: Mapping[str, str]
) -> None:
    """Run ``tap-inventory --config … | target-optiply --config …`` with the programs that Meltano installed.

    Raises:
        PipeFailedError: One of them exited with an error, or they did not end in time.
    """
    state = scratch / "pipe-state.json"
    config = {"tap": tap_settings, "target": {**sandbox.ready["optiply"], "state_path": str(state)}}
    for name, content in config.items():
        (scratch / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    plugins = root / ".meltano"
    tap = plugins / "extractors" / "tap-inventory" / "venv" / "bin" / "tap-inventory"
    target = plugins / "loaders" / "target-optiply" / "venv" / "bin" / "target-optiply"
    plain = {name: value for name, value in env.items() if not name.startswith(("MELTANO_", "TARGET_", "TAP_"))}
    with ExitStack() as stack:
        said = {name: stack.enter_context((scratch / f"{name}.log").open("wb")) for name in config}
        first = subprocess.Popen(
            [tap, "--config", scratch / "tap.json"], stdout=subprocess.PIPE, stderr=said["tap"], env=plain, cwd=scratch
        )
        stack.callback(_end, first)
        second = subprocess.Popen(
            [target, "--config", scratch / "target.json"],
            stdin=first.stdout,
            stdout=subprocess.DEVNULL,
            stderr=said["target"],
            env=plain,
            cwd=scratch,
        )
        stack.callback(_end, second)
        if first.stdout is not None:
            first.stdout.close()  # the target alone holds the reading end: when it dies, the tap is told
        try:
            codes = {"target": second.wait(PIPE_TIMEOUT), "tap": first.wait(PIPE_TIMEOUT)}
        except subprocess.TimeoutExpired:
            raise PipeFailedError("the pipe did not end in time") from None
    for name, code in codes.items():
        if code:
            end = (scratch / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise PipeFailedError(f"the {name} ended with {code}: {end}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def content_of(sandbox: Sandbox, entities: tuple[str, ...]) -> Content:
    """Return the rows that stand in the sandbox's Optiply, by entity, with references by what they point to."""
    rows = {
        entity: {row["id"]: row for row in sandbox.control(f"optiply/{entity}") if not row["deleted"]}
        for entity in entities
    }
    return {entity: Counter(_told(rows, row) for row in standing.values()) for entity, standing in rows.items()}


def _told(rows: Mapping[str, Mapping[str, Any]], row: Mapping[str, Any]) -> str:
    """Return a row as text in which no id occurs."""
    told = {name: value for name, value in row["attributes"].items() if name not in DRAWN}
    for name, entity in REFERENCES.items():
        if name in told:
            told[name] = _name_of(rows, entity, str(told[name]))
    return json.dumps([row["remoteId"], told], sort_keys=True)


def _name_of(rows: Mapping[str, Mapping[str, Any]], entity: str, identity: str) -> str:
    """Return what a referenced row is known by: its remote id; a line by its order and product."""
    row = rows[entity][identity]
    if row["remoteId"] is not None:
        return str(row["remoteId"])
    attributes = row["attributes"]
    references = [(name, entity) for name, entity in REFERENCES.items() if name in attributes]
    return " ".join(_name_of(rows, entity, str(attributes[name])) for name, entity in references)
