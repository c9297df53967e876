"""The command that measures, run as a process."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.processes import Finished, run


@dataclass(frozen=True)
class Measured:
    """How a measurement ended, and the page that it wrote.

    Attributes:
        done: How the process ended.
        docs: Where its page lies.
    """

    done: Finished
    docs: Path

    @property
    def page(self) -> str:
        """The page."""
        return (self.docs / "performance.md").read_text(encoding="utf-8")

    @property
    def families(self) -> dict[str, Any]:
        """What was measured."""
        found: dict[str, Any] = json.loads((self.docs / "performance.json").read_text(encoding="utf-8"))
        return found

    def figures(self, family: str) -> dict[str, dict[str, Any]]:
        """The first figure of each row of a family, by the row's key."""
        return {row["key"]: row["figures"][0] for row in self.families[family]["rows"]}


def measure(docs: Path, *arguments: str, timeout: float = 400.0) -> Measured:
    """Run ``python -m benchmarks`` with arguments, its page below a folder."""
    command = (sys.executable, "-m", "benchmarks", *arguments, "--docs", str(docs))
    return Measured(run(command, timeout=timeout), docs)
