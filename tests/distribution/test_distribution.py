"""What is published: complete, typed, and running from an environment that never saw the checkout."""

from __future__ import annotations

import json
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from support.distribution import Built, Installed
from support.processes import ROOT

PACKAGES = ("singer_http", "tap_inventory", "target_optiply", "fleet")
LEFT_OVER = {".hypothesis", "__pycache__"}
PROGRAMS = ("tap-inventory", "target-optiply")


def files_of(folder: Path, *names: str) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for name in names
        for path in (folder / name).rglob("*")
        if path.is_file() and not LEFT_OVER & set(path.parts) and path.suffix != ".pyc"
    }


def test_the_wheel_holds_every_file_of_the_packages_and_no_other_package(built: Built) -> None:
    names = set(zipfile.ZipFile(built.wheel).namelist())
    [information] = {name.partition("/")[0] for name in names if ".dist-info/" in name}
    published = {name for name in names if not name.startswith(information)}
    assert published == files_of(ROOT, *PACKAGES)
    for package in PACKAGES:
        assert f"{package}/py.typed" in published
    for data in ("tap_inventory/apis/inflow/schemas/products.json", "target_optiply/report/files/page.html"):
        assert data in published


def test_the_wheel_says_what_it_is(built: Built) -> None:
    archive = zipfile.ZipFile(built.wheel)
    [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
    about = HeaderParser().parsestr(archive.read(name).decode())
    assert about["Name"] == "inventory-to-optiply"
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.10"
    assert about["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in about.get_all("Classifier", [])
    assert not [each for each in about.get_all("Requires-Dist", []) if "@" in each], "no dependency by address"


def test_the_sdist_is_all_that_is_needed_to_test_and_to_build(built: Built) -> None:
    inside = files_of(built.source, ".")
    wanted = files_of(ROOT, *PACKAGES, "sandbox", "scripts", "tests", "requirements", "docs")
    wanted |= {"Makefile", "pyproject.toml", "meltano.yml", "sample_config.json"}
    wanted |= {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"}
    assert wanted - inside == set()
    assert not [name for name in inside if name.startswith((".git/", ".venv", ".meltano", ".mypy_cache"))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_run_as_commands_and_as_modules(installed: Installed, program: str) -> None:
    said = installed.run(program, "--version").stdout
    assert said.startswith(f"{program} v0.")
    assert installed.run("python", "-m", program.replace("-", "_"), "--version").stdout == said


def test_the_tap_finds_its_schemas(installed: Installed) -> None:
    config = installed.directory / "tap.json"
    config.write_text(json.dumps({"api_key": "k", "company_id": "c"}))
    catalog = json.loads(installed.run("tap-inventory", "--config", str(config), "--discover").stdout)
    streams = {stream["stream"]: stream for stream in catalog["streams"]}
    assert len(streams) == len(files_of(ROOT, "tap_inventory/apis/inflow/schemas"))
    assert "productId" in streams["products"]["schema"]["properties"]


def test_the_target_finds_its_template(installed: Installed) -> None:
    config = {"client_id": "i", "client_secret": "s", "username": "u", "password": "p", "account_id": 1}
    config |= {"api_url": "http://127.0.0.1:9/v1", "auth_url": "http://127.0.0.1:9/token", "report_path": "run.html"}
    (installed.directory / "target.json").write_text(json.dumps(config))
    installed.run("target-optiply", "--config", "target.json")
    page = (installed.directory / "run.html").read_text(encoding="utf-8")
    assert "The input held no records." in page


ASKED = """
import inspect
from tap_inventory.tap import TapInventory
from target_optiply.target import TargetOptiply
for each in (TapInventory, TargetOptiply):
    print(inspect.getfile(each))
    print([name for name, f in vars(each).items() if inspect.isfunction(f) and "return" not in f.__annotations__])
"""


def test_whoever_imports_the_packages_gets_their_types(installed: Installed) -> None:
    """A marker without annotations would promise what is not there: the signatures are looked at, not the marker."""
    places = installed.run("python", "-c", ASKED).stdout.splitlines()
    assert places[1::2] == ["[]", "[]"]
    assert all(place.startswith(str(installed.bin.parent)) for place in places[::2])
