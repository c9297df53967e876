"""Brings jobs to Optiply: keeps their order, decides what each one needs, and carries it out.

Everything here runs on the main thread. A job enters its record's lane, its references are resolved, it is compared
with what is known, a plan is started, and its outcome is booked; then the lane is free for who waited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from target_optiply import orders
from target_optiply.books import Books
from target_optiply.difference import has_other_parents
from target_optiply.dispatch import Dispatcher, Plan
from target_optiply.entities import ENTITIES, Entity
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.needs import Needs, stock_of
from target_optiply.records import InvalidRecord, check
from target_optiply.references import Resolution, gone_parents, resolve
from target_optiply.stock import StockDesk
from target_optiply.store import Entry, Status
from target_optiply.takeover import Takeover
from target_optiply.writes import Outcome, Writer

_ATTEMPTS = 3  # how often a record is started over because a row turned out to be gone


class Engine:
    """Brings jobs to Optiply.

    Args:
        books: What is known, and where outcomes are booked.
        writer: Makes plans.
        dispatcher: Carries them out.
        takeover_for: Makes what reads Optiply before an entity's first row is created; it waits in the engine's lanes.
        deletes: Whether anything is removed in Optiply.
    """

    def __init__(
        self,
        books: Books,
        writer: Writer,
        dispatcher: Dispatcher,
        takeover_for: Callable[[Lanes], Takeover],
        *,
        deletes: bool,
    ) -> None:
        self._books = books
        self._store = books.store
        self._writer = writer
        self._dispatcher = dispatcher
        self._deletes = deletes
        self.lanes = Lanes(self.start, self._consider)
        self.stock = StockDesk()
        self.takeover = takeover_for(self.lanes)
        self._needs = Needs(books, writer, self.takeover)
        self._in_doubt: list[tuple[Job, str]] = []  # refused while it is not told whether Optiply refuses everything
        self._learnt: set[Key] = set()  # orders whose line ids were looked up in this run

    def start(self, job: Job) -> None:
        """Set a job on its way, or have it wait for an older version of its record."""
        key = job.key
        if key.entity == "products" and not job.figure_only and job.refusal is None:
            self._bring_held_stock(job)  # now: by the time it is its turn, its figure may have been flushed
        if self.lanes.is_busy(key):
            self.lanes.wait(job, key)
            return
        entry = self._store.get(*key)
        if entry is not None and self._needs_nothing(job, entry):
            self._books.settle(job, None if job.figure_only else "unchanged")
            self._left(job)
            return
        self.lanes.enter(key)
        self._consider(job)

    def _needs_nothing(self, job: Job, entry: Entry) -> bool:
        """Whether a job can be settled without a look at anything but its own entry: most jobs of most runs."""
        if job.figure_only:
            return entry.stock == job.record.stock
        if (
            job.refusal is not None
            or entry.hash is None
            or entry.hash != job.hash
            or entry.status != Status.SENT
            or job.removal is not None
        ):
            return False
        if job.key in self._books.removals or self._books.up_to_date(entry) is not entry:
            return False
        if self.takeover.is_due(job.record.entity):
            return False
        if len(self.lanes) and any(self.lanes.is_busy(parent) for parent in self._parents_of(job, entry)):
            return False  # a parent may come out of this as another row, or its owner without it
        if job.owner_key is not None and self._is_to_be_replaced(job.owner_key):
            return False
        return job.record.stock is None or job.record.stock == entry.stock

    @staticmethod
    def _parents_of(job: Job, entry: Entry) -> Iterator[Key]:
        if job.owner_key is not None:
            yield job.owner_key
        for name in (entry.refs or "").split("\n"):
            entity, _, remote_id = name.partition(":")
            yield Key(entity, remote_id)

    def _leave(self, job: Job) -> None:
        """Free a job's lane."""
        self.lanes.free(job.key)
        self.release_parked(job.key)
        self._left(job)

    @staticmethod
    def _left(job: Job) -> None:
        if job.left is not None:
            job.left()

    def _settle(self, job: Job, count: str | None = None) -> None:
        self._books.settle(job, count)
        self._leave(job)

    def _reject(self, job: Job, reason: str) -> None:
        self._books.reject(job, reason)
        self._leave(job)

    def _leave_unsettled(self, job: Job, outcome: Outcome) -> None:
        self._books.leave_unsettled(job, outcome)
        self._leave(job)

    def release_parked(self, parent: Key) -> None:
        """Set on their way the jobs that were parked for a record."""
        for job in self._books.released_by(parent):
            self.start(job)

    def retry(self, key: Key) -> bool:
        """Try a record again that an earlier run rejected; False where that was done already or cannot be."""
        entry = self._store.get(*key)
        if key in self._books.tried or entry is None or entry.payload is None or self.lanes.is_busy(key):
            return False
        self._books.tried.add(key)
        job = self._books.unpacked(entry.payload)
        try:
            check(job.record)  # what was refused before it was sent is not sent now
        except InvalidRecord as error:
            job.refusal = str(error)
        self.start(job)
        return job.refusal is None

    # deciding

    def _consider(self, job: Job) -> None:
        """Go on with a job whose lane is held."""
        for key in job.after:
            if self.lanes.is_busy(key):
                self.lanes.wait(job, key)
                return
        if job.refusal is not None:
            self._consider_refusal(job, job.refusal)
            return
        if (lane := self.takeover.adoption(job.record.entity)) is not None:
            self.lanes.wait(job, lane)
            return
        entry = self._store.get(*job.key)
        if job.key in self._books.unsettled:
            self._leave_unsettled(job, Outcome("unsettled", reason=self._books.unsettled[job.key]))
        elif job.removal is not None:
            self._consider_removal(job, entry)
        elif job.figure_only:
            self._consider_figure(job, entry)
        else:
            self._consider_record(job, entry)

    def _consider_refusal(self, job: Job, reason: str) -> None:
        """Reject a record that cannot be sent, unless it would be left out anyway, with something that is not sent."""
        self._books.unpark(job.key)
        resolution = resolve(job, self._store.get, self.lanes.is_busy) if job.record.lines is None else None
        if resolution is not None and resolution.kind == "left_out":
            self._leave_out(job, self._store.get(*job.key), resolution)
        else:
            self._reject(job, reason)

    def _consider_removal(self, job: Job, entry: Entry | None) -> None:
        key = job.key
        self._books.unpark(key)
        if entry is None and job.record.optiply_id is not None:
            entry = self._store.known_as(key.entity, job.record.optiply_id)
            if entry is None:
                entry = Entry(*key, job.record.optiply_id, owner=job.owner)
                self._store.put(entry)
            key = Key(entry.entity, entry.remote_id)
        if entry is not None and entry.optiply_id is None and entry.status == Status.REJECTED:
            self._store.forget(*key)
        elif self._deletes and entry is not None and entry.optiply_id is not None and entry.status != Status.REMOVED:
            self._books.remove_later(key, job.removal or "")
        if job.concedes and entry is not None and entry.optiply_id is not None:
            plan = self._writer.update(ENTITIES[key.entity], entry.optiply_id, {"preferred": False})
            self._dispatcher.submit(plan, lambda outcome: self._conceded(job, outcome))
            return
        self._settle(job)

    def _conceded(self, job: Job, outcome: Outcome) -> None:
        if outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        else:  # refused or gone: then there is nothing to concede, or who gains it is told so
            self._settle(job)

    def _consider_figure(self, job: Job, entry: Entry | None) -> None:
        figure = job.record.stock or 0
        if entry is not None and (entry.status in (Status.SKIPPED, Status.REMOVED) or stock_of(entry) == figure):
            self._settle(job)
        elif entry is None or entry.optiply_id is None:
            self._store.put_figure(job.key.remote_id, figure)
            self._settle(job)
        else:
            plan = self._writer.update(ENTITIES["products"], entry.optiply_id, {"stockLevel": figure})
            self._dispatcher.submit(plan, lambda outcome: self._figure_written(job, entry, outcome))

    def _figure_written(self, job: Job, entry: Entry, outcome: Outcome) -> None:
        if outcome.kind == "updated":
            self._store.put(entry._replace(stock=job.record.stock))
            self._settle(job, "updated")
        elif outcome.kind == "missing":  # it is created again, with this figure, when its record comes
            self._forget_row(job.key)
            self._store.put_figure(job.key.remote_id, job.record.stock or 0)
            self._settle(job)
        elif outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        else:
            self._books.log.warning("rejected: products %s: stockLevel: %s", job.key.remote_id, outcome.reason)
            self._settle(job, "rejected")

    def _consider_record(self, job: Job, entry: Entry | None) -> None:
        self._books.unpark(job.key)
        self._books.keep(job.key)
        if job.owner_key is not None and self._is_to_be_replaced(job.owner_key):
            self._books.park(job, job.owner_key)  # its row will go with its owner's, and be created with the new one
            self._leave(job)
            return
        resolution = resolve(job, self._store.get, self.lanes.is_busy)
        parent = resolution.parent
        if resolution.kind == "refused" and parent is not None and self.retry(parent):
            resolution = resolve(job, self._store.get, self.lanes.is_busy)
        if resolution.kind == "ready":
            if job.record.lines and not resolution.record.lines:
                job.removal = "no line worth sending"
                self._consider_removal(job, entry)
            else:
                self._write(job, entry, resolution)
        elif resolution.kind == "left_out" or parent is None:
            self._leave_out(job, entry, resolution)
        elif resolution.kind == "wait":
            self.lanes.wait(job, parent)
        elif resolution.kind == "refused" or not self._learns_lines(job, parent):
            # Also for a parent that stands rejected: a newer version of it may be accepted yet.
            self._books.park(job, parent)
            self._leave(job)

    def _is_to_be_replaced(self, key: Key) -> bool:
        """Whether a record stands rejected because its old row, which refers to something else, was not let go."""
        entry = self._store.get(*key) if ENTITIES[key.entity].references else None
        if entry is None or entry.status != Status.REJECTED or entry.optiply_id is None or entry.payload is None:
            return False
        return not self.lanes.is_busy(key) and has_other_parents(self._books.unpacked(entry.payload).record, entry)

    def _leave_out(self, job: Job, entry: Entry | None, resolution: Resolution) -> None:
        if entry is not None and entry.optiply_id is not None:
            job.removal = f"{' '.join(resolution.parent or ())} is not sent"
            self._consider_removal(job, entry)
        else:
            self._settle(job, "skipped")

    # lines of buy orders, whose ids receipts need

    def _learns_lines(self, job: Job, line: Key) -> bool:
        """Have a receipt wait while the line ids of its order are looked up, once per order."""
        key = job.owner_key
        order = self._store.get(*key) if key is not None and line.entity == "buyOrderLines" else None
        if key is None or order is None or order.optiply_id is None or self.lanes.is_busy(key):
            return False
        if key in self._books.unsettled:
            self._leave_unsettled(job, Outcome("unsettled", reason=self._books.unsettled[key]))
            return True
        if key in self._learnt:
            self._without_line(job, order, line)
            return True
        self._learnt.add(key)
        self.lanes.enter(key)
        self.lanes.wait(job, key)
        plan = orders.read_lines(self._writer, ENTITIES[key.entity], order.optiply_id)
        self._dispatcher.submit(plan, lambda rows: self._lines_read(key, order, rows))
        return True

    def _without_line(self, job: Job, order: Entry, line: Key) -> None:
        """Settle a receipt whose order has no such line: left out with a product that is not sent, else rejected."""
        product = self._store.get("products", line.remote_id.removeprefix(f"{order.remote_id}_"))
        if product is not None and product.status == Status.SKIPPED:
            self._settle(job, "skipped")
        else:
            self._store.put(order._replace(hash=None))  # its lines are not what was sent
            self._reject(job, f"buyOrderLineId: the order has no line {line.remote_id}")

    def _lines_read(self, key: Key, order: Entry, rows: list[dict[str, Any]] | None) -> None:
        if rows is None:
            self._books.unsettled[key] = "its lines could not be read"
        else:
            ids = {str(row["attributes"].get("productId")): str(row["id"]) for row in reversed(rows)}
            self._books.book_lines(order, ids)
        self.lanes.free(key)

    # writing

    def _write(self, job: Job, entry: Entry | None, resolution: Resolution) -> None:
        entity = ENTITIES[job.record.entity]
        self._bring_stock(job, entry)
        entry = self._books.up_to_date(entry) if entry is not None else None
        if entry is not None and entry.status == Status.REJECTED:
            entry = entry._replace(hash=None)  # what was refused does not stand in Optiply
        if entry is None or entry.optiply_id is None:
            if (lane := self.takeover.catching_up(entity.name)) is not None:
                self.lanes.wait(job, lane)
                return
            entry = self._needs.found_otherwise(job, entity, resolution)
            if entry is None and self.takeover.holds(job):
                if self.takeover.has_held_enough:
                    self.end_doubts()
                return
        if entry is not None and entry.status == Status.ADOPTED:
            self.end_doubts()
        try:
            self._submit(job, entity, entry, resolution)
        except InvalidRecord as error:
            self._reject(job, str(error))

    def end_doubts(self) -> bool:
        """Set on their way the creations held until a record matches what stands in Optiply; False if none are."""
        held = self.takeover.matched()
        for job in held:
            self._consider(job)
        return bool(held)

    def _submit(self, job: Job, entity: Entity, entry: Entry | None, resolution: Resolution) -> None:
        """Start what a record needs."""
        if entry is None or entry.optiply_id is None:
            if job.record.own:
                own = self._writer.read_one(entity.name, job.record.optiply_id or "")
                self._dispatcher.submit(own, lambda row: self._own_order_read(job, row))
                return
            plan: Plan[Outcome] | None = self._needs.creation(job, entity, resolution)
        elif has_other_parents(job.record, entry):
            replaced = self._writer.delete(entity, entry.optiply_id, soft=False)
            self._dispatcher.submit(replaced, lambda outcome: self._replaced(job, outcome))
            return
        else:
            plan = self._needs.change(job, entity, entry, resolution)
        if plan is None:
            self._book(job, resolution, Outcome("unchanged", entry.optiply_id if entry else None))
        else:
            self._dispatcher.submit(plan, lambda outcome: self._book(job, resolution, outcome))

    def _bring_held_stock(self, job: Job) -> None:
        held = self.stock.take(job.key.remote_id)
        if held is not None:
            job.tickets += held.tickets
            job.record.stock, job.record.stock_is_fallback = held.figure, False

    def _bring_stock(self, job: Job, entry: Entry | None) -> None:
        """Give a product the figure that has arrived for it, else what its own record says."""
        if job.record.entity != "products":
            return
        kept = self._store.figure(job.key.remote_id)  # it is dropped when it stands in Optiply
        if kept is not None and (job.record.stock is None or job.record.stock_is_fallback):
            job.record.stock, job.record.stock_is_fallback = kept, False
        if job.record.stock is None and (entry is None or entry.optiply_id is None):
            self._books.warn_once("no stock", "products without a stock figure are created with a stock of 0")

    # booking

    def _forget_row(self, key: Key) -> None:
        self._books.forget_row(key)
        self._learnt.discard(key)

    def _replaced(self, job: Job, outcome: Outcome) -> None:
        """The old row of a record with a new parent is deleted: create the new one."""
        if outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        elif outcome.kind != "deleted":
            self._reject(job, outcome.reason)
        else:
            self._forget_row(job.key)
            self._consider(job)

    def _own_order_read(self, job: Job, row: dict[str, Any] | Outcome) -> None:
        """An order that Optiply itself placed was looked up: file it under the source's id, or leave it out."""
        if isinstance(row, Outcome) and row.kind == "unsettled":
            self._leave_unsettled(job, row)
        elif isinstance(row, Outcome) or self._writer.wire.ours(row) is False:
            reason = f"Optiply's own order {job.record.optiply_id}, which is not found there"
            self._store.put(Entry(*job.key, status=Status.SKIPPED, note=reason))
            self._books.log.warning("skipped: %s %s: %s", *job.key, reason)
            self._settle(job, "skipped")
        else:
            self._store.put(Entry(*job.key, str(row["id"])))
            self._consider(job)

    def _book(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """Book what became of a record."""
        for warning in outcome.warnings:
            self._books.log.warning("%s %s: %s", *job.key, warning)
        if outcome.kind == "missing":
            self._start_over(job, resolution, outcome)
        elif outcome.kind == "duplicate":
            self._take_over_pair(job, outcome)
        elif outcome.kind == "unsettled":
            self._leave_unsettled(job, outcome)
        elif outcome.kind == "rejected":
            self._refuse(job, outcome.reason)
        else:
            self._books.book_row(job, outcome)
            self._leave(job)
        self._reject_undoubted(job.record.entity)

    def _refuse(self, job: Job, reason: str) -> None:
        """Reject a record that Optiply refused; held while it looks as if Optiply refused just everything."""
        if self._dispatcher.watch.is_in_doubt(job.record.entity):
            self._in_doubt.append((job, reason))
        else:
            self._reject(job, reason)

    def _reject_undoubted(self, entity: str) -> None:
        if self._in_doubt and not self._dispatcher.watch.is_in_doubt(entity):
            ours = [held for held in self._in_doubt if held[0].record.entity == entity]
            self._in_doubt = [held for held in self._in_doubt if held[0].record.entity != entity]
            for job, reason in ours:
                self._reject(job, reason)

    def reject_doubted(self) -> bool:
        """Reject what was held, since no further answer will tell more; False where there was nothing."""
        held, self._in_doubt = self._in_doubt, []
        for job, reason in held:
            self._reject(job, reason)
        return bool(held)

    def _start_over(self, job: Job, resolution: Resolution, outcome: Outcome) -> None:
        """The row, or a reference of it, is gone: go on without what is gone."""
        job.attempt += 1
        if job.attempt > _ATTEMPTS:
            self._reject(job, outcome.reason)
        elif outcome.optiply_id is not None:
            self._forget_row(job.key)
            self._consider(job)
        else:
            plan = gone_parents(self._writer, resolution)
            self._dispatcher.submit(plan, lambda gone: self._parents_checked(job, outcome, gone))

    def _parents_checked(self, job: Job, outcome: Outcome, gone: list[Key] | None) -> None:
        if gone is None:
            self._leave_unsettled(job, outcome)
        elif not gone:
            self._refuse(job, outcome.reason)
        else:
            for key in gone:
                if not self.lanes.is_busy(key):
                    self._forget_row(key)
            self._consider(job)

    def _take_over_pair(self, job: Job, outcome: Outcome) -> None:
        """Another row holds the unique pair: take it over, unless it belongs to another record."""
        holder = self._store.known_as(job.record.entity, outcome.optiply_id or "")
        if holder is not None and holder.remote_id != job.key.remote_id:
            key = Key(holder.entity, holder.remote_id)
            if holder.status in (Status.SENT, Status.REJECTED) and key not in self._books.removals:
                self._reject(job, f"duplicate of {holder.remote_id}: {outcome.reason}")
                return
            self._books.keep(key)
            self._store.forget(*key)
        self._store.put(Entry(*job.key, outcome.optiply_id, owner=job.owner))
        self._consider(job)
