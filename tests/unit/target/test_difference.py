"""What changed between two versions of a record: its head, its lines, its parents."""

from __future__ import annotations

from decimal import Decimal

from target_optiply.difference import (
    OTHER,
    has_other_parents,
    hash_of,
    made_stale,
    products_of,
    refers_to,
    refs_of,
    same_head,
    same_lines,
    without_lines,
)
from target_optiply.model import EntityRecord, Line, Reference
from target_optiply.tables import Entry


def order(total="5.00", quantities=(("p1", 1), ("p2", 2))) -> EntityRecord:
    lines = [
        Line(Reference("products", product), {"quantity": number, "subtotalValue": Decimal("1.00")})
        for product, number in quantities
    ]
    return EntityRecord("sellOrders", "o1", {"totalValue": Decimal(total)}, lines=lines)


def test_the_head_and_the_lines_of_an_order_are_told_apart():
    one = hash_of(order())
    assert hash_of(order()) == one
    other_head = hash_of(order(total="6.00"))
    assert not same_head(one, other_head)
    assert same_lines(one, other_head)
    other_lines = hash_of(order(quantities=(("p1", 1), ("p2", 3))))
    assert same_head(one, other_lines)
    assert not same_lines(one, other_lines)


def test_an_unknown_hash_is_the_same_as_nothing():
    one = hash_of(order())
    for pair in ((None, one), (one, None), (None, None)):
        assert not same_head(*pair)
        assert not same_lines(*pair)


def test_a_record_without_lines_has_a_plain_hash():
    assert "." not in hash_of(EntityRecord("products", "p", {"name": "x"}))
    assert "." in hash_of(order(quantities=()))


def test_references_and_products_of_lines_are_remembered_apart():
    record = order(quantities=(("p2", 1), ("p1", 1)))
    record.references = {"supplierId": Reference("suppliers", "s1")}
    refs = refs_of(record)
    assert refs == "suppliers:s1\n\nproducts:p1\nproducts:p2"
    assert products_of(refs) == ["p1", "p2"]
    assert refers_to(refs, {"suppliers:s1"})
    assert refers_to(refs, {"products:p2", "x"})
    assert not refers_to(refs, {"products:p"})
    assert not refers_to(None, {"products:p"})
    assert not refers_to(refs, set())


def test_a_record_that_refers_to_nothing_has_none():
    assert refs_of(EntityRecord("products", "p", {"name": "x"})) is None
    assert products_of(None) == []
    assert products_of("suppliers:s1\n") == []


def supplier_product(product="p1", supplier="s1", **given) -> EntityRecord:
    references = {"productId": Reference("products", product), "supplierId": Reference("suppliers", supplier)}
    return EntityRecord("supplierProducts", "x", references=references, **given)


def test_a_changed_parent_is_seen_and_a_changed_line_is_no_parent():
    entry = Entry("supplierProducts", "x", "7", refs=refs_of(supplier_product()))
    assert not has_other_parents(supplier_product(), entry)
    assert has_other_parents(supplier_product(supplier="s2"), entry)
    assert has_other_parents(supplier_product(product="p2"), entry)
    assert not has_other_parents(supplier_product(supplier="s2"), entry._replace(refs=None))
    assert not has_other_parents(supplier_product(supplier="s2", own=True), entry)
    placed = Entry("sellOrders", "o1", "7", refs=refs_of(order()))
    assert not has_other_parents(order(quantities=(("p9", 1),)), placed)


def test_one_reference_in_two_spellings_is_no_other_parent():
    by_id = EntityRecord("buyOrders", "b", references={"supplierId": Reference("suppliers", None, "12")})
    entry = Entry("buyOrders", "b", "7", refs=refs_of(by_id))
    assert not has_other_parents(by_id, entry)
    other = EntityRecord("buyOrders", "b", references={"supplierId": Reference("suppliers", None, "13")})
    assert has_other_parents(other, entry)


def test_lines_without_a_remote_id_are_told_by_their_optiply_id():
    line = Line(Reference("products", None, "12"), {"quantity": 1, "subtotalValue": Decimal(1)})
    refs = refs_of(EntityRecord("sellOrders", "o", lines=[line]))
    assert products_of(refs) == ["#12"]


def test_an_order_whose_lines_are_in_question_keeps_its_head():
    one = hash_of(order())
    looked_at_again = without_lines(one)
    assert same_head(one, looked_at_again)
    assert not same_lines(one, looked_at_again)
    assert without_lines(None) is None


def test_what_refers_to_a_row_that_became_another_one_is_sent_anew():
    offer = Entry("supplierProducts", "i", "1", "hash", refs="products:p1\nsuppliers:s1\n")
    assert made_stale(offer, {"products:p2"}) is None
    for parent in ("products:p1", "suppliers:s1"):
        assert made_stale(offer, {parent}) == offer._replace(hash=None, refs=OTHER)


def test_an_order_whose_product_became_another_one_keeps_its_parents():
    bought = Entry("buyOrders", "b", "1", "hash", refs="suppliers:s1\n\nproducts:p1\nproducts:p2")
    assert made_stale(bought, {"products:p2"}) == bought._replace(hash=None)
    assert made_stale(bought, {"suppliers:s1"}) == bought._replace(hash=None, refs=OTHER)


def test_a_parent_is_another_one_by_its_whole_name():
    record = EntityRecord("buyOrders", "b", references={"supplierId": Reference("suppliers", "s1")})
    same = Entry("buyOrders", "b", refs=refs_of(record))
    assert has_other_parents(record, same) is False
    assert has_other_parents(record, same._replace(refs="suppliers:s1X\n"))
    assert has_other_parents(record, same._replace(refs=OTHER))
    assert has_other_parents(record, same._replace(refs=None)) is False
    record.own = True
    assert has_other_parents(record, same._replace(refs=OTHER)) is False
