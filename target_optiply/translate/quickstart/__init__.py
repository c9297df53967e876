"""The quick-start API's streams: which function maps them, and which are known to map to nothing."""

from __future__ import annotations

from target_optiply.translate.quickstart import orders
from target_optiply.translate.source import Source, Stream

SOURCE = Source(
    streams={"orders": Stream("id", "sellOrders", orders.translate, frozenset({"customer_id", "updated_at"}))},
    nothing={
        "customers": frozenset({"id", "updated_at"}),
        "invoices": frozenset({"customer_id", "updated_at"}),
    },
)
