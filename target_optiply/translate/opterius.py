"""Opterius Commerce's streams, none of which Optiply has a use for: hosting has no stock."""

from __future__ import annotations

from target_optiply.translate.source import Source

_BOTH = frozenset({"currency", "currency_code"})
"""What its documentation and its code call the same; the tap's SCHEMAs have both."""

SOURCE = Source(streams={}, nothing=dict.fromkeys(("domains", "invoices", "me", "orders", "services"), _BOTH))
