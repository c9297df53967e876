"""How many requests are in flight: as many as the server bears, and no more than the settings allow."""

from __future__ import annotations

from typing import Any

import pytest
from target.lab import Lab
from target.messages import products


def _log(lab: Lab) -> list[dict[str, Any]]:
    return [entry for entry in lab.control.log() if entry["api"] == "optiply"]


def _level(log: list[dict[str, Any]], share: float = 0.95) -> int:
    """Return how many requests were in flight where the machine could keep as many as were allowed under way."""
    levels = sorted(entry["in_flight"] for entry in log)
    return int(levels[int(len(levels) * share)])


def test_no_more_requests_are_in_flight_than_allowed(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.02})
    lab.succeed(products(*(f"P{n}" for n in range(60))), max_connections=3)
    assert max(entry["in_flight"] for entry in _log(lab)) == 3


def test_requests_in_flight_double_up_to_what_is_allowed(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.05})
    lab.succeed(products(*(f"P{n}" for n in range(200))), max_connections=16)
    in_flight = [entry["in_flight"] for entry in _log(lab)]
    assert max(in_flight[:3]) <= 2
    assert max(in_flight) == 16


def test_connections_are_kept_open_from_request_to_request(lab: Lab) -> None:
    lab.succeed(products(*(f"P{n}" for n in range(100))), max_connections=4)
    log = _log(lab)
    assert len(log) >= 100
    assert len({entry["client_port"] for entry in log}) <= 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_refuses_above_five_in_flight_is_met_below(lab: Lab, status: int) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.02})
    lab.control.set_switches(
        optiply_max_in_flight=5,
        optiply_throttle_status=status,
        optiply_retry_after="absent" if status == 429 else "seconds",
    )
    lab.succeed(products(*(f"P{n}" for n in range(600))), max_connections=16)
    log = _log(lab)
    late = log[len(log) // 2 :]
    assert sum(entry["status"] == status for entry in late) <= len(late) * 0.02
    assert 4 <= _level([entry for entry in late if entry["status"] != status]) <= 5
    assert len(lab.rows("products")) == 600


def test_a_server_whose_answers_grow_slow_above_eight_in_flight_gets_about_eight(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.05})
    lab.control.set_switches(optiply_latency_knee=8, optiply_latency_per_excess=0.05)
    lab.succeed(products(*(f"P{n}" for n in range(900))), max_connections=32)
    log = _log(lab)
    assert 7 <= _level(log[len(log) // 2 :], share=0.8) <= 11  # a ninth of the time is spent on trials of other levels


def test_writes_a_second_are_limited_where_asked_for(lab: Lab) -> None:
    lab.succeed(products(*(f"P{n}" for n in range(8))), max_writes_per_second=10)
    times = [entry["at"] for entry in _log(lab) if entry["method"] == "POST"]
    assert times[-1] - times[0] >= 0.65
