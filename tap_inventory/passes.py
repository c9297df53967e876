"""One pass over one stream: what is asked, what is emitted of it, and what the STATE says meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tap_inventory.client import Row
from tap_inventory.paging import BaseListing, Page, VanishedError
from tap_inventory.profile import StreamProfile
from tap_inventory.start import StartDate, parse_instant

logger = logging.getLogger("tap-inventory")

Bookmark = dict[str, Any]

STALE = timedelta(days=1)
"""After this, an interrupted pass is begun anew."""


@dataclass(frozen=True)
class Step:
    """A page read.

    Attributes:
        rows: All its rows.
        changed: Those to emit.
        bookmark: The stream's entry in the STATE once they are written.
        total: How many rows the list has, where known.
    """

    rows: list[Row]
    changed: list[Row]
    bookmark: Bookmark
    total: int | None


@dataclass(frozen=True)
class Plan:
    """What a pass needs to know.

    Attributes:
        stream: The stream.
        listing: The stream's list.
        owned: Included relations whose versions count as the row's own.
        reads: What is asked, as text: where it differs from the last pass, every row is emitted.
        saved: The stream's entry in the STATE.
        now: When the run began.
        rescan: After how long every row is emitted all the same.
        lookback: By how much a window of changes overlaps the last one.
        start: What the setting ``start_date`` keeps, or None.
    """

    stream: StreamProfile
    listing: BaseListing[Any]
    owned: frozenset[str]
    reads: str
    saved: Bookmark
    now: datetime
    rescan: timedelta
    lookback: timedelta
    start: StartDate | None = None

    @property
    def known(self) -> Bookmark:
        """The stream's entry in the STATE, where it is about the same reading; else nothing.

        A pass that was interrupted longer ago than a day is not gone on with: what it read first is stale by now.
        """
        if self.saved.get("reads") != self.reads:
            return {}
        began = parse_instant((self.saved.get("progress") or {}).get("began"))
        fresh = began is not None and began.tzinfo is not None and self.now - began < STALE
        return self.saved if fresh else {name: value for name, value in self.saved.items() if name != "progress"}

    @property
    def due(self) -> bool:
        """Whether every row is to be emitted because the last time is long ago, or not known."""
        emitted = parse_instant(self.saved.get("emitted_at"))
        return emitted is None or emitted.tzinfo is None or self.now - emitted >= self.rescan

    def keep(self, rows: list[Row]) -> list[Row]:
        """Return the rows that the setting ``start_date`` lets be emitted."""
        return rows if self.start is None else [row for row in rows if self.start.keeps(row)]

    def pages(self, progress: Bookmark) -> Iterator[Page]:
        """Read pages by key from where ``progress`` ended; from the start where the row to go on after is gone."""
        try:
            yield from self.listing.pages(progress.get("after"), progress.get("seen", 0))
        except VanishedError as error:
            logger.warning("%s Reading the list from its start.", error)
            yield from self.listing.pages()


def plain(plan: Plan) -> Iterator[Step]:
    """Read a stream that has no handle on change: every row, every time."""
    progress = plan.known.get("progress") or {}
    seen, began = progress.get("seen", 0), progress.get("began") or plan.now.isoformat()
    for page in plan.pages(progress):
        seen += len(page.rows)
        mark: Bookmark = {"reads": plan.reads}
        if not page.final:
            mark["progress"] = {"after": page.last, "seen": seen, "began": began}
        yield Step(page.rows, plan.keep(page.rows), mark, page.total)
