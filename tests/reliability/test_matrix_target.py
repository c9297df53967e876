"""Every request of the target meets every fault; after the next run nothing is missing, twice or stale.

The short form tries each kind of request with a fault, and each fault with a kind. The long form tries every cell, a
third of them in runs of their own: three seeds in a row give each cell a run of its own.
"""

from __future__ import annotations

import pytest
from reliability.beside import Beside
from reliability.faults import FAULTS, FIGURE, ONCE, Fault, one_each
from reliability.matrix import LOOK_UP, Phase, Trial, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from reliability.table import DOCUMENT, faults_listed, keep, kinds_listed
from support.processes import Sandbox
from target.lab import Lab


def all_phases(lab: Lab, recordings: Recordings) -> list[Phase]:
    return [*phases(recordings), *Beside(lab).phases()]


def rows(lab: Lab, recordings: Recordings) -> dict[str, Trial]:
    """Return each kind of request, and where it occurs first."""
    found: dict[str, Trial] = {}
    for phase in all_phases(lab, recordings):
        trial = Trial(lab, phase)
        found |= dict.fromkeys(trial.kinds() - found.keys(), trial)
    return found


@pytest.mark.parametrize("faults", [(fault,) for fault in FAULTS] if SOAK else [FAULTS], ids=lambda each: each[0].name)
def test_every_request_survives(faults: tuple[Fault, ...], lab: Lab, recordings: Recordings) -> None:
    by_kind = rows(lab, recordings)
    cells = one_each(sorted(by_kind), faults)
    found: dict[tuple[str, str], int] = {}
    for trial in {trial.phase.name: trial for trial in by_kind.values()}.values():
        here = [cell for cell in cells if by_kind[cell[0]].phase.name == trial.phase.name]
        found |= trial.try_cells(here)
    assert found.keys() == {(kind, fault.name) for kind, fault in cells}
    assert {kind for kind, _ in found} == by_kind.keys()
    keep("target", found)


def test_the_documented_matrix_has_a_row_for_every_kind_of_request(lab: Lab, recordings: Recordings) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    kinds = set(recordings.tap_kinds) | rows(lab, recordings).keys()
    assert kinds_listed(text) == kinds, "`make soak` brings the table up to date"
    assert faults_listed(text) == [fault.name for fault in (*ONCE, FAULTS[-1])]


def test_the_inventory_makes_every_kind_of_write_due(lab: Lab, recordings: Recordings, busy_sandbox: Sandbox) -> None:
    entities = ("products", "suppliers", "supplierProducts", "productCompositions", "sellOrders", "buyOrders")
    entities += ("sellOrderLines", "buyOrderLines", "receiptLines", "promotions", "promotionProducts")
    never = {"DELETE products", "DELETE suppliers"}  # no inventory row vanishes
    due = {f"{method} {entity}" for method in ("POST", "PATCH", "DELETE") for entity in entities} - never
    due |= {f"{LOOK_UP}{entity}" for entity in entities} | {"token", "GET buyOrders by id", f"PATCH products{FIGURE}"}
    assert due <= rows(lab, recordings).keys()
