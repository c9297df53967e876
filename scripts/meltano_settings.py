"""Writes the plugins' settings and capabilities in meltano.yml anew from what the programs say of themselves."""

from __future__ import annotations

import json
from typing import Any

from about import PROGRAMS, ROOT, Setting, about, between, settings_of

MELTANO_YML = ROOT / "meltano.yml"
INDENT = " " * 6
# Meltano's schema knows these; a program may list others, which mean something to other runners.
KNOWN_CAPABILITIES = frozenset({
    "about", "activate-version", "batch", "catalog", "datatype-failsafe", "discover", "hard-delete", "log-based",
    "properties", "schema-flattening", "soft-delete", "state", "stream-maps", "structured-logging", "test",
})  # fmt: skip


def plugin_lines(document: dict[str, Any]) -> str:
    """Return the YAML of one plugin's capabilities and settings."""
    capabilities = [each for each in document["capabilities"] if each in KNOWN_CAPABILITIES]
    lines = ["capabilities:", *(f"  - {each}" for each in capabilities)]
    lines.append("settings:")
    for setting in settings_of(document):
        lines += _setting_lines(setting)
    return "".join(f"{INDENT}{line}\n" for line in lines)


def _setting_lines(setting: Setting) -> list[str]:
    lines = [
        f"  - name: {setting.name}",
        f"    label: {_quoted(setting.label)}",
        f"    description: {_quoted(setting.description)}",
        f"    kind: {setting.kind}",
    ]
    if setting.options:
        lines.append("    options:")
        lines += [f"      - {{label: {_quoted(each)}, value: {_quoted(each)}}}" for each in setting.options]
    if setting.secret:
        lines.append("    sensitive: true")
    if setting.default is not None:
        lines.append(f"    value: {_quoted(setting.default)}")
    return lines


def _quoted(value: Any) -> str:
    """Return a value as YAML: JSON is part of it, and leaves nothing to guess."""
    return json.dumps(value, ensure_ascii=False)


def regenerated(text: str) -> str:
    """Return meltano.yml with both plugins brought up to date."""
    for program in PROGRAMS:
        text = between(text, f"{program}, generated", plugin_lines(about(program)))
    return text


if __name__ == "__main__":
    MELTANO_YML.write_text(regenerated(MELTANO_YML.read_text(encoding="utf-8")), encoding="utf-8")
