"""Finds, in the source of both programs, every text that can reach the person who runs them as a message of trouble.

No text escapes by the way it takes (returned, kept in a variable, put together of parts): the search begins with *all*
texts that read like words, and leaves out only what the rules below name. A new text is a message until a rule says no.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("singer_http", "tap_inventory", "target_optiply")

NOT_OF_TROUBLE = {
    "singer_http/command_line.py": "--help and --about",
    "target_optiply/explain.py": "the answer to --explain, which is told to whoever asks",
    "target_optiply/report/page.py": "headlines of the page about a run",
    "target_optiply/report/rendering.py": "numbers and a policy on the page about a run",
    "target_optiply/store.py": "SQL",
    "target_optiply/tables.py": "SQL",
    "target_optiply/pulse.py": "how far a run is",
    "target_optiply/summary.py": "the counts at the end of a run",
    "tap_inventory/progress.py": "progress on a terminal",
}
"""Modules without a message of trouble, and what their texts are."""

QUIET_CALLS = {"info", "debug", "compile", "echo", "cast", "encode", "teach"}
"""Calls whose texts are no messages of trouble: what is said when all is well, patterns, types, what is sent."""

FAULTS = {"RuntimeError", "TypeError", "KeyError", "AssertionError", "NotImplementedError"}
"""Exceptions that tell a fault of the program: people get them as an unexpected error, which has an entry."""

QUIET_KEYWORDS = {"description", "help", "metavar", "title", "reads"}
"""Arguments that describe a setting, an option or an API, and what a bookmark says of how it was read."""

PARTS = {
    "Bearer …", "gzip, deflate", "enough records", "tuple[int, Any]", "… include=… start=…", "<unprintable …: …>",
    "… times", "of tokens", "is required", "is not a valid address", "a purchasing unit", "a …", "as …", "no stock",
    "The setting …", "(at …)", "… of … …", "…, request … (… …)", "stockLevel: …", "record: …", "line …",
    "line …: …", "vendor …: …", "contact …: …", "after a whole line", "in the middle of a line", "unexpected error",
    "…: … rows that stand in Optiply are taken over",
}  # fmt: skip
"""Texts that are no message by themselves: pieces of one, what is said when all is well, and what no user sees."""

_WORDS = re.compile(r"[A-Za-z…,:;)] [A-Za-z(…]")
_PLACE = re.compile(r"%(?:\.\d+)?[a-z]")


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the programs, ``…`` in the place of each value, and where it stands."""

    text: str
    place: str


@cache
def messages(root: Path = ROOT) -> list[Message]:
    """Return every message of trouble that the programs under a folder can print."""
    found = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in NOT_OF_TROUBLE:
                found += [Message(text, f"{name}:{line}") for text, line in texts(path.read_text(encoding="utf-8"))]
    return found


def texts(source: str) -> Iterator[tuple[str, int]]:
    """Give each message in a module, with its line."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            text = normal(_template(node))
            reads_like_words = re.search(r"[a-z]{2}", text) and _WORDS.search(text)
            if (reads_like_words or _is_reason(node, parents)) and text not in PARTS and not _quiet(node, parents):
                yield text, node.lineno


def normal(text: str) -> str:
    """Return a text on one line, with ``…`` for each value, and without the full stop at its end."""
    return re.sub(r"…+", "…", " ".join(_PLACE.sub("…", text).split())).rstrip(".")


def _template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def _is_reason(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a text, of a single word even, is the reason of a record that is rejected."""
    call = parents.get(node)
    return isinstance(call, ast.Call) and _name(call.func) == "InvalidRecord" and call.args[-1] is node


def _quiet(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a text stands where no message of trouble is made."""
    child, parent = node, parents.get(node)
    while parent is not None:
        if isinstance(parent, (ast.JoinedStr, ast.Subscript, ast.Compare)) or (
            isinstance(parent, ast.AnnAssign) and child is parent.annotation
        ):
            return child is node  # a part of a text that is looked at as a whole, a key, a type
        if isinstance(parent, ast.Expr) and child is node:
            return True  # a docstring
        if isinstance(parent, ast.Dict) and any(
            isinstance(key, ast.Constant) and key.value in QUIET_KEYWORDS and value is child
            for key, value in zip(parent.keys, parent.values, strict=True)
        ):
            return True
        if isinstance(parent, ast.keyword) and parent.arg in QUIET_KEYWORDS:
            return True
        if isinstance(parent, ast.Call) and _is_quiet_call(parent):
            return True
        if isinstance(parent, ast.stmt):
            return False
        child, parent = parent, parents.get(parent)
    return False


def _is_quiet_call(call: ast.Call) -> bool:
    name = _name(call.func)
    told_as_information = any(
        each.arg == "info" and isinstance(each.value, ast.Constant) and each.value.value is True
        for each in call.keywords
    )
    return name in QUIET_CALLS | FAULTS or told_as_information


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
