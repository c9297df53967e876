"""OptiFlow's API as far as it is documented, and inferred where it is not."""

from __future__ import annotations
