"""Rows seen and changed past the API, for tests: everything as stored, deleted rows too, and no rule but the types."""

from __future__ import annotations

from typing import Any

from sandbox.optiply.api import OptiplyApi
from sandbox.optiply.attributes import Entity
from sandbox.optiply.documents import canonical_instant, exact_number
from sandbox.optiply.entities import ENTITIES
from sandbox.optiply.errors import Refusal
from sandbox.optiply.payloads import Payload
from sandbox.optiply.store import Row
from sandbox.optiply.writes import remote_map


class Backdoor:
    """The control interface's way into one Optiply."""

    def __init__(self, api: OptiplyApi) -> None:
        self._api = api
        self._store = api.store

    def dump(self, name: str) -> list[dict[str, Any]]:
        """Return every row of an entity, oldest first.

        Raises:
            Refusal: There is no such entity.
        """
        entity = _entity(name)
        return [self._shown(entity, row) for row in self._store.tables[name].rows.values()]

    def insert(
        self, name: str, account: int, coupling: int | None, attributes: dict[str, Any], now: float
    ) -> dict[str, Any]:
        """Add a row, as Optiply's own people or another integration would; return it as ``dump`` does.

        Raises:
            Refusal: The entity or an attribute does not exist, or a value has the wrong type.
        """
        entity = _entity(name)
        payload = self._api.payloads.lenient(entity, attributes)
        values = [payload.values.get(item.name, item.default) for item in entity.attributes]
        row = self._store.new_row(name, account, coupling, now, values, from_api=False)
        row.remote = remote_map(None, payload, coupling)
        self._store.tables[name].insert(row)
        return self._shown(entity, row)

    def change(self, name: str, identifier: int, attributes: dict[str, Any], now: float) -> dict[str, Any]:
        """Change attributes of a row; return it as ``dump`` does.

        Raises:
            Refusal: The row or an attribute does not exist, or a value has the wrong type.
        """
        entity, row = self._find(name, identifier)
        payload: Payload = self._api.payloads.lenient(entity, attributes)
        values = row.values.copy()
        for attribute, value in payload.values.items():
            values[entity.position[attribute]] = value
        remote = remote_map(row.remote, payload, row.coupling)
        self._store.tables[name].change(row, values, remote, self._store.moment(now))
        return self._shown(entity, row)

    def delete(self, name: str, identifier: int, now: float) -> None:
        """Delete a row with what it takes along, as somebody in Optiply would.

        Raises:
            Refusal: The row does not exist, or is referred to where the switches forbid that.
        """
        entity, row = self._find(name, identifier)
        self._api.writes.delete(entity, row, now)

    def _find(self, name: str, identifier: int) -> tuple[Entity, Row]:
        entity = _entity(name)
        row = self._store.tables[name].get(identifier)
        if row is None:
            raise Refusal(404, f"{name} with id {identifier} not found")
        return entity, row

    def _shown(self, entity: Entity, row: Row) -> dict[str, Any]:
        attributes = dict(zip(entity.position, row.values, strict=True))
        for attribute in entity.attributes:
            if attribute.kind == "number" and attributes[attribute.name] is not None:
                attributes[attribute.name] = exact_number(attributes[attribute.name])
        attributes["uuid"] = row.uuid
        attributes["createdAt"] = canonical_instant(row.created)
        attributes["updatedAt"] = canonical_instant(row.updated)
        remote = row.remote or {}
        return {
            "id": str(row.id),
            "deleted": row.deleted,
            "accountId": row.account,
            "couplingId": row.coupling,
            "remoteId": remote.get(str(row.coupling)) or next(iter(remote.values()), None),
            "remoteIdMap": remote,
            "createdFromPublicApi": row.from_api,
            "attributes": attributes,
        }


def _entity(name: str) -> Entity:
    entity = ENTITIES.get(name)
    if entity is None:
        raise Refusal(404, f"there is no entity {name!a}")
    return entity
