"""The small parts every generated row is made of: seeded randomness, ids, exact decimals, company-zone dates."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from functools import cache
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]

#: The first and the last day of the data. The last lies in the past on any clock, so that later changes are newer.
FIRST_DAY = date(2023, 7, 3).toordinal()
LAST_DAY = date(2025, 6, 30).toordinal()

#: Rowversions a generated row owns: its own in the middle, its children's below and above.
VERSION_BLOCK = 128
OWN_VERSION = 64

#: Wide enough for any figure that a test may put.
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)


def stream(seed: int, kind: int, index: int) -> random.Random:
    """Return the source of randomness of one row, so that rows can be built in any order and come out the same."""
    return random.Random(((seed * 1_000_003 + kind) << 40) + index)


def guid(rng: random.Random) -> str:
    """Return a version 4 GUID in lower case with dashes."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def finite(value: Any) -> Decimal | None:
    """Return ``value`` as a number; None if it is none, or not finite."""
    try:
        number = Decimal(str(value))
    except DecimalException:
        return None
    return number if number.is_finite() else None


def rowversion(number: int) -> str:
    """Return a SQL Server rowversion as inFlow shows it: 16 hexadecimal digits."""
    return f"{number:016X}"


def exact(value: Decimal | int | str, places: int) -> str:
    """Return ``value`` as inFlow writes decimals: a text with a fixed number of places."""
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-places), context=_WIDE):f}"


def _last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


@cache
def midnight(ordinal: int) -> str:
    """Return the start of a day in the company's zone (Central European), which is the day before in UTC."""
    day = date.fromordinal(ordinal)
    summer = _last_sunday(day.year, 3) < day <= _last_sunday(day.year, 10)
    return f"{day.isoformat()}T00:00:00+0{2 if summer else 1}:00"


def instant(seconds: float) -> str:
    """Return epoch seconds as a UTC date-time with milliseconds."""
    moment = datetime.fromtimestamp(round(seconds, 3), timezone.utc)
    return moment.isoformat(timespec="milliseconds")


@dataclass(slots=True)
class Table:
    """One collection: its ids in order of insertion, and how the whole row at a position is built on demand.

    Attributes:
        key: The name of the key field.
        ids: All keys, in order of insertion.
        build: Position to whole row: every field and every relation that the row owns.
        columns: Fields that are known without building the row, by name: position to value as in the row.
    """

    key: str
    ids: list[str]
    build: Callable[[int], Row]
    columns: Mapping[str, Callable[[int], Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, rows: list[Row]) -> Table:
        """Return a table of rows that are already built."""
        return cls(key, [row[key] for row in rows], rows.__getitem__)
