"""Creating, changing and deleting rows: references, rules, remote ids and cascades, all or nothing."""

from __future__ import annotations

from typing import Any

from sandbox.optiply.attributes import Entity
from sandbox.optiply.entities import CASCADES_POSSIBLE, CASCADES_PROVEN, ENTITIES
from sandbox.optiply.errors import Refusal
from sandbox.optiply.payloads import Payload
from sandbox.optiply.rules import Rules
from sandbox.optiply.store import Row, Store
from sandbox.switches import Switches

#: The key in ``remoteIdMap`` of remote ids that were written without a coupling.
NO_COUPLING = "0"


class Writes:
    """Changes the rows of ``store`` as the public API does."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._rules = Rules(store, switches)
        self._defaults = {name: [item.default for item in entity.attributes] for name, entity in ENTITIES.items()}

    def create(
        self, entity: Entity, payload: Payload, account: int | None, coupling: int | None, now: float
    ) -> tuple[Row, list[Row]]:
        """Insert a row and the order lines embedded in it.

        Args:
            entity: Its entity.
            payload: Its checked attributes.
            account: The account that the request names; None where it names none and the parent decides.
            coupling: The coupling that the request names.
            now: Epoch seconds.

        Returns:
            The row, and its lines in the order given.

        Raises:
            Refusal: Nothing was inserted.
        """
        values = self._with_defaults(entity, payload)
        owned_by = self._owner(entity, values, account)
        self._check_references(entity, values, owned_by)
        self._rules.check(entity, values, None)
        lines = self._prepare_lines(entity, payload, owned_by)
        self._rules.fill(entity, values)
        row = self._insert(entity, values, payload, owned_by, coupling, now=now)
        if entity.lines is None:
            return row, []
        child, back = ENTITIES[entity.lines[0]], entity.lines[1]
        rows = []
        for line_values, line in lines:
            line_values[child.position[back]] = row.id
            self._rules.fill(child, line_values)
            rows.append(self._insert(child, line_values, line, owned_by, coupling, now=now))
        return row, rows

    def patch(self, entity: Entity, row: Row, payload: Payload, coupling: int | None, now: float) -> None:
        """Change ``row``.

        Raises:
            Refusal: Nothing was changed.
        """
        values = row.values.copy()
        for name, value in payload.values.items():
            values[entity.position[name]] = value
        if any(attribute.name in payload.values for attribute in entity.references):
            self._check_patched_references(entity, row, values, payload)
        self._rules.check(entity, values, row)
        self._store.tables[entity.name].change(row, values, remote_map(row.remote, payload, coupling), self._now(now))

    def delete(self, entity: Entity, row: Row, now: float) -> None:
        """Delete ``row`` and all that goes with it.

        Raises:
            Refusal: Rows that refer to it stand in the way.
        """
        choice = self._switches.optiply_cascades
        if choice == "refused":
            for parent, child, attribute in CASCADES_POSSIBLE:
                if parent == entity.name and self._store.tables[child].found[attribute].get(row.id):
                    raise Refusal(409, f"{entity.name}: still referenced by {child}")
        self._cascade(entity.name, row, CASCADES_PROVEN + (CASCADES_POSSIBLE if choice == "all" else ()), now)

    def _cascade(self, name: str, row: Row, cascades: tuple[tuple[str, str, str], ...], now: float) -> None:
        for parent, child, attribute in cascades:
            if parent == name:
                for below in self._store.tables[child].children(attribute, row.id):
                    if not below.deleted:
                        self._cascade(child, below, cascades, now)
        self._store.tables[name].delete(row, self._now(now))

    def _now(self, now: float) -> int:
        return self._store.moment(now)

    def _with_defaults(self, entity: Entity, payload: Payload) -> list[Any]:
        values = self._defaults[entity.name].copy()
        position = entity.position
        for name, value in payload.values.items():
            values[position[name]] = value
        return values

    def _insert(
        self, entity: Entity, values: list[Any], payload: Payload, account: int, coupling: int | None, *, now: float
    ) -> Row:
        row = self._store.new_row(entity.name, account, coupling, now, values)
        row.remote = remote_map(None, payload, coupling)
        self._store.tables[entity.name].insert(row)
        return row

    def _owner(self, entity: Entity, values: list[Any], account: int | None) -> int:
        if not entity.owner:
            if account is None:
                raise Refusal(400, "The parameter accountId is required", parameter="accountId")
            return account
        attribute = entity.by_name[entity.owner]
        identifier = values[entity.position[entity.owner]]
        parent = self._store.tables[attribute.entity].get(identifier)
        if parent is None or not self._store.visible(parent) or account not in (None, parent.account):
            raise unknown(attribute.entity, identifier)
        return parent.account

    def _check_references(self, entity: Entity, values: list[Any], account: int, without: str = "") -> None:
        for attribute in entity.references:
            if attribute.name == without:
                continue
            identifier = values[entity.position[attribute.name]]
            target = self._store.tables[attribute.entity].get(identifier)
            if target is None or target.account != account:
                raise unknown(attribute.entity, identifier)

    def _check_patched_references(self, entity: Entity, row: Row, values: list[Any], payload: Payload) -> None:
        choice = self._switches.optiply_patch_references
        for attribute in entity.references:
            place = entity.position[attribute.name]
            changed = values[place] != row.values[place]
            if attribute.name in payload.values and (choice == "refused" or (choice == "unchanged" and changed)):
                raise Refusal(
                    self._switches.optiply_validation_status,
                    f"{attribute.name}: cannot be changed",
                    pointer=f"/data/attributes/{attribute.name}",
                )
            target = self._store.tables[attribute.entity].get(values[place])
            if changed and (target is None or target.account != row.account):
                raise unknown(attribute.entity, values[place])

    def _prepare_lines(self, entity: Entity, payload: Payload, account: int) -> list[tuple[list[Any], Payload]]:
        if not payload.lines or entity.lines is None:
            return []
        child, back = ENTITIES[entity.lines[0]], entity.lines[1]
        prepared: list[tuple[list[Any], Payload]] = []
        products = set()
        for line in payload.lines:
            values = self._with_defaults(child, line)
            self._check_references(child, values, account, without=back)
            product = values[child.position["productId"]]
            if product in products and self._switches.optiply_product_twice == "refused":
                raise Refusal(self._switches.optiply_validation_status, "orderLines: a product stands there twice")
            products.add(product)
            prepared.append((values, line))
        return prepared


def remote_map(before: dict[str, str] | None, payload: Payload, coupling: int | None) -> dict[str, str] | None:
    """Return the remote ids of a row after ``payload`` was written under ``coupling``."""
    if not payload.has_remote_id:
        return before
    key = NO_COUPLING if coupling is None else str(coupling)
    after = {other: remote_id for other, remote_id in (before or {}).items() if other != key}
    if payload.remote_id is not None:
        after[key] = payload.remote_id
    return after or None


def unknown(entity: str, identifier: Any) -> Refusal:
    """Return the refusal of an id that no visible row has."""
    return Refusal(404, f"{entity} with id {identifier} not found")
