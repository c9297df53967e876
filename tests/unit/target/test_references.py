"""What a record refers to decides whether it may be sent, waits, or is left out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from plans import Script, error, one

from target_optiply.jobs import Job, Key, Lanes, decode_job, encode_job
from target_optiply.model import EntityRecord, Line, Reference
from target_optiply.references import gone_parents, resolve, without_lines_but
from target_optiply.tables import Entry, Status

KNOWN = {
    ("products", "p1"): Entry("products", "p1", "11"),
    ("products", "service"): Entry("products", "service", status=Status.SKIPPED, note="a service"),
    ("products", "bad"): Entry("products", "bad", status=Status.REJECTED, note="name: missing"),
    ("products", "stale"): Entry("products", "stale", "13", status=Status.REJECTED, note="name: missing"),
    ("suppliers", "s1"): Entry("suppliers", "s1", "21"),
}


def lookup(entity: str, remote_id: str) -> Entry | None:
    return KNOWN.get((entity, remote_id))


def pair(product: str | None = "p1", supplier: str = "s1", owner: str | None = None, identity=None) -> Job:
    references = {
        "productId": Reference("products", product, identity),
        "supplierId": Reference("suppliers", supplier),
    }
    return Job(EntityRecord("supplierProducts", "x", {"name": "x"}, references), owner=owner)


def resolved(job: Job, busy: set[Key] = frozenset()):
    return resolve(job, lookup, busy.__contains__)


def test_known_parents_are_named_by_their_optiply_ids():
    found = resolved(pair())
    assert (found.kind, found.ids) == ("ready", {"productId": "11", "supplierId": "21"})


@pytest.mark.parametrize(
    ("product", "kind"),
    [("nowhere", "park"), ("service", "left_out"), ("bad", "refused"), ("stale", "ready")],
)
def test_a_parent_that_stands_in_the_way_is_named(product, kind):
    found = resolved(pair(product))
    assert found.kind == kind
    if kind != "ready":
        assert (found.parent, found.attribute) == (Key("products", product), "productId")


def test_a_parent_on_its_way_is_waited_for_even_if_it_is_known():
    assert resolved(pair(), {Key("products", "p1")}).kind == "wait"


def test_an_owner_is_waited_for_before_its_children():
    assert resolved(pair(owner="p1"), {Key("products", "p1")}).kind == "wait"
    assert resolved(pair(owner="service")).kind == "left_out"


def test_an_optiply_id_is_taken_where_the_remote_id_says_nothing():
    assert resolved(pair(None, identity="99")).ids["productId"] == "99"
    assert resolved(pair("nowhere", identity="99")).ids["productId"] == "99"
    assert resolved(pair("p1", identity="99")).ids["productId"] == "11"


def order(*products: str, total_of_lines: bool = True) -> Job:
    lines = [Line(Reference("products", each), {"quantity": 1, "subtotalValue": Decimal("1.10")}) for each in products]
    record = EntityRecord("sellOrders", "o", {"totalValue": Decimal("9.90")}, lines=lines)
    record.total_of_lines = total_of_lines
    return Job(record)


def test_lines_of_what_is_not_sent_are_left_out_and_the_total_follows():
    found = resolved(order("p1", "service"))
    assert found.kind == "ready"
    assert [line.product.remote_id for line in found.record.lines or ()] == ["p1"]
    assert found.record.attributes["totalValue"] == Decimal("1.10")
    assert found.products == {"p1": "11"}
    assert resolved(order("p1", "service", total_of_lines=False)).record.attributes["totalValue"] == Decimal("9.90")


def test_leaving_lines_out_does_not_change_the_job_itself():
    job = order("p1", "service")
    resolved(job)
    assert len(job.record.lines or ()) == 2
    assert job.record.attributes["totalValue"] == Decimal("9.90")


def test_an_order_waits_for_the_first_product_that_is_not_known():
    found = resolved(order("p1", "nowhere"))
    assert (found.kind, found.parent, found.attribute) == ("park", Key("products", "nowhere"), "orderLines")
    assert without_lines_but(order("p1").record, []).attributes["totalValue"] == 0


def test_which_reference_is_gone_is_asked_one_by_one():
    script = Script()
    found = resolved(pair())
    answers = [one(11, 200), error(404)]
    assert script.run(gone_parents(script.writer, found), answers) == [Key("suppliers", "s1")]
    assert [request.path for request in script.requests] == ["products/11", "suppliers/21"]
    script = Script()
    assert script.run(gone_parents(script.writer, found), [error(403)]) is None


def test_products_of_lines_are_asked_for_too_and_what_has_no_remote_id_is_not():
    script = Script()
    found = resolved(order("p1"))
    assert script.run(gone_parents(script.writer, found), [error(404)]) == [Key("products", "p1")]
    script = Script()
    found = resolved(pair(None, identity="99"))
    assert script.run(gone_parents(script.writer, found), [one(21, 200)]) == []
    assert [request.path for request in script.requests] == ["suppliers/21"]


def test_an_owner_that_is_there_does_not_keep_the_references_from_being_found():
    found = resolved(pair(owner="p1"))
    assert (found.kind, found.ids) == ("ready", {"productId": "11", "supplierId": "21"})


def test_an_order_of_which_no_line_is_left_out_is_sent_as_it_is():
    job = order("p1")
    assert resolved(job).record is job.record


def test_a_job_comes_back_from_disk_exactly():
    job = order("p1")
    job.owner = "someone"
    again = decode_job(encode_job(job))
    assert again.record == job.record
    assert again.owner == "someone"
    assert str(again.record.attributes["totalValue"]) == "9.90"


def test_versions_of_one_record_and_those_who_wait_for_it_go_on_in_order():
    woken: list[str] = []
    lanes = Lanes(lambda job: woken.append(f"start {job.record.remote_id}"), lambda job: woken.append("consider"))
    parent, child = Key("sellOrders", "o"), pair()
    lanes.enter(parent)
    assert lanes.is_busy(parent)
    lanes.wait(order("p1"), parent)
    lanes.wait(child, parent)
    assert len(lanes) == 1
    lanes.free(parent)
    assert woken == ["start o", "consider"]
    assert not lanes.is_busy(parent)
