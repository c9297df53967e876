"""Faults that stay: a run ends in time with one sentence, rejects nothing for them, and the next run completes it."""

from __future__ import annotations

import re

import pytest
from reliability.faults import BY_NAME
from reliability.matrix import TOLD_BY, Trial, body_of, match_of, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from target.lab import Lab

LASTING = (
    *("reset before the commit", "reset after the commit", "truncated body", "HTML, not committed"),
    *("401", "500", "500, committed", "503", "503 with Retry-After"),
)
DONE_UNSAID = ("reset after the commit", "truncated body", "500, committed")
KINDS = ("token", "GET products", "POST suppliers", "POST products", "POST buyOrders", "POST receiptLines")
CREATED = [entity for entity in TOLD_BY if not entity.endswith("OrderLines")]  # the lines come with their orders
CHANGES = ("PATCH products", "DELETE sellOrders", "GET sellOrderLines", "POST sellOrderLines")


@pytest.mark.parametrize("name", LASTING if SOAK else ("reset after the commit", "500", "401"))
def test_a_fault_that_stays_stops_the_run_and_costs_nothing(name: str, lab: Lab, recordings: Recordings) -> None:
    for phase, kinds in zip(phases(recordings), (KINDS, CHANGES), strict=True):
        trial = Trial(lab, phase)
        for kind in kinds if SOAK else kinds[:: 3 if name == "500" else 2]:
            code = trial.strike([(match_of(kind), BY_NAME[name].rule, None)])
            said = trial.last.last_word
            if name in DONE_UNSAID and kind.startswith(("POST", "DELETE")):
                assert code == 0, (kind, said)  # every row is found where it was looked for
                continue
            assert code == 1, (kind, said)
            assert re.match(r"(outage|credentials|rejected): .+", said), (kind, said)


def test_optiply_out_for_good_is_said_and_rejects_nothing(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    assert trial.strike([({"api": "optiply"}, {"kind": "status", "status": 502}, None)]) == 1
    assert trial.last.last_word.startswith("outage: ")
    assert not trial.last.states
    assert "rejected:" not in trial.last.stderr


@pytest.mark.parametrize("entity", CREATED if SOAK else ("suppliers", "supplierProducts", "buyOrders"))
def test_one_record_that_always_fails_is_rejected_and_stops_no_other(
    entity: str, lab: Lab, recordings: Recordings
) -> None:
    phase = phases(recordings)[0]
    rows = phase.recording.expectation.rows[entity].values()
    row = next(row for row in rows if row[TOLD_BY[entity]])
    trial = Trial(lab, phase)
    match = {"api": "optiply", "method": "POST", "path": f"^/{entity}$", "body": body_of(entity, row)}
    assert trial.strike([(match, {"kind": "status", "status": 500}, None)]) == 1
    assert any(entry["fault"] for entry in trial.log)
    assert trial.last.last_word.startswith(("rejected: ", "outage: ")), trial.last.last_word
    others = {entry["kind"] for entry in trial.log if entry["status"] == 201}
    assert {"POST suppliers", "POST products"} <= others | {f"POST {entity}"}


@pytest.mark.parametrize("setting", ["auth_url", "api_url"])
def test_a_connection_that_is_refused_is_said_and_costs_nothing(setting: str, lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    url = "http://127.0.0.1:9/nothing-listens"
    constants = {"target_optiply.outage.PATIENCE": 1.0, "target_optiply.auth._PATIENCE": 1.0}
    run = lab.run(recordings.full.lines, constants=constants, **{setting: url}).ended(1)
    assert run.last_word.startswith("outage: "), run.last_word
    assert not run.states
    for path in lab.directory.glob("target-state.json*"):
        path.unlink()  # a state names the API it belongs to
    lab.succeed(recordings.full.lines)
    trial.assert_agreement()
