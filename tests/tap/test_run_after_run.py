"""Run after run: what changed is emitted and nothing else, in few requests, also after an interruption."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from runs import Tap
from support.launcher import Launcher
from support.processes import TAP, Finished, Sandbox, environment, stop
from support.singer import Run

ORDERS = 1_500
MANY = 10_000


def size(orders: int) -> tuple[str, ...]:
    return ("--products", "150", "--customers", "20", "--sales-orders", str(orders), "--purchase-orders", "30")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), size(ORDERS)) as started:
        yield started


@pytest.fixture(scope="module")
def large_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), size(MANY)) as started:
        yield started


@pytest.fixture
def large(large_sandbox: Sandbox, launcher: Launcher, tmp_path: Path) -> Iterator[Tap]:
    """Return a tap on a sandbox with very many orders."""
    defaults = large_sandbox.control.switches()
    yield Tap(large_sandbox, tmp_path, launcher)
    large_sandbox.control.set_switches(**defaults)


@pytest.fixture(scope="module")
def many_orders(large_sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return all orders of the large sandbox, which are many to ask for twice."""
    return large_sandbox.control.collection("sales-orders")


def change_orders(tap: Tap, number: int, step: int, orders: list[dict[str, Any]] | None = None) -> set[str]:
    rows = (orders or tap.sandbox.control.collection("sales-orders"))[7::step][:number]
    for row in rows:
        row["orderRemarks"] = f"changed at {time.time()}"
    tap.sandbox.control.put("sales-orders", *rows)
    return {row["salesOrderId"] for row in rows}


def emitted(run: Run) -> list[str]:
    return [record["salesOrderId"] for record in run.records("sales_orders")]


@pytest.mark.parametrize(("sort", "default"), [("honoured", "insertion"), ("ignored", "newest_first")])
def test_thirty_changed_orders_of_ten_thousand_are_emitted_and_no_other(
    large: Tap, many_orders: list[dict[str, Any]], sort: str, default: str
) -> None:
    large.sandbox.control.set_switches(inflow_sort=sort, inflow_default_order=default)
    catalog = large.catalog(["sales_orders"])
    first = large.run(catalog=catalog)
    assert len(emitted(first)) == MANY
    changed = change_orders(large, 30, 311, many_orders)
    second = large.run(catalog=catalog, state=first.state)
    assert len(emitted(second)) == len(changed) == 30
    assert set(emitted(second)) == changed
    if sort == "honoured":
        assert large.kinds["GET sales-orders"] <= 4


@pytest.mark.parametrize(
    ("sort", "default"),
    [("honoured", "insertion"), ("ignored", "insertion"), ("ignored", "newest_first"), ("refused", "shuffled")],
)
def test_what_changed_is_emitted_once_whatever_the_server_makes_of_the_sort(tap: Tap, sort: str, default: str) -> None:
    tap.sandbox.control.set_switches(inflow_sort=sort, inflow_default_order=default)
    catalog = tap.catalog(["sales_orders"])
    first = tap.run(catalog=catalog)
    assert len(emitted(first)) == ORDERS
    changed = change_orders(tap, 30, 47)
    second = tap.run(catalog=catalog, state=first.state)
    assert sorted(emitted(second)) == sorted(changed)
    assert len(changed) == 30
    assert emitted(tap.run(catalog=catalog, state=second.state)) == []


@pytest.mark.parametrize("sort", ["honoured", "ignored"])
def test_with_a_start_date_what_changed_is_emitted_as_far_as_it_is_dated_so(tap: Tap, sort: str) -> None:
    tap.sandbox.control.set_switches(inflow_sort=sort)
    start, catalog = "2025-01-01", tap.catalog(["sales_orders"])
    first = tap.run(catalog=catalog, start_date=start)
    wanted = {row["salesOrderId"] for row in tap.sandbox.control.collection("sales-orders") if row["orderDate"] > start}
    assert set(emitted(first)) == wanted
    assert 100 < len(wanted) < ORDERS
    changed = change_orders(tap, 40, 31)
    assert changed - wanted
    second = tap.run(catalog=catalog, state=first.state, start_date=start)
    assert sorted(emitted(second)) == sorted(changed & wanted)
    assert emitted(tap.run(catalog=catalog, state=second.state, start_date=start)) == []
    # An earlier start is another reading: what was left out before comes now.
    earlier = tap.run(catalog=catalog, state=second.state, start_date="2000-01-01")
    assert len(emitted(earlier)) == ORDERS


def test_a_quiet_run_emits_the_stock_figures_and_nothing_else(tap: Tap) -> None:
    first = tap.run(catalog=tap.catalog(["products", "product_summaries", "vendors", "customers", "locations"]))
    state = first.state
    second = tap.run(
        catalog=tap.catalog(["products", "product_summaries", "vendors", "customers", "locations"]), state=state
    )
    assert second.counts == {"product_summaries": 150}


