"""The setting ``start_date``: what is asked of the API, and what is kept of its answer (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tap_inventory.profile import DateFilter


def parse_instant(value: Any) -> datetime | None:
    """Return an ISO 8601 date or date-time; None for anything else.

    Fractions of a second may have any number of digits (.NET writes seven); what is finer than a microsecond is cut.
    """
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return _parse_repaired(value)


def _parse_repaired(value: str) -> datetime | None:
    # Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
    text = value.strip().replace("Z", "+00:00").replace("z", "+00:00")
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[:digits][:6]:0<6}{tail[digits:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class StartDate:
    """Rows dated before an instant are not read.

    Attributes:
        filter: The API's filter on the date.
        instant: The setting. Without a zone it is compared with the date as the row writes it, in its own zone.
    """

    filter: DateFilter
    instant: datetime

    def parameter(self) -> tuple[str, str]:
        """Return the query parameter: a day early, since the zone of the API's filter is not proven."""
        day = self.instant.date() - timedelta(days=1)
        return self.filter.parameter or "", self.filter.value.format(date=day.isoformat())

    def keeps(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row is dated at or after the start; one without a date is kept."""
        date = parse_instant(row.get(self.filter.field))
        if date is None:
            return True
        if self.instant.tzinfo is None or date.tzinfo is None:
            return date.replace(tzinfo=None) >= self.instant.replace(tzinfo=None)
        return date >= self.instant
