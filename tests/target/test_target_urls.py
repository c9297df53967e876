"""A state at an fsspec URL: kept there, guarded by a marker that is renewed, and never written by two runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from support.folder import REGISTERED
from target.lab import Lab
from target.messages import products, state


@pytest.fixture
def remote(lab: Lab) -> Path:
    """A folder that the target reaches by URL, and keeps its state in."""
    folder = lab.directory / "remote"
    folder.mkdir()
    lab.settings["state_path"] = f"folder://{folder}/state.json"
    lab.constants = {**REGISTERED, "target_optiply.locking.RENEWED_EVERY": 0.1}
    return folder


def _marker(folder: Path) -> dict[str, Any]:
    path = folder / "state.json.lock"
    marker: dict[str, Any] = json.loads(path.read_text(encoding="utf-8") or "{}") if path.exists() else {}
    return marker


def _mark(folder: Path, age: float) -> None:
    marker = {"run": "another", "renewed_at": time.time() - age}
    (folder / "state.json.lock").write_text(json.dumps(marker), encoding="utf-8")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_state_at_a_url_is_kept_from_run_to_run(lab: Lab, remote: Path) -> None:
    lab.succeed([*products("P1"), state({"at": 1})])
    document = json.loads((remote / "state.json").read_text(encoding="utf-8"))
    assert [each["externalId"] for each in document["bookmarks"]["Products"]] == ["P1"]
    assert _names(remote) == ["state.json"]
    lab.succeed(products("P1"))
    assert lab.requests() == []
    explained = lab.start([], "--explain", "P1").wait().ended()
    assert explained.stdout.startswith("Products P1: stands in Optiply as ")
    (remote / "state.json").rename(remote / "moved.json")
    lab.succeed(products("P1"), "--state", f"folder://{remote}/moved.json")
    assert lab.requests() == []


def test_the_marker_is_renewed_while_the_run_lives_and_keeps_a_second_run_out(lab: Lab, remote: Path) -> None:
    run, source = lab.feed(products("P1"))
    with source:
        lab.await_that(lambda: "renewed_at" in _marker(remote))
        first = _marker(remote)
        lab.await_that(lambda: _marker(remote).get("renewed_at", 0) > first["renewed_at"] + 0.2)
        assert _marker(remote)["run"] == first["run"]
        second = lab.start(products("P2")).wait().ended(1)
        assert second.last_word.startswith("config: another run is using the state")
    run.wait().ended()
    assert lab.remote_ids("products") == ["P1"]
    assert _names(remote) == ["state.json"]


def test_a_young_marker_is_refused_and_a_stale_one_is_taken_over(lab: Lab, remote: Path) -> None:
    _mark(remote, age=240)
    refused = lab.run(products("P1")).ended(1)
    assert refused.last_word.startswith("config: another run is using the state")
    assert lab.requests() == []
    assert _marker(remote)["run"] == "another"
    _mark(remote, age=310)
    lab.succeed(products("P1"))
    assert _names(remote) == ["state.json"]


def test_a_dry_run_leaves_no_marker_and_no_state_at_a_url(lab: Lab, remote: Path) -> None:
    lab.succeed(products("P1"), "--dry-run")
    assert _names(remote) == []


def test_a_killed_run_leaves_nothing_twice_where_the_state_is_at_a_url(lab: Lab, remote: Path) -> None:
    lab.succeed(products("P0"))
    run, source = lab.feed(products("P1", "P2"))
    with source:
        lab.await_that(lambda: len(lab.rows("products")) == 3)
        run.kill()
    _mark(remote, age=310)
    lab.succeed(products("P1", "P2", "P3"))
    assert lab.remote_ids("products") == ["P0", "P1", "P2", "P3"]


@pytest.mark.parametrize("url", ["nothing://bucket/state.json", "s3://bucket/state.json"])
def test_a_url_that_cannot_be_used_is_told_in_a_sentence(lab: Lab, url: str) -> None:
    run = lab.run(products("P1"), state_path=url).ended(1)
    assert run.last_word.startswith("config: state_path: ")
    assert "Traceback" not in run.stderr
