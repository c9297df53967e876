"""The small parts: settings, STATE, versions, proofs, decimals, the writer and the progress line."""

from __future__ import annotations

import io
import json
import logging
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.singerlib.encoding.simple import StateMessage

from tap_inventory.answers import read_rows
from tap_inventory.decimals import decimal_spots, write_as_text
from tap_inventory.errors import ClosedPipeError, RunEnding, SettingsError, StateError
from tap_inventory.progress import Progress, describe
from tap_inventory.proof import children_lead, descending
from tap_inventory.settings import from_environment, problems, settle
from tap_inventory.state import usable
from tap_inventory.tap import TapInventory
from tap_inventory.versions import REMEMBERED, Collector, Memory, greatest_version, parse_version
from tap_inventory.writer import PageWriter

SCHEMA = TapInventory.config_jsonschema
GOOD = {"api_key": "k", "company_id": "c"}


# Settings.


def test_no_problem_text_repeats_a_value() -> None:
    bad = {
        "api_key": 99887766,
        "company_id": "S3CRET/1",
        "page_size": "S3CRET",
        "api_url": "S3CRET",
        "include": "S3CRET",
    }
    text = " ".join(problems(bad, SCHEMA))
    assert "S3CRET" not in text
    assert "99887766" not in text
    assert text.count("The setting") == 5


def test_null_stands_for_the_default() -> None:
    settings = settle({**GOOD, "page_size": None, "requests_per_minute": 0})
    assert settings["page_size"] == 100
    assert settings["requests_per_minute"] == 0
    assert settings["api_version"] == "2025-06-24"


def test_relations_of_a_stream_are_its_own_or_those_of_the_setting() -> None:
    settings = settle({**GOOD, "include": {"vendors": ["addresses", "addresses"], "customers": []}})
    assert settings.include("vendors") == ("addresses",)
    assert settings.include("customers") == ()
    assert settings.include("products", alone=True)[-1] == "inventoryLines"
    assert "inventoryLines" not in settings.include("products")


def test_the_environment_is_read_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_PAGE_SIZE", "7")
    monkeypatch.setenv("T_LOOKBACK_DAYS", "0.5")
    monkeypatch.setenv("T_INCLUDE", '{"vendors": ["addresses"]}')
    monkeypatch.setenv("T_LOCATION_IDS", '["a", "b"]')
    found = from_environment(SCHEMA, "T_")
    assert found == {
        "page_size": 7, "lookback_days": 0.5, "include": {"vendors": ["addresses"]}, "location_ids": ["a", "b"],
    }  # fmt: skip
    monkeypatch.setenv("T_PAGE_SIZE", "S3CRET")
    with pytest.raises(SettingsError, match="T_PAGE_SIZE") as caught:
        from_environment(SCHEMA, "T_")
    assert "S3CRET" not in str(caught.value)


# STATE.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["bookmarks", "orders", "reads", "progress", "after", "seen", "floor", "remembered"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_state_is_used_or_refused_in_a_sentence(state: Any) -> None:
    no_state = not isinstance(state, dict) or not isinstance(state.get("bookmarks", {}), dict)
    if no_state:
        with pytest.raises(StateError, match=r"\.$"):
            usable(state, {"orders"})
        return
    kept, warnings = usable(state, {"orders"})
    assert all(isinstance(mark, dict) for mark in kept.values())
    assert all(text.endswith((".", "full.")) for text in warnings)
    Memory.from_state(kept.get("orders", {}))


@given(
    st.integers(0, 2**63), st.integers(0, 2**63), st.frozensets(st.binary(min_size=8, max_size=8), max_size=5),
    st.integers(0, 2**63),
)  # fmt: skip
def test_what_is_remembered_survives_a_state(bookmark: int, floor: int, pairs: frozenset[bytes], top: int) -> None:
    memory = Memory(bookmark, floor, pairs, top)
    assert Memory.from_state(json.loads(json.dumps(memory.to_state()))) == memory


# Versions and proofs.


def test_the_greatest_version_is_that_of_the_row_and_what_it_owns_however_deep() -> None:
    row = {
        "timestamp": "0A",
        "sheets": [{"timestamp": "0B", "lines": [{"timestamp": "0F"}]}],
        "price": {"timestamp": "0C"},
        "customer": {"timestamp": "FF"},
        "absent": None,
    }
    assert greatest_version(row, "timestamp", ["sheets", "price", "absent"]) == 15
    assert greatest_version(row, "timestamp", ["price"]) == 12
    assert greatest_version({"timestamp": "?"}, "timestamp", []) is None
    assert parse_version(12) is None


def test_only_the_newest_rows_are_remembered_and_the_rest_is_known_by_its_version() -> None:
    collector = Collector(bookmark=1000)
    for version in range(1, 1010):
        collector.add(f"k{version}", version)
    memory = collector.finish()
    assert len(memory.pairs) == REMEMBERED + 9
    assert memory.knows("k1", 1)
    assert memory.knows("k1005", 1005)
    assert not memory.knows("k1", 1011)
    assert not memory.knows("late", 900)
    assert not memory.knows("any", None)
    assert memory.top == 1009


