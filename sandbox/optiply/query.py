"""The parameters of a list, read and checked: filters, order and page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from sandbox.optiply.attributes import Attribute, Entity, integer
from sandbox.optiply.errors import Refusal
from sandbox.optiply.store import Row
from sandbox.optiply.values import parse_instant
from sandbox.switches import Switches

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 100

_FILTER = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?")
_OPERATORS = frozenset({"EQ", "NEQ", "LIKE", "LT", "LE", "GT", "GE"})
_SYSTEM: dict[str, Attribute] = {
    "id": integer("id"),
    "accountId": integer("accountId"),
    "uuid": Attribute(name="uuid", kind="uuid"),
    "createdAt": Attribute(name="createdAt", kind="instant"),
    "updatedAt": Attribute(name="updatedAt", kind="instant"),
    "createdFromPublicApi": Attribute(name="createdFromPublicApi", kind="boolean"),
    "remoteId": Attribute(name="remoteId", kind="text"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: ``attribute`` compared by ``operator`` with any of ``values``; a None among them means null."""

    attribute: str
    operator: str
    values: tuple[Any, ...]


@dataclass(slots=True)
class Query:
    """A list request."""

    filters: list[Filter] = field(default_factory=list)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def parse_query(parameters: Iterable[tuple[str, str]], entity: Entity, switches: Switches) -> Query:
    """Read the query parameters of a list.

    Raises:
        Refusal: One of them is unknown, badly typed or out of bounds.
    """
    query = Query()
    for name, text in parameters:
        if name == "page[limit]":
            query.limit = _page_number(name, text)
        elif name == "page[offset]":
            query.offset = _page_number(name, text)
        elif name == "sort":
            query.sort = _sort(text, entity, switches)
        elif name.startswith("filter["):
            condition = _filter(name, text, entity, switches)
            if condition is not None:
                query.filters.append(condition)
        elif name not in ("accountId", "couplingId", "include") and not name.startswith("fields["):
            raise _unknown_parameter(name)
    if not 1 <= query.limit <= MAXIMUM_LIMIT:
        text = f"page[limit] {query.limit} is larger than the maximum allowed {MAXIMUM_LIMIT} or below 1"
        raise Refusal(400, text, parameter="page[limit]")
    if query.offset % query.limit:
        text = f"page[offset] {query.offset} is not a multiple of limit {query.limit}"
        raise Refusal(400, text, parameter="page[offset]")
    return query


def value_of(entity: Entity, row: Row, name: str) -> Any:
    """Return the value of an attribute of ``row``, system attributes included, as stored."""
    place = entity.position.get(name)
    if place is not None:
        return row.values[place]
    return _SYSTEM_VALUES[name](row)


_SYSTEM_VALUES: dict[str, Callable[[Row], Any]] = {
    "id": lambda row: row.id,
    "accountId": lambda row: row.account,
    "uuid": lambda row: row.uuid,
    "createdAt": lambda row: row.created,
    "updatedAt": lambda row: row.updated,
    "createdFromPublicApi": lambda row: row.from_api,
}


def matches(condition: Filter, entity: Entity, row: Row) -> bool:
    """Tell whether ``row`` meets one condition; like SQL, null meets only a comparison with null."""
    if condition.attribute == "remoteId":
        return any(_compare(condition, remote_id, "text") for remote_id in (row.remote or {}).values())
    return _compare(condition, value_of(entity, row, condition.attribute), kind_of(entity, condition.attribute))


def kind_of(entity: Entity, name: str) -> str:
    """Return how values of an attribute compare; instants of the row itself are plain integers."""
    if name in ("createdAt", "updatedAt"):
        return "integer"
    return (entity.by_name.get(name) or _SYSTEM[name]).kind


def comparable(value: Any, kind: str) -> Any:
    """Return a stored value in a form that sorts as its kind does."""
    if kind == "instant" and type(value) is str:
        return value[:-1]  # without the Z, a fraction sorts behind the whole second
    if kind == "decimal":
        return Decimal(value)
    return value


