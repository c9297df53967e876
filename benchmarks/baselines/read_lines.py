"""Baseline: read the lines of stdin and parse each with the standard library (``lines``: only read them)."""

from __future__ import annotations

import json
import sys

if sys.argv[1:] == ["lines"]:
    for _ in sys.stdin.buffer:
        pass
else:
    for line in sys.stdin.buffer:
        json.loads(line)
