"""What is kept of a refusal never brings an older stock figure back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_optiply.jobs import Job, decode_job, encode_job
from target_optiply.model import EntityRecord
from target_optiply.refusals import is_refused_figure, payload_of, with_figure
from target_optiply.tables import Entry, Status

FIGURES = st.integers(-(10**9), 10**9)


def _entry(job: Job, status: Status = Status.REJECTED) -> Entry:
    return Entry("products", "P1", "17", "hash", status, stock=7, note="why", payload=payload_of(job))


def _product(figure: int | None, *, fallback: bool = False) -> Job:
    record = EntityRecord("products", "P1", {"name": "A"}, stock=figure, stock_is_fallback=fallback)
    return Job(record, [3], owner="O1")


@given(FIGURES, FIGURES)
def test_a_refused_product_is_tried_again_with_the_newest_figure(older: int, newer: int):
    for fallback in (False, True):
        entry = with_figure(_entry(_product(older, fallback=fallback)), newer)
        again = decode_job(entry.payload or b"")
        assert (again.record.stock, again.record.stock_is_fallback, again.figure_only) == (newer, False, False)
        assert (again.record.attributes, again.owner) == ({"name": "A"}, "O1")
        assert (entry.note, entry.stock) == ("why", 7), "what stands is not what is to be sent"


@given(FIGURES)
def test_a_refused_figure_is_told_from_a_refused_product(figure: int):
    alone = Job(EntityRecord("products", "P1", stock=figure), figure_only=True)
    assert is_refused_figure(_entry(alone))
    assert not is_refused_figure(_entry(_product(figure)))
    assert decode_job(encode_job(alone)).figure_only


def test_only_what_was_refused_is_rewritten():
    for entry in (_entry(_product(5), Status.SENT), _entry(_product(5), Status.ADOPTED), Entry("products", "P1")):
        assert with_figure(entry, 9) == entry
        assert not is_refused_figure(entry)
    unmapped = Entry("products", "P1", status=Status.REJECTED, note="name: is missing")
    assert with_figure(unmapped, 9) == unmapped
    assert not is_refused_figure(unmapped)


def test_what_no_json_can_hold_is_not_kept():
    assert payload_of(Job(EntityRecord("products", "P1", {"name": "\ud800"}))) is None
