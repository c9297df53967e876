"""How long each program takes to start: its version, what it says of itself, and a run with nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.lab import Lab, sandbox
from benchmarks.model import Figure, Row, longer

_PROGRAMS = ("tap_inventory", "target_optiply")


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows."""
    with sandbox() as server:
        target = lab.write_json("target.json", server.target_config(lab.folder / "state.json"))
        # The tap with no stream selected: everything but a request.
        catalog = lab.write_json("catalog.json", {"streams": []})
        tap = lab.write_json("tap.json", server.tap_config())
        runs = {
            "tap_inventory": ("--config", str(tap), "--catalog", str(catalog)),
            "target_optiply": ("--config", str(target)),
        }
        asks = {"--version": ("--version",), "--about": ("--about", "--format", "json")}
        found, imported = [], partial(lab.baseline, "import_sdk")
        for program in _PROGRAMS:
            for name, arguments in {**asks, "an empty run": runs[program]}.items():
                found.append(
                    Row(
                        f"start-{program.partition('_')[0]}-{name.strip('-').replace(' ', '-')}",
                        f"{program.replace('_', '-')}, {name if name.startswith('an') else f'`{name}`'}",
                        "`import singer_sdk`",
                        (Figure("times the baseline's time", longer, at_most=1.5),),
                        partial(lab.run, "-m", program, *arguments),
                        # One beside each, since both are short.
                        imported if lab.sizes.quick else partial(lab.baseline, "import_sdk"),
                    )
                )
        yield found
