"""From what was collected in a run to what its page shows: rows, sums and sentences. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from singer_http.redact import redact
from target_optiply.entities import ENTITIES
from target_optiply.report.chart import Chart, draw
from target_optiply.report.notes import Notes
from target_optiply.report.traffic import Exchange, Traffic
from target_optiply.summary import COUNTS, Summary

MOST_ROWS = 3000  # of one table; a page with more is read by nobody, and slow on a phone
_EMAIL = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+\.[^\s@<>\"'(),;:=]+")
_HEADLINES = {
    "ok": "Done",
    "rejected": "Done, but more was rejected or would be deleted than allowed",
    "terminated": "Stopped by a signal",
    "outage": "Ended early: Optiply could not be written to",
    "credentials": "Ended early: the login was refused",
    "config": "Ended early: the settings do not work",
    "input": "Ended early: the input could not be read",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        program: Name and version.
        outcome: The outcome word of the state.
        reason: In one sentence, why it ended so; empty where there is nothing to say.
        dry: Whether nothing was written.
        account: The Optiply account.
        coupling: The integration in it, if any.
        ended: When it ended, by the wall clock.
        now: The same on the clock of the timeline.
    """

    program: str
    outcome: str
    reason: str
    dry: bool
    account: str
    coupling: str | None
    ended: datetime
    now: float


@dataclass(frozen=True, slots=True)
class EntityRow:
    """What happened to the records of one entity, by the words of ``COUNTS``, and its traffic."""

    title: str
    counts: Mapping[str, int]
    requests: int
    retries: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record and what is to be said of it."""

    title: str
    remote_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A sentence, about how many records it was said, and the first of them."""

    title: str
    text: str
    first: str
    times: int


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream of the input."""

    name: str
    records: int
    unmapped: bool


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows; every text is safe to be shown to anybody who may see the run."""

    ending: Ending
    headline: str
    mood: str
    reason: str
    began: datetime
    seconds: float
    read: int
    written: int
    unchanged: int
    standing: int
    traffic: Traffic
    chart: Chart
    entities: list[EntityRow]
    total: EntityRow
    streams: list[StreamRow]
    rejected: list[RecordRow]
    unsettled: list[RecordRow]
    unsettled_more: int
    left_out: list[NoteRow]
    left_out_more: int
    remarks: list[NoteRow]
    remarks_more: int
    words: tuple[str, ...] = field(default=COUNTS)

    @property
    def rejected_more(self) -> int:
        """How many rejected records are not listed."""
        return max(0, self.standing - len(self.rejected))


def clean(text: str) -> str:
    """Return a text without secrets and e-mail addresses, which a server's message may repeat."""
    return _EMAIL.sub("(e-mail address)", redact(text))


def compose(
    ending: Ending,
    summary: Summary,
    traffic: Traffic,
    *,
    rejected: Iterable[tuple[str, str, str]],
    standing: int,
    unsettled: Sequence[tuple[str, str, str]],
    notes: Mapping[str, Notes],
) -> Page:
    """Return what the page of a run shows.

    Args:
        ending: How the run ended.
        summary: Its counts.
        traffic: What went over the wire.
        rejected: Entity, remote id and reason of the records that stand rejected; no more than needed are taken.
        standing: How many these are in all.
        unsettled: The same of the records of which nobody knows what became of them.
        notes: ``remarks`` and ``left_out``.
    """
    rows = _entity_rows(summary, traffic)
    total = _sum(rows)
    seconds = max(0.0, ending.now - traffic.timeline.began)
    mood = "good" if ending.outcome == "ok" and not standing else "fair" if ending.outcome in _MILD else "bad"
    return Page(
        ending=ending,
        headline=_HEADLINES.get(ending.outcome, "Ended early"),
        mood=mood,
        reason=clean(ending.reason),
        began=ending.ended - timedelta(seconds=seconds),
        seconds=seconds,
        read=sum(summary.records.values()),
        written=sum(total.counts[word] for word in ("created", "updated", "deleted")),
        unchanged=total.counts["unchanged"],
        standing=standing,
        traffic=traffic,
        chart=draw(traffic.timeline, ending.now),
        entities=rows,
        total=total,
        streams=[
            StreamRow(clean(name), number, name in summary.unmapped) for name, number in sorted(summary.records.items())
        ],
        rejected=[_record_row(*each) for each in islice(rejected, MOST_ROWS)],
        unsettled=[_record_row(*each) for each in unsettled[:MOST_ROWS]],
        unsettled_more=max(0, len(unsettled) - MOST_ROWS),
        left_out=_note_rows(notes["left_out"]),
        left_out_more=notes["left_out"].more,
        remarks=_note_rows(notes["remarks"]),
        remarks_more=notes["remarks"].more,
    )


_MILD = ("ok", "terminated")


def _title(entity: str) -> str:
    return ENTITIES[entity].title if entity in ENTITIES else entity


def _entity_rows(summary: Summary, traffic: Traffic) -> list[EntityRow]:
    names = [name for name in ENTITIES if summary.counts.get(name) or name in traffic.entities]
    names += sorted(name for name in traffic.entities if name not in ENTITIES)  # such as the id maps
    rows = []
    for name in names:
        counts, exchange = summary.counts.get(name, Counter[str]()), traffic.entities.get(name, Exchange())
        words = {word: counts[word] for word in COUNTS}
        rows.append(EntityRow(_title(name), words, exchange.requests, exchange.retries, exchange.seconds))
    return rows


def _sum(rows: list[EntityRow]) -> EntityRow:
    return EntityRow(
        "All",
        {word: sum(row.counts[word] for row in rows) for word in COUNTS},
        sum(row.requests for row in rows),
        sum(row.retries for row in rows),
        sum(row.seconds for row in rows),
    )


def _record_row(entity: str, remote_id: str, reason: str) -> RecordRow:
    return RecordRow(_title(entity), clean(remote_id), clean(reason))


def _note_rows(notes: Notes) -> list[NoteRow]:
    return [NoteRow(_title(each.subject), clean(each.text), clean(each.first), each.times) for each in notes]
