"""Stock figures: brought together with their products, or brought over alone where a product is not sent.

A figure that does not stand in Optiply yet is kept on disk until it does, until a newer one comes, or its product goes.
"""

from __future__ import annotations

from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher
from target_optiply.entities import ENTITIES
from target_optiply.jobs import Job
from target_optiply.needs import stock_of
from target_optiply.refusals import is_refused_figure, with_figure
from target_optiply.settling import Settling
from target_optiply.stock import StockDesk
from target_optiply.tables import Entry, Status
from target_optiply.writes import Outcome, Writer


class Figures:
    """Brings stock figures to Optiply.

    Attributes:
        desk: The figures that have arrived before their products.

    Args:
        books: What is known.
        settling: Ends jobs.
        writer: Makes plans.
        dispatcher: Carries them out.
    """

    def __init__(self, books: Books, settling: Settling, writer: Writer, dispatcher: Dispatcher) -> None:
        self._books = books
        self._store = books.store
        self._settling = settling
        self._writer = writer
        self._dispatcher = dispatcher
        self.desk = StockDesk()

    def bring_held(self, job: Job) -> None:
        """Give a product that has just arrived the figure that arrived before it."""
        held = self.desk.take(job.key.remote_id)
        if held is not None:
            job.tickets += held.tickets
            job.record.stock, job.record.stock_is_fallback = held.figure, False

    def bring_kept(self, job: Job, entry: Entry | None) -> None:
        """Give a product the figure that is kept on disk for it, else leave it what its own record says."""
        if job.record.entity != "products":
            return
        kept = self._store.figure(job.key.remote_id)  # it is dropped when it stands in Optiply
        if kept is not None and (job.record.stock is None or job.record.stock_is_fallback):
            job.record.stock, job.record.stock_is_fallback = kept, False
        if job.record.stock is None and (entry is None or entry.optiply_id is None):
            self._books.warn_once("no stock", "products without a stock figure are created with a stock of 0")

    def consider(self, job: Job, entry: Entry | None) -> None:
        """Bring a figure over that has come without its product: patch it, or keep it until the product is there."""
        figure = job.record.stock or 0
        if entry is not None and entry.status in (Status.SKIPPED, Status.REMOVED):
            self._settling.settle(job)
        elif entry is not None and stock_of(entry) == figure:
            if entry.status == Status.REJECTED:  # maybe for a figure that is void now
                self._book(entry, figure)
            self._settling.settle(job)
        elif entry is None or entry.optiply_id is None:
            self._store.put_figure(job.key.remote_id, figure)
            if entry is not None:
                self._store.put(with_figure(entry, figure))
            self._settling.settle(job)
        else:
            plan = self._writer.update(ENTITIES["products"], entry.optiply_id, {"stockLevel": figure})
            self._books.doubt(entry)
            self._dispatcher.submit(plan, lambda outcome: self._written(job, entry, outcome))

    def _written(self, job: Job, entry: Entry, outcome: Outcome) -> None:
        if outcome.kind == "updated":
            self._book(entry, job.record.stock or 0)
            self._settling.settle(job, "updated")
        elif outcome.kind == "missing":
            self._lose_row(job, entry)
            self._settling.settle(job)
        elif outcome.kind == "unsettled":
            self._settling.leave_unsettled(job, outcome)
        else:
            self._books.reject_figure(job, entry, outcome.reason)
            self._settling.leave(job)

    def _lose_row(self, job: Job, entry: Entry) -> None:
        """Note that a product's row is gone; it is created again with this figure, of what is kept or comes."""
        figure = job.record.stock or 0
        self._books.forget_row(job.key)
        self._store.put_figure(job.key.remote_id, figure)
        if entry.status == Status.REJECTED and not is_refused_figure(entry):
            self._store.put(with_figure(entry, figure)._replace(optiply_id=None, stock=None))
        else:
            self._books.remark(job.key, "its row is gone in Optiply; it is created again when its record comes")

    def _book(self, entry: Entry, figure: int) -> None:
        """Book a figure that stands in Optiply."""
        if is_refused_figure(entry):
            entry = entry._replace(status=Status.SENT, note=None, payload=None)
        self._store.put(with_figure(entry, figure)._replace(stock=figure))
        self._store.take_figure(entry.remote_id)
