"""Paging by number: a list in pages counted from 1, of which no row is skipped when rows before it are deleted."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator

from tap_inventory.answers import Answer
from tap_inventory.errors import RefusedError, StreamError
from tap_inventory.paging import BaseListing, NewestPage, OrderError, Page
from tap_inventory.profile import Numbered

logger = logging.getLogger("tap-inventory")

_IDLE = 3
"""Further pages without a single new row, one after another, that are believed: rows may have been inserted before."""


class NumberedListing(BaseListing[Numbered]):
    """Reads a list page by page.

    Rows that are deleted while a list is read pull the following ones into pages that were read already; the total
    tells, and reading steps back. Rows that are inserted only push others into the next page, where they are known.
    """

    _total: int | None = None
    _missing = 0

    def newest(self, field: str, skip: int = 0, *, count: int | None = None, descending: bool = True) -> Answer:
        """Read the page that holds row number ``skip``, by a field, the greatest first unless told otherwise."""
        order = self._by(field, descending=descending)
        return self._page(skip // self.size + 1, order, count=count, probing=True)

    def newest_pages(self, field: str) -> Iterator[NewestPage]:
        """Read the list by a field, the greatest first, each row once.

        Raises:
            OrderError: The server does not sort.
            StreamError: The list cannot be read further.
        """
        known: set[str] = set()
        number, total = 1, None
        while True:
            try:
                answer = self._page(number, self._by(field, descending=True), probing=True)
            except RefusedError as error:
                raise OrderError(str(error)) from error
            if back := self._vanished(total, answer.total):
                number, total = max(number - back, 1), answer.total
                continue
            rows = [row for row in answer.rows if self.key(row) not in known]
            known |= {self.key(row) for row in rows}
            ended = self._is_last(number, answer)
            if not rows and not ended:
                raise OrderError("a page repeats the one before")
            yield NewestPage(rows, answer.total, ended)
            if ended:
                return
            number, total = number + 1, answer.total

    def _pages(self, after: str | None, seen: int) -> Iterator[Page]:
        known: set[str] = set()
        yield from self._read(after, seen, known)
        if self._missing > 0:
            # A server that orders rows anew for each page may leave some out; the second reading gives the rest.
            logger.info("Stream %s: %d rows were left out; reading the list again.", self.stream.name, self._missing)
            yield from self._read(None, 0, known)
            if self._missing > 0:
                logger.warning("Stream %s: %d rows that it counts are not in it.", self.stream.name, self._missing)
        yield Page([], None, self._total, final=True)

    def _read(self, after: str | None, seen: int, known: set[str]) -> Iterator[Page]:
        """Read from a place to the end, leaving out rows that are known; none of these pages is the final one."""
        offset, total = _place(after)
        elsewhere, fewest = (seen if after else 0), None
        first, furthest, idle, pushed, moved = "", 0, 0, 0, False
        number = offset // self.size + 1
        while True:
            answer = self._by_key(number)
            if number != offset // self.size + 1 and not moved:  # pages are not as long as was thought
                number, moved = offset // self.size + 1, True
                continue
            if back := self._vanished(total, answer.total):
                number, total = max(number - back, 1), answer.total
                offset = (number - 1) * self.size
                continue
            keys = [self.key(row) for row in answer.rows]
            # Without a total, a server that knows no pages answers with its first one for ever.
            repeats = number > 1 and answer.total is None and keys[:1] == [first]
            rows = [row for row, key in zip(answer.rows, keys, strict=True) if key not in known and not repeats]
            known.update(keys)
            first, moved = first or next(iter(keys), ""), False
            ended = repeats or not keys or self._is_last(number, answer)
            idle = idle + 1 if not rows and number > furthest else 0
            if total is not None and answer.total is not None:
                pushed += max(answer.total - total, 0)  # rows that came before these have them stand further down
            if idle > _IDLE + math.ceil(pushed / self.size) and not ended:
                raise StreamError(f"The stream {self.stream.name} does not advance: page {number} repeats others.")
            furthest, offset, total = max(number, furthest), number * self.size, answer.total
            if total is not None:
                fewest = total if fewest is None else min(fewest, total)
            self._total = total
            self._expect(0 if ended or total is None else total - offset, self.size)
            yield Page(rows, f"{offset}/{'' if total is None else total}", total, final=False)
            if ended:
                self._missing = (fewest or 0) - elsewhere - len(known)
                return
            number += 1

    def _by_key(self, number: int) -> Answer:
        """Read a page in the order of the keys, where the list can be had in it."""
        if not (self._sorts and self.stream.sorts and self._paging.sort):
            return self._page(number, [])
        try:
            answer = self._page(number, self._by(self.stream.key[0], descending=False))
        except RefusedError as error:
            if error.status not in (400, 422) or self._sorted:
                raise
            answer, self._sorts = self._page(number, []), False
            logger.info("Stream %s is not to be had sorted by its key; reading it in its own order.", self.stream.name)
        else:
            self._sorted = True
        return answer

    def _by(self, field: str, *, descending: bool) -> list[tuple[str, str]]:
        paging = self._paging
        return [(paging.sort, (paging.descending if descending else "") + field)] if paging.sort else []

    def _page(
        self, number: int, order: list[tuple[str, str]], *, count: int | None = None, probing: bool = False
    ) -> Answer:
        paging = self._paging
        ask = [(paging.page, str(number))]
        if paging.size:
            ask.append((paging.size, str(count or self.size)))
        answer = self._ask([*ask, *order], probing=probing)
        if count is None and (length := self._length(number, answer)):
            self.size = length
        return answer

    def _length(self, number: int, answer: Answer) -> int | None:
        """Return how long the server's pages are, where the answer tells."""
        if answer.size:
            return answer.size
        short = number == 1 and answer.total is not None and 0 < len(answer.rows) < min(self.size, answer.total)
        return len(answer.rows) if short else None

    def _vanished(self, before: int | None, now: int | None) -> int:
        """Return how many pages to step back because rows are gone."""
        return -(-(before - now) // self.size) if before is not None and now is not None and now < before else 0

    def _is_last(self, number: int, answer: Answer) -> bool:
        if answer.last is not None:
            return number >= answer.last
        if answer.total is not None:
            return number * self.size >= answer.total
        # No envelope: a page that is not exactly full is the last, or all there is.
        return len(answer.rows) != self.size


def _place(after: str | None) -> tuple[int, int | None]:
    """Return what a STATE says: rows read, and how many there were in all."""
    offset, _, total = (after or "").partition("/")
    return (int(offset), int(total) if total.isdecimal() else None) if offset.isdecimal() else (0, None)
