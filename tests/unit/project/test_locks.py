from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from about import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(lock: Path) -> list[Requirement]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_is_one_exact_version_and_names_no_host(lock: Path) -> None:
    found = pins(lock)
    assert found
    for each in found:
        assert each.url is None, each
        assert [specifier.operator for specifier in each.specifier] == ["=="], each
    assert not re.search(r"//|--|file:", lock.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_brings_the_other_distribution_of_the_module_backoff(lock: Path) -> None:
    assert "backoff" not in {canonicalize_name(each.name) for each in pins(lock)}


def test_what_is_tested_is_what_is_run() -> None:
    tested = {str(each) for each in pins(ROOT / "requirements" / "dev.txt")}
    assert {str(each) for each in pins(ROOT / "requirements" / "runtime.txt")} <= tested


def test_the_lock_holds_every_declared_dependency_in_an_allowed_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = pins(ROOT / "requirements" / "runtime.txt")
    for wanted in map(Requirement, project["dependencies"]):
        versions = [next(iter(pin.specifier)).version for pin in locked if canonicalize_name(pin.name) == wanted.name]
        assert versions, wanted
        assert all(wanted.specifier.contains(version) for version in versions), wanted