def test_a_product_whose_vendor_item_alone_changed_is_emitted(tap: Tap) -> None:
    catalog = tap.catalog(["products", "product_summaries"])
    first = tap.run(catalog=catalog)
    row = next(row for row in tap.sandbox.control.collection("products") if row["vendorItems"])
    row["vendorItems"][0]["cost"] = "987.65000"
    tap.sandbox.control.put("products", row)
    second = tap.run(catalog=catalog, state=first.state)
    assert [record["productId"] for record in second.records("products")] == [row["productId"]]
    assert second.records("products")[0]["vendorItems"][0]["cost"] == "987.65000"


def test_products_alone_are_asked_for_by_the_day_they_changed(tap: Tap) -> None:
    catalog = tap.catalog(["products"])
    first = tap.run(catalog=catalog)
    rows = tap.sandbox.control.collection("products")[::50]
    for row in rows:
        row["description"] = f"described at {time.time()}"
    tap.sandbox.control.put("products", *rows)
    second = tap.run(catalog=catalog, state=first.state)
    assert {record["productId"] for record in second.records("products")} == {row["productId"] for row in rows}
    assert all("lastModifiedDateTime" in entry["query"] for entry in tap.requests)
    assert not tap.run(catalog=catalog, state=second.state).records("products")


def test_without_a_state_or_after_the_days_of_the_rescan_everything_is_emitted(tap: Tap) -> None:
    catalog = tap.catalog(["products", "product_summaries"])
    first = tap.run(catalog=catalog)
    assert len(tap.run(catalog=catalog).records("products")) == 150
    assert len(tap.run(catalog=catalog, state=first.state, rescan_days=0).records("products")) == 150


def interrupted(tap: Tap, catalog: Any, number: int, *, latency: float, after: int, state: Any = None) -> Run:
    """Run the tap with slow answers, and send it a signal once it has written some lines."""
    tap.sandbox.control.request("PUT", "latency", {"inflow": latency})
    out = tap.directory / "out.jsonl"
    with out.open("wb") as stdout, (tap.directory / "err.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [*TAP, *tap.arguments(catalog=catalog, state=state)],
            stdout=stdout,
            stderr=stderr,
            env=environment(),
            cwd=tap.directory,
        )
        try:
            until = time.monotonic() + 30
            while out.read_bytes().count(b"\n") < after and time.monotonic() < until:
                time.sleep(0.02)
            process.send_signal(number)
            began = time.monotonic()
            code = process.wait(20)
            assert time.monotonic() - began < 5
        finally:
            stop(process)
            tap.sandbox.control.request("PUT", "latency", {"inflow": 0.0})
    assert out.read_bytes().endswith(b"\n")
    return Run(Finished(code, out.read_text(), (tap.directory / "err.txt").read_text()))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_promptly_with_a_state_from_which_the_next_run_goes_on(
    tap: Tap, number: int, code: int
) -> None:
    catalog = tap.catalog(["sales_orders"])
    first = interrupted(tap, catalog, number, latency=0.1, after=400)
    assert first.ended.code == code
    assert "Traceback" not in first.ended.stderr
    assert 0 < len(emitted(first)) < ORDERS
    second = tap.run(catalog=catalog, state=first.state)
    assert set(emitted(first)) | set(emitted(second)) == {
        row["salesOrderId"] for row in tap.sandbox.control.collection("sales-orders")
    }
    assert len(emitted(first)) + len(emitted(second)) <= ORDERS + 100


def test_a_killed_run_is_continued_from_its_last_state(tap: Tap) -> None:
    catalog = tap.catalog(["sales_orders"])
    first = interrupted(tap, catalog, signal.SIGKILL, latency=0.05, after=400)
    second = tap.run(catalog=catalog, state=first.state)
    assert len(set(emitted(first)) | set(emitted(second))) == ORDERS
    assert tap.kinds["GET sales-orders"] < ORDERS // 100


def test_a_signal_finds_a_reader_that_has_stalled_and_ends_with_a_whole_line(tap: Tap, tmp_path: Path) -> None:
    catalog = tap.catalog(["vendors", "sales_orders"])
    reading, writing = os.pipe()
    with (tmp_path / "err.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [*TAP, *tap.arguments(catalog=catalog)], stdout=writing, stderr=stderr, env=environment(), cwd=tmp_path
        )
        os.close(writing)
        try:
            until = time.monotonic() + 30
            while waiting_in(reading) < 50_000 and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(0.3)  # the rest of what the pipe takes
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            code = process.wait(20)
            assert time.monotonic() - began < 8
        finally:
            stop(process)
    with os.fdopen(reading, "rb") as pipe:
        written = pipe.read()
    assert written.endswith(b"\n")
    first = Run(Finished(code, written.decode(), (tmp_path / "err.txt").read_text()))
    assert code == 143
    assert "Traceback" not in first.ended.stderr
    assert 0 < len(emitted(first)) < ORDERS
    second = tap.run(catalog=catalog, state=first.state)
    assert len(set(emitted(first)) | set(emitted(second))) == ORDERS


