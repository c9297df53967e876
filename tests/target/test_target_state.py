"""STATE: byte for byte, in order, never ahead of an unsettled record, all through the run."""

from __future__ import annotations

import json
import os

import pytest
from target.lab import Lab
from target.messages import products, state, suppliers

ODD = ['{"b":1,  "a" :[1.50,1e3] , "ü":"\\u00fc"}', "[1, 2]", '"text"', '{"nested": {"x": {}}}']


@pytest.mark.parametrize("value", ODD)
def test_a_state_is_released_byte_for_byte(lab: Lab, value: str) -> None:
    run = lab.succeed([*products("P1"), f'{{"value": {value}, "type": "STATE"}}'])
    assert run.stdout == value + "\n"


@pytest.mark.parametrize("value", [{}, None])
def test_an_empty_state_is_never_released(lab: Lab, value: object) -> None:
    assert lab.succeed([state(value), *products("P1"), state(value)]).stdout == ""


def test_states_are_released_all_through_the_run(lab: Lab) -> None:
    fifo = lab.directory / "input"
    os.mkfifo(fifo)
    run = lab.start(fifo)
    with fifo.open("w") as source:
        for n in range(3):
            source.writelines(f"{json.dumps(each)}\n" for each in (*products(f"P{n}"), state({"at": n})))
            source.flush()
            lab.await_that(lambda n=n: f'{{"at": {n}}}' in run.stdout)
    run.wait().ended()
    assert run.states == ['{"at": 0}', '{"at": 1}', '{"at": 2}']


def test_no_state_passes_a_record_that_is_not_settled(lab: Lab) -> None:
    lab.succeed(products("P0"))
    lab.fault("hang", "POST", "^/products$", when="before", seconds=1, holding="Product P2")
    messages = [*products("P1"), state(1), *products("P2"), state(2), *products("P3"), state(3)]
    run = lab.start(messages)
    lab.await_that(lambda: "P3" in lab.remote_ids("products"))
    lab.await_that(lambda: "1\n" in run.stdout)
    assert run.states == ["1"]
    run.wait().ended()
    assert run.states == ["1", "2", "3"]


def test_a_state_that_is_released_is_on_disk_with_what_it_passes(lab: Lab) -> None:
    lab.succeed(products("P0"))
    lab.fault("hang", "POST", "^/products$", when="before", seconds=5, holding="Product P2")
    run = lab.start([*products("P1"), state(1), *products("P2")])
    lab.await_that(lambda: run.stdout == "1\n")
    lab.await_fault()
    run.kill()
    lab.control.clear_faults()
    lab.succeed(products("P2"))
    assert lab.remote_ids("products") == ["P0", "P1", "P2"]
    lab.succeed([*products("P0"), *products("P1"), *products("P2")])
    assert lab.requests() == []


def test_hotglue_gets_the_target_state_on_one_line_and_rejections_do_not_fail_it(lab: Lab) -> None:
    messages = [*products("P1", price="12345678901"), *suppliers("S1"), state({"at": 1})]
    run = lab.run(messages, state_output="hotglue").ended(0)
    [last] = run.states
    assert '"bookmarks"' in last
    assert '"externalId":"P1"' in last.replace(" ", "")
