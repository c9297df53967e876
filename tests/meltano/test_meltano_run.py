"""The real ``meltano run`` of the pair: twice in both modes of stdout, and through crashes and a SIGTERM."""

from __future__ import annotations

import signal

import pytest
from meltano_project import Project
from pair.compare import assert_stands
from pair.expected import Expectation, Inventory, expect


def assert_complete(project: Project) -> Expectation:
    """Insist that Optiply holds exactly what the inventory says, each record once."""
    ready = project.sandbox.ready["optiply"]
    expectation = expect(Inventory.of(project.sandbox.control.inventory()))
    assert_stands(
        project.sandbox.control,
        expectation,
        account_id=int(ready["account_id"]),
        coupling_id=int(ready["coupling_id"]),
    )
    return expectation


def start_afresh(project: Project, suffix: str) -> tuple[str, str]:
    """Forget all that earlier tests left, and return the option that gives a run a state of its own."""
    project.sandbox.control.reset()
    project.sandbox.control.clear_faults()
    project.state_path.unlink(missing_ok=True)
    return ("--state-id-suffix", suffix)


@pytest.mark.parametrize("mode", ["singer", "hotglue"])
def test_the_second_of_two_runs_begins_from_the_firsts_state_and_writes_nothing(project: Project, mode: str) -> None:
    own = start_afresh(project, mode)
    job = {"JOB_ID": "1", "JOB_ROOT": "/", "FLOW": "f"}  # of some other scheduler: ``auto`` must not be led astray
    env = job if mode == "singer" else {"TARGET_OPTIPLY_STATE_OUTPUT": "hotglue"}
    first = project.run(*own, env=env).ended()
    expectation = assert_complete(project)
    said = first.of("target-optiply")
    assert first.records("vendors") == len(project.sandbox.control.collection("vendors"))
    assert {each["level"] for each in said} <= {"info", "warning"}
    created = f"Products: {len(expectation.rows['products'])} created, 0 updated, 0 unchanged"
    assert any(each["event"].startswith(created) for each in said)
    assert (project.folder / "job_metrics.json").exists() is (mode == "hotglue")

    second = project.run(*own, env=env).ended()
    assert project.writes == []
    assert_complete(project)
    warned = [each["event"] for each in second.of("tap-inventory") if each["level"] == "warning"]
    assert bool(warned) is (mode == "hotglue"), warned  # a target state is no bookmark: said, and read in full
    orders = len(project.sandbox.control.collection("sales-orders"))
    assert second.records("sales_orders") == (0 if mode == "singer" else orders)


def test_crashes_of_either_side_and_a_sigterm_lose_nothing_and_double_nothing(project: Project) -> None:
    own = start_afresh(project, "crash")
    control = project.sandbox.control
    arguments = ("run", *own, "tap-inventory", "target-optiply")

    # The target is killed while the answer to an order is outstanding.
    match = {"api": "optiply", "method": "POST", "path": "^/sellOrders$"}
    control.add_fault(match, {"kind": "hang", "when": "after", "seconds": 25})
    with project.started(*arguments) as (process, finish):
        project.await_fault(process)
        project.kill("target_optiply")
        finish().ended(1)
    assert (project.folder / "target-state.dev.json.work").exists()
    control.clear_faults()

    # The tap is killed in mid-read: what it had read is written, and its STATE kept.
    match = {"api": "inflow", "method": "GET", "path": "purchase-orders"}
    control.add_fault(match, {"kind": "hang", "when": "before", "seconds": 25})
    with project.started(*arguments) as (process, finish):
        project.await_fault(process)
        project.kill("tap_inventory")
        finish().ended(1)
    assert project.target_state()["run"]["outcome"] == "ok"
    assert control.optiply("products")
    control.clear_faults()

    # SIGTERM, as a scheduler sends it, reaches both; the request on its way is finished.
    control.put("products", *({**row, "name": f"New {row['sku']}"} for row in control.collection("products")))
    match = {"api": "optiply", "method": "PATCH", "path": "^/products/"}
    control.add_fault(match, {"kind": "hang", "when": "after", "seconds": 4})
    with project.started(*arguments) as (process, finish):
        project.await_fault(process)
        process.send_signal(signal.SIGTERM)
        assert finish().code not in (0, None)
    assert project.target_state()["run"]["outcome"] == "terminated"
    assert not (project.folder / "target-state.dev.json.work").exists()
    control.clear_faults()

    project.run(*own).ended()
    assert_complete(project)
