"""The working copy: what is stored is found again, and what is committed survives."""

from __future__ import annotations

import sqlite3

import pytest

from target_optiply import loading, state
from target_optiply.facts import StoredFacts
from target_optiply.store import Store
from target_optiply.tables import NATURAL, Entry, Parked, Repeated, Status


@pytest.fixture
def store():
    opened = Store(":memory:")
    yield opened
    opened.close()


def on_disk(path, table):
    """Return how many rows of a table anybody else would find there."""
    other = sqlite3.connect(path)
    [(rows,)] = other.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of our own names
    other.close()
    return rows


def test_what_is_committed_is_on_disk_and_what_is_not_is_not(tmp_path):
    store = Store(tmp_path / "work")
    store.intend("products", "p1", "2025-01-01T00:00:00+00:00")
    store.put(Entry("products", "p1", "7"))
    assert on_disk(tmp_path / "work", "intents") == 0
    store.commit()
    assert on_disk(tmp_path / "work", "intents") == 1
    store.close()
    again = Store(tmp_path / "work")
    assert again.get("products", "p1") == Entry("products", "p1", "7")
    assert [intent.remote_id for intent in again.intents()] == ["p1"]
    again.close()


def test_many_entries_are_on_disk_with_the_next_commit_and_none_before(tmp_path):
    store = Store(tmp_path / "work")
    store.commit()
    for number in range(1000):
        store.put(Entry("products", f"p{number}", "7"))
    assert on_disk(tmp_path / "work", "entries") == 0
    store.commit()
    assert on_disk(tmp_path / "work", "entries") == 1000
    store.close()


def test_what_is_forgotten_is_on_disk_until_the_next_commit(tmp_path):
    store = Store(tmp_path / "work")
    store.put(Entry("products", "p1", "7"))
    store.commit()
    store.forget("products", "p1")
    assert on_disk(tmp_path / "work", "entries") == 1
    store.commit()
    assert on_disk(tmp_path / "work", "entries") == 0
    store.close()


def test_an_intent_that_is_read_back_is_on_disk_with_the_next_commit_only(tmp_path):
    store = Store(tmp_path / "work")
    store.intend("products", "p1", "2025-01-01T00:00:00+00:00")
    assert [intent.remote_id for intent in store.intents()] == ["p1"]
    assert on_disk(tmp_path / "work", "intents") == 0
    store.close()


@pytest.mark.parametrize("marks", [{"print": "f"}, {"kin": "k"}, {"print": "f", "kin": "k"}])
def test_what_is_put_has_no_fingerprint_until_one_is_set(store, marks):
    store.put(Entry("products", "p1", "7")._replace(**marks))
    found = store.get("products", "p1")
    assert (found.print, found.kin) == (None, None)


def test_whether_rows_are_known_by_their_natural_key_is_told_as_it_is_each_time(store):
    def told():
        return [store.has_natural("products") for _ in range(2)]

    assert told() == [False, False]
    store.put(Entry("products", "p1"))
    assert told() == [False, False]
    store.fill([Entry("products", f"{NATURAL}key", "7")])
    assert told() == [True, True]
    assert store.has_natural("suppliers") is False
    store.put(Entry("suppliers", f"{NATURAL}key", "8"))
    assert store.has_natural("suppliers") is True


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


def test_a_working_copy_on_disk_outlives_the_process_that_wrote_it(tmp_path):
    store = Store(tmp_path / "work")
    store.put_figure("p1", 7)
    reading = sqlite3.connect(tmp_path / "work")
    assert reading.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    reading.close()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.seen()
    again = Store(tmp_path / "work")
    assert again.figure("p1") == 7  # committed by closing
    again.close()


def test_what_is_stored_over_or_dropped_is_never_remembered_as_it_was(store):
    store.put(Entry("products", "p1", "1"))
    assert store.get("products", "p1").optiply_id == "1"
    store.put_many([Entry("products", "p1", "2")])
    assert store.get("products", "p1").optiply_id == "2"
    store.put(Entry("products", "p1", "3"))
    assert store.get("products", "p1").optiply_id == "3"
    store.fill([Entry("products", "p1", "4")])
    assert store.get("products", "p1").optiply_id == "4"
    store.put(Entry("products", "\x1fkey", "5"))
    store.forget_natural("products")
    assert store.get("products", "\x1fkey") is None
    store.put(Entry("products", "p2", "6", status=Status.ADOPTED))
    store.forget_adopted()
    assert store.get("products", "p2") is None
    assert store.get("products", "p1").optiply_id == "4"


def test_what_changes_where_it_refers_is_seen_at_once(store):
    for name, refs in (("i1", "products:p1\n"), ("i2", None), ("i3", "products:p2\n")):
        store.put(Entry("supplierProducts", name, hash="h", refs=refs))
    store.update_where_referring(lambda entry: entry._replace(hash=None) if "p1" in (entry.refs or "") else entry)
    assert [store.get("supplierProducts", name).hash for name in ("i1", "i2", "i3")] == [None, "h", "h"]


