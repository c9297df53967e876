"""The OAuth 2 quick-start API: all that is known of it, as data. What is inferred is said where it stands."""

from __future__ import annotations
