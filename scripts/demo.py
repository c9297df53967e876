"""``make demo``: a real ``meltano run tap-inventory target-optiply`` against the sandbox, twice.

The first run brings the sandbox's inFlow, or the inventory that ``API=`` names, to its Optiply; the second finds
nothing to do and must write nothing. A third run, a plain pipe into an emptied Optiply, must leave the same rows. What
is printed is counted by the sandbox, which saw the requests, and by the programs; the demo fails where the runs did not
do what they promise. Everything it starts ends with it; the logs of a failure lie in ``.demo``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from demolib.inventories import INVENTORIES, Inventory
from demolib.pipe import content_of, run_pipe
from demolib.pipeline import ENTITIES, Run, run_pipeline
from demolib.processes import end_on_signals
from demolib.sandbox import Sandbox, running_sandbox
from demolib.tables import read_table, written_table

ROOT = Path(__file__).resolve().parent.parent
MELTANO = Path(sys.executable).with_name("meltano")
# Settings of the programs, of Meltano or of a hotglue job that stand in the user's environment would mix real accounts
# into the demo.
FOREIGN = ("TAP_", "TARGET_", "MELTANO_", "SANDBOX_", "OPTIPLY_", "HG_", "JOB_", "FLOW", "ENV_ID", "TENANT", "SINGER_")


def main(arguments: list[str]) -> int:
    """Run the demo and return its exit code."""
    inventory = INVENTORIES.get(arguments[0] if arguments else "inflow")
    if inventory is None:
        print(f"demo: API is one of {', '.join(INVENTORIES)}", file=sys.stderr)
        return 2
    end_on_signals()
    start = time.monotonic()
    (ROOT / ".demo").mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".demo"))
    try:
        complaint = _all_runs(inventory, scratch)
    except (RuntimeError, OSError) as error:
        complaint = str(error)
    except SystemExit:  # ended by a signal: nobody asks for the logs
        shutil.rmtree(scratch)
        raise
    if complaint:
        print(f"\ndemo: FAILED: {complaint}\ndemo: the logs are in {scratch}", file=sys.stderr)
        return 1
    shutil.rmtree(scratch)
    _say(f"done in {time.monotonic() - start:.0f} s: the second run wrote nothing, as promised")
    return 0


def _all_runs(inventory: Inventory, scratch: Path) -> str | None:
    """Start the sandbox, run the pair twice and once more without Meltano, and return what is wrong, if anything."""
    env = _environment(scratch)
    _say(f"starting the sandbox: {inventory.title} and Optiply on this machine")
    with running_sandbox(ROOT, scratch, env) as sandbox:
        _say(f"it listens at {sandbox.url}; its Optiply is empty")
        env |= {**sandbox.environment(), **inventory.environment(sandbox, scratch)}
        first = _run("first", sandbox, scratch, env, inventory)
        if not first.read or bool(first.writes) != inventory.sends:
            return "the first run read nothing, or wrote what it should not or not what it should"
        second = _run("second", sandbox, scratch, env, inventory)
        if second.writes:
            return f"the second run made {second.writes} writes, though nothing had changed"
        if second.standing != first.standing:
            return "the second run left other rows in Optiply than the first"
        return _plain_pipe(inventory, sandbox, scratch, env)


def _plain_pipe(inventory: Inventory, sandbox: Sandbox, scratch: Path, env: dict[str, str]) -> str | None:
    """Do the same without Meltano, from an empty Optiply, and return what stands otherwise, if anything."""
    by_meltano = content_of(sandbox, ENTITIES)
    sandbox.reset()
    _say("the same through a plain pipe: tap-inventory --config … | target-optiply --config …")
    run_pipe(sandbox, inventory.settings(sandbox, scratch), root=ROOT, scratch=scratch, env=env)
    by_pipe = content_of(sandbox, ENTITIES)
    for entity in ENTITIES:
        if by_pipe[entity] != by_meltano[entity]:
            one = next(iter((by_pipe[entity] - by_meltano[entity]) or (by_meltano[entity] - by_pipe[entity])))
            return f"the plain pipe left other {entity} than Meltano, for example {one}"
    rows = sum(sum(each.values()) for each in by_pipe.values())
    _say(f"it left the same {rows} rows, attribute by attribute")
    return None


def _run(name: str, sandbox: Sandbox, scratch: Path, env: dict[str, str], inventory: Inventory) -> Run:
    _say(f"{name} run: meltano run tap-inventory target-optiply")
    run = run_pipeline(
        MELTANO,
        sandbox,
        root=ROOT,
        log=scratch / f"{name}-run.log",
        state=Path(env["TARGET_OPTIPLY_STATE_PATH"]),
        env=env,
        progress=lambda text: print(f"      {text}", flush=True),
    )
    print(f"\n{read_table(run, inventory.title, inventory.rows(sandbox))}\n\n{written_table(run)}\n{inventory.note}\n")
    requests = ", ".join(f"{count} to {api}" for api, count in sorted(run.requests.items()))
    _say(f"the {name} run took {run.seconds:.0f} s and {sum(run.requests.values())} requests ({requests})")
    return run


def _environment(scratch: Path) -> dict[str, str]:
    """Return the environment of all that the demo starts: the user's own, less what could lead to real accounts."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
    here = ",".join(filter(None, (kept.get("no_proxy") or kept.get("NO_PROXY"), "127.0.0.1,localhost")))
    return kept | {
        "MELTANO_PROJECT_ROOT": str(ROOT),
        "MELTANO_DATABASE_URI": f"sqlite:///{scratch / 'meltano.db'}",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "NO_PROXY": here,
        "no_proxy": here,
        "PYTHONDONTWRITEBYTECODE": "1",
        "TARGET_OPTIPLY_STATE_PATH": str(scratch / "target-state.json"),
    }


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
