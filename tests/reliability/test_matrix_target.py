"""Every request of the target meets every fault; after the next run nothing is missing, twice or stale."""

from __future__ import annotations

import pytest
from reliability.faults import FAULTS, Fault
from reliability.matrix import Trial, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from reliability.table import DOCUMENT, faults_listed, keep, kinds_listed
from support.processes import Sandbox
from target.lab import Lab


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_every_request_survives(fault: Fault, lab: Lab, recordings: Recordings, request: pytest.FixtureRequest) -> None:
    found: dict[str, int] = {}
    for phase in phases(recordings):
        trial = Trial(lab, phase)
        kinds = trial.kinds() - found.keys()
        tried = trial.try_rows(kinds, fault, alone=SOAK)
        assert tried.keys() == kinds
        found |= tried
    keep(request.config, "target", fault, found)


def test_the_documented_matrix_has_a_row_for_every_kind_of_request(lab: Lab, recordings: Recordings) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    kinds = set(recordings.tap_kinds)
    for phase in phases(recordings):
        kinds |= Trial(lab, phase).kinds()
    assert kinds_listed(text) == kinds, "`make soak` brings the table up to date"
    assert faults_listed(text) == [fault.name for fault in FAULTS]


def test_the_inventory_makes_every_kind_of_write_due(lab: Lab, recordings: Recordings, busy_sandbox: Sandbox) -> None:
    kinds: set[str] = set()
    for phase in phases(recordings):
        kinds |= Trial(lab, phase).kinds()
    entities = ("products", "suppliers", "supplierProducts", "productCompositions", "sellOrders", "buyOrders")
    entities += ("sellOrderLines", "buyOrderLines", "receiptLines")
    never = {"DELETE products", "DELETE suppliers"}  # no inventory row vanishes
    due = {f"{method} {entity}" for method in ("POST", "PATCH", "DELETE") for entity in entities} - never
    assert due <= kinds
