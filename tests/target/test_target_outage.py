"""When Optiply does not take writes: nothing is rejected, nothing is lost, and the run says so and ends."""

from __future__ import annotations

from typing import Any

import pytest
from target.lab import Lab
from target.messages import line, offer, optiply, product, products, sell_order, state, suppliers

IMPATIENT = {"target_optiply.outage.PATIENCE": 0.6}
QUICKLY_OUT = {**IMPATIENT, "target_optiply.auth._PATIENCE": 0.6}


def _lasting(**changed: Any) -> list[Any]:
    return [*products("P1", "P2", **changed), *optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 503, "headers": {"Retry-After": "0.2"}},
        {"kind": "status", "status": 500},
        {"kind": "reset", "when": "before"},
        {"kind": "html"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_an_outage_of_everything_rejects_nothing_and_loses_nothing(lab: Lab, fault: dict[str, Any]) -> None:
    lab.succeed([*products("P0"), *optiply("SellOrders", sell_order("O0", line("P0", 1, "1.00")))])
    lab.fault(times=None, **fault)
    messages = [state({"at": 0}), *_lasting(), *products("P0", name="Newer"), state({"at": 1})]
    run = lab.run(messages, constants=IMPATIENT).ended(1)
    assert run.last_word.startswith("outage: ")
    assert run.states == ['{"at": 0}']
    written = lab.state()
    assert written["run"]["outcome"] == "outage"
    assert {entry["success"] for entries in written["bookmarks"].values() for entry in entries} == {True}
    lab.control.clear_faults()
    assert lab.succeed(messages).states == ['{"at": 0}', '{"at": 1}']
    assert lab.remote_ids("products") == ["P0", "P1", "P2"]
    assert lab.remote_ids("sellOrders") == ["O0", "O1"]


def test_an_outage_of_writes_alone_rejects_nothing(lab: Lab) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        lab.fault("status", method, times=None, status=500)
    run = lab.run([*_lasting(), state({"at": 1})], constants=IMPATIENT).ended(1)
    assert run.last_word.startswith("outage: no write has succeeded")
    assert run.states == []
    assert not run.said("rejected")


def test_an_outage_while_the_account_is_read_rejects_nothing_and_writes_nothing(lab: Lab) -> None:
    lab.fault("status", "GET", times=None, status=504)
    run = lab.run([*_lasting(), state({"at": 1})], constants=IMPATIENT).ended(1)
    assert run.last_word.startswith("outage: ")
    assert not lab.writes()
    lab.control.clear_faults()
    lab.succeed(_lasting())


def test_an_account_that_cannot_be_read_is_not_written_to(lab: Lab) -> None:
    lab.fault("status", "GET", "^/products$", times=None, status=400)
    run = lab.run([*products("P1"), state({"at": 1})]).ended(1)
    assert run.last_word.startswith("outage: products could not be read")
    assert not lab.writes()
    assert run.states == []


def test_an_outage_of_the_token_endpoint_ends_the_run(lab: Lab) -> None:
    lab.fault("status", api="auth", times=None, status=503)
    run = lab.run([*products("P1"), state({"at": 1})], constants=QUICKLY_OUT).ended(1)
    assert run.last_word.startswith("outage: the token endpoint")
    assert run.states == []


def test_nobody_listening_is_an_outage(lab: Lab) -> None:
    settings = {"auth_url": "http://127.0.0.1:9/token", "api_url": "http://127.0.0.1:9/v1"}
    run = lab.run([*products("P1"), state({"at": 1})], constants=QUICKLY_OUT, **settings).ended(1)
    assert run.last_word.startswith("outage: ")
    assert run.states == []


@pytest.mark.parametrize("status", [403, 404, 405, 415])
def test_first_writes_that_are_all_refused_alike_end_the_run_and_reject_nothing(lab: Lab, status: int) -> None:
    lab.fault("status", "POST", "^/products$", times=None, status=status)
    run = lab.run([state(0), *products(*(f"P{n}" for n in range(60))), state(1)]).ended(1)
    assert run.last_word.startswith("outage: the first 20 writes of products were all refused")
    assert run.states == ["0"]
    assert lab.counts()["POST products"] < 40
    assert not run.said("rejected:")
    assert "Products" not in lab.state()["bookmarks"]
    lab.control.clear_faults()
    assert lab.succeed([*products(*(f"P{n}" for n in range(60))), state(1)]).states == ["1"]


def test_refusals_of_the_first_records_alone_reject_them(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", times=3, status=403)
    offers = optiply("SupplierProducts", offer("I0", "P0", "S1"), offer("I9", "P9", "S1"))
    run = lab.run([*suppliers("S1"), *products(*(f"P{n}" for n in range(30))), *offers, state(1)]).ended(1)
    assert lab.summary("Products") == {"success": 27, "fail": 3, "existing": 0, "updated": 0}
    assert run.states == ["1"]


def test_a_few_records_that_are_all_refused_are_rejected_at_the_end(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", times=None, status=403)
    run = lab.run([*products("P1", "P2"), state(1)]).ended(1)
    assert lab.summary("Products")["fail"] == 2
    assert run.states == ["1"]
    assert run.last_word.startswith("rejected: 2 records stand rejected")


def test_refusals_do_not_hold_up_a_long_input(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", times=5, status=403)
    rows = [row for n in range(150) for row in (product(f"P{n}"),)]
    offers = [offer(f"I{n}-{k}", f"P{n % 5}", f"S{k}") for n in range(5) for k in range(60)]
    messages = [*suppliers(*(f"S{k}" for k in range(60))), *optiply("Products", *rows[:5])]
    messages += [*optiply("SupplierProducts", *offers), *optiply("Products", *rows[5:]), state(1)]
    run = lab.run(messages, max_connections=4).ended(1)
    assert run.states == ["1"]
    assert lab.summary("SupplierProducts")["fail"] == 300
    assert len(run.said("rejected: 60 records that refer to products P")) == 5
