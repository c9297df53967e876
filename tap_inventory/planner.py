"""What a run reads: one pass for each selected stream, made from settings, selection and STATE."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tap_inventory.client import Client, Row
from tap_inventory.errors import StreamError
from tap_inventory.figures import FigureReader, fetcher
from tap_inventory.incremental import Versioned
from tap_inventory.numbered import NumberedListing
from tap_inventory.paging import BaseListing, Listing
from tap_inventory.passes import Bookmark, Plan, Step, plain
from tap_inventory.profile import Keyset, StreamProfile
from tap_inventory.settings import Settings
from tap_inventory.start import StartDate, parse_instant
from tap_inventory.versions import owned_relations
from tap_inventory.window import window_filter, window_from, windowed


@dataclass(frozen=True)
class Batch:
    """Rows to write, in order, and what the STATE says once they are written.

    Attributes:
        rows: Stream and rows.
        bookmarks: Stream to its new entry in the STATE.
        read: How many rows of the pass's list were read.
        total: How many it has, where known.
        failure: A stream of the pass that cannot be read further, and why.
    """

    rows: tuple[tuple[str, list[Row]], ...]
    bookmarks: Mapping[str, Bookmark]
    read: int
    total: int | None
    failure: tuple[str, StreamError] | None = None


@dataclass(frozen=True)
class Pass:
    """One reading of one list, for one stream or for two that are read together.

    Attributes:
        name: The stream whose list is read.
        streams: The streams it writes.
        open: Starts it.
    """

    name: str
    streams: tuple[str, ...]
    open: Callable[[], Iterator[Batch]]


class Planner:
    """Makes the passes of a run.

    Args:
        settings: The settings.
        client: Reads the API.
        now: When the run began.
        saved: The bookmarks of the given STATE, by stream.
        include: Stream to the relations to ask for, what the catalog deselects left out.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        now: datetime,
        saved: Mapping[str, Bookmark],
        include: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._settings = settings
        self._profile = settings.profile
        self._client = client
        self._now = now
        self._saved = saved
        self._include = include

    def passes(self, selected: tuple[str, ...]) -> list[Pass]:
        """Return the passes over the selected streams, in the order in which they are written."""
        made: list[Pass] = []
        children = {
            stream.figures.parent: stream
            for stream in self._profile.streams
            if stream.figures and stream.name in selected
        }
        for stream in self._profile.streams:
            if stream.name in children:
                made.append(self._joint(stream, children[stream.name], written=stream.name in selected))
            elif stream.name in selected and not stream.figures:
                made.append(self._single(stream))
        return made

    def _single(self, stream: StreamProfile) -> Pass:
        def batches() -> Iterator[Batch]:
            read = 0
            for step in self._steps(stream, whole=False):
                read += len(step.rows)
                yield Batch(((stream.name, step.changed),), {stream.name: step.bookmark}, read, step.total)

        return Pass(stream.name, (stream.name,), batches)

    def _joint(self, stream: StreamProfile, child: StreamProfile, *, written: bool) -> Pass:
        known = child.figures
        if known is None:  # only streams of figures are joined
            raise ValueError(child.name)
        splits = list(dict.fromkeys(self._settings[known.split_setting] or [])) or [None]
        names = (child.name, stream.name) if written else (child.name,)

        def batches() -> Iterator[Batch]:
            read = 0
            total: int | None = None
            reader = FigureReader(known, splits, fetcher(self._client, child, stream.name))
            steps = self._steps(stream, whole=True) if written else self._keys(stream, child)
            for joint in reader.read(self._announced(steps, child.name, len(splits), known.batch)):
                marks: dict[str, Bookmark] = {}
                if joint.step:
                    read, total = read + len(joint.step.rows), joint.step.total
                    marks = {stream.name if written else child.name: joint.step.bookmark}
                rows = [(child.name, joint.figures)] + ([(stream.name, joint.changed)] if written else [])
                failure = (child.name, joint.failure) if joint.failure else None
                yield Batch(tuple(rows), marks, read, total, failure)

        return Pass(stream.name, names, batches)

    def _announced(self, steps: Iterator[Step], name: str, splits: int, batch: int) -> Iterator[Step]:
        """Say with each page how many requests for figures are still to come."""
        seen = 0
        try:
            for step in steps:
                left = max((step.total or 0) - seen, len(step.rows))
                self._client.chains.expect(name, -(-left * splits // batch), loose=True)
                seen += len(step.rows)
                yield step
        finally:
            self._client.chains.expect(name, 0, loose=True)

    def _steps(self, stream: StreamProfile, *, whole: bool) -> Iterator[Step]:
        """Read a stream's list: all of it where ``whole``, else no more than is needed to see what changed."""
        start = self._start(stream)
        include = self._include.get(stream.name, ())
        filtered = stream.since is not None and not whole
        fixed = [(self._profile.include, ",".join(include))] if include else []
        fixed += [start.parameter()] if start and start.filter.parameter else []
        plan = self._plan(stream, include, fixed, saved=stream.name, start=start, how="since" if filtered else "all")
        if filtered and stream.since:
            window = window_from(plan)
            if window:
                plan = replace(plan, listing=self._listing(stream, [*fixed, window_filter(window, stream.since)]))
            return windowed(plan, window)
        return Versioned(plan).steps() if stream.version else plain(plan)

    def _keys(self, stream: StreamProfile, child: StreamProfile) -> Iterator[Step]:
        """Read a stream only for its keys, on behalf of another."""
        return plain(self._plan(stream, (), [], saved=child.name, start=None, how="keys"))

    def _plan(
        self,
        stream: StreamProfile,
        include: tuple[str, ...],
        fixed: list[tuple[str, str]],
        *,
        saved: str,
        start: StartDate | None,
        how: str,
    ) -> Plan:
        date = start.instant.isoformat() if start else ""
        scope = "".join(f" {name}={self._settings[name] or ''}" for name in self._profile.scoping)
        return Plan(
            stream=stream,
            listing=self._listing(stream, fixed),
            owned=owned_relations(stream, include),
            reads=f"{how} {stream.path} include={','.join(sorted(include))} start={date}{scope}",
            saved=dict(self._saved.get(saved, {})),
            now=self._now,
            rescan=timedelta(days=self._settings["rescan_days"]),
            lookback=timedelta(days=self._settings["lookback_days"]),
            start=start,
        )

    def _listing(self, stream: StreamProfile, fixed: list[tuple[str, str]]) -> BaseListing[Any]:
        paging, size = self._profile.paging, self._settings["page_size"]
        if isinstance(paging, Keyset):
            return Listing(self._client, stream, paging, size, fixed)
        return NumberedListing(self._client, stream, paging, size if paging.size else paging.max_size, fixed)

    def _start(self, stream: StreamProfile) -> StartDate | None:
        instant = parse_instant(self._settings["start_date"])
        return StartDate(stream.start, instant) if stream.start and instant else None
