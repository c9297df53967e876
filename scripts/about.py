"""What the two programs say of themselves (``--about --format json``), as documents and meltano.yml need it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_CONFIG = ROOT / "sample_config.json"
PROGRAMS = {"tap-inventory": "tap_inventory", "target-optiply": "target_optiply"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a program.

    Attributes:
        name: Its key in the config file.
        label: A few words.
        description: One sentence or two.
        kind: Meltano's word for its type.
        options: The allowed values, where they are a list.
        default: Its value where none is given; None where there is no default.
        required: Whether the program refuses to start without it.
        secret: Whether its value must not be shown.
    """

    name: str
    label: str
    description: str
    kind: str
    options: tuple[str, ...]
    default: Any
    required: bool
    secret: bool


@cache
def about(program: str) -> dict[str, Any]:
    """Return the ``--about`` document of a program."""
    return _said(program, "--about", "--format", "json")


@cache
def catalog_of_tap() -> dict[str, Any]:
    """Return the catalog that ``tap-inventory --discover`` prints; it asks no server for it."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tap.json"
        config.write_text(json.dumps(json.loads(SAMPLE_CONFIG.read_text(encoding="utf-8"))["tap-inventory"]))
        return _said("tap-inventory", "--config", str(config), "--discover")


def is_selected(stream: dict[str, Any]) -> bool:
    """Tell whether a stream of the catalog is read where nobody chooses."""
    root: dict[str, Any] = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
    return bool(root.get("selected", root.get("selected-by-default", False)))


def settings_of(document: dict[str, Any]) -> list[Setting]:
    """Return the settings in an ``--about`` document, in its order."""
    schema = document["settings"]
    required = schema.get("required", [])
    return [
        Setting(
            name=name,
            label=each.get("title") or name.replace("_", " ").capitalize(),
            description=" ".join((each.get("description") or "").split()),
            kind=_kind(each),
            options=tuple(value for value in each.get("enum", ()) if value is not None),
            default=each.get("default"),
            required=name in required,
            secret=bool(each.get("secret")),
        )
        for name, each in schema["properties"].items()
    ]


def between(text: str, name: str, lines: str) -> str:
    """Return the text with what stands between a pair of marker lines replaced.

    Args:
        text: The whole document.
        name: What follows ``begin:`` and ``end:`` in the marker lines.
        lines: What to put there: whole lines, the last one ended.

    Raises:
        ValueError: The pair of markers is not in the document exactly once.
    """
    begin, end = (rf"^[^\n]*\b{edge}: {re.escape(name)}[^\n]*\n" for edge in ("begin", "end"))
    replaced, count = re.subn(
        f"({begin}).*?({end})", lambda found: found[1] + lines + found[2], text, flags=re.MULTILINE | re.DOTALL
    )
    if count != 1:
        raise ValueError(f"the markers of {name!r} must stand in the document exactly once")
    return replaced


def _said(program: str, *arguments: str) -> dict[str, Any]:
    """Return the JSON document that a program prints, free of settings that stand in this environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "TARGET_"))}
    command = [sys.executable, "-m", PROGRAMS[program], *arguments]
    answer = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, timeout=60, env=environment, cwd=ROOT
    )
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("enum"):
        return "options"
    types = schema.get("type", "string")
    types = {types} if isinstance(types, str) else set(types)
    types.discard("null")
    if types == {"string"} and schema.get("format") in ("date", "date-time"):
        return "date_iso8601"
    kinds = {"boolean": "boolean", "integer": "integer", "number": "decimal", "object": "object", "array": "array"}
    return kinds.get(types.pop(), "string") if len(types) == 1 else "string"
