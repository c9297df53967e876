"""Opterius Commerce's client API: all that is known of it, as data. Documentation and behaviour differ."""

from __future__ import annotations
