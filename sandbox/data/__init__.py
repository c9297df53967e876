"""A seeded, realistic and nasty inventory of any size, as inFlow would hold it."""

from __future__ import annotations

from sandbox.data.basics import Row, Table
from sandbox.data.generate import DataSet, generate

__all__ = ["DataSet", "Row", "Table", "generate"]
