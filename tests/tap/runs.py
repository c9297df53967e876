"""Runs of the tap as a process, and what they said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from support.launcher import Launcher
from support.processes import TAP, Sandbox, forked, run, write_json
from support.singer import Run

SIZE = (
    *("--products", "230", "--customers", "120", "--vendors", "12"),
    *("--sales-orders", "350", "--purchase-orders", "110"),
)
"""The sandbox's size in most tests."""

DEFAULT_STREAMS = (
    "vendors",
    "currencies",
    "product_summaries",
    "products",
    "sales_orders",
    "purchase_orders",
    "customers",
    "locations",
)


@cache
def discovered() -> str:
    """Return the catalog that ``--discover`` prints."""
    return run([*TAP, "--discover"]).stdout


@dataclass
class Tap:
    """Runs the tap against a sandbox.

    Attributes:
        sandbox: The sandbox.
        directory: Where configuration, STATE and catalog go.
        launcher: What starts the tap quickly.
    """

    sandbox: Sandbox
    directory: Path
    launcher: Launcher

    def arguments(
        self, *arguments: str, state: Any = None, catalog: Any = None, settings: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Return the command line's arguments; the files they name are written."""
        config = write_json(self.directory / "tap.json", self.sandbox.tap_config(**(settings or {})))
        made = ["--config", str(config), *arguments]
        if state is not None:
            made += ["--state", str(write_json(self.directory / "state.json", state))]
        if catalog is not None:
            made += ["--catalog", str(write_json(self.directory / "catalog.json", catalog))]
        return made

    def run(
        self,
        *arguments: str,
        state: Any = None,
        catalog: Any = None,
        code: int = 0,
        timeout: float = 60.0,
        env: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Run:
        """Run the tap to its end, with a fresh request log; its exit code must be ``code``.

        ``constants`` names module constants of the tap to start with other values.
        """
        self.sandbox.control.clear_log()
        made = self.arguments(*arguments, state=state, catalog=catalog, settings=settings)
        [ended] = forked(
            [("tap_inventory", made)], self.directory, self.launcher, env=env, constants=constants, timeout=timeout
        )
        assert ended.code == code, ended.stderr[-3000:]
        return Run(ended)

    def catalog(self, selected: Sequence[str], deselected: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
        """Return a catalog with these streams selected, and these properties of streams deselected."""
        catalog: dict[str, Any] = json.loads(discovered())
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                crumb = item["breadcrumb"]
                if not crumb:
                    item["metadata"]["selected"] = entry["stream"] in selected
                elif crumb[-1] in (deselected or {}).get(entry["stream"], ()):
                    item["metadata"]["selected"] = False
        return catalog

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests of the last run."""
        return [entry for entry in self.sandbox.control.log() if entry["api"] == "inflow"]

    @property
    def kinds(self) -> Counter[str]:
        """How many requests of each kind the last run made."""
        return Counter(entry["kind"] for entry in self.requests)


def bare(
    rows: Sequence[Mapping[str, Any]], relations: Sequence[str], schema: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return whole rows as a list answers them: relations only where they are asked for."""
    every = schema["x-relations"]
    return [{name: value for name, value in row.items() if name not in every or name in relations} for row in rows]
