"""Writes the tables of settings and streams in README.md anew from what the programs say of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from about import PROGRAMS, ROOT, about, between, catalog_of_tap, is_selected, settings_of

from target_optiply.entities import ENTITIES, Attribute, ReferenceAttribute

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
        silent = [option for option in setting.options if option not in setting.description]
        choice = f" One of {', '.join(map(_code, setting.options))}." if silent and len(setting.options) > 1 else ""
        rows.append((f"`{setting.name}`", default or notes, setting.description + choice))
    return _table(("setting", "default", "meaning"), rows)


def tap_streams_table(catalog: dict[str, Any]) -> str:
    """Return the table of the tap's streams."""
    rows = []
    for stream in catalog["streams"]:
        keys = ", ".join(f"`{key}`" for key in stream["key_properties"])
        rows.append((f"`{stream['tap_stream_id']}`", keys, "yes" if is_selected(stream) else ""))
    return _table(("stream", "key", "read by default"), rows)


def target_streams_table() -> str:
    """Return the table of the entities that the target takes as they are."""
    rows = []
    for entity in ENTITIES.values():
        columns = [_names(entity.attributes), _names(entity.references)]
        if entity.stock_attribute:
            columns[0] += f", `{entity.stock_attribute}`"
        rows.append((f"`{entity.name}`", *columns))
    return _table(("stream", "attributes", "references"), rows)


def regenerated(text: str) -> str:
    """Return the README with its tables brought up to date."""
    documents = {program: about(program) for program in PROGRAMS}
    for program, document in documents.items():
        text = between(text, f"settings of {program}", settings_table(document))
    text = between(text, "streams of tap-inventory", tap_streams_table(catalog_of_tap()))
    return between(text, "streams of target-optiply", target_streams_table())


def _names(attributes: Iterable[Attribute | ReferenceAttribute]) -> str:
    """Return names of attributes, in bold those that a record must bring."""
    return ", ".join(f"**`{each.name}`**" if _must_be_given(each) else f"`{each.name}`" for each in attributes)


def _must_be_given(attribute: Attribute | ReferenceAttribute) -> bool:
    return attribute.required and not (isinstance(attribute, Attribute) and attribute.default is not None)


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


if __name__ == "__main__":
    README.write_text(regenerated(README.read_text(encoding="utf-8")), encoding="utf-8")
