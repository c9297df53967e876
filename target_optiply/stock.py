"""Stock figures: added up over locations, rounded down, and brought together with their products. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

MOST_HELD = 1000  # products whose figures are held in memory until their own records have had their chance to arrive


@dataclass(slots=True)
class Held:
    """The stock of one product: the sum over its locations, and the tickets of the records it came with."""

    total: Decimal = Decimal(0)
    tickets: list[int] = field(default_factory=list)

    @property
    def figure(self) -> int:
        """The sum, rounded towards minus infinity."""
        return int(self.total.to_integral_value(ROUND_FLOOR))


class StockDesk:
    """Holds the figures that have arrived until their products follow.

    The figures of one product arrive in a row and before the product, so a page's figures are held while that page's
    products may still come: then a changed product and its moved stock are one write.
    """

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._latest: str | None = None

    def __len__(self) -> int:
        return len(self._held)

    def add(self, product_id: str, value: Decimal, ticket: int) -> None:
        """Take in the figure of one location."""
        if product_id in self._held and product_id != self._latest:  # read again: the newer pass counts
            self._held[product_id].total = Decimal(0)
        held = self._held.setdefault(product_id, Held())
        held.total += value
        held.tickets.append(ticket)
        self._latest = product_id

    def take(self, product_id: str) -> Held | None:
        """Hand out the stock of a product, if it is held."""
        return self._held.pop(product_id, None)

    def take_all(self) -> dict[str, Held]:
        """Hand out everything that is held."""
        held, self._held, self._latest = self._held, {}, None
        return held