def test_many_more_records_than_are_remembered_are_all_found(store):
    for number in range(5_000):
        store.put(Entry("products", f"p{number}", str(number)))
    assert len(store._recent) < 5_000
    assert store.get("products", "p0").optiply_id == "0"
    assert store.get("products", "p4999").optiply_id == "4999"


def test_a_row_that_went_in_this_run_is_known_to_be_gone(store):
    store.put(Entry("products", "p1", "7"))
    store.put(Entry("products", "p2"))
    for name in ("p1", "p2", "never seen"):
        store.forget_gone("products", name)
    assert store.is_gone("products", "7") is True
    assert store.is_gone("suppliers", "7") is False
    assert [entry.remote_id for entry in store.entries()] == []


FINGERPRINT = "00ff"


def printed(store):
    store.put(Entry("products", "p1", "1", "h"))
    store.put(Entry("supplierProducts", "i1", "2", "h", owner="p1"))
    store.set_print("products", "p1", FINGERPRINT, "supplierProducts")
    assert store.printed(FINGERPRINT) == "supplierProducts"


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.put(Entry("products", "p1", "1", "other")),
        lambda store: store.put(Entry("supplierProducts", "i2", "3", "h", owner="p1")),
        lambda store: store.forget("supplierProducts", "i1"),
        lambda store: store.park(Parked("products", "p1", "suppliers", "s", b"{}")),
        lambda store: store.park(Parked("supplierProducts", "i9", "suppliers", "s", b"{}", "p1")),
        lambda store: store.remove_later("products", "p1", "gone"),
        lambda store: store.remove_later("supplierProducts", "i1", "gone"),
    ],
    ids=["stored", "a part stored", "a part forgotten", "parked", "a part parked", "to be removed", "a part of it"],
)
def test_whatever_happens_to_a_record_takes_its_fingerprint_away(store, change):
    printed(store)
    change(store)
    assert store.printed(FINGERPRINT) is None


def test_a_fingerprint_is_kept_by_what_stands_alone_and_not_by_what_happens_to_others(store):
    printed(store)
    store.put(Entry("products", "p2", "9", "h"))
    store.remove_later("products", "p2", "gone")
    assert store.printed(FINGERPRINT) == "supplierProducts"
    assert store.printed("11") is None
    store.put(Entry("products", "p3", "4", "h", Status.REJECTED))
    store.set_print("products", "p3", "22", "")
    assert store.printed("22") is None
    with store.filling():
        store.fill(list(store.entries()))
    assert store.printed(FINGERPRINT) == "supplierProducts"
    store.forget("supplierProducts", "i1")  # what takes fingerprints away does so again after filling
    assert store.printed(FINGERPRINT) is None


def test_a_row_that_stands_as_it_should_is_named_as_a_witness(store):
    store.put(Entry("products", "#1", "1", "h"))
    store.put(Entry("products", "p2", "2"))
    store.put(Entry("products", "p3", "3", "h", Status.REJECTED))
    assert store.any_sent("products", None) is None
    store.put(Entry("products", "p4", "4", "h"))
    assert store.any_sent("products", None) == ("4", "p4")
    assert store.any_sent("products", "4") is None
    assert store.any_sent("suppliers", None) is None


def test_what_is_no_longer_there_is_what_was_not_noted_as_present(store):
    for name, status in (("p1", Status.SENT), ("p2", Status.ADOPTED), ("p3", Status.REMOVED), ("p4", Status.SENT)):
        store.put(Entry("products", name, name[1], status=status))
    store.put(Entry("products", "p5"))
    for _ in range(2):  # a later look begins anew
        store.begin_presence("products")
        store.note_present("products", "9")
        store.note_present("products", "4")
        store.note_present("products", "4")
        assert [entry.remote_id for entry in store.absent("products")] == ["p1", "p2"]
    store.begin_presence("products")
    assert [entry.remote_id for entry in store.absent("products")] == ["p1", "p2", "p4"]


def test_a_stock_figure_without_its_product_is_taken_once(store):
    assert store.take_figure("p1") is None
    store.put_figure("p1", 0)
    store.put_figure("p2", -3)
    store.put_figure("p2", 5)
    assert store.figures() == [("p1", 0), ("p2", 5)]
    assert store.figure("p3") is None
    assert store.figure("p1") == 0
    assert store.take_figure("p1") == 0
    assert store.take_figure("p1") is None
    assert store.figures() == [("p2", 5)]


def test_records_that_may_stand_twice_are_kept_until_they_stand_once(store):
    first, other = (Repeated("products", name, "2025", b"[]") for name in ("p1", "p2"))
    for each in (first, other, first):
        store.put_repeated(each)
    assert store.repeated() == [first, other]
    store.settle_repeated("products", "p1")
    assert store.repeated() == [other]


