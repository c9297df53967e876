"""What earlier records said that later ones are mapped with: vendors' currencies, rates, price lists."""

from __future__ import annotations

from target_optiply.store import Store


class StoredFacts:
    """The facts of the store, read once and kept in memory (vendors, rates and price lists are few)."""

    def __init__(self, store: Store) -> None:
        self._store = store
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
