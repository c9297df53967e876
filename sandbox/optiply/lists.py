"""Finding the rows of a list: through an index where the filters allow it, by a scan where they do not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sandbox.optiply.attributes import Entity
from sandbox.optiply.query import Filter, Query, comparable, kind_of, matches, value_of
from sandbox.optiply.store import Live, Row, Store


def find(store: Store, entity: Entity, query: Query, accounts: Iterable[int]) -> tuple[list[Row], int]:
    """Return one page of live rows and the number of all that match.

    Args:
        store: Where the rows stand.
        entity: Which rows.
        query: Filters, order and page.
        accounts: The accounts that the request may see.
    """
    table = store.tables[entity.name]
    accounts, rest = _accounts(accounts, query.filters)
    chosen = _by_index({**table.found, "remoteId": table.remote}, rest)
    if chosen is not None:
        rows = [table.rows[identifier] for identifier in sorted(chosen)]
        return _page([row for row in rows if row.account in accounts], entity, query, rest)
    lives = [live for account in accounts if (live := table.live.get(account)) is not None and live.ids]
    live = lives[0] if len(lives) == 1 else _merged(lives)
    start, end, rest = _range(live, rest)
    if not rest and _is_by_age(query.sort):
        return _slice(table.rows, live.ids, start, end, query)
    return _page([table.rows[identifier] for identifier in live.ids[start:end]], entity, query, rest)


def _merged(lives: list[Live]) -> Live:
    """Return the rows of several accounts as if they were of one; both columns grow together in each."""
    pairs = sorted(pair for live in lives for pair in zip(live.ids, live.created, strict=True))
    return Live([identifier for identifier, _ in pairs], [created for _, created in pairs])


def page_links(url: str, parameters: list[tuple[str, str]], query: Query, total: int) -> dict[str, str]:
    """Return the absolute ``first``, ``last``, ``prev`` and ``next`` links, as far as there are such pages."""
    others = [(name, text) for name, text in parameters if name not in ("page[limit]", "page[offset]")]

    def link(offset: int) -> str:
        pages = [("page[limit]", str(query.limit)), ("page[offset]", str(offset))]
        return f"{url}?{urlencode(others + pages)}"

    links = {"first": link(0), "last": link(max(0, total - 1) // query.limit * query.limit)}
    if query.offset:
        links["prev"] = link(query.offset - query.limit)
    if query.offset + query.limit < total:
        links["next"] = link(query.offset + query.limit)
    return links


def _accounts(accounts: Iterable[int], filters: list[Filter]) -> tuple[list[int], list[Filter]]:
    """Apply equality on accountId by choosing accounts; return these and the other filters."""
    chosen = list(accounts)
    rest = []
    for condition in filters:
        if condition.attribute == "accountId" and condition.operator == "EQ":
            chosen = [account for account in chosen if account in condition.values]
        else:
            rest.append(condition)
    return chosen, rest


def _by_index(found: dict[str, dict[Any, list[int]]], filters: list[Filter]) -> set[int] | None:
    """Return the ids under the most selective indexed equality, None where no filter is one."""
    best: list[list[int]] | None = None
    for condition in filters:
        index = found.get(condition.attribute)
        if index is None or condition.operator != "EQ" or None in condition.values:
            continue
        entries = [index.get(value, []) for value in condition.values]
        if best is None or sum(map(len, entries)) < sum(map(len, best)):
            best = entries
    return None if best is None else {identifier for entry in best for identifier in entry}


def _narrows(condition: Filter) -> bool:
    return (
        condition.attribute in ("id", "createdAt")
        and condition.operator != "NEQ"
        and len(condition.values) == 1
        and (condition.operator != "LIKE" and condition.values[0] is not None)
    )


def _range(live: Live, filters: list[Filter]) -> tuple[int, int, list[Filter]]:
    """Narrow the rows of one account by filters on id and createdAt, both of which only ever grow."""
    start, end, rest = 0, len(live.ids), []
    for condition in filters:
        if not _narrows(condition):
            rest.append(condition)
            continue
        keys = live.ids if condition.attribute == "id" else live.created
        value, operator = condition.values[0], condition.operator
        if operator in ("EQ", "GE"):
            start = max(start, bisect_left(keys, value))
        elif operator == "GT":
            start = max(start, bisect_right(keys, value))
        if operator in ("EQ", "LE"):
            end = min(end, bisect_right(keys, value))
        elif operator == "LT":
            end = min(end, bisect_left(keys, value))
    return start, max(start, end), rest


def _is_by_age(sort: list[tuple[str, bool]]) -> bool:
    return not sort or (len(sort) == 1 and (sort[0][0] == "id" or sort[0] == ("createdAt", False)))


def _slice(rows: dict[int, Row], identifiers: list[int], start: int, end: int, query: Query) -> tuple[list[Row], int]:
    if query.sort and query.sort[0][1]:
        last = end - query.offset
        page = identifiers[max(start, last - query.limit) : max(start, last)][::-1]
    else:
        first = start + query.offset
        page = identifiers[first : min(end, first + query.limit)]
    return [rows[identifier] for identifier in page], end - start


def _page(rows: list[Row], entity: Entity, query: Query, filters: list[Filter]) -> tuple[list[Row], int]:
    for condition in filters:
        rows = [row for row in rows if matches(condition, entity, row)]
    for name, descending in reversed(query.sort):
        kind = kind_of(entity, name)
        present = [row for row in rows if value_of(entity, row, name) is not None]
        absent = [row for row in rows if value_of(entity, row, name) is None]
        present.sort(key=lambda row: comparable(value_of(entity, row, name), kind), reverse=descending)
        rows = present + absent
    return rows[query.offset : query.offset + query.limit], len(rows)
