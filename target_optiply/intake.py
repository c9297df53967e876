"""From instructions to jobs: what one source record says, taken apart into records on their way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from target_optiply.books import Books
from target_optiply.difference import hash_of, refs_of
from target_optiply.engine import Engine
from target_optiply.entities import ENTITIES
from target_optiply.jobs import Job, Key
from target_optiply.model import (
    EntityRecord,
    Figure,
    Instruction,
    Reject,
    Remember,
    Remove,
    Skip,
    Upsert,
    Warn,
)
from target_optiply.recognition import Recognition
from target_optiply.records import InvalidRecord, check
from target_optiply.stock import MOST_HELD
from target_optiply.tables import Entry, Status


class Intake:
    """Takes instructions in.

    Args:
        engine: Brings jobs to Optiply.
        books: Where what is decided here already is booked.
        recognition: Learns what each source record consists of.
    """

    def __init__(self, engine: Engine, books: Books, recognition: Recognition) -> None:
        self._engine = engine
        self._books = books
        self._recognition = recognition
        self._store = books.store
        self._pieces: dict[Key, int] = {}  # source records with children on their way: how many pieces are left
        self._held: dict[Key, list[tuple[EntityRecord, int]]] = {}  # newer versions of these

    def take(self, instructions: Iterable[Instruction], ticket: int) -> None:
        """Act on the instructions of one source record.

        Args:
            instructions: What the translation says.
            ticket: The record's open ticket; each piece of work adds to it.
        """
        for instruction in instructions:
            if isinstance(instruction, Upsert):
                self._bring(instruction.record, ticket)
            elif isinstance(instruction, Figure):
                self._books.ledger.add(ticket)
                self._engine.stock.add(instruction.product_id, instruction.value, ticket)
                if len(self._engine.stock) > MOST_HELD:
                    self.flush_stock()
            elif isinstance(instruction, Remember):
                self._books.facts.put(instruction.kind, instruction.key, instruction.value)
            elif isinstance(instruction, Warn):
                self._books.warn_once(instruction.key, instruction.message, info=instruction.info)
            elif isinstance(instruction, Remove):
                record = EntityRecord(instruction.entity, instruction.remote_id, optiply_id=instruction.optiply_id)
                self._start_removal(record, instruction.reason, ticket)
            elif isinstance(instruction, Skip):
                self._skip(instruction, ticket)
            elif isinstance(instruction, Reject):
                self._refuse(instruction, ticket)

    def flush_stock(self) -> None:
        """Bring over the stock figures whose products have not followed."""
        for product_id, held in self._engine.stock.take_all().items():
            record = EntityRecord("products", product_id, stock=held.figure)
            self._engine.start(Job(record, held.tickets, figure_only=True))

    def _start_removal(self, record: EntityRecord, reason: str, ticket: int) -> None:
        self._books.ledger.add(ticket)
        self._engine.start(Job(record, [ticket], removal=reason))

    def _refuse(self, reject: Reject, ticket: int) -> None:
        """Have a record rejected in its turn: an older version of it may be on its way."""
        self._books.ledger.add(ticket)
        record = EntityRecord(reject.entity, reject.remote_id or "without id", defect=reject.reason)
        self._engine.start(Job(record, [ticket], refusal=reject.reason))

    def _skip(self, skip: Skip, ticket: int) -> None:
        self._books.skip(skip.entity, skip.remote_id, skip.reason)
        if not skip.remember:
            return
        key = Key(skip.entity, skip.remote_id)
        entry = self._store.get(*key)
        if entry is not None and entry.optiply_id is not None and entry.status != Status.SKIPPED:
            self._start_removal(EntityRecord(skip.entity, skip.remote_id), skip.reason, ticket)
            return
        if skip.entity == "products":  # nobody will ever ask for its figure
            self._store.take_figure(skip.remote_id)
        self._store.put(Entry(skip.entity, skip.remote_id, status=Status.SKIPPED, note=skip.reason))
        if entry is not None and entry.status == Status.REJECTED:
            self._books.forget_belongings(key)
        self._books.unpark(key)
        self._engine.release_parked(key)

    def _bring(self, record: EntityRecord, ticket: int) -> None:
        key = Job(record).key
        self._books.ledger.add(ticket)
        if key in self._pieces:  # the children of an older version are on their way: their list must settle first
            self._held.setdefault(key, []).append((record, ticket))
            return
        jobs = [self._checked(record, [ticket])]
        for name, children in record.children.items():
            jobs += self._children(key, name, children, ticket)
        self._recognition.expect(ticket, jobs)
        if not record.children:
            self._engine.start(jobs[0])
            return
        self._pieces[key] = len(jobs)
        for each in jobs:
            each.left = partial(self._piece_left, key)
            self._engine.start(each)

    def _piece_left(self, key: Key) -> None:
        self._pieces[key] -= 1
        if self._pieces[key]:
            return
        del self._pieces[key]
        for record, ticket in self._held.pop(key, []):
            self._bring(record, ticket)
            self._books.ledger.settle(ticket)

    def _checked(self, record: EntityRecord, tickets: list[int], owner: str | None = None) -> Job:
        """Check a record; a faulty one is to be rejected, in its turn: an older version of it may be on its way."""
        if record.deleted:
            return Job(record, tickets, owner=owner, removal="deleted at the source")
        try:
            checked, warnings = check(record)
        except InvalidRecord as error:
            return Job(record, tickets, owner=owner, refusal=str(error))
        for warning in warnings:
            self._books.remark(Job(record).key, warning)
        return Job(checked, tickets, owner=owner, hash=hash_of(checked), remarked=bool(warnings))

    def _children(self, parent: Key, name: str, records: list[EntityRecord], ticket: int) -> list[Job]:
        """Turn a complete list of children into jobs: what is new or changed, and what vanished."""
        listed = {record.remote_id for record in records}
        gone = [entry for entry in self._store.owned(name, parent.remote_id) if entry.remote_id not in listed]
        gone += [
            Entry(name, key.remote_id, owner=parent.remote_id, status=Status.REJECTED)
            for key in self._books.parked_of(name, parent.remote_id)
            if key.remote_id not in listed
        ]
        jobs: list[Job] = []
        for record in records:
            self._books.ledger.add(ticket)
            job = self._checked(record, [ticket], parent.remote_id)
            self._take_place(job, gone)
            jobs.append(job)
        removals = []
        for entry in gone:
            if entry.status != Status.REMOVED:
                self._books.ledger.add(ticket)
                record = EntityRecord(name, entry.remote_id)
                removal = Job(record, [ticket], owner=parent.remote_id, removal="no longer listed at the source")
                removals.append(removal)
        self._hand_preference_over(jobs, removals)
        return [*removals, *jobs]

    def _hand_preference_over(self, jobs: list[Job], removals: list[Job]) -> None:
        """See that who loses the one mark of preference a product has to give is written before who gains it."""
        for job in jobs:
            if not job.record.attributes.get("preferred"):
                continue
            job.after = tuple(each.key for each in (*removals, *jobs) if each is not job)
            entry = self._store.get(*job.key)
            if entry is None or entry.hash != job.hash or entry.status != Status.SENT:
                for removal in removals:  # they are switched off at the end of the run only
                    removal.concedes = True

    def _take_place(self, job: Job, gone: list[Entry]) -> None:
        """Give a new row the place of a vanished one with the same unique pair, which the server would refuse twice."""
        if ENTITIES[job.record.entity].unique_pair is None or self._store.get(*job.key) is not None:
            return
        refs = refs_of(job.record)
        for entry in gone:
            if entry.refs == refs and entry.optiply_id is not None:
                self._store.forget(entry.entity, entry.remote_id)
                self._store.put(entry._replace(remote_id=job.key.remote_id, hash=None))
                gone.remove(entry)
                return
