"""What publishes the project: workflows that trust what is pinned, a changelog by version, an image without root."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from about import ROOT
from release import problems, releases, version_of

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("github-workflows", WORKFLOWS), ("dependabot", [ROOT / ".github" / "dependabot.yml"])],
    ids=["workflows", "dependabot"],
)
def test_each_is_valid_by_its_schema(schema: str, paths: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_action_is_pinned_to_a_commit_and_says_which_version_that_is(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    for each in used:
        assert each.startswith("./") or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_only_publishing_may_ask_for_an_identity(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert granted == ({"publish": {"id-token": "write"}} if path.stem == "release" else {})
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "password" not in re.sub(r"#.*", "", text)
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_every_supported_version_of_python_is_tested() -> None:
    [workflow] = [path for path in WORKFLOWS if path.stem == "test"]
    tested = read(workflow)["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == re.findall(r"Python :: (3\.\d+)", PYPROJECT)


def test_workflows_run_targets_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    mentioned = {name for path in WORKFLOWS for name in re.findall(r"run: make ([a-z-]+)", path.read_text("utf-8"))}
    assert {"test", "demo", "test-browser", "test-image", "dist"} <= mentioned <= targets


def test_what_needs_more_than_make_test_has_is_run_by_a_workflow() -> None:
    apart = set(re.findall(r"^(test-[a-z-]+):", MAKEFILE, re.MULTILINE))
    mentioned = {name for path in WORKFLOWS for name in re.findall(r"run: make ([a-z-]+)", path.read_text("utf-8"))}
    assert apart <= mentioned


# the changelog


def test_the_changelog_is_by_version_and_newest_first() -> None:
    found = releases(CHANGELOG)
    assert found[0] == ("Unreleased", None)
    numbers = [tuple(map(int, name.split("."))) for name, _ in found[1:]]
    assert numbers == sorted(numbers, reverse=True)
    assert all(day for _, day in found[1:])


CHANGES = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-05-01\n\n## [1.1.0] - 2026-04-01\n"


@pytest.mark.parametrize(
    ("tag", "version", "wrong"),
    [
        ("v1.2.0", "1.2.0", []),
        ("v1.3.0", "1.2.0", ["the tag is v1.3.0, the version in pyproject.toml 1.2.0"]),
        ("1.2.0", "1.2.0", ["the tag is 1.2.0, the version in pyproject.toml 1.2.0"]),
        ("v1.3.0", "1.3.0", ["CHANGELOG.md has no section [1.3.0] with a day"]),
        ("v1.1.0", "1.1.0", ["[1.1.0] is not the newest section of CHANGELOG.md"]),
    ],
)
def test_a_tag_is_released_when_version_and_changelog_say_the_same(tag: str, version: str, wrong: list[str]) -> None:
    assert problems(tag, version, CHANGES) == wrong


def test_the_version_is_read_from_the_project() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version_of(PYPROJECT))


# the image; built by `make test-image` where a container engine is


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line]


def test_the_image_is_slim_and_runs_as_nobody_in_particular() -> None:
    found = instructions()
    bases = [text.split()[0] for name, text in found if name == "FROM"]
    assert len(set(bases)) == 1, "an environment runs on the Python that made it"
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases[0])
    last = found[max(index for index, (name, _) in enumerate(found) if name == "FROM") :]
    [user] = [text for name, text in last if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert [name for name, _ in last].index("USER") > max(
        index for index, (name, _) in enumerate(last) if name == "RUN"
    ), "nothing is installed after the user is switched"


def test_the_image_is_made_of_locked_versions_and_of_files_that_there_are() -> None:
    found = instructions()
    assert [text for name, text in found if name == "ADD"] == []
    copied = [part for name, text in found if name == "COPY" and "--from" not in text for part in text.split()[:-1]]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for path in copied:
        assert (ROOT / path).exists(), path
        assert f"!{path}" in ignored, f"{path} is kept from the builder"
    packages = re.findall(r"^packages = \[(.+)\]$", PYPROJECT, re.MULTILINE)[0].replace('"', "").split(", ")
    assert set(packages) <= set(copied)
    installs = re.findall(r"pip install ([^&\n]+)", "\n".join(text for name, text in found if name == "RUN"))
    assert [text.strip() for text in installs] == ["--requirement requirements/runtime.txt", "--no-deps ."]


# before a commit


def test_the_hooks_before_a_commit_run_what_the_lock_brings() -> None:
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    hooks = [hook for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["id"] for hook in hooks} >= {"ruff", "ruff-format", "mypy", "workflows"}
    for hook in hooks:
        assert hook["language"] == "system"
        program = re.fullmatch(r"\.venv/bin/([\w-]+)", hook["entry"].split()[0])
        assert program is not None
        assert re.search(rf"^{program[1]}==", locked, re.MULTILINE), program[1]
