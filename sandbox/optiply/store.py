"""The rows that stand in Optiply, and the indexes that find them without a scan."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sandbox.optiply.attributes import Entity
from sandbox.optiply.entities import ENTITIES
from sandbox.switches import Switches


@dataclass(slots=True)
class Row:
    """One resource.

    Attributes:
        id: Its Optiply id.
        uuid: Random, for good.
        account: The account it belongs to.
        coupling: The coupling it was created under, or None.
        created: Epoch microseconds; never lower than an earlier row's.
        updated: Epoch microseconds of the last change.
        from_api: Whether it came through the public API.
        remote: Coupling to remote id; None where it has none.
        values: In the order of the entity's attributes.
        deleted: Whether it is gone for the API. Like the real database, the sandbox only marks it.
    """

    id: int
    uuid: str
    account: int
    coupling: int | None
    created: int
    updated: int
    from_api: bool
    remote: dict[str, str] | None
    values: list[Any]
    deleted: bool = False


@dataclass(slots=True)
class Live:
    """The rows of one account that are not deleted, oldest first: ids and creation times side by side."""

    ids: list[int] = field(default_factory=list)
    created: list[int] = field(default_factory=list)

    def remove(self, identifier: int) -> None:
        """Take one id out."""
        place = bisect_left(self.ids, identifier)
        del self.ids[place]
        del self.created[place]


class Table:
    """All rows of one entity.

    Indexes hold live rows only: ``found[attribute][value]`` is the list of ids (in no promised order), and ``pairs``
    maps the unique pair of references to the row that holds it.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.rows: dict[int, Row] = {}
        self.live: dict[int, Live] = {}
        self.next_id = entity.first_id
        self.pairs: dict[tuple[int, int], list[int]] = {}
        names = {attribute.name for attribute in entity.references} | set(entity.indexed)
        self.found: dict[str, dict[Any, list[int]]] = {name: {} for name in sorted(names)}
        self.remote: dict[str, list[int]] = {}
        self._indexes = [(entity.position[name], index) for name, index in self.found.items()]
        self._pair = tuple(entity.position[name] for name in entity.unique or ())
        self._last_created = 0

    def insert(self, row: Row) -> None:
        """Add ``row``, whose id must be new and the highest; its creation time is kept from going backwards."""
        row.created = max(row.created, self._last_created)
        self._last_created = row.created
        self.rows[row.id] = row
        live = self.live.get(row.account)
        if live is None:
            live = self.live[row.account] = Live()
        live.ids.append(row.id)
        live.created.append(row.created)
        self._enter(row)

    def get(self, identifier: int) -> Row | None:
        """Return the live row with this id, or None."""
        row = self.rows.get(identifier)
        return None if row is None or row.deleted else row

    def change(self, row: Row, values: list[Any], remote: dict[str, str] | None, updated: int) -> None:
        """Replace the values of ``row`` and keep the indexes right."""
        if not row.deleted:
            self._leave(row)
        row.values, row.remote, row.updated = values, remote, updated
        if not row.deleted:
            self._enter(row)

    def delete(self, row: Row, now: int) -> None:
        """Mark ``row`` as deleted and take it out of every index."""
        self._leave(row)
        self.live[row.account].remove(row.id)
        row.deleted = True
        row.updated = now

    def children(self, attribute: str, identifier: int) -> list[Row]:
        """Return the live rows whose reference ``attribute`` is ``identifier``, oldest first."""
        return [self.rows[child] for child in sorted(self.found[attribute].get(identifier, ()))]

    def pair_of(self, values: list[Any]) -> tuple[int, int] | None:
        """Return the unique pair that these values hold, None where the entity has none."""
        if not self._pair:
            return None
        return (values[self._pair[0]], values[self._pair[1]])

    def _enter(self, row: Row) -> None:
        identifier, values = row.id, row.values
        for place, index in self._indexes:
            value = values[place]
            if value is not None:
                entry = index.get(value)
                if entry is None:
                    index[value] = [identifier]
                else:
                    entry.append(identifier)
        if self._pair:
            self.pairs.setdefault((values[self._pair[0]], values[self._pair[1]]), []).append(identifier)
        if row.remote:
            for remote_id in row.remote.values():
                self.remote.setdefault(remote_id, []).append(identifier)

    def _leave(self, row: Row) -> None:
        identifier, values = row.id, row.values
        for place, index in self._indexes:
            if values[place] is not None:
                _drop(index, values[place], identifier)
        if self._pair:
            _drop(self.pairs, (values[self._pair[0]], values[self._pair[1]]), identifier)
        for remote_id in (row.remote or {}).values():
            _drop(self.remote, remote_id, identifier)


def _drop(index: dict[Any, list[int]], value: Any, identifier: int) -> None:
    entry = index[value]
    entry.remove(identifier)
    if not entry:
        del index[value]


class Store:
    """Every table of the sandbox's Optiply, and the accounts that exist."""

    def __init__(self, accounts: Iterable[int], couplings: Iterable[int], switches: Switches) -> None:
        self.accounts = tuple(accounts)
        self.couplings = frozenset(couplings)
        self.switches = switches
        self._random = random.Random(1)
        self.tables = {name: Table(entity) for name, entity in ENTITIES.items()}
        self._add_accounts()

    def clear(self) -> None:
        """Empty every table. Ids are not given out a second time."""
        for name, entity in ENTITIES.items():
            table = Table(entity)
            table.next_id = self.tables[name].next_id
            self.tables[name] = table
        self._add_accounts()

    def copied(self) -> dict[str, Table]:
        """Return a copy of every table, as it is now."""
        return deepcopy(self.tables, {id(entity): entity for entity in ENTITIES.values()})

    def bring_back(self, tables: dict[str, Table]) -> None:
        """Let every table be as it was when it was copied. Ids are not given out a second time."""
        for name, table in deepcopy(tables, {id(entity): entity for entity in ENTITIES.values()}).items():
            table.next_id = max(table.next_id, self.tables[name].next_id)
            self.tables[name] = table

    def _add_accounts(self) -> None:
        for account in self.accounts:
            row = self.new_row("accounts", account, None, 0, [f"Sandbox account {account}"])
            row.id = account
            self.tables["accounts"].insert(row)

    def new_row(
        self, entity: str, account: int, coupling: int | None, now: float, values: list[Any], *, from_api: bool = True
    ) -> Row:
        """Return a row with the next id, not yet inserted; ``now`` is in epoch seconds."""
        table = self.tables[entity]
        identifier = table.next_id
        table.next_id += 1
        moment = self.moment(now)
        uuid = str(UUID(int=self._random.getrandbits(128), version=4))
        return Row(identifier, uuid, account, coupling, moment, moment, from_api, None, values)

    def moment(self, now: float) -> int:
        """Return ``now`` (epoch seconds) as stored: microseconds, cut to what the API shows."""
        if self.switches.optiply_date_resolution == "second":
            return int(now) * 1_000_000
        return int(now * 1000) * 1000

    def visible(self, row: Row | None) -> bool:
        """Tell whether the API's user may see ``row``."""
        return row is not None and not row.deleted and row.account in self.accounts
