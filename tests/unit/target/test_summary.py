"""The counts of a run, as the state, the log and hotglue's metrics say them."""

from __future__ import annotations

import time

from target_optiply.summary import Summary


def counted() -> Summary:
    summary = Summary()
    for entity, what, times in (
        ("suppliers", "deleted", 1),
        ("products", "created", 3),
        ("products", "updated", 2),
        ("products", "unchanged", 5),
        ("products", "rejected", 4),
        ("sellOrders", "skipped", 6),
    ):
        for _ in range(times):
            summary.count(entity, what)
    return summary


def test_the_states_summary_counts_what_stands_rejected_not_what_was_rejected():
    assert counted().document({"products": 1, "buyOrders": 2}) == {
        "Products": {"success": 3, "fail": 1, "existing": 5, "updated": 2},
        "Suppliers": {"success": 0, "fail": 0, "existing": 0, "updated": 0, "deleted": 1},
        "SellOrders": {"success": 0, "fail": 0, "existing": 0, "updated": 0, "skipped": 6},
        "BuyOrders": {"success": 0, "fail": 2, "existing": 0, "updated": 0},
    }


def test_a_run_that_did_nothing_counts_nothing():
    assert Summary().document({}) == {}
    assert Summary().metrics() == {"recordCount": {}, "exportSummary": {}}


def test_reading_a_count_does_not_make_an_entity_occur():
    summary = Summary()
    summary.document({})
    assert summary.entities() == []


def test_the_log_names_entities_in_the_order_of_dependence_and_streams_that_map_to_nothing():
    summary = counted()
    summary.unmapped["customers"] = 7
    lines = summary.lines(requests=12, retries=1, waited=2.5)
    assert lines[1] == "Products: 3 created, 2 updated, 5 unchanged, 4 rejected"
    assert [line.partition(":")[0] for line in lines[:3]] == ["Suppliers", "Products", "SellOrders"]
    assert "stream customers: 7 records" in lines[3]
    assert lines[-1].startswith("12 requests, 1 retries, 2.5 s of asked-for waits")


def test_metrics_count_records_by_stream():
    summary = counted()
    summary.records["products"] += 14
    assert summary.metrics()["recordCount"] == {"products": 14}
    assert summary.metrics()["exportSummary"]["Products"]["created"] == 3


def test_the_effort_of_a_run_is_in_numbers_and_seconds():
    summary = Summary(began=time.monotonic() - 2)
    effort = summary.effort(requests=12, retries=3, waited=0.12345)
    assert 2 <= effort.pop("seconds") < 60
    assert effort == {"requests": 12, "retries": 3, "waited": 0.123}