def test_falling_order_and_leading_children_are_told() -> None:
    rows = [{"timestamp": "03"}, {"timestamp": "02"}]
    assert descending(rows, "timestamp")
    assert not descending(rows, "timestamp", 3)
    assert not descending([*rows, {"timestamp": None}], "timestamp")
    own = list(range(0, 1000, 10))
    assert not children_lead(own, [each + 9 for each in own])
    assert children_lead(own, [*own[:5], own[5] + 45, *own[6:]])


# Decimals and the writer.

SPOTTED = {
    "properties": {
        "total": {"format": "x-singer.decimal"},
        "count": {"type": "integer"},
        "lines": {"items": {"properties": {"quantity": {"properties": {"units": {"format": "x-singer.decimal"}}}}}},
    }
}


def test_numbers_become_text_where_decimals_are_declared_and_nowhere_else() -> None:
    row: dict[str, Any] = {
        "total": Decimal("1.50"), "count": 3, "other": Decimal("2.5"),
        "lines": [{"quantity": {"units": 7}}, {"quantity": None}, {"quantity": {"units": "1.0000"}}, None],
    }  # fmt: skip
    write_as_text([row], decimal_spots(SPOTTED))
    assert row == {
        "total": "1.50", "count": 3, "other": Decimal("2.5"),
        "lines": [{"quantity": {"units": "7"}}, {"quantity": None}, {"quantity": {"units": "1.0000"}}, None],
    }  # fmt: skip
    write_as_text([row, {"total": None, "lines": None}, {"total": True}], decimal_spots(SPOTTED))


def test_lines_are_written_whole_with_the_state_and_not_before(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    writer = PageWriter()
    writer.write_record("s", {"n": Decimal("1.10"), "t": "a\nb"}, datetime(2025, 1, 1, tzinfo=timezone.utc), 5)
    assert capsysbinary.readouterr().out == b""
    writer.write_message(StateMessage(value={"bookmarks": {}}))
    first, second, rest = capsysbinary.readouterr().out.split(b"\n")
    assert b'"n":1.10' in first
    assert json.loads(first)["version"] == 5
    assert json.loads(second) == {"type": "STATE", "value": {"bookmarks": {}}}
    assert rest == b""


def test_a_reader_that_went_away_ends_the_run_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Gone())
    writer = PageWriter()
    with pytest.raises(RunEnding) as caught:
        writer.write_message(StateMessage(value={}))
    assert isinstance(caught.value.__cause__, ClosedPipeError)


# Progress.


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_tells_rows_rate_and_time_left() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress(terminal, lambda: now[0])
    progress.begin("sales_orders")
    now[0] = 10.0
    progress.update(1000, 4000)
    assert terminal.getvalue().endswith("sales_orders: 1,000 of 4,000 rows, 100 a second, 30 s left")
    progress.end(4000, 30)
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_in_a_job_there_are_log_lines_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    quiet = io.StringIO()
    progress = Progress(quiet, lambda: now[0])
    progress.begin("vendors")
    for second in range(100):
        now[0] = float(second)
        progress.update(second, None)
    progress.end(99, 99)
    assert quiet.getvalue() == ""
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["vendors"] * 3 + ["Stream vendors"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("s", 5, None, 10.0), "s: 5 rows"),
        (("s", 0, 10, 0.0), "s: 0 of 10 rows"),
        (("s", 600, 36_600, 60.0), "s: 600 of 36,600 rows, 10 a second, 1 h 00 min left"),
        (("s", 600, 1_500, 10.0), "s: 600 of 1,500 rows, 60 a second, 15 s left"),
        (("s", 100, 9_100, 10.0), "s: 100 of 9,100 rows, 10 a second, 15 min 00 s left"),
    ],
)
def test_a_line_says_what_can_be_known(arguments: tuple[Any, ...], text: str) -> None:
    assert describe(*arguments) == text


# Answers.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'[{"a": "\ud800"}]', "\ufffd"),
        (rb'[{"a": "x\uDC00y"}]', "x\ufffdy"),
        (rb'[{"a": "\ud83d\ude00"}]', "\U0001f600"),
        (rb'[{"a": "\\ud800 \ud800"}]', "\\ud800 \ufffd"),
        (rb'[{"a": "\ud83d\u0041"}]', "\ufffdA"),
    ],
)
def test_half_a_surrogate_pair_does_not_keep_a_page_from_being_read(text: bytes, expected: str) -> None:
    assert read_rows(text) == [{"a": expected}]


def test_numbers_come_to_the_digit() -> None:
    text = b'[{"a": 12345678901234567890123, "b": 0.10, "c": 1e2}]'
    assert read_rows(text) == [{"a": 12345678901234567890123, "b": Decimal("0.10"), "c": Decimal("1E+2")}]
    assert str(read_rows(text)[0]["b"]) == "0.10"


@pytest.mark.parametrize("text", [b"", b"[", b"{}", b"[1]", b"<html>", b'["\xff"]', rb'["\ud800"', b"NaN"])
def test_what_is_no_list_of_objects_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="the answer is no"):
        read_rows(text)
