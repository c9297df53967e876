"""``make sandbox``: both APIs on this machine until Ctrl-C, with the variables that lead a shell's programs there."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from pathlib import Path

from demolib.processes import end_on_signals
from demolib.sandbox import running_sandbox

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the sandbox until a signal ends it."""
    end_on_signals()
    with tempfile.TemporaryDirectory() as scratch, running_sandbox(ROOT, Path(scratch), os.environ) as sandbox:
        print(
            "# The sandbox listens. In another shell, for `meltano --environment dev run tap-inventory target-optiply`:"
        )
        for name, value in sandbox.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print("# Each sandbox begins empty, so the state of an earlier one is of no use to it:")
        print(
            "#   rm -f target-state.dev.json; meltano --environment dev state clear dev:tap-inventory-to-target-optiply"
        )
        print(f"# What it answered: {sandbox.ready['control_url']}/log. Ctrl-C ends it.", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
