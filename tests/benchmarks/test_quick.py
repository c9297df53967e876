"""Every family and the plots run, in small: what measures does not rot between two measurements."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET

import pytest
from measured import Measured, measure

from benchmarks.__main__ import CURVES_NAME, FAMILIES, main
from benchmarks.plots import PLOTS

QUICK = [name for name in FAMILIES if name != "work"]  # which the tests of the guard run whole
ROWS = {
    "startup": [f"start-{name}-{run}" for name in ("tap", "target") for run in ("version", "about", "an-empty-run")],
    "writes": [f"{kind}{of}" for of in ("16", "64", "at-once") for kind in ("headroom-create-", "create-")],
    "parts": ["part-http", "part-rest", *(["part-handing-over"] if hasattr(os, "sched_setaffinity") else [])],
    "unchanged": [
        "headroom-optiply",
        "headroom-inventory",
        "unchanged-optiply",
        "unchanged-inventory",
        "known-million",
    ],
    "tap": [f"{kind}-{of}" for of in ("thin", "full") for kind in ("headroom-pages", "tap")],
    "paced": ["paced-limit", "paced-chain"],
    "pipe": [f"pipe-{run}-{kind}" for run in ("first", "second") for kind in ("writes", "reads")],
}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """All families in small."""
    return measure(tmp_path_factory.mktemp("quick"), "--quick", *QUICK, CURVES_NAME)


@pytest.mark.parametrize("family", QUICK)
def test_a_family_measures_all_its_rows(quick: Measured, family: str) -> None:
    assert quick.done.code == 0, quick.done.stderr
    rows = quick.families[family]["rows"]
    assert [row["key"] for row in rows] == ROWS[family]
    for row in rows:
        assert f"| `{row['key']}` | {row['what']} | {row['against']} |" in quick.page
        assert all(figure["value"] >= 0 for figure in row["figures"])


def test_the_pipe_makes_just_the_requests_that_are_due_in_small_too(quick: Measured) -> None:
    for row in quick.families["pipe"]["rows"]:
        odd, all_ = row["figures"]
        assert (odd["value"], odd["reached"]) == (0, True), row["key"]
        assert all_["value"] > 0, row["key"]


def test_each_plot_is_drawn_with_its_lines_and_shown_on_the_page(quick: Measured) -> None:
    points = quick.families[CURVES_NAME]["points"]
    for name, plot in PLOTS.items():
        lines = {point["line"] for point in points if point["plot"] == name}
        path = quick.docs / "images" / f"performance-{name}.svg"
        text = path.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own file
        assert lines
        assert all(f">{line}</text>" in text for line in lines)
        assert f"![{plot.title}](images/{path.name})" in quick.page


def test_the_page_says_on_what_machine_it_was_measured_and_not_whose(quick: Measured) -> None:
    for family in quick.families.values():
        assert family["machine"].keys() == {"cores", "system", "python", "load"}
    assert str(quick.docs) not in quick.page


def test_an_unknown_family_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["reads"])
    assert refused.value.code == 2
    assert "no family is called reads; there are startup, writes, parts," in capsys.readouterr().err


@pytest.mark.parametrize("flag", [("--quick",), ("--plant", "5")])
def test_what_is_no_measurement_does_not_go_into_the_docs(flag: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as refused:
        main([*flag, "startup"])
    assert refused.value.code == 2
