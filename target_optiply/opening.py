"""What stands in Optiply that the state does not know: read once per entity, before its first write.

With nothing known of an entity, everything under our coupling is taken over (*adoption*); otherwise the rows created
since the state was saved are (a run may have died together with its disk). Rows of entities that return no
``remoteIdMap`` are kept under their natural key until a record asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from target_optiply.compare import canonical
from target_optiply.dispatch import Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.jobs import Key
from target_optiply.store import Store
from target_optiply.tables import NATURAL, Entry, Status
from target_optiply.writes import MARGIN, Writer

_json = msgspec.json.Encoder()
_exact = msgspec.json.Encoder(decimal_format="string")


def natural_key(entity: Entity, attributes: Mapping[str, Any]) -> str | None:
    """Return the key of a row by its natural key, or None where it lacks a part of it that must be there."""
    parts = []
    for name in entity.natural_key:
        value = canonical(entity.name, name, attributes.get(name))
        if value is None and name != "skuCode":
            return None
        parts.append(value)
    return NATURAL + _exact.encode(parts).decode() if parts else None


class Opening:
    """Takes over an entity's rows.

    Args:
        writer: Makes the requests.
        store: Where the rows are put.
        entity: Which entity.
    """

    def __init__(self, writer: Writer, store: Store, entity: Entity) -> None:
        self._writer = writer
        self._store = store
        self._entity = entity
        self._maps = False
        self._is_line = any(each.line_entity == entity.name for each in ENTITIES.values())
        self.newer: dict[Key, Entry] = {}  # rows of records that the state knows under an id which may be outdated
        self.adopted = 0  # rows taken over
        self.under_coupling = 0  # of them, those that say so by their remote id

    def adopt(self) -> Plan[bool]:
        """Take over every row under our coupling; False where reading failed."""
        return (yield from self._read(()))

    def catch_up(self, since: datetime) -> Plan[bool]:
        """Take over the rows created since an instant that the state does not know; False where reading failed."""
        earliest = (since - MARGIN).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (yield from self._read((("createdAt][GE", earliest),)))

    def _read(self, filters: tuple[tuple[str, str], ...]) -> Plan[bool]:
        read = yield from self._writer.read_pages(self._entity.name, filters, self._take)
        if self._maps and not self._is_line:  # then a row without our coupling is somebody else's, whatever its key
            self._store.forget_natural(self._entity.name)
        return read

    def _take(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if self._writer.wire.ours(row) is False:
                continue
            identity, attributes = str(row["id"]), row["attributes"]
            says, remote_id = self._writer.wire.remote_id_of(row)
            self._maps = self._maps or says
            if says and remote_id is None and not self._is_line:  # an order's lines are the order's, whoever wrote them
                continue
            name = remote_id if remote_id is not None else self._natural_name(attributes, identity)
            if name is None or self._store.is_gone(self._entity.name, identity):
                continue  # a row may have gone between this answer and now
            if self._store.known_as(self._entity.name, identity) is not None:
                continue
            owner = self._order_of(attributes)
            payload = _json.encode(attributes)
            entry = Entry(self._entity.name, name, identity, None, Status.ADOPTED, owner, payload=payload)
            if not self._is_news(name):
                self.newer[Key(self._entity.name, name)] = entry
                continue
            self._store.put(entry)
            self.adopted += 1
            self.under_coupling += remote_id is not None

    def _natural_name(self, attributes: Mapping[str, Any], identity: str) -> str | None:
        key = natural_key(self._entity, attributes)
        return None if key is None else key + NATURAL + identity.rjust(20, "0")  # of equal rows the oldest comes first

    def _is_news(self, name: str) -> bool:
        known = self._store.get(self._entity.name, name)
        return known is None or known.optiply_id is None or known.status == Status.REJECTED

    def _order_of(self, attributes: Mapping[str, Any]) -> str | None:
        """Return under which order a line is filed, so that an order's lines are found without reading them again."""
        for reference in self._entity.references:
            if ENTITIES[reference.entity].line_entity == self._entity.name:
                return f"#{attributes.get(reference.name)}"
        return None
