"""Reads an inventory API and speaks Singer: every stream, few requests, incremental, paced."""

from __future__ import annotations
