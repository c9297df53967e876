"""The settings that mapping depends on, and the shape of a translator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from target_optiply.model import Facts, Instruction

Translator: TypeAlias = Callable[[Mapping[str, Any], Facts, "tuple[Any, ...]"], "list[Instruction]"]
"""Takes a record, the facts known so far and the values of its Singer key; never raises for a bad record."""


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """What the person who runs the target chose about mapping.

    Attributes:
        stock: Which figure of a stock summary counts.
        open_sales_orders: Whether sales orders wait until they are completed.
        optiply_orders: Tells Optiply's own purchase orders; its first group is the buy order's id. None: no such.
        price_tax_percent: The tax contained in the prices of tax-inclusive price lists.
        source: The shape of streams whose name several shapes use: one of ``route.SHAPES``.
    """

    stock: Literal["available", "on_hand"] = "available"
    open_sales_orders: Literal["hold", "send"] = "hold"
    optiply_orders: re.Pattern[str] | None = re.compile(r"(?i)optiply[\s#:_-]*(\d*)")
    price_tax_percent: Decimal | None = None
    source: str = "auto"

    def __post_init__(self) -> None:
        if self.price_tax_percent is not None and self.price_tax_percent <= -100:
            raise ValueError("price_tax_percent must be above -100")
