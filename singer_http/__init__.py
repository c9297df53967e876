"""What both programs share of HTTP: retry decisions, pacing, redaction, sessions."""

from __future__ import annotations
