"""The page about a run, of real runs: what it tells, what it keeps to itself, and that it is there however they end."""

from __future__ import annotations

import signal
from pathlib import Path

from support.html import Page
from target import report_run
from target.lab import Lab
from target.messages import products, state

from target_optiply.settings import SECRETS


def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_tells_what_a_run_did_what_was_refused_and_what_was_left_out(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    run = report_run.run(lab, path).ended(1)
    html = path.read_text(encoding="utf-8")
    page = Page(html)

    entities = {row[0]: row[1:] for row in page.table("Entity", "Created")}
    assert entities["Products"][:6] == ["78", "0", "0", "0", "2", "0"]
    assert entities["Suppliers"][:6] == ["8", "0", "0", "0", "1", "0"]
    assert int(entities["All"][6]) == len(lab.requests()) - 1  # the login
    assert entities["BuyOrders"][5] == "1"

    rejected = [row for rows in page.tables if rows[0] == ["Entity", "Record", "Reason"] for row in rows[1:]]
    assert ["Products", "P000"] in [row[:2] for row in rejected]
    assert all(row[2] for row in rejected)
    assert len(rejected) == sum(
        entry["success"] is False for rows in lab.state()["bookmarks"].values() for entry in rows
    )

    notes = [row for rows in page.tables if rows[0][1:2] == ["What was said"] for row in rows[1:]]
    assert [row for row in notes if row[0] == "BuyOrders" and "987654321" in row[1] and row[2] == "PO1"]
    assert [row for row in notes if row[0] == "Products" and row[1].startswith("name: cut to") and row[3][0] == "1"]
    assert [row for row in notes if row[0] == "the run" and "customers" in row[1]]

    waited = [row for row in page.table("Since") if row[3] != "0.0 s"]
    assert waited, "the server asked to wait twice"
    assert sum(int(row[1]) for row in page.table("Since")) == sum(int(row) for row in entities["All"][:2])
    assert "twice" in page.text or "2 times" in page.text

    for secret in ("Jane", report_run.EMAIL, "Canal 1", *(lab.sandbox.ready["optiply"][name] for name in SECRETS)):
        assert secret not in html
    assert "(e-mail address) is taken" in page.text
    assert run.said("rejected: ")
    assert path.stat().st_mode & 0o077 == 0


def test_a_dry_run_writes_the_page_of_what_would_be_written(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    lab.run(products("P1", "P2"), "--dry-run", report_path=str(path)).ended(0)
    page = read(path)
    assert lab.rows("products") == []
    assert "Nothing was written" in page.text
    assert "To be written" in page.text
    assert page.table("Entity", "Created")[0][:2] == ["Products", "2"]


def test_the_page_is_there_when_the_login_is_refused_and_says_so(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    lab.fault("status", "POST", api="auth", status=401, times=None)
    run = lab.run(products("P1"), report_path=str(path)).ended(1)
    assert "the login was refused" in read(path).text
    assert run.last_word.partition(": ")[2] in " ".join(read(path).text.split())


def test_the_page_is_there_when_the_input_breaks_and_when_a_signal_comes(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    lab.run([*products("P1"), "{broken"], report_path=str(path)).ended(1)
    assert "the input could not be read" in read(path).text
    assert read(path).table("Entity", "Created")[0][:2] == ["Products", "1"]
    lab.fault("hang", "POST", "^/products$", when="after", seconds=1)
    run = lab.start(products("P2"), report_path=str(path))
    lab.await_fault()
    run.send(signal.SIGTERM)
    run.wait().ended(143)
    assert "Stopped by a signal" in read(path).text


def test_a_page_that_cannot_be_written_is_told_before_anything_is_written(lab: Lab, tmp_path: Path) -> None:
    run = lab.run(products("P1"), report_path=str(tmp_path / "nowhere" / "report.html")).ended(1)
    assert run.last_word.startswith("config: report_path: the folder")
    assert lab.requests() == []


def test_a_page_that_can_no_longer_be_written_changes_nothing_about_the_run(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    lab.fault("hang", "POST", "^/products$", when="after", seconds=1)
    run = lab.start([*products("P1"), state({"at": 1})], report_path=str(folder / "report.html"))
    lab.await_fault()
    folder.rmdir()
    run.wait().ended(0)
    assert run.said("report_path: the page could not be written")
    assert run.states == ['{"at": 1}']
    assert lab.remote_ids("products") == ["P1"]
