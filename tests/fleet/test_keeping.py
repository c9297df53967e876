"""What is kept of a tenant, in a folder and below a URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from fleet.keeping import Keeping
from target_optiply.errors import StateInUse

STATE = """{"bookmarks": {
"Products": [
{"id":"1","externalId":"a","success":true},
{"externalId":"b","success":false,"error":"\\"summary\\": {"}
]
},
"summary": {"Products":{"success":1,"fail":1,"existing":0,"updated":0}},
"source": {
"skipped": {"products":[["c","a \\"run\\": {}"]]}
},
"run": {"outcome":"rejected","saved_at":"2026-03-01T05:00:00+00:00","error":"} or {"}}
"""


@pytest.fixture(params=["folder", "url"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return where a tenant's things are, not made yet."""
    if request.param == "folder":
        yield str(tmp_path / "state" / "acme")
        return
    yield "memory://state/acme"
    fsspec.filesystem("memory").rm("/state", recursive=True)


def test_bookmarks_are_kept_from_run_to_run(folder: str) -> None:
    keeping = Keeping(folder)
    with keeping.held():
        assert keeping.bookmarks() is None
        keeping.keep('{"bookmarks": {}}')
        keeping.keep('{"bookmarks": {"products": {}}}')
    assert json.loads(Keeping(folder).bookmarks() or b"") == {"bookmarks": {"products": {}}}


def test_a_second_run_is_kept_away_as_long_as_the_first_lasts(folder: str) -> None:
    with Keeping(folder).held(), pytest.raises(StateInUse), Keeping(folder).held():
        pass
    with Keeping(folder).held():
        pass


def test_the_state_tells_of_its_run_and_nothing_else_is_taken_for_it(folder: str) -> None:
    keeping = Keeping(folder)
    with keeping.held():
        assert (keeping.told().run, keeping.told().summary) == ({}, {})
        keeping.target_state.replace([STATE.encode()])
        told = keeping.told()
    assert told.run == {"outcome": "rejected", "saved_at": "2026-03-01T05:00:00+00:00", "error": "} or {"}
    assert told.summary == {"Products": {"success": 1, "fail": 1, "existing": 0, "updated": 0}}
