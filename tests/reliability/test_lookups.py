"""What a lost answer leads to: the look-up for its row meets every fault in turn, and no row is ever doubled."""

from __future__ import annotations

import pytest
from reliability.faults import FAULTS, REFUSALS, Fault
from reliability.matrix import Trial, cover, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from reliability.table import keep
from target.lab import Lab

LOST = {"kind": "reset", "when": "after"}  # the row is there, and nobody said so


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_the_look_up_after_a_lost_answer_survives(
    fault: Fault, lab: Lab, recordings: Recordings, request: pytest.FixtureRequest
) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.settings = {"max_connections": 1} if fault.status == 401 else {}
    read = trial.counts()  # how often each list is read before anything is lost
    entities = sorted(kind.partition(" ")[2] for kind in read if kind.startswith("POST "))
    assert entities

    def attempt(tried: set[str]) -> tuple[int, set[str]]:
        rules = []
        for entity in sorted(kind.removeprefix("look-up ") for kind in tried):
            match = {"api": "optiply", "path": f"^/{entity}$"}
            rules.append(({**match, "method": "POST"}, LOST, 1))
            rules.append(({**match, "method": "GET", "skip": read[f"GET {entity}"]}, dict(fault.rule), 1))
        code = trial.strike(rules)
        return code, {kind.replace("GET", "look-up") for kind in trial.struck(fault, holding="createdAt")}

    # A look-up that is refused leaves its record unsettled, which is said by the exit code.
    code = 1 if fault.status in REFUSALS else 0
    kinds = {f"look-up {entity}": code for entity in entities}
    found = cover(fault.name, kinds, attempt, alone=SOAK)
    assert found.keys() == kinds.keys()
    keep(request.config, "look-up", fault, found)
