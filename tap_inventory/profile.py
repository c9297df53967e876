"""The seam between the tap and the APIs it reads: what is known of an API, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

RelationKind = Literal["child", "reference"]


@dataclass(frozen=True)
class DateFilter:
    """A filter that takes a date range.

    Attributes:
        parameter: The query parameter.
        field: The field of a row that it judges.
        value: Its text, with ``{date}`` for the first day.
    """

    parameter: str
    field: str
    value: str


@dataclass(frozen=True)
class Figures:
    """A stream read in bulk for the rows of another: its parent's keys are sent, its rows come back.

    Attributes:
        parent: The stream whose rows it belongs to, read in one pass with it.
        parent_key: The field that holds the parent's key, in the request as in the answer.
        split_key: The field by which figures may be split (such as the location); null asks for all together.
        split_setting: The setting that lists the wanted values of ``split_key``.
        batch: How many pairs one request may name.
    """

    parent: str
    parent_key: str
    split_key: str
    split_setting: str
    batch: int


@dataclass(frozen=True)
class StreamProfile:
    """One stream of an API.

    Attributes:
        name: The Singer stream.
        path: Below the API's root.
        key: Fields that identify a row.
        schema: JSON Schema of its records.
        relations: Relations that may be asked for by name, each owned by the row (``child``) or standing alone.
        include: Relations asked for by default; dotted paths reach deeper.
        include_alone: Those asked for besides where the figures of its rows are not read.
        selected: Whether it is selected by default.
        optional: Whether an account may lack it: then 403 and 404 are a warning.
        version: The field that holds a version that grows with every change of any row, or None.
        modified: The field that holds the instant of the last change, or None.
        since: The filter by which only rows changed since a day are listed, or None.
        start: The filter to which the setting ``start_date`` applies, or None.
        newest_first: The field to sort by to read the newest changes first, once the order is proven, or None.
        unversioned: Included relations whose versions do not count as a change of the row.
        figures: Set where the stream is read in bulk for another one.
        paged: Whether the list takes paging parameters.
    """

    name: str
    path: str
    key: tuple[str, ...]
    schema: Mapping[str, Any]
    relations: Mapping[str, RelationKind] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    include_alone: tuple[str, ...] = ()
    selected: bool = False
    optional: bool = False
    version: str | None = None
    modified: str | None = None
    since: DateFilter | None = None
    start: DateFilter | None = None
    newest_first: str | None = None
    unversioned: tuple[str, ...] = ()
    figures: Figures | None = None
    paged: bool = True


@dataclass(frozen=True)
class Keyset:
    """Keyset paging: rows sorted by their key, from the last key on; the end is a short or empty page.

    Attributes:
        size: The parameter for the page size, which may not exceed ``max_size``.
        after: The parameter for the key to go on after.
        skip: The parameter for a number of rows to leave out.
        sort: The parameter for the field to sort by.
        descending: The parameter for the direction, ``true`` or ``false``.
        count: The parameter that asks for the total, which the header ``total`` then carries.
        total: The header, in lower case.
    """

    size: str
    max_size: int
    after: str
    skip: str
    sort: str
    descending: str
    count: str
    total: str


@dataclass(frozen=True)
class HourHint:
    """An answer's header that gives away a limit per hour.

    Attributes:
        header: Its name.
        pattern: What its value must match for the limit to apply.
        limit: Requests in any hour.
    """

    header: str
    pattern: str
    limit: int


@dataclass(frozen=True)
class ApiProfile:
    """All that the tap knows of one API.

    Attributes:
        name: The value of the setting ``api``.
        title: Its name in sentences.
        root: What follows ``api_url``; ``{setting}`` stands for a setting, percent-encoded.
        headers: Headers of every request; ``{setting}`` stands for a setting.
        required: Settings without which it cannot be read.
        key_setting: The setting that holds the key.
        scope_setting: The setting that says whose data are read.
        include: The parameter that asks for relations, joined by commas.
        paging: How lists are paged.
        hour_hint: The header that gives away a limit per hour, or None.
        streams: In the order in which they are written.
    """

    name: str
    title: str
    root: str
    headers: Mapping[str, str]
    required: tuple[str, ...]
    key_setting: str
    scope_setting: str
    include: str
    paging: Keyset
    hour_hint: HourHint | None
    streams: tuple[StreamProfile, ...]

    @cached_property
    def by_name(self) -> dict[str, StreamProfile]:
        """The streams by name."""
        return {stream.name: stream for stream in self.streams}
