"""What a record's content hash and references say against what was last sent. Pure.

The hash of an order is that of its head and that of its lines, joined by a dot, since the two are mended apart.
"""

from __future__ import annotations

from dataclasses import replace

from target_optiply.entities import ENTITIES
from target_optiply.model import EntityRecord, Reference
from target_optiply.records import content_hash
from target_optiply.tables import Entry

OTHER = "!"
"""The references of an entry that must be deleted and created again; equal to no record's."""


def hash_of(record: EntityRecord) -> str:
    """Return a checked record's content hash."""
    if record.lines is None:
        return content_hash(record)
    head = content_hash(replace(record, lines=None))
    return f"{head}.{content_hash(EntityRecord(record.entity, None, lines=record.lines))}"


def same_head(one: str | None, other: str | None) -> bool:
    """Whether two hashes agree in all but the lines."""
    return one is not None and other is not None and one.partition(".")[0] == other.partition(".")[0]


def same_lines(one: str | None, other: str | None) -> bool:
    """Whether two hashes agree in the lines."""
    return one is not None and other is not None and one.partition(".")[2] == other.partition(".")[2]


def without_lines(known: str | None) -> str | None:
    """Return the hash of an order whose lines are to be looked at again, though its head stands as it was sent."""
    return None if known is None else f"{known.partition('.')[0]}."


def refs_of(record: EntityRecord) -> str | None:
    """Return what a record refers to: one ``entity:remote id`` a line, products of its lines after an empty line."""
    declared = [_name(each) for _, each in sorted(record.references.items())]
    products = sorted(_name(line.product) for line in record.lines or ())
    return "\n".join([*declared, "", *products]) if declared or products else None


def _name(reference: Reference) -> str:
    """Name what is referred to as its own record is keyed: an Optiply id is no remote id."""
    return f"{reference.entity}:{reference.remote_id or f'#{reference.optiply_id}'}"


def products_of(refs: str | None) -> list[str]:
    """Return the remote ids of the products of an order's lines."""
    return [each.partition(":")[2] for each in _parts(refs)[1].split("\n") if each]


def refers_to(refs: str | None, names: set[str]) -> bool:
    """Whether a record refers to one of these (``entity:remote id``)."""
    return not names.isdisjoint((refs or "").split("\n"))


def made_stale(entry: Entry, renewed: set[str]) -> Entry | None:
    """Return an entry as it is once rows it refers to have become others; None where it refers to none of these.

    Its hash is dropped, so that it is sent anew. Where the record itself refers to such a row (not only a line of it),
    it counts as one with another parent, since the API is not known to take a changed reference.
    """
    if not refers_to(entry.refs, renewed):
        return None
    declared = not renewed.isdisjoint(_declared(entry.refs).split("\n"))
    return entry._replace(hash=None, refs=OTHER if declared else entry.refs)


def has_other_parents(record: EntityRecord, entry: Entry) -> bool:
    """Whether a reference of the record itself (not of its lines) changed, which is done as delete and create."""
    if not ENTITIES[record.entity].references or entry.refs is None or record.own:
        return False
    return _declared(entry.refs) != _declared(refs_of(record))


def _declared(refs: str | None) -> str:
    return _parts(refs)[0].strip("\n")


def _parts(refs: str | None) -> tuple[str, str]:
    """Return the references of the record itself and those of its lines; either may be empty."""
    declared, _, products = ("\n" + (refs or "")).partition("\n\n")
    return declared, products
