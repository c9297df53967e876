"""The line ids of buy orders, which receipts need: looked up once per order when the first receipt asks for them."""

from __future__ import annotations

from typing import Any

from target_optiply import orders
from target_optiply.books import Books
from target_optiply.dispatch import Dispatcher
from target_optiply.entities import ENTITIES
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.settling import Settling
from target_optiply.tables import Entry, Status
from target_optiply.writes import Outcome, Writer


class LineIds:
    """Looks line ids up.

    Args:
        books: What is known.
        lanes: Where receipts wait meanwhile: in their order's lane.
        settling: Ends jobs.
        writer: Makes plans.
        dispatcher: Carries them out.
    """

    def __init__(self, books: Books, lanes: Lanes, settling: Settling, writer: Writer, dispatcher: Dispatcher) -> None:
        self._books = books
        self._store = books.store
        self._lanes = lanes
        self._settling = settling
        self._writer = writer
        self._dispatcher = dispatcher

    def takes(self, job: Job, line: Key) -> bool:
        """Take over a receipt whose line is not known; False where its order is not there to be asked."""
        key = job.owner_key
        order = self._store.get(*key) if key is not None and line.entity == "buyOrderLines" else None
        if key is None or order is None or order.optiply_id is None or self._lanes.is_busy(key):
            return False
        if key in self._books.unsettled:
            self._settling.leave_unsettled(job, Outcome("unsettled", reason=self._books.unsettled[key]))
        elif key in self._books.learnt:
            self._settle_without_line(job, order, line)
        else:
            self._books.learnt.add(key)
            self._lanes.enter(key)
            self._lanes.wait(job, key)
            plan = orders.read_lines(self._writer, ENTITIES[key.entity], order.optiply_id)
            self._dispatcher.submit(plan, lambda rows: self._read(key, order, rows))
        return True

    def _settle_without_line(self, job: Job, order: Entry, line: Key) -> None:
        """Settle a receipt whose order has no such line: left out with a product that is not sent, else rejected."""
        product = self._store.get("products", line.remote_id.removeprefix(f"{order.remote_id}_"))
        if product is not None and product.status == Status.SKIPPED:
            self._books.skip(*job.key, "of a product that is not sent")
            self._settling.settle(job)
        else:
            self._store.put(order._replace(hash=None))  # its lines are not what was sent
            self._settling.reject(job, f"buyOrderLineId: the order has no line {line.remote_id}")

    def _read(self, key: Key, order: Entry, rows: list[dict[str, Any]] | None) -> None:
        if rows is None:
            self._books.unsettled[key] = "its lines could not be read"
        else:
            ids = {str(row["attributes"].get("productId")): str(row["id"]) for row in reversed(rows)}
            self._books.book_lines(order, ids)
        self._lanes.free(key)
