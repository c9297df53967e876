"""The lines of a buy order are looked up once, when its first receipt asks; each receipt settles whatever is found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from plans import BROKEN, Book, Script, listed, row

from target_optiply.books import Books
from target_optiply.dispatch import Plan
from target_optiply.jobs import Job, Key, Lanes
from target_optiply.ledger import Ledger
from target_optiply.line_ids import LineIds
from target_optiply.model import EntityRecord, Reference
from target_optiply.outage import OutageWatch
from target_optiply.settling import Settling
from target_optiply.store import Store
from target_optiply.tables import Entry, Status

ORDER = Key("buyOrders", "b1")
LINE = Key("buyOrderLines", "b1_p1")


class Desk:
    """Real books, lanes and endings, and a dispatcher that answers what it is told to."""

    def __init__(self) -> None:
        self.store = Store(":memory:")
        self.store.put(Entry("buyOrders", "b1", "50", "hash.lines", refs="suppliers:s1\n\nproducts:p1\nproducts:p2"))
        self.store.put(Entry("products", "p1", "11"))
        self.store.put(Entry("products", "p2", "12"))
        self.books = Books(self.store, Ledger(), Book(), OutageWatch(), logging.getLogger("test"))  # type: ignore[arg-type]
        self.woken: list[str] = []
        self.lanes = Lanes(self._wake, self._wake)
        self.script = Script()
        self.plans: list[tuple[Plan[Any], Callable[[Any], None]]] = []
        settling = Settling(self.books, self.lanes)
        self.line_ids = LineIds(self.books, self.lanes, settling, self.script.writer, self)  # type: ignore[arg-type]

    def _wake(self, job: Job) -> None:
        self.woken.append(job.record.remote_id or "")

    def submit(self, plan: Plan[Any], done: Callable[[Any], None]) -> None:
        self.plans.append((plan, done))

    def answer(self, *answers: Any) -> None:
        plan, done = self.plans.pop()
        done(self.script.run(plan, answers))

    def receipt(self, name: str, owner: str | None = "b1") -> Job:
        """Return a receipt that holds its lane."""
        reference = Reference("buyOrderLines", "b1_p1")
        job = Job(EntityRecord("receiptLines", name, {"quantity": 1}, {"buyOrderLineId": reference}), owner=owner)
        job.tickets.append(self.books.ledger.open())
        self.lanes.enter(job.key)
        return job


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


def test_the_first_receipt_has_the_lines_read_and_all_wait_for_them(desk):
    assert desk.line_ids.takes(desk.receipt("r1"), LINE) is True
    assert desk.lanes.is_busy(ORDER)
    assert len(desk.plans) == 1
    desk.answer(listed(row(72, productId=12), row(71, productId=11)))
    assert [request.path for request in desk.script.requests] == ["buyOrderLines"]
    assert dict(desk.script.requests[0].query)["filter[buyOrderId]"] == "50"
    assert desk.woken == ["r1"]
    assert not desk.lanes.is_busy(ORDER)
    assert desk.store.get(*LINE) == Entry("buyOrderLines", "b1_p1", "71", owner="b1")
    assert desk.store.get("buyOrderLines", "b1_p2").optiply_id == "72"


def test_of_two_lines_of_one_product_the_older_one_gets_the_receipts(desk):
    desk.line_ids.takes(desk.receipt("r1"), LINE)
    desk.answer(listed(row(71, productId=11), row(72, productId=11)))
    assert desk.store.get(*LINE).optiply_id == "71"


def test_lines_that_cannot_be_read_leave_the_receipts_unsettled_and_are_not_asked_for_again(desk):
    job = desk.receipt("r1")
    desk.line_ids.takes(job, LINE)
    desk.answer(*[BROKEN] * 5)
    assert desk.books.unsettled[ORDER] == "its lines could not be read"
    assert desk.line_ids.takes(job, LINE) is True
    assert not desk.plans
    assert desk.books.unsettled[job.key] == "its lines could not be read"
    assert not desk.lanes.is_busy(job.key)
    assert desk.store.get(*job.key) is None


def test_a_receipt_of_a_line_that_the_order_has_not_is_rejected_and_the_order_sent_anew(desk):
    job = desk.receipt("r1")
    desk.line_ids.takes(job, LINE)
    desk.answer(listed())
    assert desk.line_ids.takes(job, LINE) is True
    assert not desk.plans
    entry = desk.store.get(*job.key)
    assert entry.status == Status.REJECTED
    assert entry.note == "buyOrderLineId: the order has no line b1_p1"
    assert desk.store.get(*ORDER).hash is None
    assert not desk.lanes.is_busy(job.key)


def test_a_receipt_of_a_product_that_is_not_sent_is_left_out_with_it(desk):
    desk.store.put(Entry("products", "p1", status=Status.SKIPPED, note="a service"))
    job = desk.receipt("r1")
    desk.line_ids.takes(job, LINE)
    desk.answer(listed())
    assert desk.line_ids.takes(job, LINE) is True
    assert desk.store.get(*job.key) is None
    assert desk.books.summary.counts["receiptLines"]["skipped"] == 1
    assert desk.store.get(*ORDER).hash == "hash.lines"
    assert not desk.lanes.is_busy(job.key)
    assert not desk.books.ledger.unsettled


def test_a_product_that_is_not_known_rejects(desk):
    desk.store.forget("products", "p1")
    job = desk.receipt("r1")
    desk.line_ids.takes(job, LINE)
    desk.answer(listed())
    desk.line_ids.takes(job, LINE)
    assert desk.store.get(*job.key).status == Status.REJECTED


@pytest.mark.parametrize("case", ["no owner", "another parent", "no order", "order not there", "order on its way"])
def test_where_the_order_is_not_there_to_be_asked_the_receipt_is_not_taken(desk, case):
    job = desk.receipt("r1", None if case == "no owner" else "b1")
    line = Key("products", "p1") if case == "another parent" else LINE
    if case == "no order":
        desk.store.forget(*ORDER)
    if case == "order not there":
        desk.store.put(Entry("buyOrders", "b1"))
    if case == "order on its way":
        desk.lanes.enter(ORDER)
    assert desk.line_ids.takes(job, line) is False
    assert not desk.plans
