"""The OAuth 2 quick-start API as far as its notes tell, and inferred where they do not."""

from __future__ import annotations
