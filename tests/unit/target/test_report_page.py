"""The page about a run as HTML: whole, safe whatever the texts of the run hold, bounded, and loading nothing."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fsspec
import pytest
from support.html import Page as Html

from singer_http.redact import add_secret
from target_optiply.errors import Brake, ConfigProblem, Outage, RunStopped
from target_optiply.report import page as page_module
from target_optiply.report.chart import clock, draw, nice
from target_optiply.report.notes import MOST_NOTES, Notes
from target_optiply.report.page import Ending, compose
from target_optiply.report.rendering import number, render, seconds
from target_optiply.report.timeline import Timeline
from target_optiply.report.traffic import Traffic
from target_optiply.report.writer import Report
from target_optiply.summary import Summary

ENDED = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
Rows = list[tuple[str, str, str]]


def notes(**said: list[str]) -> dict[str, Notes]:
    found = {name: Notes() for name in ("remarks", "left_out")}
    for name, texts in said.items():
        for text in texts:
            found[name].add(text, subject="products", about="P1")
    return found


def html_of(
    *, outcome: str = "ok", reason: str = "", rejected: Rows | None = None, unsettled: Rows | None = None, **said: Any
) -> str:
    traffic, summary = Traffic(), Summary()
    began = traffic.timeline.began
    for name in ("suppliers", "products"):
        summary.count(name, "created")
        summary.records[name] += 1
        traffic.sent(name)
        traffic.answered(name, 0.04, began + 0.1, wrote=True)
    ending = Ending("target-optiply 1.2.3", outcome, reason, False, "1380", "77", ENDED, began + 2.0)
    rows = rejected or []
    composed = compose(
        ending,
        summary,
        traffic,
        rejected=rows,
        standing=len(rows),
        unsettled=unsettled or [],
        notes=notes(**said),
    )
    return b"".join(render(composed)).decode()


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&{{ 7*7 }}"


def test_texts_of_the_run_stay_texts():
    rows = [("products", HOSTILE, HOSTILE)]
    html = html_of(
        reason=HOSTILE, outcome="outage", rejected=rows, unsettled=rows, remarks=[HOSTILE], left_out=[HOSTILE]
    )
    page = Html(html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "link", "base", "form")]
    assert page.text.count(HOSTILE) == 7
    assert "49" not in page.text


def test_the_pages_policy_allows_its_own_style_and_script_and_nothing_else():
    html = html_of()
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert found is not None
    policy = found[1].replace("&#39;", "'")
    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert text is not None
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_loads_nothing():
    page = Html(html_of(rejected=[("products", "P1", "no")], remarks=["a"]))
    assert not [
        attributes for _, attributes in page.tags if {"src", "href", "action", "srcset", "style"} & set(attributes)
    ]
    assert "url(" not in html_of()
    assert "@import" not in html_of()


def test_tables_have_captions_and_heads_that_say_what_they_are_of():
    page = Html(html_of(rejected=[("products", "P1", "no")], remarks=["a"], left_out=["b"]))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table") >= 6
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    labelled = {attributes["aria-labelledby"] for tag, attributes in page.tags if tag == "section"}
    assert labelled <= {attributes.get("id") for _, attributes in page.tags}
    assert tags.count("h1") == tags.count("main") == 1


def test_secrets_and_e_mail_addresses_are_left_out_wherever_a_server_repeats_them():
    add_secret("s3cret-of-the-report")
    text = "jan.de.vries+shop@example.co.uk (Basic s3cret-of-the-report) is no e-mail"
    html = html_of(
        reason=text,
        outcome="outage",
        rejected=[("suppliers", "jan@example.com", text)],
        unsettled=[("suppliers", "S2", text)],
        **{name: [text] for name in ("remarks", "left_out")},
    )
    assert "s3cret" not in html
    assert "@example" not in html
    assert html.count("is no e-mail") == 5


def test_a_long_list_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_module, "MOST_ROWS", 5)
    rows = [("products", f"P{index}", "no") for index in range(12)]
    page = Html(html_of(rejected=rows, unsettled=rows))
    assert "7 more rejected records are not listed." in page.text
    assert "7 more unsettled records are not listed." in page.text
    assert "P4" in page.text
    assert "P5" not in page.text


def test_no_more_rejected_records_are_read_than_are_listed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_module, "MOST_ROWS", 2)

    def rows() -> Iterator[tuple[str, str, str]]:
        yield from [("products", "P1", "no"), ("products", "P2", "no")]
        raise AssertionError("a third was read")

    ending = Ending("target-optiply 1", "ok", "", False, "1", None, ENDED, Traffic().timeline.began)
    composed = compose(ending, Summary(), Traffic(), rejected=rows(), standing=1_000_000, unsettled=[], notes=notes())
    assert composed.rejected_more == 999_998


def test_sentences_are_counted_and_their_number_is_bounded():
    found = Notes()
    for index in range(3 * MOST_NOTES):
        found.add("the same", subject="products", about=f"P{index}")
        found.add(f"another {index}")
    first = next(iter(found))
    assert (first.times, first.first) == (3 * MOST_NOTES, "P0")
    assert len(found) == MOST_NOTES
    assert found.more == 2 * MOST_NOTES + 1


@pytest.mark.parametrize(
    ("outcome", "rejected", "mood"),
    [
        ("ok", [], "good"),
        ("ok", [("products", "P1", "no")], "fair"),
        ("terminated", [], "fair"),
        ("rejected", [("products", "P1", "no")], "bad"),
        ("outage", [], "bad"),
    ],
)
def test_the_headlines_mood_is_the_runs(outcome: str, rejected: Rows, mood: str):
    html = html_of(outcome=outcome, rejected=rejected)
    assert re.findall(r'<h1 class="(\w+)">', html) == [mood]


def test_a_run_of_nothing_has_a_calm_page():
    ending = Ending("target-optiply 1", "ok", "", False, "1", None, ENDED, 0.0)
    empty = compose(ending, Summary(), Traffic(), rejected=[], standing=0, unsettled=[], notes=notes())
    page = Html(b"".join(render(empty)).decode())
    for said in ("Done", "No record stands rejected", "Nothing had to be written", "The input held no records"):
        assert said in page.text


def test_half_a_surrogate_pair_does_not_break_the_page():
    assert "cut ? here" in html_of(rejected=[("products", "P1", "cut \ud83d here")])


# the drawing


def test_the_scale_ends_at_a_number_that_people_can_read():
    assert [nice(value) for value in (0, 0.3, 1, 3, 17, 61, 100, 130)] == [1, 0.5, 1, 5, 20, 100, 100, 200]


def test_bars_are_as_high_as_their_rate():
    timeline = Timeline(0.0)
    for now in (0.1, 0.2, 0.6):
        timeline.answered(now, wrote=True)
    chart = draw(timeline, 0.9)
    assert [bar.rate for bar in chart.bars] == [8, 0, 4, 0]
    assert [bar.height for bar in chart.bars] == [80, 0, 40, 0]
    assert (chart.top, chart.peak, chart.writes) == (10, 8, 3)
    assert [bar.since for bar in chart.bars][:2] == ["0:00.00", "0:00.25"]


def test_numbers_and_durations_are_for_people():
    assert [number(value) for value in (0, 7, 1234567, 3.25, 42.4)] == [
        "0", "7", "1\u202f234\u202f567", "3.2", "42",
    ]  # fmt: skip
    assert [seconds(value) for value in (0.0, 59.94, 61, 7265)] == ["0.0 s", "59.9 s", "1 min 1 s", "2 h 1 min"]
    assert [clock(value) for value in (5.9, 760, 10805)] == ["0:05", "12:40", "3:00:05"]


# where it is written


class NoBooks:
    """Books of a run that did nothing."""

    def __init__(self) -> None:
        self.summary = Summary()
        self.remarks, self.left_out = Notes(), Notes()
        self.unsettled: dict[Any, str] = {}
        self.store = self

    @staticmethod
    def entries(**_: Any) -> list[Any]:
        return []


def written(location: str, problem: BaseException | None = None) -> None:
    report = Report(location, program="target-optiply 1", account="1", coupling=None, dry=False)
    books: Any = NoBooks()
    report.write(
        problem, books=books, traffic=Traffic(), standing=0, ended=ENDED, logger=logging.getLogger("report-test")
    )


def test_the_page_can_lie_behind_a_url():
    written("memory://reports/run.html")
    with fsspec.open("memory://reports/run.html", "rt", encoding="utf-8") as source:
        assert "Done" in Html(source.read()).text


def test_the_old_page_stands_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "run.html"
    written(str(path))
    before = path.read_text(encoding="utf-8")

    def broken(_page: Any) -> Iterator[bytes]:
        yield b"<!doctype html>"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("target_optiply.report.writer.render", broken)
    written(str(path))
    assert path.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (None, "Done"),
        (Outage("no write succeeds"), "no write succeeds"),
        (Brake("5 records stand rejected"), "5 records stand rejected"),
        (ValueError("Jane Doe, Canal 1"), "unexpected error (ValueError)"),
    ],
)
def test_the_page_says_why_a_run_ended_but_not_what_an_unexpected_error_holds(
    tmp_path: Path, problem: BaseException | None, said: str
):
    written(str(tmp_path / "run.html"), problem)
    text = Html((tmp_path / "run.html").read_text(encoding="utf-8")).text
    assert said in text
    assert "Jane Doe" not in text
    assert isinstance(problem, RunStopped) or "no write succeeds" not in text


def test_a_place_that_cannot_be_is_refused_in_the_settings_name():
    with pytest.raises(ConfigProblem, match=r"^report_path: "):
        Report("nonsense-scheme://x/y", program="t 1", account="1", coupling=None, dry=False)
