"""Decimals as text: where a schema declares one, a number becomes its digits, so that a field has one type (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

FORMAT = "x-singer.decimal"
"""The SDK's name of a decimal that is written as text."""

Spots = Mapping[str, "Spots | None"]
"""Fields that are decimals (None), or hold some deeper down."""


def decimal_spots(schema: Mapping[str, Any]) -> Spots:
    """Return where a JSON Schema of an object declares decimals."""
    found: dict[str, Spots | None] = {}
    for name, known in schema.get("properties", {}).items():
        if known.get("format") == FORMAT:
            found[name] = None
        elif deeper := decimal_spots(known.get("items", known)):
            found[name] = deeper
    return found


def write_as_text(rows: Iterable[dict[str, Any]], spots: Spots) -> None:
    """Replace, in place, numbers by their digits where decimals are declared; ``rows`` are as JSON was read."""
    for row in rows:
        for name in spots.keys() & row.keys():
            value, deeper = row[name], spots[name]
            if deeper is None:
                if type(value) is Decimal:
                    row[name] = f"{value:f}"
                elif type(value) is int:
                    row[name] = str(value)
            elif type(value) is list:
                write_as_text([item for item in value if type(item) is dict], deeper)
            elif type(value) is dict:
                write_as_text((value,), deeper)