def waiting_in(pipe: int) -> int:
    """Return how many bytes wait in a pipe to be read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("sort", ["honoured", "ignored"])
def test_a_stream_that_changes_while_it_is_read_loses_nothing_to_this_run_or_the_next(tap: Tap, sort: str) -> None:
    tap.sandbox.control.set_switches(inflow_sort=sort)
    catalog = tap.catalog(["sales_orders"])
    tap.sandbox.control.request("PUT", "latency", {"inflow": 0.06})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(tap.run, catalog=catalog)
        changes = 0
        while not running.done():
            changes += len(change_orders(tap, 3, 101 + changes % 300))
            time.sleep(0.02)
        first = running.result()
    assert changes > 9
    tap.sandbox.control.request("PUT", "latency", {"inflow": 0.0})
    second = tap.run(catalog=catalog, state=first.state)
    copy = {row["salesOrderId"]: row for row in [*first.records("sales_orders"), *second.records("sales_orders")]}
    stands = {row["salesOrderId"]: row for row in tap.sandbox.control.collection("sales-orders")}
    assert copy.keys() == stands.keys()
    assert [key for key, row in copy.items() if row["timestamp"] != stands[key]["timestamp"]] == []
    assert len(emitted(second)) == len(set(emitted(second)))


def test_a_field_that_no_schema_knows_passes_through(tap: Tap) -> None:
    row = tap.sandbox.control.collection("vendors")[0]
    tap.sandbox.control.put("vendors", row | {"rating": {"stars": 5, "by": ["a"]}})
    run = tap.run(catalog=tap.catalog(["vendors"]))
    [found] = [record for record in run.records("vendors") if record["vendorId"] == row["vendorId"]]
    assert found["rating"] == {"stars": 5, "by": ["a"]}


def test_a_closed_pipe_ends_it_quietly(tap: Tap, tmp_path: Path) -> None:
    with (tmp_path / "err.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [*TAP, *tap.arguments(catalog=tap.catalog(["sales_orders"]))],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(),
            cwd=tmp_path,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.wait(20) == 141
        finally:
            stop(process)
    said = (tmp_path / "err.txt").read_text()
    assert "Traceback" not in said
    assert "ERROR" not in said
    assert "rokenPipe" not in said


READ = {"vendors": 12, "products": 150, "locations": 4}
"""A stream with versions, one with a filter on changes, and one without any handle; with their rows."""


def each_with(bookmark: Any) -> dict[str, Any]:
    return {"bookmarks": dict.fromkeys(READ, bookmark)}


FOREIGN: list[tuple[Any, int]] = [
    (each_with({"replication_key": "orderDate", "replication_key_value": "2024-01-01"}), 0),
    (each_with({"replication_key": "timestamp", "replication_key_value": "FFFFFFFFFFFFFFFF"}), 0),
    (each_with({"replication_key": "lastModifiedDateTime", "replication_key_value": "2099-01-01T00:00:00Z"}), 0),
    (each_with({"version": 1, "last_page": 7, "progress": None, "starting_replication_value": []}), 0),
    ({"bookmarks": {"vendors": [1, 2], "x": 3, "y": {"partitions": [1], "progress_markers": 2}}}, 0),
    ({"bookmarks": {"Products": [{"hash": "1", "id": "2"}]}, "summary": {}}, 0),
    (each_with({"reads": "?", "progress": {"after": 5}, "remembered": "!", "floor": {}}), 0),
    ({"completed": {"singer_state": {}}}, 0),
    ({"bookmarks": [1]}, 1),
    (["bookmarks"], 1),
    ("text", 1),
]


@pytest.mark.parametrize(("state", "code"), FOREIGN)
def test_a_state_of_another_program_gives_a_full_read_or_one_sentence(tap: Tap, state: Any, code: int) -> None:
    run = tap.run(catalog=tap.catalog(list(READ)), state=state, code=code)
    assert "Traceback" not in run.ended.stderr
    assert run.counts == ({} if code else READ)
    if code:
        assert run.said.startswith("The given STATE")


def test_bookmarks_of_streams_that_are_not_read_stay_in_the_state(tap: Tap) -> None:
    first = tap.run(catalog=tap.catalog(["vendors"])).state
    second = tap.run(catalog=tap.catalog(["locations"]), state=first).state
    assert second["bookmarks"]["vendors"] == first["bookmarks"]["vendors"]
    assert "locations" in second["bookmarks"]


def test_a_state_speaks_only_of_records_that_were_written_before_it(tap: Tap) -> None:
    run = tap.run(page_size=40)
    keys = {message["stream"]: message["key_properties"][0] for message in run.messages if message["type"] == "SCHEMA"}
    written: dict[str, set[str]] = {stream: set() for stream in keys}
    midway = Counter[str]()
    for message in run.messages:
        if message["type"] == "RECORD":
            written[message["stream"]].add(message["record"][keys[message["stream"]]])
        for stream, mark in message["value"]["bookmarks"].items() if message["type"] == "STATE" else ():
            progress = mark.get("progress")
            assert len(written[stream]) == (progress["seen"] if progress else run.counts[stream]), stream
            assert progress is None or progress["after"] in written[stream]
            if stream == "products":  # read in one pass with its figures
                assert written["product_summaries"] == written[stream]
            midway[stream] += progress is not None
    assert {"products", "sales_orders"} <= {stream for stream, times in midway.items() if times > 2}
