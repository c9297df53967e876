"""What passes between the rooms of the target: a source record becomes instructions about entity records.

A *remote id* is the key a record has at its source; an *Optiply id* is the key that Optiply gave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to another entity record, by remote id or, from Optiply-shaped input, by Optiply id."""

    entity: str
    remote_id: str | None
    optiply_id: str | None = None


@dataclass(slots=True)
class Line:
    """One embedded order line. An order holds one line per product.

    Attributes:
        product: The product that is sold or bought.
        attributes: ``quantity``, ``subtotalValue`` and what else the entity's line takes, without ``productId``.
    """

    product: Reference
    attributes: dict[str, Any]


@dataclass(slots=True)
class EntityRecord:
    """One record of one Optiply entity, on its way from a stream to a request.

    Attributes:
        entity: The resource type, for example ``supplierProducts``.
        remote_id: The key at the source; None only where Optiply-shaped input names an ``optiply_id`` alone.
        attributes: Attribute values without references, lines, ``stockLevel``, ``remoteId`` and
            ``remoteDataSyncedToDate``.
        references: Attribute name to the record it points to, for example ``{"productId": Reference(...)}``.
        lines: Embedded order lines; None where the source said nothing of lines (then they stay as they are).
        children: Complete lists of dependent records that the source record carries, by entity. What the state
            knows under this record and the list no longer has is removed; an absent key changes nothing.
        stock: The record's own stock figure (``stockLevel``), a whole number; None where it has none.
        stock_is_fallback: True where ``stock`` counts only if no stock figure has arrived for the product.
        optiply_id: The Optiply id, where the input gives it.
        own: True for a buy order that Optiply itself placed: it is patched and received upon, never created.
        deleted: True where the source says that the record is gone.
        total_of_lines: True where ``totalValue`` is the sum of the lines, so that it follows a dropped line.
        defect: Why this record cannot be sent (``attribute: reason``), where the mapping found out; checking raises
            it. A child with a defect stays in its parent's list, so that it is not mistaken for a vanished one.
    """

    entity: str
    remote_id: str | None
    attributes: dict[str, Any] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)
    lines: list[Line] | None = None
    children: dict[str, list[EntityRecord]] = field(default_factory=dict)
    stock: int | None = None
    stock_is_fallback: bool = False
    optiply_id: str | None = None
    own: bool = False
    deleted: bool = False
    total_of_lines: bool = False
    defect: str | None = None


@dataclass(frozen=True, slots=True)
class Upsert:
    """Bring this record (and its children) to Optiply, if it differs from what is known there."""

    record: EntityRecord


@dataclass(frozen=True, slots=True)
class Remove:
    """The source says that this record is gone (deleted, cancelled, a quote again): remove it if it was sent."""

    entity: str
    remote_id: str | None
    reason: str
    optiply_id: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """This record is deliberately not sent.

    Where ``remember`` is true, the id is kept: lines and children that mention it are left out, now and later.
    """

    entity: str
    remote_id: str
    reason: str
    remember: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """A stock figure of one product at one location; the figures of one product arrive in a row."""

    product_id: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Remember:
    """A fact that later records are mapped with, kept in the state: a vendor's currency, a rate, a price list."""

    kind: str
    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Reject:
    """This record cannot be sent; ``reason`` begins with the attribute's name."""

    entity: str
    remote_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Something worth one line in the log, once per ``key`` in a run; ``info`` where nothing is wrong."""

    key: str
    message: str
    info: bool = False


Instruction: TypeAlias = Upsert | Remove | Skip | Figure | Remember | Reject | Warn


class Facts(Protocol):
    """What earlier records (of this run or of earlier ones) said."""

    def get(self, kind: str, key: str) -> str | None:
        """Return the value remembered under ``kind`` and ``key``, or None."""

    def all(self, kind: str) -> dict[str, str]:
        """Return everything remembered under ``kind``."""
