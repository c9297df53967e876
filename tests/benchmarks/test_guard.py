"""A record costs no more lines, calls and requests than what is recorded; a slow-down of 5 % would be seen."""

from __future__ import annotations

import sys

import pytest
from measured import Measured, measure
from support.processes import write_json

from benchmarks.guard.measures import KINDS
from benchmarks.guard.recorded import TOLERANCE, TOLERANCE_ELSEWHERE, allowance, read

SLOWER = 5.0
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
REQUESTS = {"unchanged": 0.0, "created": 1.0, "mapped": 0.0, "tapped": 0.01}  # a page of the tap is 100 records
ROWS = [f"work-{name}" for name in KINDS]


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The table of the programs as they are."""
    return measure(tmp_path_factory.mktemp("as-it-is"), "work")


@pytest.fixture(scope="module")
def slowed(as_it_is: Measured, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The table with a slow-down planted into each row, beside what was just counted, on whatever Python this is."""
    docs = tmp_path_factory.mktemp("slowed")
    rows = {row["key"].removeprefix("work-"): row for row in as_it_is.families["work"]["rows"]}
    counted = {name: {"work": rows[name]["figures"][1]["value"], "requests": REQUESTS[name]} for name in KINDS}
    counts = write_json(docs / "counts.json", {VERSION: counted})
    return measure(docs, "work", "--plant", str(SLOWER), "--counts", str(counts))


@pytest.mark.parametrize("row", ROWS)
def test_a_record_costs_no_more_work_than_recorded(as_it_is: Measured, row: str) -> None:
    figure = as_it_is.figures("work")[row]
    assert figure["reached"], (
        f"{row}: {figure['value']:.3f} times the lines and calls that are recorded. Find what is done twice, or record "
        "what it may cost from now on by `make bench-guard`, and say why in the commit."
    )


@pytest.mark.parametrize("row", ROWS)
def test_what_is_recorded_is_what_a_record_costs_now(as_it_is: Measured, row: str) -> None:
    # Else a slow-down would have that much room before it is seen.
    tolerance = allowance(row.removeprefix("work-"), read()).tolerance
    assert as_it_is.figures("work")[row]["value"] > 1 - tolerance, "it costs less: record that by `make bench-guard`"


def test_as_many_requests_are_made_for_a_record_as_recorded(as_it_is: Measured) -> None:
    for row in as_it_is.families["work"]["rows"]:
        (requests,) = (each for each in row["figures"] if each["name"].startswith("requests"))
        assert requests["value"] == 0, row["key"]


def test_the_table_is_green_where_nothing_is_slower(as_it_is: Measured) -> None:
    assert as_it_is.done.code == 0, as_it_is.done.stderr
    assert "🔴" not in as_it_is.page
    assert as_it_is.page.count("🟢 reached") == 2 * len(KINDS)


@pytest.mark.parametrize("row", ROWS)
def test_a_planted_slow_down_of_five_percent_turns_its_row_red(slowed: Measured, row: str) -> None:
    figure = slowed.figures("work")[row]
    assert figure["value"] == pytest.approx(1 + SLOWER / 100, abs=0.015)
    assert not figure["reached"]
    assert f"missed: work {row}" in slowed.done.stderr


def test_a_planted_slow_down_of_five_percent_turns_the_table_red(slowed: Measured) -> None:
    assert slowed.done.code == 1
    assert slowed.page.count("🔴 **missed**") == len(KINDS)


def test_another_version_of_python_is_held_to_the_nearest_that_is_recorded_with_more_room() -> None:
    counts = {text: {"mapped": {"work": work, "requests": 0.0}} for text, work in (("3.11", 100.0), ("3.13", 90.0))}
    near = [allowance("mapped", counts, (3, minor)) for minor in (10, 11, 12, 14)]
    assert [(each.cost.work, each.tolerance) for each in near] == [
        (100.0, TOLERANCE_ELSEWHERE),
        (100.0, TOLERANCE),
        (100.0, TOLERANCE_ELSEWHERE),
        (90.0, TOLERANCE_ELSEWHERE),
    ]
