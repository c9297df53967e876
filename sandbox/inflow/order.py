"""How the API orders rows: sort keys for every kind of value, and an index that finds a place in it by halving."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

#: What an entry is sorted by, a tie-break that is unique, and the row's key.
Entry: TypeAlias = tuple[Any, str, str]

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def is_guid(text: str) -> bool:
    """Tell whether ``text`` is a GUID in lower case with dashes."""
    return _GUID.fullmatch(text) is not None


def guid_key(guid: str, order: str) -> str:
    """Return a text that sorts as the GUID does.

    SQL Server compares the last six bytes first, then the fourth group, then the others from their last byte to
    their first.

    Args:
        guid: The key of a row; one that is not a GUID sorts as text.
        order: ``sqlserver`` or ``text``.
    """
    if order != "sqlserver" or len(guid) != 36:
        return guid
    a, b, c = guid[:8], guid[9:13], guid[14:18]
    return f"{guid[24:]}{guid[19:23]}{c[2:]}{c[:2]}{b[2:]}{b[:2]}{a[6:]}{a[4:6]}{a[2:4]}{a[:2]}"


def shuffle_key(key: str) -> str:
    """Return a text that gives rows a stable order without any meaning."""
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def parse_instant(text: str, zone: timezone = timezone.utc) -> datetime | None:
    """Return the date or date-time in ``text``, with ``zone`` where it names none; None if it is neither."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    plain = f"{day}T{minute or '00:00'}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
    try:
        moment = datetime.fromisoformat(plain)
        if offset is None:
            return moment.replace(tzinfo=zone)
        signed = "+00:00" if offset == "Z" else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
        return datetime.fromisoformat(plain + signed)
    except ValueError:
        return None


def sort_key(name: str, value: Any, guid_order: str) -> Any:
    """Return what the value of the property ``name`` is sorted by; rows without a value come first.

    Texts that are decimals or date-times sort as such, others as a case-insensitive collation does.
    """
    if value is None:
        return (0,)
    if isinstance(value, bool | int | float):
        return (1, value)
    text = str(value)
    if name == "timestamp":
        return (2, text)
    if is_guid(text):
        return (2, guid_key(text, guid_order))
    moment = parse_instant(text) if name.endswith(("Date", "Dttm", "DateTime", "date", "dateTime")) else None
    if moment is not None:
        return (1, moment.timestamp())
    try:
        return (1, Decimal(text)) if name in _NUMBERS else (2, text.casefold())
    except InvalidOperation:
        return (0,)


#: Sortable properties whose texts are decimals.
_NUMBERS = frozenset(
    {
        "amountPaid",
        "balance",
        "discount",
        "exchangeRate",
        "extraCosts",
        "freight",
        "height",
        "length",
        "orderFreight",
        "returnExtra",
        "returnFee",
        "returnFreight",
        "subTotal",
        "tax1",
        "tax1Rate",
        "tax2",
        "tax2Rate",
        "total",
        "totalQuantityOnHand",
        "unitCost",
        "weight",
        "width",
    }
)


class Index:
    """Rows in one order; finding a row's place costs the logarithm of their number."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries)

    def add(self, entry: Entry) -> None:
        """Put an entry in its place."""
        insort(self.entries, entry)

    def remove(self, entry: Entry) -> None:
        """Take an entry out, if it is there."""
        place = bisect_left(self.entries, entry)
        if place < len(self.entries) and self.entries[place] == entry:
            del self.entries[place]

    def place(self, entry: Entry, *, descending: bool, inclusive: bool) -> int:
        """Return how many rows come before the rest of the list that begins at, or right after, ``entry``.

        Args:
            entry: Where to begin; it need not be in the index.
            descending: Whether the list is read from its end.
            inclusive: Whether the rest includes the entry.
        """
        if descending:
            find = bisect_right if inclusive else bisect_left
            return len(self.entries) - find(self.entries, entry)
        return (bisect_left if inclusive else bisect_right)(self.entries, entry)

    def slice(self, start: int, stop: int, *, descending: bool) -> list[str]:
        """Return the keys of the rows at the places ``start`` to ``stop`` of the list."""
        size = len(self.entries)
        start, stop = min(start, size), min(max(stop, start), size)
        if descending:
            return [entry[2] for entry in reversed(self.entries[size - stop : size - start])]
        return [entry[2] for entry in self.entries[start:stop]]
