"""The page on adding an entity, carried out on a copy of the project: its files and edits, and then its check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import ROOT
from support.steps import assert_clean, blocks, carried_out, commands, passing

PAGE = ROOT / "docs" / "add-an-entity.md"
NEW = "warehouses"


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    with carried_out(PAGE) as root:
        yield root


def test_the_page_names_every_place_in_which_an_entity_stands() -> None:
    """What the page adds for its entity is there for one that the project has."""
    for block in blocks(PAGE):
        if block.kind == "diff":
            assert "suppliers" in (ROOT / block.path).read_text(encoding="utf-8"), block.path
        else:
            known = block.path.replace(NEW, "suppliers").replace("locations", "vendors")
            assert (ROOT / known).exists() or block.path.startswith("tests/pair/"), block.path


def test_an_entity_added_by_the_page_syncs_and_passes_the_tests_that_all_of_them_pass(project: Path) -> None:
    check, lint = commands(PAGE)
    passed = passing(project, [*check, "-k", f"{NEW} or eleven or soft or stream_of_each"])
    assert passed >= {
        f"tests/unit/target/test_entities.py::{name}"
        for name in (
            "test_the_eleven_entities_are_there",
            "test_only_what_has_a_soft_form_is_soft_deleted",
            f"test_what_an_entity_refers_to_comes_before_it[{NEW}]",
            f"test_every_name_in_the_table_is_an_attribute_or_reference_of_its_entity[{NEW}]",
        )
    }
    assert "tests/unit/target/test_translate_optiply.py::test_there_is_a_stream_of_each_entity" in passed
    assert (
        f"tests/target/test_target_shapes.py::test_every_spelling_of_a_record_is_one_row_written_once[{NEW}]" in passed
    )
    assert f"tests/pair/test_{NEW}.py::test_locations_stand_in_optiply_and_what_changes_follows" in passed
    assert_clean(project, PAGE, lint)
