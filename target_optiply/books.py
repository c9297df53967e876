"""What became of each record, booked in the store, the summary and the ledger; and what plans ask of these."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import msgspec

from target_optiply.client import Client
from target_optiply.difference import hash_of, made_stale, products_of, refers_to, refs_of
from target_optiply.entities import ENTITIES
from target_optiply.facts import StoredFacts
from target_optiply.jobs import Job, Key, decode_job, encode_job
from target_optiply.ledger import Ledger
from target_optiply.model import EntityRecord
from target_optiply.outage import OutageWatch
from target_optiply.refusals import is_refused_figure, payload_of, with_figure
from target_optiply.report.notes import Notes
from target_optiply.store import Store
from target_optiply.summary import Summary
from target_optiply.tables import Entry, Parked, Repeated, Status
from target_optiply.writes import Outcome, Witness

_exact = msgspec.json.Encoder(decimal_format="string")
_WITNESS_EVERY = 1.0  # seconds between two rows that are written again only to see whether Optiply takes writes
_RENEWED = "renewed:"  # begins the names under which the working copy keeps what was renewed


class Books:
    """Keeps the accounts of a run.

    Args:
        store: The working copy.
        ledger: Which STATE may be released.
        client: Knows the server's time.
        watch: Knows whether writes succeed.
        logger: Where warnings and rejections go.
    """

    def __init__(
        self, store: Store, ledger: Ledger, client: Client, watch: OutageWatch, logger: logging.Logger
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.log = logger
        self.summary = Summary()
        self.remarks, self.left_out = Notes(), Notes()  # for the page about the run
        self.facts = StoredFacts(store)
        self.unsettled: dict[Key, str] = {}  # records of which nobody knows what became of them, and why
        self.tried: set[Key] = set()  # rejected records that were tried (again) in this run
        # Records whose row in Optiply is another one now, as ``entity:remote id``; of a run that died, too.
        self._renewed = set(store.metas(_RENEWED))
        self._caught_up: dict[Key, str | None] = {}  # records written since, and what they refer to
        self.removals = {Key(name, row[0]) for name in ENTITIES for row in store.removals(name)}
        self._parked = {Key(row.entity, row.remote_id) for row in store.parked()}
        self.beneath: Counter[Key] = Counter()  # per rejected parent, the records rejected for it alone
        self._awaited = {Key(*key) for key in store.awaited()}
        self.learnt: set[Key] = set()  # orders whose line ids were looked up in this run
        self._client = client
        self._watch = watch
        self._warned: set[str] = set()
        self._next_witness = 0.0

    # what plans ask (writes.Book)

    def intend(self, entity: str, remote_id: str) -> int:
        """Note a POST before it is sent; it is on disk when it leaves."""
        return self.store.intend(entity, remote_id, self._client.server_now().isoformat())

    def settle_intent(self, number: int) -> None:
        """Drop an intent whose outcome is known."""
        self.store.settle_intent(number)

    def note_repeated(self, entity: str, remote_id: str, since: datetime, key: Mapping[str, object]) -> None:
        """Note a record whose POST is sent a second time: there may be two rows of it."""
        self.store.put_repeated(Repeated(entity, remote_id, since.isoformat(), _exact.encode(key)))

    def is_known(self, entity: str, optiply_id: str) -> bool:
        """Whether the state holds a row."""
        return self.store.known_as(entity, optiply_id) is not None

    def note_gone(self, entity: str, optiply_id: str) -> None:
        """Note a row that was deleted; a list that was read before may still tell of it."""
        self.store.note_gone(entity, optiply_id)

    def is_of_its_own(self, line_entity: str, optiply_id: str) -> bool:
        """Whether an order line is known as a record of its own stream, not as one of a list."""
        entry = self.store.known_as(line_entity, optiply_id)
        return entry is not None and entry.owner is None

    def others_succeed(self, since: float) -> bool:
        """Whether some write succeeded after this monotonic second."""
        return self._watch.others_succeed(since)

    def witness(self, entity: str, but_not: str | None) -> Witness | None:
        """A row other than ``but_not`` by which it can be told whether Optiply takes writes; None: not now."""
        if time.monotonic() < self._next_witness:
            return None
        self._next_witness = time.monotonic() + _WITNESS_EVERY
        names = sorted((name for name in ENTITIES if ENTITIES[name].takes_remote_id), key=lambda name: name != entity)
        for name in names:
            if (row := self.store.any_sent(name, but_not if name == entity else None)) is not None:
                return Witness(name, *row)
        return None

    def server_now(self) -> datetime:
        """The server's time."""
        return self._client.server_now()

    def synced_at(self) -> str:
        """``remoteDataSyncedToDate``: the server's time."""
        return self._client.server_now().strftime("%Y-%m-%dT%H:%M:%SZ")

    # settling

    def settle(self, job: Job, count: str | None = None) -> None:
        """Settle a job's tickets, and count it."""
        if count:
            self.summary.count(job.record.entity, count)
        for ticket in job.tickets:
            self.ledger.settle(ticket)
        job.tickets = []
        if job.on_disk:
            job.on_disk = False
            self.store.unpark(*job.key)

    def doubt(self, entry: Entry) -> None:
        """Note that a row is about to be changed: until an answer tells, nobody knows what stands there.

        Else a run that dies, or an outage, would hide the change from a record that changes back meanwhile.
        """
        self.store.put(entry._replace(hash=None, stock=None))

    def leave_unsettled(self, job: Job, outcome: Outcome) -> None:
        """Keep a job's tickets open, so that no STATE passes it: nobody knows what became of it."""
        self.unsettled[job.key] = outcome.reason

    def warn_once(self, key: str, message: str, *, info: bool = False) -> None:
        """Log a warning (or, of less weight, a piece of information) once in a run."""
        if key not in self._warned:
            self._warned.add(key)
            self.say(message, level=logging.INFO if info else logging.WARNING)

    def say(self, message: str, *, level: int = logging.WARNING) -> None:
        """Log a sentence that is about no single record."""
        self.remarks.add(message)
        self.log.log(level, "%s", message)

    def remark(self, key: Key, message: str) -> None:
        """Log what had to be given up of a record that is sent all the same."""
        self.remarks.add(message, subject=key.entity, about=key.remote_id)
        self.log.warning("%s %s: %s", *key, message)

    def skip(self, entity: str, remote_id: str, reason: str) -> None:
        """Count a record that is deliberately not sent."""
        self.summary.count(entity, "skipped")
        self.left_out.add(reason, subject=entity, about=remote_id)

    # rows

    def book_row(self, job: Job, outcome: Outcome) -> None:
        """Book a record that stands in Optiply as it should."""
        key, old = job.key, self.store.get(*job.key)
        stock = job.record.stock if job.record.stock is not None else (old.stock if old else None)
        if key.entity == "products" and outcome.kind == "created":
            stock = stock or 0
        if old is not None and old.optiply_id not in (None, outcome.optiply_id):
            self.renew(key)
        entry = Entry(*key, outcome.optiply_id, job.hash, Status.SENT, job.owner, refs_of(job.record), stock)
        self.store.put(entry)
        if self._renewed:
            self._caught_up[key] = entry.refs
        if key.entity == "products":
            self.store.take_figure(key.remote_id)
        if outcome.lines is not None and key.entity == "buyOrders":
            self.book_lines(entry, outcome.lines)
        self.settle(job, outcome.kind)

    def book_lines(self, order: Entry, ids: Mapping[str, str]) -> None:
        """File the line ids of a buy order, for its receipts; forget lines that are gone, and their receipts.

        Args:
            order: The order.
            ids: A product's Optiply id to the line's.
        """
        listed = {}
        for product_id in products_of(order.refs):
            product = self.store.get("products", product_id)
            if product is not None and (line_id := ids.get(product.optiply_id or "")) is not None:
                listed[f"{order.remote_id}_{product_id}"] = line_id
        for line in self.store.owned("buyOrderLines", order.remote_id):
            if listed.get(line.remote_id) != line.optiply_id:
                self.store.forget(line.entity, line.remote_id)
                for receipt in self.store.owned("receiptLines", order.remote_id):
                    if refers_to(receipt.refs, {f"buyOrderLines:{line.remote_id}"}):
                        self.store.forget(receipt.entity, receipt.remote_id)
        for name, line_id in listed.items():
            self.store.put(Entry("buyOrderLines", name, line_id, owner=order.remote_id))

    def forget_row(self, key: Key) -> None:
        """Drop what is known of a row, and of the rows deleted with it, but for what is still to be sent."""
        self.store.forget_gone(*key)
        self.learnt.discard(key)
        self.renew(key)
        if ENTITIES[key.entity].line_entity is not None:
            for child in ENTITIES[key.entity].children:
                for entry in self.store.owned(child, key.remote_id):
                    self.store.forget_gone(child, entry.remote_id)
                    if entry.status == Status.REJECTED and entry.payload is not None:
                        self.store.put(entry._replace(optiply_id=None))

    def forget_belongings(self, key: Key) -> None:
        """Drop what is still to be sent of the lists of a record that is gone: nobody will ever settle it."""
        for child in ENTITIES[key.entity].children:
            for entry in self.store.owned(child, key.remote_id):
                if entry.status != Status.REJECTED or Key(child, entry.remote_id) in self.removals:
                    continue  # one that could not be removed is to be removed still
                if entry.optiply_id is None:
                    self.store.forget(child, entry.remote_id)
                else:
                    self.store.put(entry._replace(status=Status.SENT, hash=None, note=None, payload=None))
            for each in self.parked_of(child, key.remote_id):
                self.unpark(each)

    def renew(self, key: Key) -> None:
        """Note that a record's row is another one now (or will be): what refers to it is to be sent anew."""
        self._renewed.add(f"{key.entity}:{key.remote_id}")
        self.store.put_meta(f"{_RENEWED}{key.entity}:{key.remote_id}", "1")
        name = {f"{key.entity}:{key.remote_id}"}
        self._caught_up = {each: refs for each, refs in self._caught_up.items() if not refers_to(refs, name)}

    @property
    def has_renewed(self) -> bool:
        """Whether some record's row is another one now."""
        return bool(self._renewed)

    def up_to_date(self, entry: Entry) -> Entry:
        """Return an entry, without its hash where it refers to a row that became another one since it was sent."""
        if not self._renewed or Key(entry.entity, entry.remote_id) in self._caught_up:
            return entry
        return made_stale(entry, self._renewed) or entry

    def make_stale(self) -> None:
        """Have what refers to a row that became another one sent anew, when it comes."""
        if self._renewed:
            self.store.update_where_referring(self.up_to_date)

    # removals

    def remove_later(self, key: Key, reason: str) -> None:
        """Note that a record is to be removed at the end of the run, when it is known how many there are."""
        self.removals.add(key)
        self.store.remove_later(*key, reason)

    def keep(self, key: Key) -> None:
        """Take a noted removal back: the record is there again."""
        if key in self.removals:
            self.removals.discard(key)
            self.store.keep(*key)

    # parked records

    def park(self, job: Job, parent: Key) -> None:
        """Put a job to disk until its parent is there."""
        self._parked.add(job.key)
        self._awaited.add(parent)
        job.on_disk = False  # as it was parked before
        self.store.park(Parked(*job.key, *parent, encode_job(job), job.owner))
        self.settle(job)

    def is_parked(self, key: Key) -> bool:
        """Whether a version of a record is parked."""
        return key in self._parked

    def unpark(self, key: Key) -> None:
        """Drop a parked record: a newer version of it is on its way, or it is gone."""
        if key in self._parked:
            self._parked.discard(key)
            self.store.unpark(*key)

    def parked_of(self, entity: str, owner: str) -> list[Key]:
        """Return the parked records that belong to an owner's list."""
        rows = self.store.parked_of(entity, owner) if self._parked else []
        return [Key(row.entity, row.remote_id) for row in rows if self._is_waiting(row)]

    def released_by(self, parent: Key) -> list[Job]:
        """Return, from disk, the jobs that were parked for a parent."""
        if parent not in self._awaited:
            return []
        self._awaited.discard(parent)
        return [self._released(row) for row in self.store.waiting_for(*parent) if self._is_waiting(row)]

    def all_parked(self) -> list[tuple[Job, Key]]:
        """Return, from disk, every parked job with the parent it waits for, in the order of dependence."""
        rows = sorted(filter(self._is_waiting, self.store.parked()), key=lambda row: ENTITIES[row.entity].rank)
        return [(self._released(row), Key(row.parent_entity, row.parent_id)) for row in rows]

    def _is_waiting(self, row: Parked) -> bool:
        return Key(row.entity, row.remote_id) in self._parked  # and not on its way, or unsettled

    def _released(self, row: Parked) -> Job:
        """Return the job of a row that stays on disk until the job settles: a run that dies would lose it else."""
        self._parked.discard(Key(row.entity, row.remote_id))
        job = self.unpacked(row.payload)
        job.on_disk = True
        return job

    @staticmethod
    def unpacked(payload: bytes) -> Job:
        """Return the job of a stored payload."""
        job = decode_job(payload)
        job.hash = hash_of(job.record)
        return job

    # rejections

    def reject(self, job: Job, reason: str, *, level: int = logging.WARNING) -> None:
        """Book a rejection; the mapped record is kept, to be tried again in the next run.

        Of a record that could not be mapped, nothing is kept but its id and the reason.
        """
        key = job.key
        known = self.store.get(*key) or Entry(*key)
        self.store.put(
            known._replace(
                hash=job.hash,
                status=Status.REJECTED,
                owner=job.owner or known.owner,
                refs=known.refs if known.optiply_id is not None or job.record.defect else refs_of(job.record),
                note=reason,
                payload=None if job.record.defect else payload_of(job),
            )
        )
        self.tried.add(key)
        self.log.log(level, "rejected: %s %s: %s", *key, reason)
        self.settle(job, "rejected")

    def reject_figure(self, job: Job, entry: Entry, reason: str) -> None:
        """Book that Optiply refused a stock figure of a product that stands there; it is kept like a record.

        Args:
            job: The figure's.
            entry: What is known of the product; one that stands rejected as a whole goes on to do so.
            reason: Why.
        """
        figure, reason = job.record.stock or 0, f"stockLevel: {reason}"
        if entry.status != Status.REJECTED or is_refused_figure(entry):
            entry = entry._replace(status=Status.REJECTED, note=reason, payload=encode_job(job))
        self.store.put(with_figure(entry, figure))
        self.store.put_figure(entry.remote_id, figure)
        self.tried.add(job.key)
        self.log.warning("rejected: %s %s: %s", *job.key, reason)
        self.settle(job, "rejected")

    def reject_removal(self, key: Key, reason: str) -> None:
        """Book that a record could not be removed; it stays noted, to be removed by the next run."""
        self.reject(Job(EntityRecord(*key, defect=reason)), reason)

    def reject_beneath(self, job: Job, parent: Key, attribute: str) -> None:
        """Book a rejection that is only its parent's: under the parent's reason."""
        entry = self.store.get(*parent)
        reason = f"{attribute or 'parent'}: {parent.entity} {parent.remote_id} is rejected"
        if entry is not None and entry.note:
            reason += f" ({entry.note})"
        self.beneath[parent] += 1
        self.reject(job, reason, level=logging.DEBUG)

    def say_beneath(self) -> None:
        """Say, a line for each rejected parent, how many records were rejected for it alone."""
        for parent, number in self.beneath.items():
            entry = self.store.get(*parent)
            self.log.warning(
                "rejected: %d records that refer to %s %s: %s", number, *parent, entry.note if entry else "it is gone"
            )
        self.beneath.clear()
