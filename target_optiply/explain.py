"""``--explain``: what the state knows of one record, and why it was not sent."""

from __future__ import annotations

from collections.abc import Iterator

from target_optiply import loading, state
from target_optiply.entities import ENTITIES
from target_optiply.store import Store
from target_optiply.tables import Entry, Status


def explain(location: str, remote_id: str) -> Iterator[str]:
    """Yield lines about every entity record with a remote id.

    Args:
        location: The state: a path or an fsspec URL.
        remote_id: The key at the source.

    Raises:
        ConfigProblem: The state cannot be read.
    """
    source = state.StateFile(location)
    store = Store(":memory:")
    try:
        opened = source.open()
        document = loading.load(opened, store) if opened is not None else state.Document()
        found = False
        for entity in ENTITIES.values():
            if (entry := store.get(entity.name, remote_id)) is not None:
                found = True
                yield f"{entity.title} {remote_id}: {_standing(entry)}"
                yield from _details(store, entry)
        for row in store.parked():
            if row.remote_id == remote_id:
                found = True
                yield f"{ENTITIES[row.entity].title} {remote_id}: waits for {row.parent_entity} {row.parent_id}"
        if not found:
            yield f"nothing is known of {remote_id} in {location}"
        if document.run:
            run = document.run
            yield f"the state was saved at {run.get('saved_at')} by a run that ended: {run.get('outcome')}"
    finally:
        store.close()


def _standing(entry: Entry) -> str:
    where = f" as {entry.optiply_id}" if entry.optiply_id else ""
    return {
        Status.SENT: f"stands in Optiply{where}",
        Status.ADOPTED: f"stands in Optiply{where}",
        Status.REJECTED: f"rejected: {entry.note}" + (f" (an older version stands in Optiply{where})" if where else ""),
        Status.SKIPPED: f"deliberately not sent: {entry.note}",
        Status.REMOVED: f"removed; its row in Optiply{where} is switched off",
    }[Status(entry.status)]


def _details(store: Store, entry: Entry) -> Iterator[str]:
    if entry.owner is not None:
        yield f"  part of {entry.owner}"
    for ref in (entry.refs or "").split("\n"):
        if ref:
            entity, _, remote_id = ref.partition(":")
            parent = store.get(entity, remote_id)
            yield f"  refers to {entity} {remote_id}" + (
                f", {_standing(parent)}" if parent else ", of which nothing is known"
            )
    if entry.stock is not None:
        yield f"  stock figure last sent: {entry.stock}"
    for remote_id, reason in store.removals(entry.entity):
        if remote_id == entry.remote_id:
            yield f"  to be removed: {reason}"
