"""Which ends are worth another try."""

from __future__ import annotations

import pytest

from fleet.verdict import Ended, judge

FINE = Ended(0, "")
PIPE = Ended(141, "")
WRONG_KEY = Ended(1, "inFlow refuses the key (401, products, request 1 (GET …)): check the setting api_key.")
UNREACHABLE = Ended(1, "inFlow cannot be reached: connection refused, 8 times (products, …). Check api_url.")
PARTLY = Ended(1, "Not everything could be read: vendors failed. The stream vendors, … cannot be read: 503, 8 times.")


@pytest.mark.parametrize(
    ("tap", "target", "outcome", "may_pass"),
    [
        (FINE, FINE, "ok", False),
        (FINE, Ended(1, "rejected: 3 records stand rejected"), "rejected", False),
        (PIPE, Ended(1, "credentials: the login is refused"), "credentials", False),
        (PIPE, Ended(1, "config: account_id is missing"), "config", False),
        (PIPE, Ended(1, "config: another run is using the state (x was renewed 3 seconds ago)"), "config", True),
        (PIPE, Ended(1, "outage: no write has succeeded for 2 minutes"), "outage", True),
        (FINE, Ended(143, "terminated: stopped by SIGTERM"), "terminated", True),
        (FINE, Ended(-9, "2026 | INFO | target"), "killed", True),
        (FINE, Ended(137, ""), "killed", True),
        (FINE, Ended(2, "Usage: target-optiply"), "broken", False),
        (FINE, Ended(1, "input: line 3 is no JSON"), "input", False),
        (Ended(-9, ""), Ended(1, "input: line 3 is cut"), "killed", True),
        (Ended(-15, ""), FINE, "killed", True),
        (Ended(2, "No such option"), FINE, "broken", False),
        (FINE, Ended(1, "ImportError: no module"), "broken", False),
        (WRONG_KEY, FINE, "source", False),
        (UNREACHABLE, FINE, "source", True),
        (PARTLY, FINE, "source", True),
        (WRONG_KEY, Ended(1, "outage: no write"), "source", False),
        (UNREACHABLE, Ended(1, "credentials: refused"), "credentials", False),
    ],
)
def test_an_end_is_tried_again_only_where_time_may_mend_it(
    tap: Ended, target: Ended, outcome: str, may_pass: bool
) -> None:
    verdict = judge(tap, target)
    assert (verdict.outcome, verdict.may_pass) == (outcome, may_pass)
    assert verdict.sentence
