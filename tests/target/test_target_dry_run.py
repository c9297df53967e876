"""``--dry-run``: everything up to the request, and then nothing: neither in Optiply nor on disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pair import builders
from target.lab import Lab, Run
from target.messages import inflow, line, optiply, product, products, sell_order, state, suppliers


def _standing() -> list[Any]:
    return [
        *products("P1", "P2", "P3"),
        *suppliers("S1"),
        *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50"), line("P2", 1, "1.00"))),
    ]


def _changes() -> list[Any]:
    """Something to create, change, leave, delete, reject, skip and park."""
    received = {"receiveLines": [builders.receipt("R1", "I1", "2")]}
    return [
        state({"at": 1}),
        *optiply("Products", product("P1", price="8.00"), product("P2"), product("P4", price="x")),
        *optiply("Products", product("P3", deleted_at="2025-07-01T00:00:00Z"), product("P5")),
        *optiply("SellOrders", sell_order("O1", line("P1", 2, "19.00"), line("P5", 1, "1.00"))),
        *optiply("SellOrders", sell_order("O2", line("P5", 1, "1.00")), sell_order("O3", line("P4", 1, "1.00"))),
        *inflow("vendors", builders.vendor()),
        *inflow("currencies", builders.currency("EUR", "1.0000000000")),
        *inflow("product_summaries", builders.summary("I1", "7")),
        *inflow("products", builders.product("I1", vendorItems=[builders.vendor_item()])),
        *inflow("purchase_orders", builders.purchase("B1", builders.line("I1", "2", "6.00"), **received)),
        state({"at": 2}),
    ]


def _counts(run: Run) -> list[str]:
    """What a run says it wrote, a line an entity."""
    return [found[1] for each in run.stderr.splitlines() if (found := re.search(r"\| (\w+: \d+ created.*)", each))]


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


@pytest.mark.parametrize("standing", [[], _standing()], ids=["first run", "later run"])
def test_what_is_said_to_be_written_is_what_the_run_then_writes(lab: Lab, standing: list[Any]) -> None:
    if standing:
        lab.succeed(standing)
    rows, files = lab.rows("products"), _files(lab.directory)
    dry = lab.run(_changes(), "--dry-run", max_rejected_records=9).ended()
    assert not lab.writes()
    assert dry.states == []
    assert lab.rows("products") == rows
    assert _files(lab.directory) == files
    real = lab.run(_changes(), max_rejected_records=9).ended()
    assert _counts(dry) == _counts(real)
    assert sum("created" in each for each in _counts(real)) >= 6
    assert [each.partition("rejected: ")[2] for each in dry.said("rejected: ")] == [
        each.partition("rejected: ")[2] for each in real.said("rejected: ")
    ]


def test_a_dry_run_ends_as_the_run_would(lab: Lab) -> None:
    run = lab.run(optiply("Products", product("P1", price="x")), "--dry-run").ended(1)
    assert run.last_word.startswith("rejected: 1 records")
    assert lab.requests() == []


def test_a_dry_run_needs_no_place_for_a_state_and_leaves_none(lab: Lab) -> None:
    lab.succeed(products("P1"), "--dry-run")
    assert [path.name for path in lab.directory.iterdir()] == ["run-0"]


def test_a_dry_run_goes_on_from_what_a_crashed_run_left_and_leaves_that_alone(lab: Lab) -> None:
    lab.succeed(products("P1"))
    run, source = lab.feed([*products("P1", price="8.00"), *products("P2", "P3")])
    with source:
        lab.await_that(lambda: len(lab.rows("products")) == 3)
        lab.await_that(lambda: lab.value("products", "P1", "price") == "8.00")
        run.kill()
    messages = [*products("P1", price="8.00"), *products("P2", "P3", "P4")]
    files = _files(lab.directory)
    dry = lab.succeed(messages, "--dry-run")
    assert _files(lab.directory) == files
    real = lab.succeed(messages)
    assert _counts(dry) == _counts(real)
    assert lab.remote_ids("products") == ["P1", "P2", "P3", "P4"]
