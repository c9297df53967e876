"""Input that is no Singer stream: what came before is written, the line is named, and the run ends."""

from __future__ import annotations

import json
import os
import select
import time

import pytest
from target.lab import Lab
from target.messages import optiply, product, products, record, schema, state

BROKEN = {
    "no json": "this is not JSON",
    "no object": "[1, 2]",
    "no type": '{"stream": "Products"}',
    "type of a number": '{"type": 5}',
    "record without schema": json.dumps(record("Suppliers", {"externalId": "S1", "name": "n"})),
    "record without stream": '{"type": "RECORD", "record": {}}',
    "schema without stream": '{"type": "SCHEMA", "schema": {"properties": {}}, "key_properties": []}',
    "schema that is none": '{"type": "SCHEMA", "stream": "X", "schema": {"properties": {"a": {"type": "nothing"}}}, '
    '"key_properties": []}',
    "state without value": '{"type": "STATE"}',
    "batch": '{"type": "BATCH", "stream": "Products", "encoding": {}, "manifest": []}',
    "version of nothing": '{"type": "ACTIVATE_VERSION", "stream": "Nothing", "version": 1}',
    "deep": '{"type": "STATE", "value": ' + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_ends_the_run_after_what_came_before_it(lab: Lab, line: str) -> None:
    before = [*products("P1"), state({"at": 1})]
    run = lab.run([*before, line, *products("P2"), state({"at": 2})]).ended(1)
    assert run.last_word.startswith("input: ")
    assert "Traceback" not in run.stderr
    assert lab.remote_ids("products") == ["P1"]
    assert run.states == ['{"at": 1}']
    assert lab.state()["run"]["outcome"] == "input"
    assert "line 4" in run.last_word
    lab.succeed(products("P1"))
    assert lab.requests() == []


def test_a_cut_last_line_ends_the_run_after_what_came_before_it(lab: Lab) -> None:
    whole = [*products("P1", "P2"), state({"at": 1})]
    text = "\n".join(json.dumps(each) for each in whole) + "\n" + json.dumps(record("Products", product("P3")))[:-9]
    run = lab.run(text.encode()).ended(1)
    assert run.last_word.startswith("input: line 5 is not JSON")
    assert lab.remote_ids("products") == ["P1", "P2"]
    assert run.states == ['{"at": 1}']


def test_a_last_line_without_an_end_is_read(lab: Lab) -> None:
    text = "\n".join(json.dumps(each) for each in [*products("P1"), state({"at": 1})])
    assert lab.succeed(text.encode()).states == ['{"at": 1}']


def test_unknown_message_types_are_left_out_with_one_warning(lab: Lab) -> None:
    strange = {"type": "SOMETHING", "stream": "Products"}
    run = lab.succeed([*products("P1"), strange, strange, state({"at": 1})])
    assert len(run.said("SOMETHING")) == 1
    assert run.states == ['{"at": 1}']


def test_streams_that_map_to_nothing_are_left_out_or_refused(lab: Lab) -> None:
    messages = [schema("unheard_of", "id"), record("unheard_of", {"id": 1}), *products("P1"), state({"at": 1})]
    run = lab.succeed(messages)
    assert len(run.said("unheard_of maps to nothing")) == 1
    assert run.states == ['{"at": 1}']
    refused = lab.run(messages, unknown_stream="fail").ended(1)
    assert refused.last_word.startswith("input: line 1: stream unheard_of")


def test_empty_lines_and_no_lines_are_no_matter(lab: Lab) -> None:
    lab.succeed(b"")
    lab.succeed(["", *products("P1"), "", "   "])
    assert lab.remote_ids("products") == ["P1"]


def test_what_cannot_be_written_yet_is_not_read(lab: Lab) -> None:
    """Memory is bounded by leaving the input where it is: whoever writes it waits."""
    number = 1500
    records = [product(f"P{n}", remark="x" * 3_000) for n in range(number)]
    data = "".join(f"{json.dumps(each)}\n" for each in optiply("Products", *records)).encode()
    lab.control.request("PUT", "latency", {"optiply": 3.0})
    run, source = lab.feed([])
    os.set_blocking(source.fileno(), False)
    taken, until = 0, time.monotonic() + 2.5
    while (left := until - time.monotonic()) > 0:
        if select.select([], [source], [], left)[1]:
            taken += os.write(source.fileno(), data[taken : taken + 4_096])
    assert taken < len(data) / 2
    lab.control.request("PUT", "latency", {"optiply": 0})
    os.set_blocking(source.fileno(), True)
    with source:
        while taken < len(data):
            taken += os.write(source.fileno(), data[taken : taken + 65_536])
    run.wait().ended(0)
    assert len(lab.rows("products")) == number
