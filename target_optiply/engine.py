"""From instructions to settled records: decides what each record needs, starts its plan, and books what became of it.

Everything here runs on the main thread. A record enters its lane, its references are resolved, it is compared with
what is known, a plan is started, and its outcome is booked in the store, the summary and the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from queue import SimpleQueue
from typing import Any

import msgspec

from target_optiply import orders
from target_optiply.client import Client
from target_optiply.compare import differing
from target_optiply.concurrency import ConcurrencyLimit
from target_optiply.dispatch import Dispatcher, Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.errors import Outage
from target_optiply.jobs import Job, Key, Lanes, decode_job, encode_job
from target_optiply.ledger import Ledger
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
from target_optiply.opening import Opening, natural_key
from target_optiply.records import InvalidRecord, attributes_for, check, content_hash
from target_optiply.references import Resolution, resolve
from target_optiply.settings import Settings
from target_optiply.stock import MOST_HELD, Held, StockDesk
from target_optiply.store import Entry, Parked, Status, Store, StoredFacts
from target_optiply.summary import Summary
from target_optiply.wire import Wire
from target_optiply.writes import Outcome, Writer

_ATTEMPTS = 3  # how often a record is started over because a row turned out to be gone
_json = msgspec.json.Decoder(float_hook=str)


class Engine:
    """Brings instructions to Optiply.

    Args:
        settings: The run's settings.
        store: The working copy.
        client: Sends requests.
        inbox: The main thread's queue.
        ledger: Which STATE may be released.
        logger: Where warnings go.
        since: From when on rows may stand in Optiply that the state does not know; None where there can be none.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        client: Client,
        inbox: SimpleQueue[Any],
        ledger: Ledger,
        logger: logging.Logger,
        *,
        since: datetime | None,
    ) -> None:
        self._settings = settings
        self.store = store
        self._client = client
        self._ledger = ledger
        self._log = logger
        self._since = since
        self.facts = StoredFacts(store)
        self.summary = Summary()
        self.dispatcher = Dispatcher(
            client,
            inbox,
            limit=ConcurrencyLimit(settings.max_connections),
            writes_per_second=settings.max_writes_per_second,
            before_send=store.commit,
        )
        self._writer = Writer(Wire(settings.account_id, settings.coupling_id), self)
        self._lanes = Lanes()
        self._stock = StockDesk()
        self._bundles: dict[Key, int] = {}  # source records whose children are on their way
        self._held_bundles: dict[Key, list[tuple[EntityRecord, int]]] = {}
        self._parked = {Key(row.entity, row.remote_id) for row in store.parked()}
        self._awaited = {Key(*key) for key in store.awaited()}
        self._removals = {Key(name, row[0]) for name in ENTITIES for row in store.removals(name)}
        self._opened: set[str] = set()
        self._learnt: set[Key] = set()  # orders whose line ids were looked up in this run
        self._known_at_start = store.counts()
        self._tried: set[Key] = set()  # rejected records tried (again) in this run
        self._renewed: set[str] = set()  # records with a new Optiply id, as ``entity:remote id``
        self._unsettled: list[str] = []
        self._warned: set[str] = set()
        self.repeated: list[tuple[Job, dict[str, Any]]] = []

    # what plans ask (writes.Book)

    def intend(self, entity: str, remote_id: str, attributes: Mapping[str, Any]) -> int:
        """Note a POST before it is sent."""
        del attributes  # what is looked for after a crash is read from the record, which then comes again
        return self.store.intend(entity, remote_id, self._client.server_now().isoformat(), b"")

    def settle_intent(self, number: int) -> None:
        """Drop an intent whose outcome is known."""
        self.store.settle_intent(number)

    def is_known(self, entity: str, optiply_id: str) -> bool:
        """Whether the state holds a row."""
        return self.store.known_as(entity, optiply_id) is not None

    def others_succeed(self, since: float) -> bool:
        """Whether some write succeeded after this monotonic second."""
        return self.dispatcher.watch.others_succeed(since)

    def server_now(self) -> datetime:
        """The server's time."""
        return self._client.server_now()

    # what the target asks

    @property
    def load(self) -> int:
        """How many records are on their way."""
        return len(self._lanes)

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return self.dispatcher.idle

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
                self._ledger.add(ticket)
                self._stock.add(instruction.product_id, instruction.value, ticket)
                if len(self._stock) > MOST_HELD:
                    self.flush_stock()
            elif isinstance(instruction, Remember):
                self.facts.put(instruction.kind, instruction.key, instruction.value)
            elif isinstance(instruction, Warn):
                self._warn_once(instruction.key, instruction.message)
            elif isinstance(instruction, Remove):
                record = EntityRecord(instruction.entity, instruction.remote_id, optiply_id=instruction.optiply_id)
                self._ledger.add(ticket)
                self._start(Job(record, [ticket], removal=instruction.reason))
            elif isinstance(instruction, Skip):
                self._skip(instruction, ticket)
            elif isinstance(instruction, Reject):
                self._reject_raw(instruction)

    def flush_stock(self) -> None:
        """Bring over the stock figures whose products have not followed."""
        for product_id, held in self._stock.take_all().items():
            record = EntityRecord("products", product_id, stock=held.figure)
            self._start(Job(record, held.tickets, figure_only=True))

    def unsettled(self) -> list[str]:
        """Return why records are left unsettled, if any are."""
        return self._unsettled

    # instructions

    def _bring(self, record: EntityRecord, ticket: int) -> None:
        key = Key(record.entity, record.remote_id or f"#{record.optiply_id}")
        self._ledger.add(ticket)
        if key in self._bundles:  # the children of an older version are on their way: their list must settle first
            self._held_bundles.setdefault(key, []).append((record, ticket))
            return
        job = self._checked(record, [ticket])
        if job is None:
            return
        if not record.children:
            self._start(job)
            return
        self._bundles[key] = 1  # this method's own piece, so that the bundle is not done before all of it has started
        jobs = [job]
        for name, children in record.children.items():
            jobs += self._children(key, name, children, ticket)
        for each in jobs:
            each.bundle = key
            self._bundles[key] += 1
            self._start(each)
        self._piece_of_bundle_done(key)

    def _checked(self, record: EntityRecord, tickets: list[int], owner: str | None = None) -> Job | None:
        """Check a record; a faulty one is rejected."""
        if record.deleted:
            return Job(record, tickets, owner=owner, removal="deleted at the source")
        try:
            checked, warnings = check(record)
        except InvalidRecord as error:
            self._reject(Job(record, tickets, owner=owner), str(error))
            return None
        for warning in warnings:
            self._log.warning("%s %s: %s", record.entity, record.remote_id, warning)
        job = Job(checked, tickets, owner=owner)
        job.hash = _hash(checked)
        return job

    def _children(self, parent: Key, name: str, records: list[EntityRecord], ticket: int) -> list[Job]:
        """Turn a complete list of children into jobs: what is new or changed, and what vanished."""
        jobs: list[Job] = []
        listed = {record.remote_id for record in records}
        gone = [entry for entry in self.store.owned(name, parent.remote_id) if entry.remote_id not in listed]
        gone += [
            Entry(name, key.remote_id, owner=parent.remote_id, status=Status.REJECTED)
            for key in self._parked_of(name, parent.remote_id)
            if key.remote_id not in listed
        ]
        for record in records:
            self._ledger.add(ticket)
            job = self._checked(record, [ticket], parent.remote_id)
            if job is None:
                continue
            self._take_over(job, gone)
            if record.attributes.get("preferred"):  # one row a product is preferred: who loses it is written first
                job.after = tuple(each.key for each in jobs)
            jobs.append(job)
        for entry in gone:
            if entry.status == Status.REMOVED or entry.entity == "buyOrderLines":
                continue
            self._ledger.add(ticket)
            record = EntityRecord(name, entry.remote_id)
            jobs.append(Job(record, [ticket], owner=parent.remote_id, removal="no longer listed at the source"))
        return [*jobs]

    def _parked_of(self, name: str, owner: str) -> list[Key]:
        if not self._parked:
            return []
        return [Key(row.entity, row.remote_id) for row in self.store.parked_of(name, owner)]

    def _take_over(self, job: Job, gone: list[Entry]) -> None:
        """Let a new row take the place of a vanished one with the same unique pair, which the server would refuse."""
        entity = ENTITIES[job.record.entity]
        if entity.unique_pair is None or self.store.get(*job.key) is not None:
            return
        refs = _refs(job.record)
        for entry in gone:
            if entry.refs == refs and entry.optiply_id is not None:
                self.store.forget(entry.entity, entry.remote_id)
                self.store.put(entry._replace(remote_id=job.key.remote_id, hash=None))
                gone.remove(entry)
                return

    def _skip(self, skip: Skip, ticket: int) -> None:
        self.summary.count(skip.entity, "skipped")
        if not skip.remember:
            return
        key = Key(skip.entity, skip.remote_id)
        entry = self.store.get(*key)
        if entry is not None and entry.optiply_id is not None and entry.status != Status.SKIPPED:
            self._ledger.add(ticket)
            self._start(Job(EntityRecord(skip.entity, skip.remote_id), [ticket], removal=skip.reason))
            return
        self.store.put(Entry(skip.entity, skip.remote_id, status=Status.SKIPPED, note=skip.reason))
        self._unpark(key)
        self._release_parked(key)

    def _reject_raw(self, reject: Reject) -> None:
        known = self.store.get(reject.entity, reject.remote_id)
        entry = known or Entry(reject.entity, reject.remote_id)
        self.store.put(entry._replace(status=Status.REJECTED, hash=None, note=reject.reason, payload=None))
        self.summary.count(reject.entity, "rejected")
        self._tried.add(Key(reject.entity, reject.remote_id))
        self._log.warning("rejected: %s %s: %s", reject.entity, reject.remote_id, reject.reason)

    def _warn_once(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            self._log.warning("%s", message)

    # lanes

    def _start(self, job: Job) -> None:
        key = job.key
        if self._lanes.is_busy(key):
            self._lanes.wait(job, key)
            return
        entry = self.store.get(*key)
        if entry is not None and entry.hash is not None and entry.hash == job.hash and self._is_unchanged(job, entry):
            self._settle(job, "unchanged")
            self._piece_of_bundle_done(job.bundle)
            return
        if job.figure_only and entry is not None and entry.stock == job.record.stock:
            self._settle(job, None)
            return
        self._lanes.enter(key)
        self._consider(job)

    def _is_unchanged(self, job: Job, entry: Entry) -> bool:
        """Whether a record with the same hash needs nothing at all."""
        if entry.status != Status.SENT or job.key in self._removals:
            return False
        if self._renewed and not self._renewed.isdisjoint((entry.refs or "").split("\n")):
            return False
        if job.record.entity != "products":
            return True
        held = self._stock.take(job.key.remote_id)
        if held is not None:
            job.tickets += held.tickets
            job.record.stock, job.record.stock_is_fallback = held.figure, False
        return job.record.stock is None or job.record.stock == entry.stock

    def _leave(self, job: Job) -> None:
        """Free a job's lane and wake whoever waited for it."""
        key = job.key
        for waiting in self._lanes.leave(key):
            if waiting.key == key:
                self._start(waiting)
            else:
                self._consider(waiting)
        self._release_parked(key)
        self._piece_of_bundle_done(job.bundle)

    def _piece_of_bundle_done(self, key: Key | None) -> None:
        if key is None:
            return
        self._bundles[key] -= 1
        if self._bundles[key]:
            return
        del self._bundles[key]
        held = self._held_bundles.pop(key, [])
        for record, ticket in held:
            self._bring(record, ticket)
            self._ledger.settle(ticket)

    def _release_parked(self, key: Key) -> None:
        if key not in self._awaited:
            return
        self._awaited.discard(key)
        for row in self.store.waiting_for(*key):
            self._unpark(Key(row.entity, row.remote_id))
            self._start(self._unpacked(row.payload))

    def _unpacked(self, payload: bytes) -> Job:
        job = decode_job(payload)
        job.hash = _hash(job.record)
        return job

    def _unpark(self, key: Key) -> None:
        if key in self._parked:
            self._parked.discard(key)
            self.store.unpark(*key)

    def _park(self, job: Job, parent: Key) -> None:
        key = job.key
        self._parked.add(key)
        self._awaited.add(parent)
        self.store.park(Parked(*key, *parent, encode_job(job), job.owner))
        if job.record.stock is not None and not job.record.stock_is_fallback:
            self.store.put_figure(key.remote_id, job.record.stock)
        self._settle(job, None)
        self._leave(job)

    def _settle(self, job: Job, count: str | None) -> None:
        if count:
            self.summary.count(job.record.entity, count)
        for ticket in job.tickets:
            self._ledger.settle(ticket)
        job.tickets = []

    # deciding

    def _consider(self, job: Job) -> None:
        """Go on with a job whose lane is held."""
        for key in job.after:
            if self._lanes.is_busy(key):
                self._lanes.wait(job, key)
                return
        entry = self.store.get(*job.key)
        if (opening := self._opening(job, entry)) is not None:
            self._lanes.wait(job, opening)
            return
        if job.removal is not None:
            self._consider_removal(job, entry)
        elif job.figure_only:
            self._consider_figure(job, entry)
        else:
            self._consider_record(job, entry)

    def _consider_removal(self, job: Job, entry: Entry | None) -> None:
        key = job.key
        self._unpark(key)
        if entry is None and job.record.optiply_id is not None:
            entry = Entry(*key, job.record.optiply_id, owner=job.owner)
            self.store.put(entry)
        if entry is not None and entry.optiply_id is None and entry.status == Status.REJECTED:
            self.store.forget(*key)
        elif entry is not None and entry.optiply_id is not None and entry.status != Status.REMOVED:
            if self._settings.delete != "ignore":
                self._removals.add(key)
                self.store.remove_later(*key, job.removal or "")
        self._settle(job, None)
        self._leave(job)

    def _consider_figure(self, job: Job, entry: Entry | None) -> None:
        figure = job.record.stock
        if figure is None or (entry is not None and entry.status == Status.SKIPPED):
            self._settle(job, None)
            self._leave(job)
        elif entry is None or entry.optiply_id is None:
            self.store.put_figure(job.key.remote_id, figure)
            self._settle(job, None)
            self._leave(job)
        elif entry.stock == figure or entry.status == Status.REMOVED:
            self._settle(job, None)
            self._leave(job)
        else:
            plan = self._writer.update(ENTITIES["products"], entry.optiply_id, {"stockLevel": figure})
            self.dispatcher.submit(plan, lambda outcome: self._figure_done(job, entry, outcome))

    def _figure_done(self, job: Job, entry: Entry, outcome: Outcome) -> None:
        if outcome.kind == "updated":
            self.store.put(entry._replace(stock=job.record.stock))
            self._settle(job, "updated")
        elif outcome.kind == "missing":  # created again with its figure when its record comes; its hash says so
            self.store.put(entry._replace(hash=None))
            self.store.put_figure(job.key.remote_id, job.record.stock or 0)
            self._settle(job, None)
        elif outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        else:
            self._log.warning("rejected: products %s: stockLevel: %s", job.key.remote_id, outcome.reason)
            self._settle(job, "rejected")
        self._leave(job)

    def _consider_record(self, job: Job, entry: Entry | None) -> None:
        self._unpark(job.key)
        if job.key in self._removals:
            self._removals.discard(job.key)
            self.store.keep(*job.key)
        resolution = resolve(
            job, lambda key: self.store.get(*key), lambda key: key != job.key and self._lanes.is_busy(key)
        )
        if resolution.kind == "refused" and resolution.parent is not None and self._retry(resolution.parent):
            resolution = resolve(
                job, lambda key: self.store.get(*key), lambda key: key != job.key and self._lanes.is_busy(key)
            )
        parent = resolution.parent
        if resolution.kind == "wait" and parent is not None:
            self._lanes.wait(job, parent)
        elif resolution.kind == "park" and parent is not None:
            if not self._learns_lines(job, parent):
                self._park(job, parent)
        elif resolution.kind == "refused" and parent is not None:
            self._reject_beneath(job, parent, resolution.attribute)
            self._leave(job)
        elif resolution.kind == "left_out":
            self._leave_out(job, entry, resolution)
        elif job.record.lines is not None and job.record.lines and not resolution.record.lines:
            job.removal = "no line worth sending"
            self._consider_removal(job, entry)
        else:
            self._write(job, entry, resolution)

    def _learns_lines(self, job: Job, parent: Key) -> bool:
        """Have a receipt wait while the line ids of its order are looked up, once per order."""
        order = job.owner_key
        entry = self.store.get(*order) if order is not None and order != parent else None
        if order is None or entry is None or entry.optiply_id is None or self._lanes.is_busy(order):
            return False
        if order in self._learnt:
            self._reject(job, f"buyOrderLineId: the order has no line {parent.remote_id}")
            self._leave(job)
            return True
        self._learnt.add(order)
        self._lanes.enter(order)
        self._lanes.wait(job, order)
        plan = orders.read_lines(self._writer, ENTITIES[order.entity], entry.optiply_id)
        self.dispatcher.submit(plan, lambda rows: self._lines_learnt(order, entry, rows))
        return True

    def _lines_learnt(self, order: Key, entry: Entry, rows: list[dict[str, Any]] | None) -> None:
        if rows is None:
            self._learnt.discard(order)
            self._unsettled.append(f"{order.entity} {order.remote_id}: its lines could not be read")
        else:
            self._book_lines(order, entry, {str(row["attributes"].get("productId")): str(row["id"]) for row in rows})
        for waiting in self._lanes.leave(order):
            if rows is None and waiting.owner_key == order:
                self._leave(waiting)
            elif waiting.key == order:
                self._start(waiting)
            else:
                self._consider(waiting)

    def _leave_out(self, job: Job, entry: Entry | None, resolution: Resolution) -> None:
        if entry is not None and entry.optiply_id is not None:
            job.removal = f"{resolution.parent} is not sent"
            self._consider_removal(job, entry)
            return
        self._settle(job, "skipped")
        self._leave(job)

    # writing

    def _write(self, job: Job, entry: Entry | None, resolution: Resolution) -> None:
        entity = ENTITIES[job.record.entity]
        self._bring_stock(job, entry)
        if entry is not None and self._renewed and not self._renewed.isdisjoint((entry.refs or "").split("\n")):
            entry = entry._replace(hash=None)
        if entry is None or entry.optiply_id is None:
            entry = self._found_otherwise(job, entity, resolution)
        if entry is None and job.record.own:
            plan = self._writer.read_one(entity.name, job.record.optiply_id or "")
            self.dispatcher.submit(plan, lambda row: self._own_order_read(job, row))
            return
        try:
            if entry is None or entry.optiply_id is None:
                plan = self._creation(job, entity, resolution)
            elif self._has_other_parents(entity, job, entry):
                plan = self._writer.delete(entity, entry.optiply_id, soft=False)
                self.dispatcher.submit(plan, lambda outcome: self._replaced(job, outcome))
                return
            else:
                plan = self._change(job, entity, entry, resolution)
        except InvalidRecord as error:
            self._reject(job, str(error))
            self._leave(job)
            return
        if plan is None:
            self._book(job, resolution, Outcome("unchanged", entry.optiply_id if entry else None))
        else:
            self.dispatcher.submit(plan, lambda outcome: self._book(job, resolution, outcome))

    def _bring_stock(self, job: Job, entry: Entry | None) -> None:
        """Give a product the figure that has arrived for it, or what its own record says."""
        if job.record.entity != "products":
            return
        held: Held | None = self._stock.take(job.key.remote_id)
        if held is not None:
            job.tickets += held.tickets
            job.record.stock, job.record.stock_is_fallback = held.figure, False
        elif (kept := self.store.take_figure(job.key.remote_id)) is not None:
            job.record.stock, job.record.stock_is_fallback = kept, False
        if job.record.stock is None and (entry is None or entry.optiply_id is None):
            self._warn_once("no stock", "products without a stock figure are created with a stock of 0")

    def _found_otherwise(self, job: Job, entity: Entity, resolution: Resolution) -> Entry | None:
        """Return what is known of a record under an Optiply id it names, or under its natural key, filed as its own."""
        entry: Entry | None = None
        if job.record.optiply_id is not None and not job.record.own:
            entry = self.store.known_as(entity.name, job.record.optiply_id)
            entry = entry or Entry(*job.key, job.record.optiply_id, owner=job.owner)
        else:
            attributes = {**resolution.record.attributes, **resolution.ids}
            name = natural_key(entity, attributes)
            entry = self.store.get(entity.name, name) if name is not None else None
        if entry is None:
            return None
        self.store.forget(entity.name, entry.remote_id)
        entry = entry._replace(remote_id=job.key.remote_id, owner=job.owner)
        self.store.put(entry)
        return entry

    def _creation(self, job: Job, entity: Entity, resolution: Resolution) -> Plan[Outcome]:
        attributes = attributes_for(
            resolution.record,
            resolution.ids,
            method="POST",
            stock=job.record.stock,
            products=resolution.products,
            synced_at=self._synced_at(),
        )
        return self._writer.create(entity, job.record.remote_id, attributes)

    def _change(self, job: Job, entity: Entity, entry: Entry, resolution: Resolution) -> Plan[Outcome] | None:
        """Return the plan that brings a standing row up to date; None where it is so already."""
        record = resolution.record
        if record.own:
            record = replace(record, attributes={"completed": record.attributes.get("completed")}, references={})
        known = _json.decode(entry.payload) if entry.status == Status.ADOPTED and entry.payload else None
        attributes: dict[str, Any] | None = attributes_for(
            record, resolution.ids, method="PATCH", stock=job.record.stock
        )
        if known is not None and not differing(entity.name, attributes or {}, known):
            attributes = None
        elif (
            known is None and entry.status == Status.SENT and entry.hash and job.hash and not self._touched(job, entry)
        ):
            attributes = None
        if attributes is not None and not (known is None and self._only_stock_moved(job, entry)):
            attributes = attributes_for(
                record, resolution.ids, method="PATCH", stock=job.record.stock, synced_at=self._synced_at()
            )
        elif attributes is not None:
            attributes = {entity.stock_attribute or "": job.record.stock}
        if entity.line_entity is None:
            return self._writer.update(entity, entry.optiply_id or "", attributes) if attributes is not None else None
        return self._order_change(job, entity, entry, resolution, attributes)

    def _touched(self, job: Job, entry: Entry) -> bool:
        """Whether anything of the row itself (for an order: its head) differs from what was sent."""
        if _head(entry.hash) != _head(job.hash):
            return True
        return job.record.stock is not None and job.record.stock != entry.stock

    def _only_stock_moved(self, job: Job, entry: Entry) -> bool:
        return entry.hash is not None and entry.hash == job.hash and job.record.stock != entry.stock

    def _order_change(
        self, job: Job, entity: Entity, entry: Entry, resolution: Resolution, attributes: dict[str, Any] | None
    ) -> Plan[Outcome] | None:
        order_id = entry.optiply_id or ""
        lines: dict[str, dict[str, Any]] | None = None
        if resolution.record.lines is not None and _tail(entry.hash) != _tail(job.hash):
            lines = {
                resolution.products.get(line.product.remote_id or "", line.product.optiply_id or ""): line.attributes
                for line in resolution.record.lines
            }
        if attributes is None and lines is None:
            return None
        rows = None
        if entry.status == Status.ADOPTED and entity.line_entity in self._opened:
            filed = self.store.owned(entity.line_entity or "", f"#{order_id}")
            rows = [{"id": each.optiply_id, "attributes": _json.decode(each.payload or b"{}")} for each in filed]
        prefix = job.record.remote_id or ""
        return orders.revise_order(self._writer, entity, order_id, attributes, lines, prefix=prefix, rows=rows)

    def _synced_at(self) -> str:
        return self._client.server_now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _has_other_parents(self, entity: Entity, job: Job, entry: Entry) -> bool:
        """Whether a reference changed, which is done as delete and create."""
        if not entity.references or entry.refs is None or job.record.own:
            return False
        return _declared(entry.refs) != _declared(_refs(job.record))

    def _replaced(self, job: Job, outcome: Outcome) -> None:
        """The old row of a record with a new parent is deleted: create the new one."""
        if outcome.kind != "deleted":
            self._reject(job, outcome.reason)
            self._leave(job)
            return
        self._forget_row(job.key)
        self._consider(job)

    def _forget_row(self, key: Key) -> None:
        """Drop what is known of a row, and of the rows that Optiply deletes with it."""
        self.store.forget(*key)
        self._renewed.add(f"{key.entity}:{key.remote_id}")
        if ENTITIES[key.entity].line_entity is not None:
            for child in ENTITIES[key.entity].children:
                for entry in self.store.owned(child, key.remote_id):
                    self.store.forget(child, entry.remote_id)

    def _own_order_read(self, job: Job, row: dict[str, Any] | Outcome) -> None:
        """An order that Optiply itself placed was looked up: file it under the source's id, or leave it out."""
        if isinstance(row, Outcome) and row.kind == "unsettled":
            self._leave_unsettled(job, row)
            self._leave(job)
            return
        key = job.key
        if isinstance(row, Outcome) or self._writer.wire.ours(row) is False:
            reason = f"Optiply's own order {job.record.optiply_id}, which is not found there"
            self.store.put(Entry(*key, status=Status.SKIPPED, note=reason))
            self._log.warning("skipped: %s %s: %s", *key, reason)
            self._settle(job, "skipped")
            self._leave(job)
            return
        self.store.put(Entry(*key, str(row["id"])))
        self._consider(job)

    # booking

    def _book(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """Book what became of a record."""
        for warning in outcome.warnings:
            self._log.warning("%s %s: %s", job.key.entity, job.key.remote_id, warning)
        if outcome.kind in ("created", "updated", "unchanged"):
            self._book_success(job, resolution, outcome)
        elif outcome.kind == "missing":
            self._book_missing(job, resolution, outcome)
            return
        elif outcome.kind == "duplicate":
            self._book_duplicate(job, outcome)
            return
        elif outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        else:
            self._reject(job, outcome.reason)
        self._leave(job)

    def _book_success(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        key = job.key
        old = self.store.get(*key)
        stock = job.record.stock if job.record.stock is not None else (old.stock if old else None)
        if key.entity == "products" and outcome.kind == "created":
            stock = stock or 0
        if old is not None and old.optiply_id not in (None, outcome.optiply_id):
            self._renewed.add(f"{key.entity}:{key.remote_id}")
        entry = Entry(*key, outcome.optiply_id, job.hash, Status.SENT, job.owner, _refs(job.record), stock)
        self.store.put(entry)
        if outcome.lines is not None and key.entity == "buyOrders":
            self._book_lines(key, entry, outcome.lines)
        self._settle(job, outcome.kind)

    def _book_lines(self, order: Key, entry: Entry, ids: Mapping[str, str]) -> None:
        """File the line ids of a buy order, for its receipts; forget lines that are gone, and their receipts."""
        self._learnt.add(order)
        listed = {}
        for ref in (entry.refs or "").partition("\n\n")[2].split("\n"):
            product = self.store.get("products", ref.partition(":")[2])
            line_id = ids.get(product.optiply_id or "") if product is not None else None
            if product is not None and line_id is not None:
                listed[f"{order.remote_id}_{product.remote_id}"] = line_id
        for line in self.store.owned("buyOrderLines", order.remote_id):
            if listed.get(line.remote_id) != line.optiply_id:
                self.store.forget(*line[:2])
                for receipt in self.store.owned("receiptLines", order.remote_id):
                    if f"buyOrderLines:{line.remote_id}" in (receipt.refs or "").split("\n"):
                        self.store.forget(*receipt[:2])
        for name, line_id in listed.items():
            self.store.put(Entry("buyOrderLines", name, line_id, owner=order.remote_id))

    def _book_missing(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """The row, or a reference of it, is gone: start over without what is gone."""
        job.attempt += 1
        if job.attempt > _ATTEMPTS:
            self._reject(job, outcome.reason)
            self._leave(job)
        elif outcome.optiply_id is not None:
            self._forget_row(job.key)
            self._consider(job)
        else:
            plan = self._gone_among(resolution)
            self.dispatcher.submit(plan, lambda gone: self._parents_checked(job, outcome, gone))

    def _gone_among(self, resolution: Resolution) -> Plan[list[Key] | None]:
        """Ask which of a record's references are gone; None where that could not be told."""
        record, gone = resolution.record, []
        pointers = [(reference, resolution.ids.get(name)) for name, reference in record.references.items()]
        pointers += [
            (line.product, resolution.products.get(line.product.remote_id or "")) for line in record.lines or ()
        ]
        for reference, identity in pointers:
            if reference.remote_id is None or identity is None:
                continue
            row = yield from self._writer.read_one(reference.entity, identity)
            if isinstance(row, Outcome):
                if row.kind == "unsettled":
                    return None
                gone.append(Key(reference.entity, reference.remote_id))
        return gone

    def _parents_checked(self, job: Job, outcome: Outcome, gone: list[Key] | None) -> None:
        if gone is None:
            self._leave_unsettled(job, outcome)
            self._leave(job)
            return
        if not gone:
            self._reject(job, outcome.reason)
            self._leave(job)
            return
        for key in gone:
            if not self._lanes.is_busy(key):
                self._forget_row(key)
        self._consider(job)

    def _book_duplicate(self, job: Job, outcome: Outcome) -> None:
        """Another row holds the unique pair: take it over, unless it belongs to another record."""
        holder = self.store.known_as(job.record.entity, outcome.optiply_id or "")
        if holder is not None and holder.remote_id != job.key.remote_id and holder.status == Status.SENT:
            self._reject(job, f"duplicate of {holder.remote_id}: {outcome.reason}")
            self._leave(job)
            return
        if holder is not None:
            self.store.forget(holder.entity, holder.remote_id)
        self.store.put(Entry(*job.key, outcome.optiply_id, owner=job.owner))
        self._consider(job)

    def _leave_unsettled(self, job: Job, outcome: Outcome) -> None:
        """Nobody knows what became of it: its tickets stay open, so that no STATE passes it."""
        self._unsettled.append(f"{job.key.entity} {job.key.remote_id}: {outcome.reason}")

    # rejections

    def _reject(self, job: Job, reason: str) -> None:
        key = job.key
        known = self.store.get(*key)
        entry = Entry(*key, known.optiply_id if known else None, job.hash, Status.REJECTED, job.owner)
        entry = entry._replace(refs=_refs(job.record), stock=known.stock if known else None, note=reason)
        self.store.put(entry._replace(payload=None if job.record.defect else encode_job(job)))
        self._tried.add(key)
        self._log.warning("rejected: %s %s: %s", *key, reason)
        self._settle(job, "rejected")

    def _reject_beneath(self, job: Job, parent: Key, attribute: str) -> None:
        entry = self.store.get(*parent)
        reason = f"{attribute or 'parent'}: {parent.entity} {parent.remote_id} is rejected"
        if entry is not None and entry.note:
            reason += f" ({entry.note})"
        self.summary.beneath[f"{parent.entity} {parent.remote_id}"] += 1
        self._reject(job, reason)

    def _retry(self, key: Key) -> bool:
        """Try a rejected record of an earlier run again; False where that was done already or cannot be."""
        entry = self.store.get(*key)
        if key in self._tried or entry is None or entry.payload is None or self._lanes.is_busy(key):
            return False
        self._tried.add(key)
        self._start(self._unpacked(entry.payload))
        return True

    # opening an entity

    def _opening(self, job: Job, entry: Entry | None) -> Key | None:
        """Return the lane to wait in while what stands in Optiply is read, or None where that is done or not needed."""
        name = job.record.entity
        lane = Key(name, "")
        if self._lanes.is_busy(lane):
            return lane
        if name in self._opened:
            return None
        adopts = self.store.meta(f"opened:{name}") is None and self._settings.adopt_existing
        if not adopts and (self._since is None or (entry is None and (job.removal is not None or job.figure_only))):
            return None
        self._opened.add(name)
        self._lanes.enter(lane)
        self.dispatcher.submit(
            self._open(ENTITIES[name], adopts=adopts), lambda read: self._entity_opened(lane, read=read)
        )
        return lane if self._lanes.is_busy(lane) else None

    def _open(self, entity: Entity, *, adopts: bool) -> Plan[bool]:
        opening = Opening(self._writer, self.store, entity)
        if not adopts and self._since is not None:
            return (yield from opening.catch_up(self._since))
        if not (yield from opening.adopt()):
            return False
        if opening.adopted and entity.line_entity is not None:
            lines = Opening(self._writer, self.store, ENTITIES[entity.line_entity])
            if not (yield from lines.adopt()):
                return False
            self._opened.add(entity.line_entity)
        if opening.adopted:
            self._log.info("%s: %d rows that stand in Optiply are taken over", entity.name, opening.adopted)
        return True

    def _entity_opened(self, lane: Key, *, read: bool) -> None:
        if not read:
            raise Outage(f"{lane.entity} could not be read, so nothing of it can be written without doubling it")
        self.store.put_meta(f"opened:{lane.entity}", "1")
        for waiting in self._lanes.leave(lane):
            self._consider(waiting)

    # the end of the input

    def retry_rejected(self) -> None:
        """Try again what earlier runs rejected and nothing has referred to."""
        for entry in list(self.store.entries(status=Status.REJECTED)):
            self._retry(Key(entry.entity, entry.remote_id))

    def reject_parked(self) -> None:
        """Reject what still waits for a parent that never came."""
        for row in sorted(self.store.parked(), key=lambda row: ENTITIES[row.entity].rank):
            job = self._unpacked(row.payload)
            self._unpark(job.key)
            parent = Key(row.parent_entity, row.parent_id)
            entry = self.store.get(*parent)
            if entry is not None and entry.status == Status.REJECTED:
                self._reject_beneath(job, parent, _attribute_of(job, parent))
            else:
                self._reject(job, f"{_attribute_of(job, parent)}: {parent.entity} {parent.remote_id} is not known")

    def drop_stale_hashes(self) -> None:
        """Have what refers to a row with a new Optiply id sent anew."""
        if self._renewed:
            self.store.drop_hashes(self._renewed)

    def remove(self, brake: Callable[[str, int, int], bool]) -> None:
        """Start the removals that were put off; ``brake`` may hold an entity's back.

        Args:
            brake: Called with entity, number of removals and number of known rows; True holds them back.
        """
        for name in reversed(ENTITIES):
            rows = self.store.removals(name)
            if not rows or brake(
                name, len(rows), max(self._known_at_start.get(name, 0), self.store.counts().get(name, 0))
            ):
                continue
            for remote_id, _ in rows:
                self._remove(Key(name, remote_id))

    def _remove(self, key: Key) -> None:
        entry = self.store.get(*key)
        self._removals.discard(key)
        self.store.keep(*key)
        if entry is None or entry.optiply_id is None:
            return
        entity, soft = ENTITIES[key.entity], self._settings.delete == "soft"
        self._lanes.enter(key)
        job = Job(EntityRecord(*key), owner=entry.owner)
        plan = self._writer.delete(entity, entry.optiply_id, soft=soft)
        self.dispatcher.submit(plan, lambda outcome: self._removed(job, entry, outcome))

    def _removed(self, job: Job, entry: Entry, outcome: Outcome) -> None:
        entity = ENTITIES[entry.entity]
        if outcome.kind != "deleted":
            self._log.warning("not removed: %s %s: %s", entry.entity, entry.remote_id, outcome.reason)
            self.store.put(entry._replace(status=Status.REJECTED, note=f"not removed: {outcome.reason}"))
            self.summary.count(entry.entity, "rejected")
        elif self._settings.delete == "soft" and entity.soft_delete is not None:
            self.store.put(entry._replace(status=Status.REMOVED, hash=None))
            self.summary.count(entry.entity, "deleted")
        else:
            self._forget_row(job.key)
            self.summary.count(entry.entity, "deleted")
        self._leave(job)


def _hash(record: EntityRecord) -> str:
    """Return a record's content hash; for an order with lines, that of its head and that of its lines."""
    if record.lines is None:
        return content_hash(record)
    head = content_hash(replace(record, lines=None))
    return f"{head}.{content_hash(EntityRecord(record.entity, None, lines=record.lines))}"


def _head(value: str | None) -> str | None:
    return value.partition(".")[0] if value else None


def _tail(value: str | None) -> str | None:
    return value.partition(".")[2] if value else None


def _refs(record: EntityRecord) -> str | None:
    """Return what a record refers to, one ``entity:remote id`` a line, its lines' products after an empty line."""
    declared = [f"{each.entity}:{each.remote_id or each.optiply_id}" for _, each in sorted(record.references.items())]
    products = sorted(f"{line.product.entity}:{line.product.remote_id}" for line in record.lines or ())
    return "\n".join([*declared, "", *products]) if declared or products else None


def _declared(refs: str | None) -> str | None:
    return refs.partition("\n\n")[0].rstrip("\n") if refs else None


def _attribute_of(job: Job, parent: Key) -> str:
    for name, reference in job.record.references.items():
        if Key(reference.entity, reference.remote_id or "") == parent:
            return name
    return "orderLines" if job.record.lines else "parent"
