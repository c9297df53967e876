"""``filter[…]`` parameters: read strictly, turned into one decision on a row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from sandbox.data.basics import midnight
from sandbox.inflow.endpoints import Filter
from sandbox.inflow.errors import RefusedError
from sandbox.inflow.order import is_guid, parse_instant
from sandbox.inflow.table import Reader

#: Name, kind and values of every filter that counts: equal ones accept the same rows.
Filters: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
_Test: TypeAlias = Callable[[Any], bool]

_PARAMETER = re.compile(r"filter\[(\w+)\](\[\])?")


def read(query: Iterable[tuple[str, str]], known: dict[str, Filter]) -> Filters:
    """Return the filters among the query parameters; ones that the collection does not have are ignored."""
    values: dict[str, list[str]] = {}
    for name, value in query:
        match = _PARAMETER.fullmatch(name)
        if match is None or match[1] not in known or known[match[1]].kind == "ignored":
            continue
        several = known[match[1]].kind == "any_of"
        if match[2] and not several:
            continue
        values[match[1]] = [*values.get(match[1], ()), value] if several else [value]
    return tuple((name, tuple(sorted(value))) for name, value in sorted(values.items()))


def decision(
    filters: Filters,
    known: dict[str, Filter],
    related: Callable[[str, Reader], Any],
    now: float,
    *,
    date_only: bool,
) -> Callable[[Reader], bool]:
    """Return what decides whether a row is in the list.

    Args:
        filters: What ``read`` returned.
        known: The filters of the collection.
        related: Finds the row that a relation to another collection holds.
        now: The present, in epoch seconds.
        date_only: Whether the times of date bounds are cut off.

    Raises:
        RefusedError: A value is not of the filter's kind.
    """
    tests: list[tuple[tuple[str, ...], _Test]] = []
    for name, values in filters:
        spec = known[name]
        try:
            tests.append((spec.fields, _test(spec.kind, values, now, date_only=date_only)))
        except ValueError as error:
            raise RefusedError(400, "InvalidFilter", f"The value of filter[{name}] is not valid: {error}.") from error

    def accept(reader: Reader) -> bool:
        return all(
            any(test(value) for field in fields for value in _read(field, reader, related)) for fields, test in tests
        )

    return accept


def _read(field: str, reader: Reader, related: Callable[[str, Reader], Any]) -> list[Any]:
    """Return the values at a dotted field, through the lists and objects on its way."""
    first, *rest = field.split(".")
    value = reader(first)
    found = [related(first, reader) if value is None and rest else value]
    for name in rest:
        nested: list[Any] = []
        for item in found:
            items = item if isinstance(item, list) else [item]
            nested += [one.get(name) for one in items if isinstance(one, dict)]
        found = nested
    return found


def _test(kind: str, values: tuple[str, ...], now: float, *, date_only: bool) -> _Test:
    value = values[0]
    if kind == "text":
        return lambda have: have is not None and value.casefold() in str(have).casefold()
    if kind == "any_of":
        wanted = {item.casefold() for item in values}
        return lambda have: have is not None and str(have).casefold() in wanted
    if kind == "boolean":
        truth = _boolean(value)
        return lambda have: have is truth
    if kind == "not_cancelled":
        cancelled = not _boolean(value)
        return lambda have: have is cancelled
    if kind == "guid":
        if not is_guid(value.lower()):
            raise ValueError("not a GUID")
        return lambda have: have == value.lower()
    if kind == "days_since":
        if not value.isdecimal():
            raise ValueError("not a number of days")
        latest = datetime.fromtimestamp(now, timezone.utc) - timedelta(days=int(value))
        return lambda have: have is not None and (moment := parse_instant(have)) is not None and moment <= latest
    return _numbers(value) if kind == "numbers" else _dates(value, date_only=date_only)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text.lower() == "true"


def _range(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what was sent is wrong, not its type in this program
    return value


def _numbers(text: str) -> _Test:
    value = _range(text)
    # The documentation names the bounds of numbers as those of dates; clients disagree.
    bounds = (value.get("fromDate", value.get("from")), value.get("toDate", value.get("to")))
    try:
        low, high = (None if bound is None else Decimal(bound) for bound in bounds)
    except (InvalidOperation, TypeError) as error:
        raise ValueError("a bound is not a number") from error
    return lambda have: (
        have is not None and (low is None or Decimal(have) >= low) and (high is None or Decimal(have) <= high)
    )


def _dates(text: str, *, date_only: bool) -> _Test:
    """Return the test for a range; both bounds belong to it, a date alone being the whole day at the company."""
    value = _range(text)
    low, high = _bound(value.get("fromDate")), _bound(value.get("toDate"))
    if date_only:
        first, last = low and low[0], high and high[0]
        return lambda have: (
            have is not None and (first is None or have[:10] >= first) and (last is None or have[:10] <= last)
        )
    after = low and low[1]
    before = high and (high[1] + timedelta(days=1, microseconds=-1) if len(high[0]) == high[2] else high[1])

    def test(have: Any) -> bool:
        moment = None if have is None else parse_instant(have)
        return moment is not None and (after is None or moment >= after) and (before is None or moment <= before)

    return test


def _bound(value: Any) -> tuple[str, datetime, int] | None:
    """Return the date part of a bound, its instant, and the length of the text it came from."""
    if value is None or value == "":
        return None
    moment = parse_instant(value) if isinstance(value, str) else None
    if moment is None or not isinstance(value, str):
        raise ValueError("a bound is not a date")
    if len(value) == 10:
        start = parse_instant(midnight(moment.date().toordinal()))
        moment = start or moment
    return value[:10], moment, len(value)
