"""What a record needs: which row is its own, and the plan that creates that row or brings it up to date."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from target_optiply import orders
from target_optiply.books import Books
from target_optiply.compare import canonical, differing
from target_optiply.difference import same_head, same_lines
from target_optiply.dispatch import Plan
from target_optiply.entities import Entity
from target_optiply.jobs import Job
from target_optiply.opening import natural_key
from target_optiply.records import attributes_for
from target_optiply.references import Resolution
from target_optiply.tables import NATURAL, Entry, Status
from target_optiply.takeover import Takeover
from target_optiply.writes import Outcome, Writer

_REVIVED = {"status": "enabled", "ignored": False}  # what undoes a soft delete
_json = msgspec.json.Decoder(float_hook=str)


class Needs:
    """Tells what a record needs.

    Args:
        books: What is known.
        writer: Makes plans.
        takeover: What was read of Optiply in this run.
    """

    def __init__(self, books: Books, writer: Writer, takeover: Takeover) -> None:
        self._books = books
        self._store = books.store
        self._writer = writer
        self._takeover = takeover

    def found_otherwise(self, job: Job, entity: Entity, resolution: Resolution) -> Entry | None:
        """Return what is known of a record under the Optiply id it names or its natural key, filed as its own."""
        if job.record.own:
            return None
        newer = self._takeover.newer.pop(job.key, None)
        if newer is not None:
            entry = newer
        elif (
            job.record.optiply_id is not None and not job.attempt
        ):  # on a further attempt, that row is known to be gone
            known = self._store.known_as(entity.name, job.record.optiply_id)
            entry = known or Entry(*job.key, job.record.optiply_id)
        else:
            known = self._known_naturally(entity, resolution)
            if known is None:
                return None
            entry = known
        self._store.forget(entity.name, entry.remote_id)
        entry = entry._replace(remote_id=job.key.remote_id, owner=job.owner)
        self._store.put(entry)
        return entry

    def _known_naturally(self, entity: Entity, resolution: Resolution) -> Entry | None:
        if not self._store.has_natural(entity.name):
            return None
        name = natural_key(entity, {**resolution.record.attributes, **resolution.ids})
        return self._store.first_with_prefix(entity.name, name + NATURAL) if name is not None else None

    def creation(self, job: Job, entity: Entity, resolution: Resolution) -> Plan[Outcome]:
        """Return the plan that creates a record's row.

        Raises:
            InvalidRecord: It lacks what the API requires.
        """
        attributes = attributes_for(
            resolution.record,
            resolution.ids,
            method="POST",
            stock=job.record.stock,
            products=resolution.products,
            synced_at=self._books.synced_at(),
        )
        return self._writer.create(entity, job.record.remote_id, attributes)

    def change(self, job: Job, entity: Entity, entry: Entry, resolution: Resolution) -> Plan[Outcome] | None:
        """Return the plan that brings a standing row up to date; None where it is so already."""
        identity = entry.optiply_id or ""
        attributes = self._changed_attributes(job, entity, entry, resolution)
        if entity.line_entity is None:
            return self._writer.update(entity, identity, attributes) if attributes is not None else None
        lines: dict[str, dict[str, Any]] | None = None
        filed_lines = entry.status == Status.ADOPTED and self._takeover.knows_lines_of(entity)
        if resolution.record.lines is not None and (filed_lines or not same_lines(entry.hash, job.hash)):
            lines = {
                resolution.products.get(line.product.remote_id or "", line.product.optiply_id or ""): line.attributes
                for line in resolution.record.lines
            }
        if attributes is None and lines is None:
            return None
        rows = None
        if filed_lines:
            filed = self._store.owned(entity.line_entity, f"#{identity}")
            rows = [{"id": each.optiply_id, "attributes": _json.decode(each.payload or b"{}")} for each in filed]
        return orders.revise_order(
            self._writer,
            entity,
            identity,
            attributes,
            lines,
            prefix=job.record.remote_id or "",
            rows=rows,
            is_of_its_own=partial(self._books.is_of_its_own, entity.line_entity),
        )

    def _changed_attributes(
        self, job: Job, entity: Entity, entry: Entry, resolution: Resolution
    ) -> dict[str, Any] | None:
        """Return what a PATCH of the row itself must carry; None where nothing of it changed."""
        stock = job.record.stock
        if entry.status == Status.ADOPTED and entry.payload:
            mapped = attributes_for(resolution.record, resolution.ids, method="PATCH", stock=stock)
            if not differing(entity.name, mapped, _json.decode(entry.payload)):
                return None
        elif same_head(entry.hash, job.hash):
            moved = stock is not None and stock != entry.stock
            return {entity.stock_attribute or "": stock} if moved else None
        synced_at = self._books.synced_at()
        attributes = attributes_for(resolution.record, resolution.ids, method="PATCH", stock=stock, synced_at=synced_at)
        if entry.status == Status.REMOVED:  # what was switched off is there again
            attributes = {**{name: _REVIVED[name] for name in entity.soft_delete or ()}, **attributes}
        return attributes


def stock_of(entry: Entry) -> int | None:
    """Return the stock figure that stands in Optiply, where it is known."""
    if entry.status != Status.ADOPTED or entry.payload is None:
        return entry.stock
    figure = canonical("products", "stockLevel", _json.decode(entry.payload).get("stockLevel"))
    return int(figure) if isinstance(figure, str) and figure.lstrip("-").isdigit() else None
