"""The vocabulary of the entity table: what an attribute and an entity are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["text", "integer", "decimal", "number", "boolean", "instant", "choice", "emails", "reference", "uuid"]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute of an entity and every rule on its value.

    Attributes:
        name: As the API spells it.
        kind: Its type. ``decimal`` is a string on read, ``number`` a JSON number, ``instant`` a date-time with offset.
        required: Must be given on POST.
        nullable: Takes null.
        readonly: Set by the server alone.
        default: What a POST without it stores; None for null.
        min_length: Characters (UTF-16 units), for text.
        max_length: Likewise.
        one_line: Text without line breaks.
        minimum: Lowest value, for integers.
        maximum: Highest value, for integers.
        minimum_lifted_by: The switch that lifts the minimum; empty for none.
        digits: Digits before the decimal point, for decimals.
        places: Digits behind it.
        tiny_places: Digits behind it that values under a thousandth may have.
        choices: The values of a ``choice``.
        entity: What a ``reference`` points to.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    readonly: bool = False
    default: Any = None
    min_length: int = 0
    max_length: int = 255
    one_line: bool = False
    minimum: int = -(2**63)
    maximum: int = 2**63 - 1
    minimum_lifted_by: str = ""
    digits: int = 17
    places: int = 2
    tiny_places: int = 2
    choices: tuple[str, ...] = ()
    entity: str = ""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A to-many relationship: the rows of ``entity`` whose ``attribute`` names this row."""

    name: str
    entity: str
    attribute: str


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One resource type.

    Attributes:
        name: The type and the path segment.
        first_id: Where its ids begin.
        attributes: The stored ones; ``uuid``, ``createdAt``, ``updatedAt``, ``accountId``, ``remoteIdMap`` and
            ``createdFromPublicApi`` come with every row.
        owner: The reference through which a row belongs to an account; empty where the POST names the account.
        shows_account: Whether ``accountId`` is an attribute.
        shows_origin: Whether ``createdFromPublicApi`` is an attribute.
        takes_remote_id: Whether ``remoteId`` may be written.
        lines: The line entity and its reference back, where ``orderLines`` may be embedded.
        unique: A pair of references of which no two rows may have the same.
        indexed: Attributes by which rows are found without a scan; references are always among them.
        relations: To-many relationships.
        writable: False where only GET is answered.
    """

    name: str
    first_id: int
    attributes: tuple[Attribute, ...]
    owner: str = ""
    shows_account: bool = False
    shows_origin: bool = True
    takes_remote_id: bool = True
    lines: tuple[str, str] | None = None
    unique: tuple[str, str] | None = None
    indexed: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    writable: bool = True

    @cached_property
    def position(self) -> dict[str, int]:
        """Attribute name to its place in a row's values."""
        return {attribute.name: place for place, attribute in enumerate(self.attributes)}

    @cached_property
    def by_name(self) -> dict[str, Attribute]:
        """Attribute name to attribute."""
        return {attribute.name: attribute for attribute in self.attributes}

    @cached_property
    def references(self) -> tuple[Attribute, ...]:
        """The attributes that point to other rows."""
        return tuple(attribute for attribute in self.attributes if attribute.kind == "reference")


def text(name: str, **rules: Any) -> Attribute:
    """A text of at most 255 characters, unless told otherwise."""
    return Attribute(name=name, kind="text", **rules)


def title(name: str = "name") -> Attribute:
    """A required text of 1 to 255 characters on one line."""
    return text(name, required=True, nullable=False, min_length=1, one_line=True)


def integer(name: str, **rules: Any) -> Attribute:
    """A whole number in the range of a Java Long, unless told otherwise."""
    return Attribute(name=name, kind="integer", **rules)


def decimal(name: str, **rules: Any) -> Attribute:
    """An exact decimal of two places, shown as a string."""
    return Attribute(name=name, kind="decimal", **rules)


def number(name: str, **rules: Any) -> Attribute:
    """A JSON number of any precision."""
    return Attribute(name=name, kind="number", **rules)


def boolean(name: str, **rules: Any) -> Attribute:
    """True or false."""
    return Attribute(name=name, kind="boolean", **rules)


def instant(name: str, **rules: Any) -> Attribute:
    """An ISO 8601 date-time with an offset."""
    return Attribute(name=name, kind="instant", **rules)


def choice(name: str, *choices: str, **rules: Any) -> Attribute:
    """One of a few words."""
    return Attribute(name=name, kind="choice", choices=choices, **rules)


def reference(name: str, entity: str) -> Attribute:
    """A required id of a row of ``entity``."""
    return Attribute(name=name, kind="reference", entity=entity, required=True, nullable=False)


def switch_bit(name: str) -> Attribute:
    """An integer that is 0 or 1."""
    return integer(name, minimum=0, maximum=1)
