"""The quick-start API's streams: which function maps them, and which are known to map to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from target_optiply.translate.quickstart import orders
from target_optiply.translate.source import Stream

STREAMS: Mapping[str, Stream] = {
    "orders": Stream("id", "sellOrders", orders.translate, frozenset({"customer_id", "updated_at"})),
}

WITHOUT_MAPPING: Mapping[str, frozenset[str]] = {
    "customers": frozenset({"id", "updated_at"}),
    "invoices": frozenset({"customer_id", "updated_at"}),
}
"""Streams that Optiply has no use for, each with its marks."""
