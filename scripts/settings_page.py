"""Writes docs/settings.md anew from what the programs say of themselves: each setting and each stream."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from about import PROGRAMS, ROOT, Setting, about, between, catalog_of_tap, settings_of
from readme_tables import SDK_SETTINGS, tap_streams_table, target_streams_table

PAGE = ROOT / "docs" / "settings.md"
KINDS = {
    "string": "text", "integer": "whole number", "decimal": "number", "boolean": "true or false",
    "object": "object", "array": "list", "date_iso8601": "date or date-time",
}  # fmt: skip


def own_settings(program: str, document: dict[str, Any]) -> str:
    """Return an entry for each of a program's own settings."""
    own = (setting for setting in settings_of(document) if setting.name not in SDK_SETTINGS)
    return "\n" + "\n".join(entry(program, setting) for setting in own)


def entry(program: str, setting: Setting) -> str:
    """Return the entry of one setting: its name, where else it can be given, what it may be, what it means."""
    facts = [f"`{variable(program, setting.name)}`"]
    if setting.options:
        facts.append("one of " + ", ".join(f"`{option}`" for option in setting.options))
    else:
        facts.append(KINDS[setting.kind])
    if setting.default is not None:
        default = setting.default if isinstance(setting.default, str) else json.dumps(setting.default)
        facts.append(f"default `{default}`")
    facts += [word for word, said in (("required", setting.required), ("secret", setting.secret)) if said]
    heading = f"### `{setting.name}`"
    return f"{heading}\n\n{setting.description}\n\n{' · '.join(facts)}\n"


def sdk_settings(documents: Iterable[dict[str, Any]]) -> str:
    """Return the table of the settings that the Singer SDK brings along."""
    known: dict[str, tuple[str, list[str]]] = {}
    for document in documents:
        for setting in settings_of(document):
            if setting.name in SDK_SETTINGS:
                known.setdefault(setting.name, (setting.description, []))[1].append(f"`{document['name']}`")
    rows = (
        f"| `{name}` | {' and '.join(programs)} | {text.replace('|', chr(92) + '|')} |\n"
        for name, (text, programs) in sorted(known.items())
    )
    return "\n| setting | of | meaning |\n| --- | --- | --- |\n" + "".join(rows) + "\n"


def variable(program: str, name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{program.replace('-', '_')}_{name}".upper()


def regenerated(text: str) -> str:
    """Return the page brought up to date."""
    documents = {program: about(program) for program in PROGRAMS}
    for program, document in documents.items():
        text = between(text, f"settings of {program}", own_settings(program, document) + "\n")
    text = between(text, "settings of the SDK", sdk_settings(documents.values()))
    text = between(text, "streams of tap-inventory", tap_streams_table(catalog_of_tap()))
    return between(text, "streams of target-optiply", target_streams_table())


if __name__ == "__main__":
    PAGE.write_text(regenerated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
