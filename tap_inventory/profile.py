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
        parameter: The query parameter; None where the API offers none, so that its answers are sifted instead.
        field: The field of a row that it judges.
        value: Its text, with ``{date}`` for the first day.
    """

    parameter: str | None
    field: str
    value: str = ""


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
        instants: Whether versions are instants, which rows may share and which may not move when a row changes twice:
            then ties are allowed for, and rows are compared by their content too.
        modified: The field that holds the instant of the last change, or None.
        since: The filter by which only rows changed since a day are listed, or None.
        start: The filter to which the setting ``start_date`` applies, or None.
        newest_first: The field to sort by to read the newest changes first, once the order is proven, or None.
        unversioned: Included relations whose versions do not count as a change of the row.
        figures: Set where the stream is read in bulk for another one.
        paged: Whether the list takes paging parameters.
        sorts: Whether the list can be had in an order of one's choice.
        single: Whether the answer is one row, not a list.
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
    instants: bool = False
    modified: str | None = None
    since: DateFilter | None = None
    start: DateFilter | None = None
    newest_first: str | None = None
    unversioned: tuple[str, ...] = ()
    figures: Figures | None = None
    paged: bool = True
    sorts: bool = True
    single: bool = False


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

    def one_row(self) -> list[tuple[str, str]]:
        """Return parameters that ask for as little as can be."""
        return [(self.size, "1")]


@dataclass(frozen=True)
class Numbered:
    """Paging by number: rows in pages counted from 1, inside an envelope that tells how many there are.

    A place in the envelope is a path with dots; of several, the first that the answer has counts. An answer without
    an envelope is a bare list of rows.

    Attributes:
        page: The parameter for the number of the page.
        size: The parameter for the page size, which may not exceed ``max_size``; None where the server decides.
        max_size: The longest page; the server's own length where it decides.
        rows: Where the rows are.
        total: Where it is told how many rows there are.
        told_size: Where it is told how long a page is.
        last: Where it is told what the last page is.
        sort: The parameter for the field to sort by, or None.
        descending: What goes before the field to have the greatest first.
    """

    page: str
    size: str | None
    max_size: int
    rows: str
    total: tuple[str, ...]
    told_size: tuple[str, ...]
    last: tuple[str, ...]
    sort: str | None = None
    descending: str = "-"

    def one_row(self) -> list[tuple[str, str]]:
        """Return parameters that ask for as little as can be."""
        return [(self.page, "1"), *([(self.size, "1")] if self.size else [])]


@dataclass(frozen=True)
class RefreshedToken:
    """Authentication by an access token that is had for a refresh token, which is replaced each time (OAuth 2).

    Attributes name the settings that hold each part.
    """

    url: str = "token_url"
    client_id: str = "client_id"
    client_secret: str = "client_secret"  # noqa: S105 - the name of a setting
    refresh_token: str = "refresh_token"  # noqa: S105 - the name of a setting
    file: str = "token_file"


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

    ``{setting}`` in an address or a header stands for a setting; a header that needs one which is not given is left
    out.

    Attributes:
        name: The value of the setting ``api``.
        title: Its name in sentences.
        address: Where it is found while ``api_url`` does not say so, or None.
        root: What follows the address, unless the address ends with it already.
        headers: Headers of every request.
        required: Settings without which it cannot be read; of a tuple, one is enough.
        key_setting: The setting that holds the key.
        scope_setting: The setting that says whose data are read, or None.
        include: The parameter that asks for relations, joined by commas.
        paging: How lists are paged.
        hour_hint: The header that gives away a limit per hour, or None.
        streams: In the order in which they are written.
        scope: What it reads of, in a word.
        scoping: Settings that a STATE depends on: with others it is read anew.
        hosts: Settings that must name a whole host where the address is made of them.
        stand_ins: Settings that are taken from another one where they are not given.
        token: How the access token is had, or None where the key is one.
    """

    name: str
    title: str
    address: str | None
    root: str
    headers: Mapping[str, str]
    required: tuple[str | tuple[str, ...], ...]
    key_setting: str
    scope_setting: str | None
    include: str
    paging: Keyset | Numbered
    hour_hint: HourHint | None
    streams: tuple[StreamProfile, ...]
    scope: str = "company"
    scoping: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    token: RefreshedToken | None = None

    @cached_property
    def by_name(self) -> dict[str, StreamProfile]:
        """The streams by name."""
        return {stream.name: stream for stream in self.streams}
