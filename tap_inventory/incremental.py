"""Streams whose rows carry versions: only changed rows are emitted, and only as much is read as is needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from tap_inventory.client import Answer, Row
from tap_inventory.errors import RefusedError
from tap_inventory.paging import OrderError
from tap_inventory.passes import Bookmark, Plan, Step
from tap_inventory.proof import Proof, children_lead, descending
from tap_inventory.versions import (
    OVERLAP,
    Collector,
    Memory,
    content_digest,
    format_version,
    greatest_version,
    own_version,
)

logger = logging.getLogger("tap-inventory")

UNPROVEN = "unproven"
"""What the STATE says of a newest-first order that the server was asked for and did not keep."""


class _MovedError(Exception):
    """The newest version is below one that was seen before."""

    def __init__(self, newest: Answer | None = None) -> None:
        super().__init__("the versions restarted lower, so the database was moved or restored")
        self.newest = newest


class Versioned:
    """One pass over a stream with versions: newest first where that order is proven, else the whole list by key.

    Args:
        plan: What the pass needs to know; its stream has a version.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._name = plan.stream.name
        self._version = plan.stream.version or ""
        self._emitted: set[tuple[str, int]] = set()
        self._order: Any = plan.known.get("order")

    def steps(self) -> Iterator[Step]:
        """Read the stream once.

        Raises:
            StreamError: It cannot be read to its end.
        """
        plan, field = self._plan, self._plan.stream.newest_first
        memory = Memory.from_state(plan.known)
        progress = plan.known.get("progress")
        everything = memory is None or plan.due
        if progress and (progress["everything"] or not everything):
            logger.info("Stream %s: going on where the last run ended.", self._name)
            yield from self._scans(memory, progress)
            return
        newest = None
        if field and memory and not everything and self._order == field:
            try:
                yield from self._newest_first(field, memory)
            except OrderError as error:
                logger.warning("Stream %s: %s; reading all of it for its changes.", self._name, error)
                self._order = UNPROVEN
            except _MovedError as error:
                logger.warning("Stream %s: %s; reading all of it.", self._name, error)
                memory, newest = None, error.newest
            else:
                return
        elif field and (everything or self._order is None):
            newest = self._ask_newest(field)
            if newest and len(newest.rows) < plan.listing.size and len(newest.rows) >= (newest.total or 0):
                yield self._only_page(newest, None if everything else memory)
                return
        yield from self._scans(None if everything else memory, {}, newest)

    # By key, the whole list.

    def _scans(self, memory: Memory | None, progress: Bookmark, newest: Answer | None = None) -> Iterator[Step]:
        try:
            yield from self._scan(memory, progress, newest)
        except _MovedError as error:
            logger.warning("Stream %s: %s; reading all of it.", self._name, error)
            yield from self._scan(None, {}, None)

    def _scan(self, memory: Memory | None, progress: Bookmark, newest: Answer | None) -> Iterator[Step]:
        plan, field = self._plan, self._plan.stream.newest_first
        everything = bool(progress.get("everything", memory is None))
        began = progress.get("began") or plan.now.isoformat()
        seen, bookmark = progress.get("seen", 0), int(progress.get("bookmark", "0"), 16)
        proof = (
            Proof(field, newest.rows, plan.listing.key, ties=plan.stream.instants)
            if field and newest and newest.rows
            else None
        )
        collector: Collector | None = None
        if newest:
            plan.listing.expect(newest.total)
        for page in plan.pages(progress):
            versions = [greatest_version(row, self._version, plan.owned) for row in page.rows]
            if collector is None:
                # Every version seen before this scan's second request bounds from below what it can miss.
                if not progress:
                    first = newest.rows if newest and newest.rows else page.rows
                    bookmark = max(self._highest(first), memory.top if memory else 0)
                collector = Collector(bookmark)
            seen += len(page.rows)
            for row, version in zip(page.rows, versions, strict=True):
                collector.add(self._identity(row), version)
                if proof:
                    proof.add(row, version)
            changed = self._changed(page.rows, versions, None if everything else memory)
            if not page.final:
                mark = {
                    "after": page.last,
                    "seen": seen,
                    "bookmark": format_version(bookmark),
                    "began": began,
                    "everything": everything,
                }
                yield Step(page.rows, changed, self._base() | {"progress": mark}, page.total)
                continue
            if memory and not everything and not progress and seen and collector.top < memory.top:
                raise _MovedError
            self._judge(proof, whole=not progress)
            finished = self._finished(collector.finish(whole=not progress), began if everything else None)
            yield Step(page.rows, changed, finished, page.total)

    def _only_page(self, page: Answer, memory: Memory | None) -> Step:
        """Return the whole list, where the newest page is all of it, in whatever order."""
        top = self._highest(page.rows)
        if memory and page.rows and top < memory.top:
            logger.warning("Stream %s: %s; emitting all of it.", self._name, _MovedError())
            memory = None
        collector = Collector(max(top, memory.top if memory else 0))
        versions = [greatest_version(row, self._version, self._plan.owned) for row in page.rows]
        for row, version in zip(page.rows, versions, strict=True):
            collector.add(self._identity(row), version)
        finished = self._finished(collector.finish(), None if memory else self._plan.now.isoformat())
        return Step(page.rows, self._changed(page.rows, versions, memory), finished, page.total)

    def _judge(self, proof: Proof | None, *, whole: bool) -> None:
        if proof is None or not whole:
            return
        reason = proof.fails()
        self._order = UNPROVEN if reason else self._plan.stream.newest_first
        if reason:
            logger.info("Stream %s: its newest-first order is not proven: %s.", self._name, reason)

    def _ask_newest(self, field: str) -> Answer | None:
        try:
            return self._plan.listing.newest(field, 0)
        except RefusedError as error:
            logger.info("Stream %s cannot be had newest first: %s", self._name, error)
            self._order = UNPROVEN
            return None

    # Newest first, as far as needed.

    def _newest_first(self, field: str, memory: Memory) -> Iterator[Step]:
        plan, listing = self._plan, self._plan.listing
        collector: Collector | None = None
        own: list[int] = []
        greatest: list[int] = []
        past = 0
        for page in listing.newest_pages(field):
            rows = page.rows
            if not descending(rows, field, own[-1] if own else None, ties=plan.stream.instants):
                raise OrderError("a page is not in falling order")
            versions = [greatest_version(row, self._version, plan.owned) for row in rows]
            if collector is None:
                top = self._highest(rows)
                if rows and top < memory.top:
                    raise _MovedError(Answer(rows, page.total))
                collector = Collector(max(top, memory.bookmark))
                if not page.ended:
                    self._ask_oldest(field, rows)
            own += [own_version(row, field) or 0 for row in rows]
            greatest += [version or 0 for version in versions]
            if children_lead(own, greatest):
                raise OrderError("children change without their row")
            for row, version in zip(rows, versions, strict=True):
                collector.add(self._identity(row), version)
            past += sum(1 for version in own[len(own) - len(rows) :] if version <= memory.bookmark)
            changed = self._changed(rows, versions, memory)
            if page.ended or past >= OVERLAP:
                yield Step(rows, changed, self._finished(collector.finish(whole=page.ended), None), page.total)
                return
            yield Step(rows, changed, plan.saved, page.total)

    def _ask_oldest(self, field: str, newest: list[Row]) -> None:
        """Ask the other way round: a server that ignores the sort would answer with a newest row again."""
        try:
            oldest = self._plan.listing.newest(field, 0, count=1, descending=False).rows
        except RefusedError as error:
            raise OrderError(str(error)) from error
        lowest = min(own_version(row, field) or 0 for row in newest)
        if not oldest or (own_version(oldest[0], field) or lowest + 1) > lowest:
            raise OrderError("the list comes in the same order whatever is asked")

    # What is emitted, and what is remembered.

    def _changed(self, rows: list[Row], versions: list[int | None], memory: Memory | None) -> list[Row]:
        changed = []
        for row, version in zip(rows, versions, strict=True):
            key = self._identity(row)
            if memory and version is not None:
                # A page may come again, when the order is found wanting or rows move while they are read.
                if memory.knows(key, version) or (key, version) in self._emitted:
                    continue
                self._emitted.add((key, version))
            changed.append(row)
        return self._plan.keep(changed)

    def _identity(self, row: Row) -> str:
        """Return what a row is remembered by beside its version: its key, and its content where versions may stay."""
        key = self._plan.listing.key(row)
        return f"{key} {content_digest(row)}" if self._plan.stream.instants else key

    def _highest(self, rows: list[Row]) -> int:
        return max((greatest_version(row, self._version, self._plan.owned) or 0 for row in rows), default=0)

    def _base(self) -> Bookmark:
        """Return what stays in the STATE while a pass is under way."""
        return {name: value for name, value in self._plan.known.items() if name != "progress"} | {
            "reads": self._plan.reads
        }

    def _finished(self, memory: Memory, began: str | None) -> Bookmark:
        emitted = began or self._plan.known.get("emitted_at") or self._plan.now.isoformat()
        mark = {
            "replication_key": self._version,
            **memory.to_state(instants=self._plan.stream.instants),
            "reads": self._plan.reads,
            "emitted_at": emitted,
        }
        return mark | ({"order": self._order} if self._order else {})
