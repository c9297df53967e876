"""What earlier records said that later ones are mapped with: vendors' currencies, rates, price lists."""

from __future__ import annotations

from typing import Any

from target_optiply.store import Store

_OWN = frozenset({"parts", "is_supplier", "from_line"})
"""Kinds that each record says of itself: what is mapped with another's is rejected where they disagree."""


class StoredFacts:
    """The facts of the store, read once and kept in memory (vendors, rates and price lists are few).

    Attributes:
        changes: Rises when a fact changes that other records are mapped with.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changes = 0
        self._kinds: dict[str, dict[str, str]] = {}
        for kind, name, value in store.facts():
            self._kinds.setdefault(kind, {})[name] = value

    def get(self, kind: str, key: str) -> str | None:
        """Return a fact, or None."""
        return self._kinds.get(kind, {}).get(key)

    def all(self, kind: str) -> dict[str, str]:
        """Return all facts of a kind."""
        return self._kinds.get(kind, {})

    def put(self, kind: str, key: str, value: str | None) -> None:
        """Keep a fact; None drops it."""
        if self.get(kind, key) == value:
            return
        if value is None:
            self._kinds[kind].pop(key, None)
        else:
            self._kinds.setdefault(kind, {})[key] = value
        self._store.put_fact(kind, key, value)
        self.changes += kind not in _OWN

    def mapped_with(self) -> dict[str, Any]:
        """Return every fact that records other than the one that said it are mapped with."""
        return {kind: facts for kind, facts in self._kinds.items() if kind not in _OWN and facts}
