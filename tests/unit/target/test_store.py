"""The working copy: what is stored is found again, and what is committed survives."""

from __future__ import annotations

import sqlite3

import pytest

from target_optiply.facts import StoredFacts
from target_optiply.store import Entry, Parked, Status, Store


@pytest.fixture
def store():
    opened = Store(":memory:")
    yield opened
    opened.close()


def test_what_is_committed_is_on_disk_and_what_is_not_is_not(tmp_path):
    store = Store(tmp_path / "work")
    store.intend("products", "p1", "2025-01-01T00:00:00+00:00")
    store.put(Entry("products", "p1", "7"))
    other = sqlite3.connect(tmp_path / "work")
    assert other.execute("SELECT count(*) FROM intents").fetchone() == (0,)
    store.commit()
    assert other.execute("SELECT count(*) FROM intents").fetchone() == (1,)
    other.close()
    store.close()
    again = Store(tmp_path / "work")
    assert again.get("products", "p1") == Entry("products", "p1", "7")
    assert [intent.remote_id for intent in again.intents()] == ["p1"]
    again.close()


def test_entries_are_found_by_either_id_and_forgotten(store):
    entry = Entry("products", "p1", "7", "h", Status.SENT, None, "r", 5, "n", b"x")
    store.put(entry)
    assert store.get("products", "p1") == entry
    assert store.known_as("products", "7") == entry
    assert store.known_as("suppliers", "7") is None
    store.put(entry._replace(optiply_id="8"))
    assert store.known_as("products", "7") is None
    store.forget("products", "p1")
    assert store.get("products", "p1") is None
    assert store.known_as("products", "8") is None


def test_owned_entries_are_those_of_one_owner(store):
    store.put_many(Entry("supplierProducts", f"v{n}", owner=f"p{n % 2}") for n in range(4))
    assert [entry.remote_id for entry in store.owned("supplierProducts", "p1")] == ["v1", "v3"]
    assert store.owned("productCompositions", "p1") == []


def test_prefixes_are_looked_up_exactly(store):
    for name in ("a", "ab", "abc", "b"):
        store.put(Entry("products", name))
    found = store.first_with_prefix("products", "ab")
    assert found is not None
    assert found.remote_id == "ab"
    assert store.first_with_prefix("products", "c") is None
    assert store.first_with_prefix("suppliers", "a") is None


def test_rows_known_by_their_natural_key_alone_are_dropped_and_no_others(store):
    for name in ("\x1e", "\x1fkey", "\x1f", " ", "p"):
        store.put(Entry("products", name))
    store.forget_natural("products")
    assert [entry.remote_id for entry in store.entries()] == ["\x1e", " ", "p"]


def test_parked_records_are_found_by_parent_and_by_owner(store):
    parked = Parked("supplierProducts", "v1", "suppliers", "s1", b"{}", "p1")
    store.park(parked._replace(parent_id="s0"))
    store.park(parked)
    assert store.parked() == [parked]
    assert store.waiting_for("suppliers", "s1") == [parked]
    assert store.waiting_for("suppliers", "s0") == []
    assert store.parked_of("supplierProducts", "p1") == [parked]
    assert store.awaited() == {("suppliers", "s1")}
    store.unpark("supplierProducts", "v1")
    assert store.parked() == []


def test_a_removal_can_be_taken_back_once(store):
    store.remove_later("products", "p1", "gone")
    store.remove_later("products", "p1", "gone again")
    assert store.removals("products") == [("p1", "gone again")]
    assert store.keep("products", "p1")
    assert not store.keep("products", "p1")
    assert store.removals("products") == []


def test_intents_have_numbers_of_their_own(store):
    first, second = (store.intend("products", "p1", "2025") for _ in range(2))
    assert first != second
    store.settle_intent(first)
    assert [intent.number for intent in store.intents()] == [second]


def test_only_what_stands_in_optiply_is_counted(store):
    for number, status in enumerate(Status):
        store.put(Entry("products", str(number), str(number), status=status))
    assert store.counts() == {"products": 2}
    entities = {entry.entity for entry in store.entries()}
    assert "products" in entities
    assert "suppliers" not in entities


def test_facts_are_kept_for_the_next_run_and_dropped_by_none(store):
    facts = StoredFacts(store)
    facts.put("rate", "USD", "1.1")
    facts.put("rate", "EUR", "1")
    facts.put("rate", "EUR", None)
    facts.put("rate", "GBP", None)
    assert facts.all("rate") == {"USD": "1.1"}
    assert facts.get("rate", "EUR") is None
    assert facts.get("vendor", "x") is None
    assert StoredFacts(store).all("rate") == {"USD": "1.1"}
