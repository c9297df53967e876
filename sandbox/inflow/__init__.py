"""The inFlow Inventory API, read side, over a generated company."""

from __future__ import annotations
