"""Opterius Commerce's streams, none of which Optiply has a use for: hosting has no stock."""

from __future__ import annotations

from collections.abc import Mapping

_BOTH = frozenset({"currency", "currency_code"})
"""What its documentation and its code call the same; the tap's SCHEMAs have both."""

WITHOUT_MAPPING: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("domains", "invoices", "me", "orders", "services"), _BOTH
)
"""Its streams, each with its marks."""