def test_what_a_version_of_a_stream_has_not_is_told(store):
    for name, status in (("p1", Status.SENT), ("p2", Status.REJECTED), ("p3", Status.SKIPPED), ("p4", Status.SENT)):
        store.put(Entry("products", name, status=status))
    store.put(Entry("products", "part", owner="p1"))
    assert store.has_seen("Products", 1) is False
    store.put_seen("Products", 1, "p1")
    store.put_seen("Products", 1, "p1")
    store.put_seen("Products", 2, "p4")
    assert store.has_seen("Products", 1) is True
    assert store.has_seen("Products", 3) is False
    assert store.not_seen("Products", 1, "products") == ["p2", "p4"]
    assert store.seen() == [("Products", 1, "p1"), ("Products", 2, "p4")]
    store.forget_seen("Products")
    assert store.seen() == []


def test_values_about_the_copy_itself_are_listed_by_what_they_begin_with(store):
    for name in ("opened:products", "opened:suppliers", "base"):
        store.put_meta(name, "1")
    assert store.metas("opened:") == ["products", "suppliers"]
    assert store.metas("none:") == []
    assert store.meta("base") == "1"
    assert store.meta("bas") is None


def test_prefixes_reach_to_the_last_character_there_is(store):
    store.put(Entry("products", "a\U0010fffe", "1"))
    assert store.first_with_prefix("products", "a") is not None


def left_unread(tmp_path, store):
    """Return a store with the same entries left in a state's file."""
    path = tmp_path / "target-state.json"
    path.write_bytes(b"".join(state.pieces(store, {"outcome": "ok"}, {})))
    again = Store(":memory:")
    found = loading.read_through(path, again)
    assert found is not None
    assert found.unread is not None
    again.leave_unread(found.unread)
    return again


def test_what_was_left_unread_is_counted_and_known_by_its_fingerprint_without_reading_it(store, tmp_path):
    printed(store)
    store.put(Entry("products", "p2", None, "h", Status.REJECTED, note="name: missing"))
    again = left_unread(tmp_path, store)
    assert again.counts() == {"products": 1, "supplierProducts": 1}
    assert again.printed(FINGERPRINT) == "supplierProducts"
    assert again.printed("11") is None
    assert list(again.entries(status=Status.SKIPPED)) == []
    assert again.unread is not None
    assert [entry.remote_id for entry in again.entries(status=Status.REJECTED)] == ["p2"]
    assert again.unread is None
    assert again.printed(FINGERPRINT) == "supplierProducts"
    assert list(again.entries()) == list(store.entries())
    again.close()


def test_what_was_left_unread_is_read_before_anything_is_changed(store, tmp_path):
    printed(store)
    again = left_unread(tmp_path, store)
    again.put(Entry("products", "p1", "1", "other"))
    assert again.unread is None
    assert again.get("products", "p1").hash == "other"
    assert again.get("supplierProducts", "i1") is not None
    again.close()


def test_the_numbers_of_how_a_record_stands_are_those_that_working_copies_on_disk_hold():
    assert {each.name: int(each) for each in Status} == {
        "SENT": 0,
        "REJECTED": 1,
        "SKIPPED": 2,
        "REMOVED": 3,
        "ADOPTED": 4,
    }


@pytest.mark.parametrize("how", ["put_many", "fill"])
def test_many_entries_are_on_disk_all_at_once_and_not_before_they_are_committed(tmp_path, how):
    store = Store(tmp_path / "work")
    getattr(store, how)([Entry("products", f"p{number}", str(number)) for number in range(3)])
    other = sqlite3.connect(tmp_path / "work")
    assert other.execute("SELECT count(*) FROM entries").fetchone() == (0,)
    store.commit()
    assert other.execute("SELECT count(*) FROM entries").fetchone() == (3,)
    other.close()
    store.close()


@pytest.mark.parametrize("how", ["put_many", "fill"])
def test_what_was_left_unread_never_covers_what_was_stored_since(store, tmp_path, how):
    printed(store)
    again = left_unread(tmp_path, store)
    getattr(again, how)([Entry("products", "p1", "1", "other")])
    assert again.get("supplierProducts", "i1") is not None
    assert again.get("products", "p1").hash == "other"
    again.close()


def test_an_adopted_row_that_was_deleted_is_forgotten_and_one_that_was_sent_is_left_to_who_sent_it(store):
    store.put(Entry("buyOrderLines", "L1", "71", status=Status.ADOPTED))
    store.put(Entry("buyOrderLines", "L2", "72", "hash"))
    for number in ("71", "72", "73"):
        store.note_gone("buyOrderLines", number)
    assert store.get("buyOrderLines", "L1") is None
    assert store.get("buyOrderLines", "L2") is not None
    assert all(store.is_gone("buyOrderLines", number) for number in ("71", "72", "73"))
