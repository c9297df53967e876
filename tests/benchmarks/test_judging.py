"""How rows are run, judged and shown: medians, missed goals, what is kept of earlier measurements, what is told."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page
from benchmarks.lab import Lab, MeasurementError, Sizes
from benchmarks.measuring import measure_points, measure_rows
from benchmarks.model import Figure, Measure, Point, Row, Spent, judged, longer, times
from benchmarks.page import Kept
from benchmarks.progress import Progress

MACHINE = {"cores": 2, "system": "Linux x86_64", "python": "3.11.7", "load": 0.1}


def row(subject: Measure, baseline: Measure, key: str = "one", **goals: float) -> Row:
    return Row(key, "the subject", "the baseline", (Figure("times", longer, **goals),), subject, baseline)


def family(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"machine": MACHINE, "date": "2026-01-02", "seconds": 61, "rows": list(rows)}


def judged_once(value: float, **goals: float) -> dict[str, Any]:
    return judged(row(Spent, Spent, **goals), [(Spent(value), Spent(1.0))])


class TestRounds:
    def test_subject_and_baseline_take_turns_and_every_other_round_runs_backwards(self) -> None:
        order: list[str] = []

        def noting(name: str) -> Measure:
            def run() -> Spent:
                order.append(name)
                return Spent(1.0)

            return run

        shared = noting("s")
        rows = [row(shared, noting("a"), "first"), row(shared, noting("b"), "second")]
        measure_rows(rows, 3, lambda _: None)
        assert "".join(order) == "sab" + "bsa" + "sab"

    def test_counts_are_taken_in_one_round(self) -> None:
        calls = itertools.count()

        def run() -> Spent:
            return Spent(next(calls) + 1.0)

        once = Row("one", "", "", (Figure("", times),), run, run, once=True)
        (found,) = measure_rows([once], 5, lambda _: None)
        assert (found["rounds"], next(calls)) == (1, 1)

    def test_a_figure_is_made_within_each_round_and_is_the_median(self) -> None:
        seconds = iter([1.0, 8.0, 3.0])
        (found,) = measure_rows([row(lambda: Spent(next(seconds)), lambda: Spent(2.0))], 3, lambda _: None)
        (figure,) = found["figures"]
        assert (figure["lowest"], figure["value"], figure["highest"]) == (0.5, 1.5, 4.0)

    def test_points_keep_all_their_values(self) -> None:
        seconds = iter([3.0, 1.0, 2.0])
        point = Point("records", "target", 10, lambda: Spent(next(seconds)), lambda spent: spent.seconds)
        assert measure_points([point], 3, lambda _: None) == [
            {"plot": "records", "line": "target", "x": 10, "values": [1.0, 2.0, 3.0]}
        ]

    def test_a_run_that_fails_is_no_measurement(self, tmp_path: Path) -> None:
        with pytest.raises(MeasurementError, match=r"exited 3:\n.*boom"):
            Lab(tmp_path, Sizes()).run("-c", "import sys; sys.stderr.write('boom'); sys.exit(3)")

    def test_a_run_is_told_by_its_time_and_its_memory(self, tmp_path: Path) -> None:
        spent = Lab(tmp_path, Sizes()).run("-c", "import time; held = bytes(10**8) + b'1'; time.sleep(0.2)", units=7)
        assert spent.seconds > 0.2
        assert spent.megabytes > 100
        assert spent.units == 7


class TestPage:
    @pytest.mark.parametrize(
        ("value", "goals", "reached"),
        [
            (1.51, {"at_most": 1.5}, False),
            (1.5, {"at_most": 1.5}, True),
            (0.84, {"at_least": 0.85}, False),
            (0.85, {"at_least": 0.85}, True),
            (99.0, {}, True),
        ],
    )
    def test_a_goal_is_reached_or_shown_as_missed(self, value: float, goals: dict[str, float], reached: bool) -> None:
        kept = Kept({"startup": family(judged_once(value, **goals))})
        text = page.render(kept)
        assert [each.key for each in kept.missed()] == ([] if reached else ["one"])
        assert ("🔴 **missed**" in text, "- 🔴 `one`: times: " in text) == (not reached, not reached)
        assert ("🟢 reached" in text) == (reached and bool(goals))

    def test_measuring_a_family_leaves_the_others_as_they_were_measured(self, tmp_path: Path) -> None:
        kept = Kept({})
        kept.put("tap", family(judged_once(1.0, at_most=2.0)))
        kept.put("writes", family(judged_once(1.0)))
        page.write(tmp_path, kept)
        again = Kept.read(tmp_path)
        again.put("writes", family(judged_once(7.0)))
        assert again.families["tap"] == kept.families["tap"]
        assert list(again.families) == ["writes", "tap"]
        assert again.seconds == {"tap": 61, "writes": 61}

    def test_a_row_is_followed_by_what_its_profile_shows(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "one.md").write_text("The profile of `one` shows this.\n")
        for name in ("performance.md.j2", "plot.svg.j2"):
            (tmp_path / name).symlink_to(page.FILES / name)
        monkeypatch.setattr(page, "FILES", tmp_path)
        assert "\nThe profile of `one` shows this.\n" in page.render(Kept({"startup": family(judged_once(1.0))}))

    def test_the_page_in_the_repository_is_what_its_data_make(self) -> None:
        docs = Path(__file__).parents[2] / "docs"
        kept = Kept.read(docs)
        assert page.render(kept) == (docs / "performance.md").read_text(encoding="utf-8")
        for name, text in page.plots(kept).items():
            assert (docs / "images" / f"performance-{name}.svg").read_text(encoding="utf-8") == text


class TestProgress:
    def test_it_tells_what_is_left_by_what_it_took_the_last_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        progress = Progress(["tap", "pipe"], {"tap": 90, "pipe": 100})
        progress.begin("tap")
        assert capsys.readouterr().err.startswith("[0:00] tap: 0%, 3:")

    def test_it_says_which_family_it_knows_nothing_of(self, capsys: pytest.CaptureFixture[str]) -> None:
        Progress(["tap", "pipe"], {"tap": 90}).begin("tap")
        assert "to go without pipe" in capsys.readouterr().err
