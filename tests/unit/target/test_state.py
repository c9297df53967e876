"""The state document: what is put in comes out, whoever laid it out, and what is no state of ours is refused."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from target_optiply import loading, state
from target_optiply.entities import ENTITIES
from target_optiply.errors import ConfigProblem
from target_optiply.opening import NATURAL
from target_optiply.store import Store
from target_optiply.tables import Entry, Parked, Repeated, Status

RUN = {"outcome": "ok", "saved_at": "2025-07-01T04:00:00+00:00", "api": "https://x", "account_id": "1380"}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
IDS = st.integers(1, 10**12).map(str)
PAYLOADS = st.sampled_from(
    [b'{"record":{"price":19.90}}', b'{"price":12345678901234567.89}', b"{}", '{"name":"\u00e9\\n\\"x"}'.encode()]
)


@st.composite
def entries(draw):
    status = draw(st.sampled_from([Status.SENT, Status.REJECTED, Status.REMOVED, Status.SKIPPED]))
    entity, remote_id = draw(st.sampled_from(list(ENTITIES))), draw(TEXT)
    if status == Status.SKIPPED:
        return Entry(entity, remote_id, status=status, note=draw(st.none() | ANY_TEXT))
    identity = draw(IDS if status != Status.REJECTED else st.none() | IDS)
    if draw(st.booleans()) and identity is not None:
        remote_id = f"#{identity}"
    rejected = status == Status.REJECTED
    return Entry(
        entity,
        remote_id,
        identity,
        draw(st.none() | TEXT),
        status,
        draw(st.none() | TEXT),
        draw(st.none() | ANY_TEXT.filter(bool)),
        draw(st.none() | st.integers(-(2**63), 2**63 - 1)),
        draw(ANY_TEXT) if rejected else None,
        draw(st.none() | PAYLOADS) if rejected else None,
    )


NAMES = st.sampled_from(list(ENTITIES))


@st.composite
def stores(draw):
    store = Store(":memory:")
    store.put_many(draw(st.lists(entries(), max_size=12)))
    for parked in draw(st.lists(st.builds(Parked, NAMES, TEXT, NAMES, TEXT, PAYLOADS, st.none() | TEXT), max_size=3)):
        store.park(parked)
    for product, figure in draw(st.lists(st.tuples(TEXT, st.integers(-(2**63), 2**63 - 1)), max_size=3)):
        store.put_figure(product, figure)
    for fact in draw(st.lists(st.tuples(TEXT, TEXT, ANY_TEXT), max_size=3)):
        store.put_fact(*fact)
    for removal in draw(st.lists(st.tuples(NAMES, TEXT, ANY_TEXT), max_size=3)):
        store.remove_later(*removal)
    for repeated in draw(st.lists(st.builds(Repeated, NAMES, TEXT, TEXT, PAYLOADS), max_size=2)):
        store.put_repeated(repeated)
    for seen in draw(st.lists(st.tuples(TEXT, st.integers(0, 2**53), TEXT), max_size=2)):
        store.put_seen(*seen)
    for name in draw(st.sets(NAMES)):
        store.put_meta(f"opened:{name}", "1")
    return store


def contents(store: Store) -> dict[str, object]:
    return {
        "entries": list(store.entries()),
        "parked": store.parked(),
        "figures": store.figures(),
        "facts": store.facts(),
        "removals": [store.removals(name) for name in ENTITIES],
        "repeated": store.repeated(),
        "seen": store.seen(),
        "opened": [bool(store.meta(f"opened:{name}")) for name in ENTITIES],
    }


def document(store: Store) -> bytes:
    return b"".join(state.pieces(store, RUN, {"Products": {"success": 1}}))


def load(text: bytes) -> tuple[Store, state.Document]:
    store = Store(":memory:")
    try:
        return store, loading.load(io.BytesIO(text), store)
    except BaseException:
        store.close()
        raise


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(store=stores())
def test_a_store_comes_back_as_it_was_line_by_line_and_on_one_line(store):
    text = document(store)
    for laid_out in (text, text.replace(b"\n", b"")):
        again, found = load(laid_out)
        assert contents(again) == contents(store)
        assert found.run == RUN
        assert found.entries == len([each for each in store.entries() if each.status != Status.SKIPPED])
        again.close()
    store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(store=stores())
def test_a_state_that_was_left_in_its_file_is_the_same_once_it_is_asked_for(store):
    # What nobody can name is not left in the file.
    assume(all(each.status != Status.REJECTED or not each.remote_id.startswith("#") for each in store.entries()))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "target-state.json"
        path.write_bytes(document(store))
        again = Store(":memory:")
        found = loading.read_through(path, again)
        assert found is not None
        assert found.unread is not None
        again.leave_unread(found.unread)
        assert document(again) == path.read_bytes()
        assert again.unread is not None, "nothing was asked for"
        assert again.get("products", "never seen") is None
        assert again.unread is None
        assert contents(again) == contents(store)
        again.close()
    store.close()


def filled(number: int = 3) -> Store:
    store = Store(":memory:")
    store.put_many(Entry("products", f"p{n}", str(n), "h", stock=n) for n in range(number))
    store.put(Entry("suppliers", "s", None, "h", Status.REJECTED, note="name: missing", payload=b'{"price":1.10}'))
    return store


def test_a_state_of_many_pieces_comes_back_whole():
    store = filled(5_000)
    again, found = load(document(store))
    assert contents(again) == contents(store)
    assert found.entries == 5_001
    again.close()
    store.close()


def test_the_document_has_the_shape_that_is_promised_with_one_entry_a_line():
    store = filled()
    text = document(store)
    store.close()
    read = json.loads(text)
    assert read["bookmarks"]["Products"][1] == {
        "hash": "h", "id": "1", "externalId": "p1", "success": True, "stock": 1,
    }  # fmt: skip
    assert read["bookmarks"]["Suppliers"][0]["success"] is False
    assert read["bookmarks"]["Suppliers"][0]["error"] == "name: missing"
    assert read["summary"] == {"Products": {"success": 1}}
    assert read["run"] == RUN
    lines = [line.rstrip(b",") for line in text.split(b"\n") if line.startswith(b'{"hash"')]
    assert len(lines) == 4
    assert all(json.loads(line) for line in lines)


def test_what_is_only_found_in_optiply_and_matched_with_nothing_is_not_saved():
    store = Store(":memory:")
    store.put(Entry("products", NATURAL + "x", "1", status=Status.ADOPTED))
    store.put(Entry("products", "p", "2", status=Status.ADOPTED, payload=b'{"name": "x"}'))
    read = json.loads(document(store))
    store.close()
    assert read["bookmarks"] == {"Products": [{"id": "2", "externalId": "p", "success": True}]}


def test_entities_of_which_something_is_known_need_no_adoption():
    store, _ = load(b'{"bookmarks": {"Products": [{"id": 1, "externalId": "a", "success": true}], "Suppliers": []}}')
    assert store.meta("opened:products") == "1"
    assert store.meta("opened:suppliers") is None
    store.close()


@pytest.mark.parametrize(
    ("outcome", "opened"),
    [("ok", True), ("rejected", True), ("terminated", False), ("outage", False), ("config", False), (None, False)],
)
def test_all_that_stands_in_optiply_is_known_where_a_run_read_all_its_input(outcome, opened):
    store = Store(":memory:")
    store.put_meta("opened:products", "1")
    store.put_meta("opened:suppliers", "1")
    store.put(Entry("products", NATURAL + "x", "1", status=Status.ADOPTED))  # not kept: nobody has asked for it
    text = b"".join(state.pieces(store, {**RUN, "outcome": outcome}, {}))
    store.close()
    assert json.loads(text)["source"]["opened"] == ["suppliers", "products"][: 1 + opened]


@pytest.mark.parametrize("name", ["Products", "products", "sell_order_lines", "SellOrderLines"])
def test_entities_are_known_in_every_spelling_and_ids_as_numbers_or_text(name):
    text = json.dumps(
        {"bookmarks": {name: [{"id": 7, "externalId": 4711, "success": True, "customData": {"a": 1}}]}}, indent=2
    )
    store, found = load(text.encode())
    (entry,) = store.entries()
    assert (entry.remote_id, entry.optiply_id, found.entries) == ("4711", "7", 1)
    store.close()


@pytest.mark.parametrize("text", [b"", b" \n", b"{}", b"{ }\n", b"{\n}\n", b'{"bookmarks": {\n\n},\n"run": {}}\n'])
def test_nothing_is_no_state_and_not_a_broken_one(text):
    store, found = load(text)
    assert found.entries == 0
    assert list(store.entries()) == []
    store.close()


REFUSED = [
    b'{"bookmarks": {"products": {"replication_key": "x"}}}',
    b'{"bookmarks": {"products": {}}, "currently_syncing": null}',
    b'{"client_id": "hunter2", "client_secret": "hunter2"}',
    b"[]",
    b"7",
    b'"hunter2"',
    b"hunter2",
    b"\xff\xfe\x00",
    b"\x00",
    b'{"bookmarks": {"Hunters2": [{"id": "1"}]}}',
    b'{"bookmarks": {"Products": ["hunter2"]}}',
    b'{"bookmarks": {"Products": [{"id": {"hunter2": 1}}]}}',
    b'{"bookmarks": {"Products": [{"id": "1", "hash": ["hunter2"]}]}}',
    b'{"bookmarks": {"Products": [{"id": "1", "stock": 1e40}]}}',
    b'{"bookmarks": {"Products": [{"id": "1", "stock": 99999999999999999999}]}}',
    b'{"bookmarks": [' + b"[" * 100_000,
    b'{"bookmarks": {}, "source": {"skipped": {"products": [["hunter2"]]}}}',
    b'{"bookmarks": {}, "source": {"facts": [["hunter2"]]}}',
    b'{"bookmarks": {}, "run": "hunter2"}',
    b'{"bookmarks": {\n"Products": [\n{"id": "1"},\nhunter2\n]\n},\n"run": {}}\n',
    b'{"bookmarks": {\nhunter2\n},\n"run": {}}\n',
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_taps_state_and_other_json_are_refused_with_a_sentence(text):
    with pytest.raises(ConfigProblem, match="no state of target-optiply") as refusal:
        load(text)
    assert "unter2" not in str(refusal.value)


def test_a_state_that_was_cut_anywhere_is_refused():
    store = filled()
    text = document(store)
    store.close()
    for length in range(1, len(text) - 2):
        with pytest.raises(ConfigProblem):
            load(text[:length])


@pytest.mark.parametrize("name", ["api", "account_id", "coupling_id"])
def test_a_state_of_another_account_is_refused_by_name(name):
    ours = state.Identity("https://x", "1380", "77")
    state.check_identity(ours.as_dict(), ours)
    state.check_identity({}, ours)
    state.check_identity({**ours.as_dict(), "account_id": 1380}, ours)
    with pytest.raises(ConfigProblem, match=name.replace("_", " ")):
        state.check_identity({**ours.as_dict(), name: "other"}, ours)
    with pytest.raises(ConfigProblem, match="coupling id"):
        state.check_identity({**ours.as_dict(), "coupling_id": None}, ours)


# where it lies


def saved(path: Path | str, number: int = 3) -> state.StateFile:
    store = filled(number)
    place = state.StateFile(str(path))
    place.replace(state.pieces(store, RUN, {}))
    store.close()
    return place


def test_a_state_that_is_not_there_or_empty_is_none(tmp_path):
    place = state.StateFile(str(tmp_path / "s.json"))
    assert place.open() is None
    assert place.saved_at() is None
    (tmp_path / "s.json").write_bytes(b"")
    assert place.open() is None
    assert place.saved_at() is None


@pytest.mark.parametrize("size", [0, 1, 3000, 3998, 4096, 5000, 70_000])
def test_whether_a_state_holds_entries_is_told_wherever_the_first_one_stands(tmp_path, size):
    place = state.StateFile(str(tmp_path / "s.json"))
    assert place.holds_entries() is False
    before = '{"summary": {"x": "' + "y" * size + '"}, "bookmarks": {"Products": [], "Suppliers": '
    (tmp_path / "s.json").write_text(before + '[{"id": "1"}]}}')
    assert place.holds_entries() is True
    (tmp_path / "s.json").write_text(before + "[]}}")
    assert place.holds_entries() is False


@pytest.mark.parametrize("size", [0, 10, 4000, 4096, 50_000])
def test_a_state_without_a_date_at_its_end_has_none(tmp_path, size):
    (tmp_path / "s.json").write_text('{"bookmarks": {}, "x": "' + "y" * size + '"}')
    place = state.StateFile(str(tmp_path / "s.json"))
    assert place.saved_at() is None
    (tmp_path / "s.json").write_text('{"x": "' + "y" * size + '", "run": {"saved_at": "2025-07-01"}}')
    assert place.saved_at() == "2025-07-01"


def test_when_it_was_saved_is_read_from_its_end(tmp_path):
    assert saved(tmp_path / "s.json", 2000).saved_at() == RUN["saved_at"]
    on_one_line = (tmp_path / "s.json").read_bytes().replace(b"\n", b"")
    (tmp_path / "s.json").write_bytes(on_one_line)
    assert state.StateFile(str(tmp_path / "s.json")).saved_at() == RUN["saved_at"]


def test_a_date_that_nobody_can_read_is_told_as_it_stands(tmp_path):
    (tmp_path / "s.json").write_bytes(b'{"run": {"saved_at": "2025\xff"}}')
    assert state.StateFile(str(tmp_path / "s.json")).saved_at() == "2025\ufffd"


def test_a_place_that_is_none_is_told_by_the_name_of_its_setting():
    with pytest.raises(ConfigProblem, match=r"^state_path: "):
        state.StateFile("nowhere-at-all://bucket/s.json")


def test_the_working_copy_lies_beside_the_state(tmp_path):
    place = state.StateFile(str(tmp_path / "s.json"))
    assert place.work_path == tmp_path / "s.json.work"
    remote = state.StateFile("memory://bucket/s.json")
    assert not remote.is_local
    assert remote.work_path != state.StateFile("memory://bucket/t.json").work_path
    assert remote.work_path.parent.is_dir()


def test_a_full_disk_leaves_the_old_state_and_no_remains(tmp_path, monkeypatch):
    place = saved(tmp_path / "s.json")
    before = (tmp_path / "s.json").read_bytes()

    def pieces():
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        place.replace(pieces())
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        place.replace([b"whole"])
    assert (tmp_path / "s.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_who_may_read_a_state_stays_as_it_was_and_a_new_one_is_its_owners(tmp_path):
    place = saved(tmp_path / "s.json")
    assert stat.S_IMODE((tmp_path / "s.json").stat().st_mode) == 0o600
    (tmp_path / "s.json").chmod(0o644)
    place.replace([b"{}"])
    assert stat.S_IMODE((tmp_path / "s.json").stat().st_mode) == 0o644


def test_a_link_keeps_pointing_to_the_state(tmp_path):
    (tmp_path / "volume").mkdir()
    (tmp_path / "s.json").symlink_to(tmp_path / "volume" / "real.json")
    saved(tmp_path / "s.json")
    assert (tmp_path / "s.json").is_symlink()
    assert json.loads((tmp_path / "volume" / "real.json").read_bytes())["run"] == RUN


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path):
    state.StateFile(str(tmp_path / "s.json")).check_writable()
    with pytest.raises(ConfigProblem, match="does not exist"):
        state.StateFile(str(tmp_path / "nowhere" / "s.json")).check_writable()
    with pytest.raises(ConfigProblem, match="is a folder"):
        state.StateFile(str(tmp_path)).check_writable()
    with pytest.raises(ConfigProblem, match="state_path"):
        state.StateFile("nonsense-scheme://x/y")


def test_a_folder_without_permission_is_told_too(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    # The system's answer is given here, since root, as whom many a CI runs, may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path / "shut")
    with pytest.raises(ConfigProblem, match="cannot be read and written"):
        state.StateFile(str(tmp_path / "shut" / "s.json")).check_writable()


def test_a_state_at_a_url_is_replaced_and_read_like_a_file():
    url = "memory://state-tests/s.json"
    place = saved(url)
    assert place.saved_at() == RUN["saved_at"]
    source = place.open()
    assert source is not None
    store = Store(":memory:")
    assert loading.load(source, store).entries == 4
    store.close()
    fsspec.filesystem("memory").rm("/state-tests", recursive=True)


def _load_and_save(path: Path, number: int) -> float:
    saved(path, number)
    store = Store(":memory:")
    place = state.StateFile(str(path))
    began = time.process_time()
    source = place.open()
    assert source is not None
    assert loading.load(source, store).entries == number + 1
    place.replace(state.pieces(store, RUN, {}))
    seconds = time.process_time() - began
    store.close()
    return seconds


def _calls_of(path: Path, number: int) -> int:
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        _load_and_save(path, number)
    finally:
        sys.setprofile(None)
    return calls


def test_ten_times_the_entries_take_ten_times_the_work(tmp_path):
    small = _calls_of(tmp_path / "s.json", 500)
    assert _calls_of(tmp_path / "s.json", 5_000) < 10.5 * small


def test_ten_times_the_entries_take_ten_times_the_time(tmp_path):
    # What SQLite does is no call: a clock tells of it, roughly. A square would be a hundred times.
    small = min(_load_and_save(tmp_path / "s.json", 5_000) for _ in range(3))
    large = min(_load_and_save(tmp_path / "s.json", 50_000) for _ in range(2))
    assert large < 20 * max(small, 0.02)


def test_the_document_is_never_in_memory_as_a_whole(tmp_path):
    tracemalloc.start()
    _load_and_save(tmp_path / "s.json", 3_000)
    small = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    _load_and_save(tmp_path / "s.json", 15_000)
    large = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert large < 1.3 * small
