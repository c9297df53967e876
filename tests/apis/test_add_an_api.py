"""The page on adding an API, carried out on a copy of the project: its files and edits, and then its check."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.processes import ROOT

PAGE = ROOT / "docs" / "add-an-api.md"
_BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".meltano", ".demo", ".*_cache", ".hypothesis", "dist", "site", "images"
)
_OUTER = ("PYTEST_", "RELIABILITY")
# How long a Retry-After is waited for says nothing of an API, and takes seconds.
_LEFT_OUT = ("--deselect", "tests/apis/test_trouble.py::TestPacing::test_retry_after_is_obeyed")


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


def blocks() -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


def commands() -> list[list[str]]:
    """Return the commands of the page's check, to be run with this Python."""
    lines = "".join(_COMMANDS.findall(PAGE.read_text(encoding="utf-8"))).splitlines()
    return [[sys.executable, "-m", *line.removeprefix(".venv/bin/").split()] for line in lines]


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """Return a copy of the project in which all that the page says was done."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "project"
        shutil.copytree(ROOT, root, ignore=_NOT_COPIED)
        for block in blocks():
            block.apply(root)
        yield root


def in_copy(project: Path, command: list[str]) -> str:
    """Run a command in the copy, which must end well, and return what it said."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OUTER)}
    env = {**inherited, "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_the_page_names_every_place_in_which_an_api_stands() -> None:
    """What the page adds for its API is there for the ones that the project has."""
    for api in ("optiflow", "quickstart", "opterius"):
        for block in blocks():
            if block.kind == "diff":
                assert api in (ROOT / block.path).read_text(encoding="utf-8").lower(), block.path
    folders = {Path(block.path).parent.as_posix() for block in blocks() if block.kind != "diff"}
    assert {"tap_inventory/apis/crates", "sandbox/crates", "target_optiply/translate/crates"} <= folders


def test_an_api_added_by_the_page_passes_the_tests_that_all_of_them_pass(project: Path) -> None:
    (tests, lint) = commands()
    apart = ("-rp", "-n", "0", "-p", "no:cacheprovider", "--basetemp", str(project.parent / "base"))
    said = in_copy(project, [*tests, *_LEFT_OUT, *apart])
    passed = set(re.findall(r"^PASSED \S+::(\w+)\[crates", said, re.MULTILINE))
    classes = [ROOT / "tests" / "apis" / name for name in ("test_reading.py", "test_trouble.py")]
    common = {name for path in classes for name in re.findall(r"    def (test_\w+)", path.read_text(encoding="utf-8"))}
    assert common - passed == {"test_retry_after_is_obeyed"}
    assert {"test_articles_and_sales_stand_and_a_second_run_writes_nothing"} <= passed
    files = [block.path for block in blocks() if block.path.endswith(".py")]
    in_copy(project, [*lint[:-1], "--no-cache", *files])
    in_copy(project, [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", *files])
