"""Says what keeps a tag from being released: its version must be the project's, and be told in the changelog."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
_VERSION = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)


def version_of(pyproject: str) -> str:
    """Return the project's version."""
    [version] = _VERSION.findall(pyproject)
    return str(version)


def releases(changelog: str) -> list[tuple[str, str | None]]:
    """Return the changelog's headings, newest first: a version (or ``Unreleased``) and its day."""
    return [(found["name"], found["date"]) for found in _HEADING.finditer(changelog)]


def problems(tag: str, version: str, changelog: str) -> list[str]:
    """Return what is wrong with releasing a tag, one clause each."""
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, the version in pyproject.toml {version}")
    days = dict(releases(changelog))
    if days.get(version) is None:
        found.append(f"CHANGELOG.md has no section [{version}] with a day")
    elif next(name for name, _ in releases(changelog) if name != "Unreleased") != version:
        found.append(f"[{version}] is not the newest section of CHANGELOG.md")
    return found


def main() -> None:
    """Check the tag given on the command line, if any; end with what is wrong."""
    if len(sys.argv) < 2:
        return
    version = version_of((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if wrong := problems(sys.argv[1], version, changelog):
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
