"""Every request of the target meets every fault; after the next run nothing is missing, twice or stale."""

from __future__ import annotations

import pytest
from reliability.faults import FAULTS, Fault
from reliability.matrix import Trial, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from target.lab import Lab


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_every_request_survives(fault: Fault, lab: Lab, recordings: Recordings) -> None:
    seen: set[str] = set()
    for phase in phases(recordings):
        trial = Trial(lab, phase)
        kinds = set(trial.kinds()) - seen
        assert trial.try_rows(kinds, fault, alone=SOAK).keys() == kinds
        seen |= kinds
