"""Whatever API is read: every row once in as few requests as pages force, and of later runs what changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from apis.cases import OPTERIUS, ORDERS, Bench


def pages_of(rows: int, size: int) -> int:
    return -(-rows // size)


class TestPaging:
    def test_every_row_of_every_list_is_read_once_in_as_few_requests_as_its_pages(self, bench: Bench) -> None:
        run = bench.run()
        for stream, collection in bench.case.collections.items():
            assert run.counts[stream] == len(bench.rows(collection)), stream
        assert bench.keys(run) == dict.fromkeys(bench.everything, 1)
        at_once = bench.case.name == "opterius observed"
        proof = 1 if bench.case.newest_first else 0
        assert bench.pages <= (1 if at_once else pages_of(ORDERS, bench.page)) + proof
        assert {entry["status"] for entry in bench.requests} == {200}

    @pytest.mark.parametrize("page", [26, 65])
    def test_a_list_whose_last_page_is_full_ends(self, bench: Bench, page: int) -> None:
        assert ORDERS % page == 0
        bench.page = page
        if bench.case.size_switch:
            bench.sandbox.control.set_switches(**{bench.case.size_switch: page})
        run = bench.run(only=[bench.case.main])
        assert bench.keys(run) == dict.fromkeys(bench.everything, 1)
        assert bench.pages <= pages_of(ORDERS, page) + 2

    def test_what_the_api_says_comes_out_whole_and_to_the_digit(self, bench: Bench) -> None:
        records = {record[bench.case.key]: record for record in bench.run().records(bench.case.main)}
        for row in bench.rows():
            assert_same(row, records[row[bench.case.key]], bench.case.name == "opterius observed")


def assert_same(row: Any, record: Any, major: bool) -> None:
    """Insist that a record says what the row says; numbers may be written as text, relations left out."""
    for name, value in row.items():
        if isinstance(value, (dict, list)) or name not in record:
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool) and isinstance(record[name], str):
            amount = Decimal(str(value)) / (100 if major else 1)
            assert Decimal(record[name]) == amount, name
        else:
            assert record[name] == value, name


class TestIncremental:
    def test_a_second_run_emits_what_changed_and_nothing_else(self, bench: Bench) -> None:
        first = bench.run()
        changed = bench.change(3)
        second = bench.run(state=first.states[-1])
        if not bench.case.versioned:
            assert second.counts == first.counts
            return
        assert sorted(bench.keys(second)) == sorted(changed)
        assert second.counts.keys() <= {bench.case.main, "product_summaries"}
        if bench.case.newest_first:
            assert bench.pages <= pages_of(100, bench.page) + 3
        third = bench.run(state=second.states[-1])
        assert third.counts.keys() <= {"product_summaries"}

    def test_new_rows_are_emitted_and_gone_ones_keep_no_other_from_it(self, bench: Bench) -> None:
        first = bench.run(only=[bench.case.main])
        rows = bench.rows()
        gone, model = rows[ORDERS // 2], rows[-1]
        new = "00000000-0000-4000-8000-000000000001" if bench.case.api == "inflow" else 9001
        put = {name: value for name, value in model.items() if name not in ("updated_at", "timestamp")}
        bench.put({**put, bench.case.key: new}, {bench.case.key: gone[bench.case.key], "_deleted": True})
        try:
            second = bench.run(only=[bench.case.main], state=first.states[-1])
        finally:
            bench.put({bench.case.key: new, "_deleted": True}, gone)
        expected = {new} if bench.case.versioned else {row[bench.case.key] for row in rows if row is not gone} | {new}
        assert set(bench.keys(second)) == expected

    def test_everything_comes_again_when_it_is_time(self, bench: Bench) -> None:
        first = bench.run(only=[bench.case.main])
        again = bench.run(only=[bench.case.main], state=first.states[-1], rescan_days=0)
        assert set(bench.keys(again)) == bench.everything


class TestState:
    def test_a_run_that_broke_off_goes_on_and_skips_nothing(self, bench: Bench) -> None:
        bench.fault(bench.case.path, "status", times=None, skip=3, status=500)
        at_once = bench.case.name == "opterius observed"
        broken = bench.run(only=[bench.case.main], max_retries=0, code=0 if at_once else 1)
        bench.sandbox.control.clear_faults()
        rest = bench.run(only=[bench.case.main], state=broken.states[-1])
        found = bench.keys(broken) + bench.keys(rest)
        assert found.keys() == bench.everything
        if not at_once:
            assert 0 < len(bench.keys(broken)) < ORDERS
        if bench.case.versioned:  # what is read in full each time begins anew
            assert set(found.values()) == {1}

    def test_every_page_is_followed_by_a_state(self, bench: Bench) -> None:
        run = bench.run(only=[bench.case.main])
        kinds = "".join(each["type"][0] for each in run.messages)
        longest = max(len(part) for part in kinds.split("S"))
        assert longest <= (ORDERS if bench.case.name == "opterius observed" else bench.page)
        assert run.messages[-1]["type"] == "STATE"

    def test_a_state_of_another_api_is_not_gone_on_with(self, bench: Bench) -> None:
        foreign = {
            "reads": f"all /{bench.case.collection} include= start= api=another",
            "replication_key": "updated_at",
            "replication_key_value": "2099-01-01T00:00:00+00:00",
            "floor": "FFFFFFFFFFFFFFFF",
            "top": "FFFFFFFFFFFFFFFF",
            "remembered": "",
            "emitted_at": "2099-01-01T00:00:00+00:00",
        }
        run = bench.run(only=[bench.case.main], state={"bookmarks": {bench.case.main: foreign}})
        assert set(bench.keys(run)) == bench.everything


def test_both_variants_of_opterius_give_the_same_streams() -> None:
    assert {case.switches["opterius_variant"] for case in OPTERIUS} == {"documented", "observed"}
    assert len({tuple(case.collections) for case in OPTERIUS}) == 1
