"""What both programs tell a newcomer: ``--help`` with examples, ``--about`` with what each setting means."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import click
from singer_sdk.about import AboutFormatter, AboutInfo

_WIDTH = 100
_SHARED = {
    "version": "Print the version.",
    "about": "Print every setting with its meaning, its environment variable and its default.",
    "about_format": "Form of --about: for a program (json) or a page (markdown) in place of a terminal.",
    "config": "Settings, a JSON file; may be given several times. ENV reads a .env file besides. Environment variables "
    "count always, for what no file says.",
}


def teach(
    command: click.Command, *, summary: str, options: Mapping[str, str], examples: Sequence[tuple[str, str]]
) -> None:
    """Give a command a help that teaches.

    Args:
        command: The command as the SDK makes it.
        summary: What it does, in a sentence or two.
        options: What each option is for, by the option's name; the options that both programs have are known.
        examples: What one wants, and the command line for it.
    """
    command.help = summary
    for option in command.params:
        if isinstance(option, click.Option):
            option.help = {**_SHARED, **options}.get(option.name or "", option.help)
    lines = [line for wish, typed in examples for line in (f"  # {wish}", f"  {typed}")]
    command.epilog = "\b\nExamples:\n" + "\n".join(lines)


class AboutForPeople(AboutFormatter, format_name="text"):
    """Takes the place of the SDK's own form for a terminal, which says of a setting neither meaning nor default."""

    def format_about(self, about_info: AboutInfo) -> str:
        """Return what is known of a program as lines for a terminal."""
        required = about_info.settings.get("required", [])
        prefix = about_info.env_var_prefix
        lines = [
            f"{about_info.name} {about_info.version} (Singer SDK {about_info.sdk_version})",
            *_wrapped(about_info.description or ""),
            f"Capabilities: {', '.join(map(str, about_info.capabilities))}",
            "",
            *_wrapped(
                f"Settings stand in the file of --config under these names, or in the environment as {prefix}…, in "
                "capitals:"
            ),
        ]
        for name, schema in about_info.settings["properties"].items():
            facts = "".join(f", {fact}" for fact in _facts(schema, required=name in required))
            lines += [
                "",
                f"  {name} ({prefix}{name.upper()}{facts})",
                *_wrapped(schema.get("description") or "", "      "),
            ]
        return "\n".join(lines)


def _facts(schema: Mapping[str, Any], *, required: bool) -> list[str]:
    facts = [word for word, said in (("required", required), ("secret", bool(schema.get("secret")))) if said]
    if choices := [_plain(choice) for choice in schema.get("enum", ()) if choice is not None]:
        facts.append(f"one of {' '.join(choices)}")
    if schema.get("default") is not None:
        facts.append(f"default {_plain(schema['default'])}")
    return facts


def _plain(value: Any) -> str:
    value = value.value if isinstance(value, Enum) else value  # the SDK's own settings have some
    return value if isinstance(value, str) else json.dumps(value)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent)
