"""How many requests the pair makes of Optiply: exactly those that an independent look at before and after forces."""

from __future__ import annotations

from collections import Counter

from pair.expected import Expectation
from pair.pipeline import Pipeline, due_writes
from pair.requests_due import change_a_share, due_reads, reads

NOTHING = Expectation()


def test_a_first_run_reads_each_entity_once_and_the_lines_of_each_order_with_receipts(pipeline: Pipeline) -> None:
    control = pipeline.sandbox.control
    pipeline.start_afresh()
    expected = pipeline.expected()
    assert reads(control) == due_reads(NOTHING, expected)
    assert Counter(control.writes()) == due_writes(NOTHING, expected)


def test_a_later_run_reads_what_changed_and_no_more(pipeline: Pipeline) -> None:
    with pipeline.changing():
        before = pipeline.expected()
        change_a_share(pipeline.sandbox.control, 0.2, before)
        due = due_reads(before, pipeline.expected())
    assert due["GET sellOrderLines"], "no changed sales order proves nothing"
    assert due["GET buyOrderLines"] > due["GET buyOrders"] == 1, "changed and new purchase orders, one list"
    assert reads(pipeline.sandbox.control) == due


def test_a_run_with_nothing_to_do_asks_for_nothing(pipeline: Pipeline) -> None:
    with pipeline.changing():
        pass
    assert [entry for entry in pipeline.sandbox.control.log() if entry["api"] == "optiply"] == []
