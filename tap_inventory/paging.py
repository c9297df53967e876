"""A list from its first to its last row, whatever happens meanwhile: what all paging shares, and paging by key."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tap_inventory.answers import Answer, Row
from tap_inventory.client import Client, Params
from tap_inventory.errors import RefusedError, StreamError
from tap_inventory.profile import Keyset, Numbered, StreamProfile

logger = logging.getLogger("tap-inventory")

_EARLIER = 5
"""How many keys before a vanished one are tried to go on after."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows.

    Attributes:
        rows: The rows, in the server's order.
        last: The key to go on after; None on an empty page.
        total: How many rows the list has, where the API said so.
        final: True for the last page.
    """

    rows: list[Row]
    last: str | None
    total: int | None
    final: bool


@dataclass(frozen=True, slots=True)
class NewestPage:
    """A page of a list that is read newest first: its rows, but those of the pages before.

    Attributes:
        rows: The rows, in the server's order.
        total: How many rows the list has, where the API said so.
        ended: True for the last page.
    """

    rows: list[Row]
    total: int | None
    ended: bool


class OrderError(Exception):
    """The server does not keep the newest-first order."""


PagingT = TypeVar("PagingT", Keyset, Numbered)


class BaseListing(ABC, Generic[PagingT]):
    """Reads the list of one stream.

    Args:
        client: Sends the requests.
        stream: The stream.
        paging: How lists are paged.
        size: Rows a page.
        fixed: Parameters that every request carries: relations, filters.
    """

    def __init__(self, client: Client, stream: StreamProfile, paging: PagingT, size: int, fixed: Params) -> None:
        self._client = client
        self._paging: PagingT = paging
        self.stream = stream
        self.size = min(size, paging.max_size)
        self._fixed = tuple(fixed)
        self._number = 0
        self._sorts = True
        self._sorted = False

    def key(self, row: Row) -> str:
        """Return the key of a row.

        Raises:
            StreamError: It has none.
        """
        value = row.get(self.stream.key[0])
        if not value:
            raise StreamError(f"The stream {self.stream.name} holds a row without {self.stream.key[0]}.")
        return str(value)

    @abstractmethod
    def newest(self, field: str, skip: int, *, count: int | None = None, descending: bool = True) -> Answer:
        """Read rows by a field, the greatest first unless told otherwise, from row number ``skip`` or before it."""

    @abstractmethod
    def newest_pages(self, field: str) -> Iterator[NewestPage]:
        """Read the list by a field, the greatest first; what is not read further is not asked for.

        Raises:
            OrderError: The server refuses to, or its pages do not join.
            StreamError: The list cannot be read further.
        """

    def pages(self, after: str | None = None, seen: int = 0) -> Iterator[Page]:
        """Read the whole list by key, or what follows ``after``.

        Args:
            after: The key to go on after.
            seen: How many rows came before it.

        Raises:
            StreamError: The list cannot be read to its end.
        """
        if not self.stream.paged:
            answer = self._ask([])
            yield Page(answer.rows, None, len(answer.rows), final=True)
            return
        try:
            yield from self._pages(after, seen)
        finally:
            self._client.chains.expect(self.stream.name, 0)

    @abstractmethod
    def _pages(self, after: str | None, seen: int) -> Iterator[Page]:
        """Read the pages of a list that has some; as :meth:`pages`."""

    def expect(self, rows: int | None) -> None:
        """Say how many rows are about to be read, where that is known before the first page."""
        self._expect(rows or 0, self.size)

    def _expect(self, rows: int, size: int) -> None:
        self._client.chains.expect(self.stream.name, -(-rows // size) if rows > 0 else 0)

    def _ask(self, ask: list[tuple[str, str]], *, probing: bool = False) -> Answer:
        self._number += 1
        asked = [*ask, *self._fixed]
        return self._client.get(self.stream.path, asked, self.stream.name, self._number, probing=probing)


class Listing(BaseListing[Keyset]):
    """Reads a list by key: rows in the order of their keys, each page from the last key on."""

    def newest(self, field: str, skip: int, *, count: int | None = None, descending: bool = True) -> Answer:
        """Read rows by a field, the greatest first unless told otherwise, leaving out the first ``skip``."""
        paging = self._paging
        ask = [(paging.size, str(count or self.size)), (paging.sort, field)]
        ask.append((paging.descending, "true" if descending else "false"))
        if skip:
            ask.append((paging.skip, str(skip)))
        return self._ask(ask, probing=True)

    def newest_pages(self, field: str) -> Iterator[NewestPage]:
        """Read the list by a field, the greatest first; each page begins with the last row of the one before.

        Raises:
            OrderError: The server refuses to, or its pages do not join.
            StreamError: The list cannot be read further.
        """
        keys: list[str] = []
        while True:
            # One row again, to see that the pages join; rows that changed meanwhile push others down, never up.
            try:
                answer = self.newest(field, max(len(keys) - 1, 0))
            except RefusedError as error:
                raise OrderError(str(error)) from error
            seen = set(keys)
            rows = [row for row in answer.rows if self.key(row) not in seen]
            if keys and (not answer.rows or self.key(answer.rows[0]) not in seen):
                raise OrderError("two pages do not join")
            ended = len(answer.rows) < self.size
            if not rows and not ended:
                raise OrderError("a page repeats the one before")
            keys += [self.key(row) for row in rows]
            yield NewestPage(rows, answer.total, ended)
            if ended:
                return

    def _pages(self, after: str | None, seen: int) -> Iterator[Page]:
        size, first, recent, last = self.size, frozenset[str](), [after] if after else [], after
        while True:
            answer = self._next(last, recent, first, seen)
            keys = [self.key(row) for row in answer.rows]
            if keys and keys[-1] == last:
                raise StreamError(f"The stream {self.stream.name} does not advance after {last}.")
            seen += len(keys)
            if not first:
                first = frozenset(keys)
                if answer.total is not None and len(keys) < size and seen < answer.total:
                    size = max(len(keys), 1)  # the server keeps pages shorter than it was asked for
            final = len(keys) < size
            self._expect(0 if final or answer.total is None else answer.total - seen, size)
            last = keys[-1] if keys else None
            yield Page(answer.rows, last, answer.total, final)
            if final:
                return
            recent = [*recent[-_EARLIER:], *keys]

    def _next(self, last: str | None, recent: list[str], first: frozenset[str], seen: int) -> Answer:
        """Read the page after ``last``, also where that row has vanished since."""
        if last is None:
            return self._after(None)
        try:
            answer = self._after(last)
        except RefusedError as error:
            if error.status not in (400, 404, 410, 422):
                raise
            return self._recover(last, recent, first, seen, error)
        if answer.rows:
            restarted = self.key(answer.rows[0]) in first
            return self._recover(last, recent, first, seen) if restarted else answer
        if answer.total is not None and answer.total <= seen:
            return answer
        # Empty after a full page: the end, or an answer to a key that is gone.
        return self._recover(last, recent, first, seen)

    def _recover(
        self, last: str, recent: list[str], first: frozenset[str], seen: int, refusal: RefusedError | None = None
    ) -> Answer:
        """Go on after a row before ``last``: where ``last`` still follows it, nothing had vanished."""
        places: list[str | None] = []
        places += recent[-2 : -2 - _EARLIER : -1]
        if seen == 1:
            places.append(None)  # there is no row before the only one
        for earlier in places:
            try:
                answer = self._after(earlier)
            except RefusedError as error:
                refusal = error
                continue
            keys = [self.key(row) for row in answer.rows]
            following = recent[recent.index(earlier) + 1 :] if earlier else recent
            if last in keys and set(keys[: keys.index(last)]) <= set(following):
                return Answer(answer.rows[keys.index(last) + 1 :], answer.total)
            known = set(recent)
            if keys and keys[0] not in known and keys[0] not in first:
                logger.info("Stream %s: a row vanished while it was read; going on before it.", self.stream.name)
                return Answer(
                    [row for row, key in zip(answer.rows, keys, strict=True) if key not in known], answer.total
                )
        raise VanishedError(f"The stream {self.stream.name} cannot be read on: the row {last} vanished.") from refusal

    def _after(self, key: str | None) -> Answer:
        paging = self._paging
        ask = [(paging.size, str(self.size))]
        if key is not None:
            ask.append((paging.after, key))
        if not self._sorts:
            return self._ask(ask)
        try:
            answer = self._ask([*ask, (paging.sort, self.stream.key[0])])
        except RefusedError as error:
            if error.status != 400 or self._sorted:
                raise
            # A server may refuse to sort even by the key: then its own order has to do.
            answer, self._sorts = self._ask(ask), False
            logger.info("Stream %s is not to be had sorted by its key; reading it in its own order.", self.stream.name)
        else:
            self._sorted = True
        return answer

    def _ask(self, ask: list[tuple[str, str]], *, probing: bool = False) -> Answer:
        total = [(self._paging.count, "true")] if self.stream.paged else []
        return super()._ask([*ask, *total], probing=probing)


class VanishedError(StreamError):
    """The row to go on after is gone, and those before it too: the list is to be read from its start."""
