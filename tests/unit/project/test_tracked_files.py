from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from about import ROOT

# What git ignores, by the names in .gitignore; the files are walked so that a copy without git is checked as well.
IGNORED = re.compile(
    r"^(\.git|\.venv.*|\.meltano|\.demo|\..*_cache|\.hypothesis|__pycache__|build|dist|site|output|\.secrets)$"
)
LEFT_OVER = re.compile(r"\.(py[cod]|log|sqlite.*|png)$|^\.env$|^uv\.lock$|^target-state.*\.json|^\.coverage$")
# Folders that only one machine has: homes, and the place of this very checkout.
MACHINE_PATH = re.compile(r"(?<![\w.$/-])/(home|root|Users)/\w|" + re.escape(str(ROOT)) + r"(?!\w)")


def files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not IGNORED.match(path.name):
                yield from files(path)
        elif not LEFT_OVER.search(path.name):
            yield path


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_every_document_that_is_linked_is_there() -> None:
    pages = [path for path in files() if path.suffix == ".md"]
    assert len(pages) >= 6
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_make_target_that_is_mentioned_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in (path for path in files() if path.suffix == ".md"):
        mentioned = set(re.findall(r"`make ([a-z-]+)`", page.read_text(encoding="utf-8")))
        assert mentioned <= targets, page.name


def test_every_module_that_the_architecture_names_is_there() -> None:
    named = set(re.findall(r"`(\w+\.py)`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named <= {path.name for path in files() if path.suffix == ".py"}
