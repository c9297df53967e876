"""Writes the tables of settings and streams in README.md anew from what the programs say of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from about import PROGRAMS, ROOT, about, between, catalog_of_tap, is_selected, settings_of

README = ROOT / "README.md"
# The SDK's own settings, which it describes itself.
SDK_SETTINGS = frozenset({
    "add_record_metadata", "batch_config", "batch_size_rows", "faker_config", "flattening_enabled",
    "flattening_max_depth", "flattening_max_key_length", "flattening_separator", "load_method",
    "process_activate_version_messages", "stream_map_config", "stream_maps", "validate_records",
})  # fmt: skip


def settings_table(document: dict[str, Any]) -> str:
    """Return the table of a program's own settings."""
    rows = []
    for setting in settings_of(document):
        if setting.name in SDK_SETTINGS:
            continue
        default = "" if setting.default is None else _code(setting.default)
        notes = ", ".join(word for word, said in (("required", setting.required), ("secret", setting.secret)) if said)
        rows.append((f"`{setting.name}`", default or notes, setting.description))
    return _table(("setting", "default", "meaning"), rows)


def tap_streams_table(catalog: dict[str, Any]) -> str:
    """Return the table of the tap's streams."""
    rows = []
    for stream in catalog["streams"]:
        keys = ", ".join(f"`{key}`" for key in stream["key_properties"])
        rows.append((f"`{stream['tap_stream_id']}`", keys, "yes" if is_selected(stream) else ""))
    return _table(("stream", "key", "read by default"), rows)


def target_streams_table(document: dict[str, Any]) -> str:
    """Return the table of the entities that the target takes as they are."""
    return _table(("stream",), [(f"`{name}`",) for name in document["supported_streams"]])


def regenerated(text: str) -> str:
    """Return the README with its tables brought up to date."""
    documents = {program: about(program) for program in PROGRAMS}
    for program, document in documents.items():
        text = between(text, f"settings of {program}", settings_table(document))
    text = between(text, "streams of tap-inventory", tap_streams_table(catalog_of_tap()))
    return between(text, "streams of target-optiply", target_streams_table(documents["target-optiply"]))


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


if __name__ == "__main__":
    README.write_text(regenerated(README.read_text(encoding="utf-8")), encoding="utf-8")
