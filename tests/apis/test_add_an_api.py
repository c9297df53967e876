"""The page on adding an API, carried out on a copy of the project: its files and edits, and then its check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import ROOT
from support.steps import assert_clean, blocks, carried_out, commands, passing

PAGE = ROOT / "docs" / "add-an-api.md"
# How long a Retry-After is waited for says nothing of an API, and takes seconds.
_LEFT_OUT = ("--deselect", "tests/apis/test_trouble.py::TestPacing::test_retry_after_is_obeyed")
_OF_CRATES = re.compile(r"::(\w+)\[crates")


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    with carried_out(PAGE) as root:
        yield root


def test_the_page_names_every_place_in_which_an_api_stands() -> None:
    """What the page adds for its API is there for the ones that the project has."""
    for api in ("optiflow", "quickstart", "opterius"):
        for block in blocks(PAGE):
            if block.kind == "diff":
                assert api in (ROOT / block.path).read_text(encoding="utf-8").lower(), block.path
    folders = {Path(block.path).parent.as_posix() for block in blocks(PAGE) if block.kind != "diff"}
    assert {"tap_inventory/apis/crates", "sandbox/crates", "target_optiply/translate/crates"} <= folders


def test_an_api_added_by_the_page_passes_the_tests_that_all_of_them_pass(project: Path) -> None:
    (tests, lint) = commands(PAGE)
    passed = {found[1] for name in passing(project, [*tests, *_LEFT_OUT]) if (found := _OF_CRATES.search(name))}
    classes = [ROOT / "tests" / "apis" / name for name in ("test_reading.py", "test_trouble.py")]
    common = {name for path in classes for name in re.findall(r"    def (test_\w+)", path.read_text(encoding="utf-8"))}
    assert common - passed == {"test_retry_after_is_obeyed"}
    assert {"test_articles_and_sales_stand_and_a_second_run_writes_nothing"} <= passed
    assert_clean(project, PAGE, lint[:-1])
