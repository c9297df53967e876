"""What the working copy holds back changes nothing of what it answers, nor of what is on disk in the end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_optiply.sieve import Sieve
from target_optiply.store import Store
from target_optiply.tables import Entry, Parked, Status

IDS = st.sampled_from(["a", "b", "c"])
PRINTS = st.sampled_from(["00", "01"])
ENTITIES = st.sampled_from(["products", "supplierProducts"])
ENTRIES = st.tuples(
    ENTITIES,
    IDS,
    st.sampled_from([None, "1", "2"]),
    st.sampled_from([None, "h"]),
    st.sampled_from([Status.SENT, Status.SENT, Status.REJECTED, Status.ADOPTED]),
    st.none() | IDS,
).map(lambda values: Entry(*values))
STEPS = st.one_of(
    st.tuples(st.just("put"), ENTRIES),
    st.tuples(st.just("put_many"), st.lists(ENTRIES, max_size=3)),
    st.tuples(st.just("set_print"), ENTITIES, IDS, PRINTS, st.just("kin")),
    st.tuples(st.just("get"), ENTITIES, IDS),
    st.tuples(st.just("printed"), PRINTS),
    st.tuples(st.just("known_as"), ENTITIES, st.sampled_from(["1", "2"])),
    st.tuples(st.just("has_natural"), ENTITIES),
    st.tuples(st.just("forget"), ENTITIES, IDS),
    st.tuples(st.just("forget_gone"), ENTITIES, IDS),
    st.tuples(st.just("remove_later"), ENTITIES, IDS, st.just("gone")),
    st.tuples(st.just("park"), st.builds(Parked, ENTITIES, IDS, st.just("suppliers"), IDS, st.just(b"{}"), owner=IDS)),
    st.tuples(st.just("owned"), ENTITIES, IDS),
    st.tuples(st.just("counts")),
    st.tuples(st.just("forget_natural"), ENTITIES),
)


def written_at_once(steps):
    """Take steps, each brought to disk before the next; return the answers, and what stands in the end."""
    store = Store(":memory:")
    answers = []
    for name, *values in steps:
        answers.append(getattr(store, name)(*values))
        store.commit()
    return answers, list(store.entries())


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_what_is_held_back_is_answered_and_ends_as_if_it_had_been_written_at_once(steps):
    store = Store(":memory:")
    answers = [getattr(store, name)(*values) for name, *values in steps]

    assert (answers, list(store.entries())) == written_at_once(steps)


OWNER, CHILD = Entry("products", "a", "1", "h"), Entry("supplierProducts", "b", "2", "h", owner="a")


@pytest.mark.parametrize(
    ("steps", "prints"),
    [
        ([OWNER, CHILD, "products a"], ["00", None]),
        ([OWNER, "products a", CHILD], [None, None]),
        ([OWNER, CHILD, "products a", CHILD], [None, None]),
        ([OWNER, CHILD, "products a", "supplierProducts b"], ["00", "00"]),
        ([OWNER, "products a", OWNER], [None]),
        ([OWNER._replace(status=Status.REJECTED), "products a"], [None]),
    ],
)
def test_a_change_takes_the_fingerprints_that_were_there_before_it_and_no_later_ones(steps, prints):
    store = Store(":memory:")
    for step in steps:
        if isinstance(step, Entry):
            store.put(step)
        else:
            store.set_print(*step.split(), "00", "")

    assert [entry.print for entry in store.entries()] == prints


def test_a_row_stored_with_its_fingerprint_is_on_disk_after_the_commit(tmp_path):
    store = Store(tmp_path / "work")
    store.put(Entry("products", "p1", "1", "h"))
    store.set_print("products", "p1", "00ff", "supplierProducts=1")
    store.commit()
    reading = Store(tmp_path / "work")
    assert reading.printed("00ff") == "supplierProducts=1"
    reading.close()
    store.close()


def test_more_than_fits_is_written_without_being_asked_for():
    store = Store(":memory:")
    for number in range(5000):
        store.put(Entry("products", str(number), str(number)))

    assert all(store.get("products", str(number)).optiply_id == str(number) for number in range(5000))
    assert store.get("products", "5000") is None


@given(st.lists(st.text()))
def test_a_sieve_never_denies_what_was_noted(names):
    sieve = Sieve()
    for name in names:
        sieve.note(name)

    assert all(map(sieve.may_hold, names))


def test_an_empty_sieve_holds_nothing_and_a_small_one_little():
    sieve = Sieve()
    assert not any(sieve.may_hold(number) for number in range(1000))
    for number in range(1000):
        sieve.note(f"noted {number}")
    assert sum(sieve.may_hold(f"other {number}") for number in range(1000)) < 50
