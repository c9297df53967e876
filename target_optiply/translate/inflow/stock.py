"""inFlow's product summaries to stock figures, one for each product and location."""

from __future__ import annotations

from target_optiply.model import Facts, Figure, Instruction, Warn
from target_optiply.translate.reading import Raw, number
from target_optiply.translate.settings import MappingSettings

_FIELDS = {
    # The raw figure leaves out what could be built from components, which is not there to be sold.
    "available": ("rawQuantityAvailable", "quantityAvailable"),
    "on_hand": ("quantityOnHand",),
}


def translate(product_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Return the figure that the ``stock`` setting names; figures are added up and rounded where they meet."""
    fields = _FIELDS[settings.stock]
    for field in fields:
        value = number(record, field)
        if value is not None:
            return [Figure(product_id, value)]
    return [Warn("product_summaries", f"product {product_id}: no {' or '.join(fields)} in its summary")]
