"""An outage is told from a bad record, so that nothing is rejected for it."""

from __future__ import annotations

import pytest

from target_optiply.outage import ALIKE, PATIENCE, OutageWatch


def test_failures_count_as_an_outage_after_two_minutes_without_a_success():
    watch = OutageWatch()
    assert watch.failed(1000.0, "503 busy") is None
    assert watch.failed(1000.0 + PATIENCE - 1, "503 busy") is None
    reason = watch.failed(1000.0 + PATIENCE, "503 busy")
    assert reason is not None
    assert "120 seconds" in reason
    assert "503 busy" in reason


def test_a_success_starts_the_clock_anew():
    watch = OutageWatch()
    watch.failed(0.0, "x")
    watch.succeeded("products", 119.0)
    assert watch.failed(121.0, "x") is None
    assert watch.failed(121.0 + PATIENCE - 0.1, "x") is None
    assert watch.failed(121.0 + PATIENCE, "x")


def test_a_quiet_time_before_the_first_failure_does_not_count():
    watch = OutageWatch()
    watch.succeeded("products", 0.0)
    assert watch.failed(10_000.0, "x") is None


@pytest.mark.parametrize("status", [401, 403, 404, 405, 415])
def test_the_same_telling_refusal_of_an_entitys_first_twenty_writes_is_an_outage(status):
    watch = OutageWatch()
    reasons = [watch.refused("suppliers", status, f"{status} no") for _ in range(ALIKE)]
    assert reasons[:-1] == [None] * (ALIKE - 1)
    assert reasons[-1] is not None
    assert "suppliers" in reasons[-1]
    assert f"{status} no" in reasons[-1]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_refusals_of_single_records_never_are(status):
    watch = OutageWatch()
    assert [watch.refused("suppliers", status, "x") for _ in range(3 * ALIKE)] == [None] * 3 * ALIKE


def test_different_answers_to_the_first_writes_are_no_outage():
    watch = OutageWatch()
    for number in range(3 * ALIKE):
        assert watch.refused("suppliers", (403, 404)[number % 2], "x") is None


def test_an_entity_that_was_written_once_is_proven_and_others_are_not():
    watch = OutageWatch()
    watch.succeeded("products", 1.0)
    for _ in range(3 * ALIKE):
        assert watch.refused("products", 403, "x") is None
    assert [watch.refused("suppliers", 403, "x") for _ in range(ALIKE)][-1]


def test_a_try_counts_only_where_something_succeeded_since():
    watch = OutageWatch()
    assert not watch.others_succeed(0.0)
    watch.succeeded("products", 5.0)
    assert watch.others_succeed(4.0)
    assert not watch.others_succeed(5.0)
