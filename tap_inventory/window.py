"""Streams with a filter on changes: only a window of days is asked for, and of that what is not known is emitted."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any, NamedTuple

from tap_inventory.client import Row
from tap_inventory.passes import Bookmark, Plan, Step
from tap_inventory.profile import DateFilter
from tap_inventory.start import parse_instant
from tap_inventory.versions import greatest_version

_DIGEST = 8
_DAY = timedelta(days=1)


class _Seen(NamedTuple):
    modified: datetime | None
    digest: bytes


def window_from(plan: Plan) -> datetime | None:
    """Return the instant from which changes are to be asked for; None to read everything."""
    if plan.due or plan.stream.modified is None:
        return None
    last = parse_instant(plan.known.get("replication_key_value"))
    if last is None or last.tzinfo is None or plan.known.get("replication_key") != plan.stream.modified:
        return None
    return last - plan.lookback


def window_filter(window: datetime, filter_: DateFilter) -> tuple[str, str]:
    """Return the query parameter; only plain dates are documented, so the day is asked for from its start."""
    return filter_.parameter or "", filter_.value.format(date=window.astimezone(timezone.utc).date().isoformat())


def windowed(plan: Plan, window: datetime | None) -> Iterator[Step]:
    """Read the rows changed since ``window`` and emit those that are not known as they are now.

    Args:
        plan: What the pass needs to know; its listing carries the filter.
        window: The instant that the filter asks from; None where it reads everything.
    """
    progress = plan.known.get("progress") or {}
    if progress.get("window") != (window.isoformat() if window else None):
        progress = {}
    known = _digests(plan.known.get("remembered")) if window else frozenset()
    began = progress.get("began") or plan.now.isoformat()
    latest = parse_instant(progress.get("latest")) or parse_instant(plan.known.get("replication_key_value"))
    seen: list[_Seen] = []
    count = progress.get("seen", 0)
    for page in plan.pages(progress):
        count += len(page.rows)
        changed = []
        for row in page.rows:
            fact = _fact(plan, row)
            seen.append(fact)
            if fact.modified and (latest is None or fact.modified > latest):
                latest = fact.modified
            if fact.digest not in known and _inside(fact, window):
                changed.append(row)
        mark = {name: value for name, value in plan.known.items() if name != "progress"} | {"reads": plan.reads}
        if page.final:
            mark = _finished(plan, seen, known, latest, began, everything=window is None)
        else:
            mark["progress"] = {
                "after": page.last,
                "seen": count,
                "began": began,
                "latest": latest.isoformat() if latest else None,
                "window": window.isoformat() if window else None,
            }
        yield Step(page.rows, plan.keep(changed), mark, page.total)


def _inside(fact: _Seen, window: datetime | None) -> bool:
    """Return whether a row belongs to the window: a server that ignores the filter lists every row."""
    return window is None or fact.modified is None or fact.modified >= window - 2 * _DAY


def _fact(plan: Plan, row: Row) -> _Seen:
    modified = parse_instant(row.get(plan.stream.modified or ""))
    if modified is not None and modified.tzinfo is None:
        modified = modified.replace(tzinfo=timezone.utc)
    version = greatest_version(row, plan.stream.version or "", plan.owned)
    text = f"{plan.listing.key(row)} {version if version is not None else modified}"
    return _Seen(modified, blake2b(text.encode(), digest_size=_DIGEST).digest())


def _finished(
    plan: Plan, seen: list[_Seen], known: frozenset[bytes], latest: datetime | None, began: str, *, everything: bool
) -> Bookmark:
    # A row may change between its reading and the end of the pass: no later than the pass's beginning is certain.
    start = parse_instant(began) or plan.now
    bookmark = min(latest, start) if latest else start
    oldest = bookmark - plan.lookback - 3 * _DAY
    digests = {fact.digest for fact in seen if fact.modified is None or fact.modified >= oldest}
    if not everything:
        digests |= known
    return {
        "replication_key": plan.stream.modified,
        "replication_key_value": bookmark.astimezone(timezone.utc).isoformat(),
        "remembered": b64encode(b"".join(sorted(digests))).decode(),
        "reads": plan.reads,
        "emitted_at": began if everything else plan.known.get("emitted_at"),
    }


def _digests(text: Any) -> frozenset[bytes]:
    try:
        blob = b64decode(text if isinstance(text, str) else "", validate=True)
    except ValueError:
        return frozenset()
    return frozenset(blob[at : at + _DIGEST] for at in range(0, len(blob), _DIGEST))
