"""Remote ids to Optiply ids: what a record may be sent with, what it must wait for, what is left out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from target_optiply.dispatch import Plan
from target_optiply.jobs import Job, Key
from target_optiply.model import EntityRecord, Line, Reference
from target_optiply.tables import Entry, Status
from target_optiply.writes import Outcome, Writer

Lookup = Callable[[str, str], "Entry | None"]


@dataclass(slots=True)
class Resolution:
    """What became of a job's references.

    Attributes:
        kind: ``ready``; ``wait`` (a parent is on its way); ``park`` (a parent is not known); ``refused`` (a parent
            stands rejected); ``left_out`` (a parent is deliberately not sent).
        ids: Reference attribute to Optiply id.
        products: Remote id to Optiply id of the products of the lines.
        parent: The parent that stands in the way.
        attribute: The attribute that refers to it.
        record: The record, without the lines of products that are not sent.
    """

    kind: Literal["ready", "wait", "park", "refused", "left_out"]
    record: EntityRecord
    ids: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    parent: Key | None = None
    attribute: str = ""


def resolve(job: Job, lookup: Lookup, is_busy: Callable[[Key], bool]) -> Resolution:
    """Find the Optiply ids of everything a job refers to.

    Args:
        job: The job.
        lookup: What is known of a record.
        is_busy: Whether a record is on its way.
    """
    result = Resolution("ready", job.record)
    owner = job.owner_key
    if owner is not None and _stands_in_the_way(result, owner, "", lookup, is_busy) is None:
        return result
    for attribute, reference in job.record.references.items():
        identity = _identify(result, attribute, reference, lookup, is_busy)
        if identity is None:
            return result
        result.ids[attribute] = identity
    if job.record.lines is not None:
        _resolve_lines(result, job.record, lookup, is_busy)
    return result


def _identify(
    result: Resolution, attribute: str, reference: Reference, lookup: Lookup, is_busy: Callable[[Key], bool]
) -> str | None:
    if reference.remote_id is None:
        return reference.optiply_id
    if reference.optiply_id is not None and lookup(reference.entity, reference.remote_id) is None:
        return reference.optiply_id  # both are given, and the remote id says nothing to us
    entry = _stands_in_the_way(result, Key(reference.entity, reference.remote_id), attribute, lookup, is_busy)
    return entry.optiply_id if entry else None


def _stands_in_the_way(
    result: Resolution, parent: Key, attribute: str, lookup: Lookup, is_busy: Callable[[Key], bool]
) -> Entry | None:
    """Return the parent's entry, or None with the reason noted in the result."""
    result.parent, result.attribute = parent, attribute
    if is_busy(parent):
        result.kind = "wait"
        return None
    entry = lookup(*parent)
    if entry is not None and entry.status == Status.SKIPPED:
        result.kind = "left_out"
        return None
    if entry is not None and entry.status == Status.REJECTED and entry.optiply_id is None:
        result.kind = "refused"
        return None
    if entry is None or entry.optiply_id is None:
        result.kind = "park"
        return None
    return entry


def _resolve_lines(result: Resolution, record: EntityRecord, lookup: Lookup, is_busy: Callable[[Key], bool]) -> None:
    kept: list[Line] = []
    for line in record.lines or ():
        identity = _identify(result, "orderLines", line.product, lookup, is_busy)
        if identity is None:
            if result.kind != "left_out":
                return
            result.kind = "ready"
            continue
        if line.product.remote_id is not None:
            result.products[line.product.remote_id] = identity
        kept.append(line)
    if len(kept) != len(record.lines or ()):
        result.record = without_lines_but(record, kept)


def without_lines_but(record: EntityRecord, kept: list[Line]) -> EntityRecord:
    """Return an order with these lines only; a total that is the sum of its lines follows."""
    attributes = record.attributes
    if record.total_of_lines:
        total = sum(line.attributes["subtotalValue"] for line in kept)
        attributes = {**attributes, "totalValue": total}
    return replace(record, lines=kept, attributes=attributes)


def gone_parents(writer: Writer, resolution: Resolution) -> Plan[list[Key] | None]:
    """Ask Optiply which of a record's references are gone; None where that could not be told."""
    record, gone = resolution.record, []
    pointers = [(reference, resolution.ids.get(name)) for name, reference in record.references.items()]
    pointers += [(line.product, resolution.products.get(line.product.remote_id or "")) for line in record.lines or ()]
    for reference, identity in pointers:
        if reference.remote_id is None or identity is None:
            continue
        row = yield from writer.read_one(reference.entity, identity)
        if isinstance(row, Outcome):
            if row.kind == "unsettled":
                return None
            gone.append(Key(reference.entity, reference.remote_id))
    return gone
