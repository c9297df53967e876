"""Opterius Commerce's client API in two variants: as it is documented, and as its code behaves."""

from __future__ import annotations
