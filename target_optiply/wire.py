"""Requests as Optiply's JSON:API wants them: documents, query parameters, filters and paging. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from target_optiply.client import Request
from target_optiply.entities import ENTITIES
from target_optiply.records import encode

PAGE = 100  # rows a list answer holds at most (vendor's API notes)
_WITH_ACCOUNT = frozenset(name for name, entity in ENTITIES.items() if entity.owner is None)
"""Entities whose rows carry ``accountId``, so that a list can be filtered by it; the others are their owner's."""
ALWAYS_NULL = "null"


@dataclass(frozen=True, slots=True)
class Wire:
    """Builds requests for one account and coupling.

    Attributes:
        account_id: Query parameter ``accountId``.
        coupling_id: Query parameter ``couplingId``, if there is one.
    """

    account_id: str
    coupling_id: str | None

    @property
    def _scope(self) -> tuple[tuple[str, str], ...]:
        scope = (("accountId", self.account_id),)
        return (*scope, ("couplingId", self.coupling_id)) if self.coupling_id else scope

    def post(self, entity: str, attributes: Mapping[str, Any]) -> Request:
        """Return the request that creates a row."""
        return Request("POST", entity, self._scope, encode({"data": {"type": entity, "attributes": attributes}}))

    def patch(self, entity: str, optiply_id: str, attributes: Mapping[str, Any]) -> Request:
        """Return the request that changes a row."""
        document = {"data": {"type": entity, "id": optiply_id, "attributes": attributes}}
        return Request("PATCH", f"{entity}/{optiply_id}", self._scope, encode(document))

    def delete(self, entity: str, optiply_id: str) -> Request:
        """Return the request that deletes a row."""
        return Request("DELETE", f"{entity}/{optiply_id}", self._scope)

    def get(self, entity: str, optiply_id: str) -> Request:
        """Return the request that reads one row."""
        return Request("GET", f"{entity}/{optiply_id}", self._scope)

    def list(self, entity: str, filters: tuple[tuple[str, str], ...], *, after: str | None = None) -> Request:
        """Return the request for one page of rows, by rising id.

        Args:
            entity: Resource type.
            filters: ``("name", value)`` for equality or ``("createdAt][GE", value)`` with an operator.
            after: The last id of the page before.
        """
        query = [("page[limit]", str(PAGE)), ("sort", "id")]
        if entity in _WITH_ACCOUNT:
            query.append(("filter[accountId]", self.account_id))
        query += [(f"filter[{name}]", value) for name, value in filters]
        if after is not None:
            query.append(("filter[id][GT]", after))
        return Request("GET", entity, (*query, *self._scope))

    def ours(self, row: Mapping[str, Any]) -> bool | None:
        """Whether a row belongs to our account; None where the row does not say."""
        account = row.get("attributes", {}).get("accountId")
        return None if account is None else str(account) == self.account_id

    def remote_id_of(self, row: Mapping[str, Any]) -> tuple[bool, str | None]:
        """Return whether a row says whose it is, and the remote id it has under our coupling.

        Where no coupling is set, a row with exactly one entry counts as ours.
        """
        mapped = row.get("attributes", {}).get("remoteIdMap")
        if not isinstance(mapped, dict) or not mapped:
            return False, None
        if self.coupling_id is not None:
            value = mapped.get(self.coupling_id)
        else:
            value = next(iter(mapped.values())) if len(mapped) == 1 else None
        return True, None if value is None else str(value)
