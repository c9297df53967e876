"""Two runs of what no inventory says: promotions, and an order that Optiply placed itself and is then delivered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from pair import builders
from pair.expected import Expectation
from reliability.matrix import Phase, Trial, shown
from reliability.recording import Recording
from target.lab import Lab
from target.messages import inflow, optiply, promotion, promotion_product, state

NAME, LATER = "beside", "beside-changed"


def _recording(*messages: dict[str, Any]) -> Recording:
    return Recording([json.dumps(message) for message in messages], Expectation())


class Beside:
    """The two phases, brought about once in a session."""

    _made: ClassVar[list[Phase]] = []

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def phases(self) -> list[Phase]:
        """Return both phases, each with what a run leaves in which all goes well."""
        if not self._made:
            self._made.extend(self._make())
        return self._made

    def _make(self) -> Iterable[Phase]:
        lab = self.lab
        lab.control.reset()
        goods = (builders.product("P1"), builders.product("P2"), builders.product("P3"))
        lab.succeed([*inflow("vendors", builders.vendor()), *inflow("products", *goods)])
        order = self._placed_by_optiply()
        phase = Phase(NAME, self._first(order))
        yield self._tried(phase, {"promotions": 2, "promotionProducts": 2, "buyOrders": 1, "receiptLines": 1})
        yield self._tried(
            Phase(LATER, self._second(order)),
            {"promotions": 1, "promotionProducts": 2, "buyOrders": 1, "receiptLines": 2},
        )

    def _tried(self, phase: Phase, numbers: dict[str, int]) -> Phase:
        """Run a phase from here on, and take what it leaves for what it must leave; rows are counted by hand."""
        trial = Trial(self.lab, phase)
        trial.keep(phase.name)
        self.lab.succeed(phase.recording.lines)
        left = shown(self.lab)
        assert {entity: len(left[entity]) for entity in numbers} == numbers
        return Phase(phase.name, phase.recording, agreed=left)

    def _placed_by_optiply(self) -> str:
        lab = self.lab
        supplier = {"supplierId": int(lab.row("suppliers", "V1")["id"])}
        own = lab.insert("buyOrders", coupling_id=None, placed="2025-07-01T00:00:00Z", totalValue=10, **supplier)
        line = {"quantity": 5, "subtotalValue": 10, "productId": int(lab.row("products", "P1")["id"])}
        lab.insert("buyOrderLines", coupling_id=None, buyOrderId=int(own), **line)
        return own

    @staticmethod
    def _first(order: str) -> Recording:
        bought = builders.purchase(
            "B1",
            builders.line("P1", "5", "10.00"),
            orderNumber=f"Optiply-{order}",
            receiveLines=[builders.receipt("R1", "P1", "2")],
        )
        return _recording(
            *optiply("Promotions", promotion("M1"), promotion("M2")),
            *optiply("PromotionProducts", promotion_product("X1", "M1", "P1"), promotion_product("X2", "M1", "P2")),
            *inflow("purchase_orders", bought),
            state({"read": 1}),
        )

    @staticmethod
    def _second(order: str) -> Recording:
        bought = builders.purchase(
            "B1",
            builders.line("P1", "6", "12.00"),
            orderNumber=f"Optiply-{order}",
            isCompleted=True,
            receiveLines=[builders.receipt("R1", "P1", "2"), builders.receipt("R2", "P1", "4")],
        )
        gone = "2026-05-01T00:00:00Z"
        products = (
            promotion_product("X1", "M1", "P1", specificUpliftIncrease=30),
            promotion_product("X2", "M1", "P2", deleted_at=gone),
            promotion_product("X3", "M1", "P3"),
        )
        return _recording(
            *optiply("Promotions", promotion("M1", name="Another name"), promotion("M2", deleted_at=gone)),
            *optiply("PromotionProducts", *products),
            *inflow("purchase_orders", bought),
            state({"read": 2}),
        )
