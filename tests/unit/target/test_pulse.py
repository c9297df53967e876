from __future__ import annotations

import logging

import pytest

from target_optiply.pulse import EVERY, Pulse
from target_optiply.summary import Summary


def test_a_long_run_says_now_and_then_how_far_it_is_and_a_short_one_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seconds = [0.0]
    summary = Summary()
    pulse = Pulse(summary, logging.getLogger("a-target"), clock=lambda: seconds[0])
    summary.records["products"] += 7
    for seconds[0] in (0.1, EVERY - 0.1, EVERY, EVERY + 0.1, 2 * EVERY - 0.1):
        pulse.beat(7)
    assert caplog.messages == ["so far: 7 records read; nothing written yet; 7 under way"]
    summary.records["suppliers"] += 2
    for entity, what, number in (("products", "created", 4), ("suppliers", "created", 1), ("products", "rejected", 1)):
        for _ in range(number):
            summary.count(entity, what)
    seconds[0] = 2 * EVERY
    pulse.beat(3)
    assert caplog.messages[1:] == ["so far: 9 records read; 5 created, 1 rejected; 3 under way"]