def _compare(condition: Filter, stored: Any, kind: str) -> bool:
    operator, values = condition.operator, condition.values
    if stored is None:
        return operator == "EQ" and None in values
    if operator == "NEQ":
        return all(value is None or comparable(value, kind) != comparable(stored, kind) for value in values)
    if operator == "LIKE":
        return any(value is not None and _like(value).search(str(stored)) is not None for value in values)
    left = comparable(stored, kind)
    return any(value is not None and _ORDER[operator](left, comparable(value, kind)) for value in values)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda left, right: bool(left == right),
    "LT": lambda left, right: bool(left < right),
    "LE": lambda left, right: bool(left <= right),
    "GT": lambda left, right: bool(left > right),
    "GE": lambda left, right: bool(left >= right),
}


@lru_cache(maxsize=256)
def _like(pattern: str) -> re.Pattern[str]:
    """Return LIKE as a pattern: case-insensitive, ``%`` a wildcard, without one a part of the text."""
    if "%" not in pattern:
        return re.compile(re.escape(pattern), re.IGNORECASE)
    return re.compile("^" + ".*".join(map(re.escape, pattern.split("%"))) + "$", re.IGNORECASE | re.DOTALL)


def _page_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Refusal(400, f"{name} must be a non-negative integer", parameter=name)
    return int(text)


def _sort(text: str, entity: Entity, switches: Switches) -> list[tuple[str, bool]]:
    order = []
    for part in text.split(","):
        name = part.removeprefix("-")
        if _attribute(entity, name, switches) is None or name == "remoteId":
            if switches.optiply_unknown_filter == "ignored":
                continue
            raise _unknown_parameter("sort", name)
        order.append((name, part.startswith("-")))
    return order


def _attribute(entity: Entity, name: str, switches: Switches) -> Attribute | None:
    if name == "remoteId" and (switches.optiply_filter_remote_id == "refused" or not entity.takes_remote_id):
        return None
    if name == "accountId" and switches.optiply_account_filter == "owned" and not entity.shows_account:
        return None
    return entity.by_name.get(name) or _SYSTEM.get(name)


def _filter(name: str, text: str, entity: Entity, switches: Switches) -> Filter | None:
    match = _FILTER.fullmatch(name)
    if match is None:
        raise _unknown_parameter(name)
    operator = (match[2] or "EQ").upper()
    if operator not in _OPERATORS:
        raise Refusal(400, f"unknown filter operator {match[2]}", parameter=name)
    attribute = _attribute(entity, match[1], switches)
    if attribute is None:
        if switches.optiply_unknown_filter == "ignored":
            return None
        raise _unknown_parameter(name, match[1])
    texts = text.split(",") if switches.optiply_filter_comma == "or" else [text]
    values = tuple(_value(attribute, part, operator, name) for part in texts)
    return Filter(attribute.name, operator, values)


def _value(attribute: Attribute, text: str, operator: str, parameter: str) -> Any:
    if text == "null":
        return None
    kind = attribute.kind
    if operator == "LIKE" or kind in ("text", "uuid"):
        return text
    value: Any = None
    if kind in ("integer", "reference"):
        value = int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else None
    elif kind == "instant":
        value = parse_instant(text)
        if value is not None and attribute.name in ("createdAt", "updatedAt"):
            value = microseconds(value)
    elif kind == "boolean":
        value = {"true": True, "false": False}.get(text.lower())
    elif kind == "choice":
        value = text.lower() if text.lower() in attribute.choices else None
    elif kind in ("decimal", "number"):
        value = _number(text)
    if value is None:
        raise Refusal(400, f"{text!a} is not a value of {attribute.name}", parameter=parameter)
    return value


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def microseconds(instant: str) -> int:
    """Return a canonical instant as epoch microseconds."""
    whole, _, fraction = instant[:-1].partition(".")
    return _seconds(whole) * 1_000_000 + int(f"{fraction:0<6}")


@lru_cache(maxsize=4096)
def _seconds(whole: str) -> int:
    return int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp())


def _unknown_parameter(parameter: str, name: str = "") -> Refusal:
    text = f"unknown attribute {name!a} in {parameter}" if name else f"unknown parameter {parameter!a}"
    return Refusal(400, text, parameter=parameter, code="UNKNOWN_PARAMETER")
