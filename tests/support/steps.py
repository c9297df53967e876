"""A page that tells how something is added, carried out on a copy of the project: its files, its edits, its check.

A fenced block with a title is a file of that name, or, as ``diff``, edits of one (``@@`` stands between them, without
numbers: the old lines must stand in the file just once). Commands stand in blocks of ``sh``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.processes import ROOT

_BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".meltano", ".demo", ".*_cache", ".hypothesis", "dist", "site", "images"
)
_OUTER = ("PYTEST_", "RELIABILITY")


@dataclass(frozen=True)
class Block:
    """A fenced block: a file, or edits of one."""

    kind: str
    path: str
    text: str

    def apply(self, root: Path) -> None:
        """Carry it out; an edit's old lines stand in the file just once."""
        place = root / self.path
        if self.kind != "diff":
            assert not place.exists(), f"{self.path} is there already"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.text, encoding="utf-8")
            return
        content = place.read_text(encoding="utf-8")
        for hunk in re.split(r"^@@\n", self.text, flags=re.MULTILINE):
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            assert content.count(old) == 1, f"the page edits what {self.path} does not say (once):\n{old}"
            content = content.replace(old, new)
        place.write_text(content, encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """Return the files and edits of a page, in their order."""
    return [Block(*found) for found in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def commands(page: Path) -> list[list[str]]:
    """Return the commands of a page's check, to be run with this Python."""
    lines = "".join(_COMMANDS.findall(page.read_text(encoding="utf-8"))).splitlines()
    return [[sys.executable, "-m", *line.removeprefix(".venv/bin/").split()] for line in lines]


@contextmanager
def carried_out(page: Path) -> Iterator[Path]:
    """Return a copy of the project in which all that a page says was done; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "project"
        shutil.copytree(ROOT, root, ignore=_NOT_COPIED)
        for block in blocks(page):
            block.apply(root)
        yield root


def in_copy(project: Path, command: Sequence[str]) -> str:
    """Run a command in the copy, which must end well, and return what it said."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OUTER)}
    env = {**inherited, "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def passing(project: Path, command: Sequence[str]) -> set[str]:
    """Run the tests of a page's check in the copy and return the ids of those that passed."""
    apart = ("-rp", "-n", "0", "-p", "no:cacheprovider", "--basetemp", str(project.parent / "base"))
    return set(re.findall(r"^PASSED (\S+)", in_copy(project, [*command, *apart]), re.MULTILINE))


def assert_clean(project: Path, page: Path, lint: Sequence[str]) -> None:
    """Insist that the linter and the formatter have nothing to say of a page's files."""
    files = [block.path for block in blocks(page) if block.path.endswith(".py")]
    in_copy(project, [*lint, "--no-cache", *files])
    in_copy(project, [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", *files])
