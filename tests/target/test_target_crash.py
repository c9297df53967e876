"""A run that is killed at any instant, with its working copy kept or lost, and the run after it."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from target.lab import Lab, Run
from target.messages import (
    buy_order,
    composition,
    line,
    offer,
    optiply,
    product,
    products,
    receipt,
    sell_order,
    state,
    supplier,
)

EXPECTED = {
    "products": 12,
    "suppliers": 4,
    "supplierProducts": 8,
    "productCompositions": 4,
    "sellOrders": 8,
    "sellOrderLines": 8,
    "buyOrders": 6,
    "buyOrderLines": 6,
    "receiptLines": 6,
}


def _source(generation: int = 1) -> list[Any]:
    """Return a source; in its second generation every name, supplier and quantity of the first is another one."""
    orders, offers = [], []
    for n in range(6):
        partner = f"S{(n + generation) % 4}"
        row: dict[str, Any] = {**buy_order(f"B{n}", partner, totalValue="6.00"), "line_items": None}
        orders.append(row)
    offers = [offer(f"I{n}", f"P{n}", f"S{(n + generation) % 4}") for n in range(8)]
    own = [{**line(f"P{n}", 2, "6.00"), "externalId": f"L{n}", "Remote_buyOrderId": f"B{n}"} for n in range(6)]
    return [
        *optiply("Suppliers", *(supplier(f"S{n}", name=f"Supplier {n}.{generation}") for n in range(4))),
        *optiply("Products", *(product(f"P{n}", name=f"Product {n}.{generation}") for n in range(12))),
        *optiply("SupplierProducts", *offers),
        *optiply("ProductCompositions", *(composition(f"C{n}", f"P{n}", f"P{n + 6}", generation) for n in range(4))),
        *optiply("SellOrders", *(sell_order(f"O{n}", line(f"P{n}", generation, "9.50")) for n in range(8))),
        *optiply("BuyOrders", *orders),
        *optiply("BuyOrderLines", *own),
        *optiply("ReceiptLines", *(receipt(f"R{n}", f"L{n}", generation) for n in range(6))),
        state({"generation": generation}),
    ]


def _assert_whole(lab: Lab, generation: int = 1) -> None:
    assert {entity: len(lab.rows(entity)) for entity in EXPECTED} == EXPECTED
    for entity in ("products", "suppliers", "supplierProducts", "sellOrders", "buyOrders"):
        assert len(set(lab.remote_ids(entity))) == EXPECTED[entity]
    names = {row["attributes"]["name"] for row in lab.rows("products")}
    assert names == {f"Product {n}.{generation}" for n in range(12)}
    assert {row["attributes"]["quantity"] for row in lab.rows("sellOrderLines")} == {generation}
    suppliers = {row["id"]: row["remoteId"] for row in lab.rows("suppliers")}
    ordered = {row["remoteId"]: suppliers[str(row["attributes"]["supplierId"])] for row in lab.rows("buyOrders")}
    assert ordered == {f"B{n}": f"S{(n + generation) % 4}" for n in range(6)}


def _kill_after(lab: Lab, run: Run, writes: int) -> None:
    lab.await_that(lambda: len(lab.control.writes()) >= writes or not lab.work_path.exists())
    run.kill()


def _kill_in_midst(lab: Lab, generation: int, writes: int) -> None:
    lab.control.clear_log()
    lab.control.request("PUT", "latency", {"optiply": 0.01})
    run = lab.start(_source(generation))
    lab.await_that(lab.work_path.exists)
    _kill_after(lab, run, writes)
    lab.control.request("PUT", "latency", {"optiply": 0})


def _lose_working_copy(lab: Lab) -> None:
    for path in lab.directory.glob("target-state.json.work*"):
        path.unlink()


@pytest.mark.parametrize("copy", ["kept", "lost"])
@pytest.mark.parametrize("writes", [1, 9, 20, 32, 44])
def test_a_first_run_that_is_killed_is_finished_by_the_next(lab: Lab, writes: int, copy: str) -> None:
    _kill_in_midst(lab, 1, writes)
    if copy == "lost":
        _lose_working_copy(lab)
    done = lab.succeed(_source())
    _assert_whole(lab)
    assert done.states == ['{"generation": 1}']
    assert not lab.work_path.exists()
    lab.succeed(_source())
    assert not lab.writes()


@pytest.mark.parametrize("copy", ["kept", "lost"])
@pytest.mark.parametrize("writes", [3, 18, 30, 45, 60])
def test_a_later_run_that_is_killed_is_finished_by_the_next(lab: Lab, writes: int, copy: str) -> None:
    lab.succeed(_source(1))
    _kill_in_midst(lab, 2, writes)
    if copy == "lost":
        _lose_working_copy(lab)
    lab.succeed(_source(2))
    _assert_whole(lab, 2)
    lab.succeed(_source(2))
    assert not lab.writes()


@pytest.mark.parametrize("copy", ["kept", "lost"])
def test_a_post_whose_answer_the_killed_run_never_saw_is_not_repeated(lab: Lab, copy: str) -> None:
    lab.succeed(products("P0"))
    lab.fault("hang", "POST", "^/products$", when="after", seconds=2)
    run = lab.start(products("P1"))
    lab.await_fault()
    run.kill()
    if copy == "lost":
        _lose_working_copy(lab)
    lab.succeed(products("P1"))
    assert lab.remote_ids("products") == ["P0", "P1"]
    assert lab.requests("POST") == []


def test_three_crashes_in_a_row_with_an_older_state_leave_nothing_twice(lab: Lab) -> None:
    lab.succeed(products("P0"))
    kept = lab.directory / "older.json"
    shutil.copy(lab.state_path, kept)
    for writes in (6, 18, 34):
        _kill_in_midst(lab, 1, writes)
        _lose_working_copy(lab)
        shutil.copy(kept, lab.state_path)
    lab.succeed(_source())
    _assert_whole(lab)


@pytest.mark.parametrize("_again", range(3))
def test_a_row_that_this_run_deletes_while_it_reads_is_not_taken_over(lab: Lab, _again: int) -> None:
    lab.succeed(_source(1))
    lab.succeed(_source(2), max_connections=3)
    _assert_whole(lab, 2)


def test_an_older_state_is_brought_up_to_what_was_written_since(lab: Lab) -> None:
    lab.succeed(_source(1))
    kept = lab.directory / "older.json"
    shutil.copy(lab.state_path, kept)
    lab.succeed(_source(2))
    shutil.copy(kept, lab.state_path)
    lab.succeed(_source(2))
    _assert_whole(lab, 2)


def test_what_a_working_copy_of_another_state_says_is_not_believed(lab: Lab) -> None:
    lab.succeed(products("P1"))
    lab.fault("hang", "POST", "^/products$", when="before", seconds=2)
    run = lab.start(products("P2"))
    lab.await_fault()
    run.kill()
    lab.state_path.unlink()
    lab.succeed(products("P1", "P2"))
    assert lab.remote_ids("products") == ["P1", "P2"]
