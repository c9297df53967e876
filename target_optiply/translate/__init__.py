"""Source records to instructions about entity records, without any I/O."""

from __future__ import annotations
