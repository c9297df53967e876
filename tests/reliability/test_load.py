"""A large inventory through the pipe, once in full and once as it changed: what both programs take does not grow.

Part of the long form only. ``RELIABILITY_LOAD`` is the share of 200,000 products and 100,000 orders that is tried.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pair.compare import assert_stands
from pair.expected import Expectation, Inventory, expect
from reliability.load import Course, run_sampled
from reliability.scale import LOAD
from reliability.table import note
from support.control import Control
from support.processes import Piped, Sandbox

SIZES = {"products": 200_000, "customers": 5_000, "vendors": 500, "sales-orders": 70_000, "purchase-orders": 30_000}
MEGABYTES = {"tap": 200, "target": 250}
GROWTH = 25e6  # bytes between the second and the last quarter: what an allocator keeps, and no more
EVERY = 100  # one row in so many changes before the second run


def change(control: Control, inventory: dict[str, list[dict[str, Any]]]) -> None:
    """Change one product, sales order and purchase order in a hundred."""
    changes = {
        "products": [{**row, "name": f"{row['name']} (new)"} for row in inventory["products"][::EVERY]],
        "sales-orders": [{**row, "isCancelled": not row["isCancelled"]} for row in inventory["sales-orders"][::EVERY]],
        "purchase-orders": [{**row, "isCancelled": True} for row in inventory["purchase-orders"][::EVERY]],
    }
    for collection, rows in changes.items():
        for start in range(0, len(rows), 500):
            control.put(collection, *rows[start : start + 500])


def assert_flat(program: str, course: Course) -> None:
    """Insist on what is promised of a process's memory, descriptors and threads."""
    figures = course.figures()
    assert figures["megabytes"] < MEGABYTES[program], (program, figures)
    if len(course.samples) < 80:
        return  # over within seconds: nothing that could be called a course
    assert course.growth("memory") < GROWTH, (program, figures)
    assert abs(course.growth("descriptors")) <= 2, (program, figures)
    assert abs(course.growth("threads")) <= 2, (program, figures)


def assert_agreement(sandbox: Sandbox, expectation: Expectation) -> None:
    optiply = sandbox.ready["optiply"]
    account = {"account_id": int(optiply["account_id"]), "coupling_id": int(optiply["coupling_id"])}
    assert_stands(sandbox.control, expectation, **account)


def test_a_large_inventory_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    sizes = [text for name, number in SIZES.items() for text in (f"--{name}", str(max(int(number * LOAD), 5)))]
    with Sandbox(tmp_path, sizes, patience=300) as sandbox:
        sandbox.control.timeout = 900
        inventory = sandbox.control.inventory()
        expectation = expect(Inventory.of(inventory))
        allowed = {"max_rejected_records": expectation.refusals, "delete": "hard", "max_delete_percent": 100}
        target = sandbox.target_config(tmp_path / "target-state.json", **allowed)

        def run(name: str, state: Path | None) -> Piped:
            done, *courses = run_sampled(tmp_path, sandbox.tap_config(), target, state=state, timeout=600 + 9000 * LOAD)
            for program, course in zip(("tap", "target"), courses, strict=True):
                note(f"load {name} {program}", {"share": LOAD, **course.figures()})
            assert (done.tap.code, done.target.code) == (0, 0), done.explain()
            for program, course in zip(("tap", "target"), courses, strict=True):
                assert_flat(program, course)
            return done

        done = run("in full", None)
        assert_agreement(sandbox, expectation)
        change(sandbox.control, inventory)
        del inventory, expectation
        state = tmp_path / "tap-state.json"
        state.write_text(done.state or "", encoding="utf-8")
        assert json.loads(state.read_text(encoding="utf-8"))
        run("as changed", state)
        assert_agreement(sandbox, expect(Inventory.of(sandbox.control.inventory())))
