"""Reading ahead: passes at once, given out in order, in bounded memory, errors where they belong."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from tap_inventory.errors import CredentialsError, RefusedError
from tap_inventory.planner import Batch, Pass
from tap_inventory.read_ahead import ReadAhead, Shelf


def batch(number: int) -> Batch:
    rows = [{"n": number, "exact": Decimal("1.10"), "text": "€\u2028"}]
    return Batch((("s", rows),), {"s": {"n": number}}, number, None)


def test_what_waits_on_disk_comes_back_in_order_digit_by_digit() -> None:
    shelf = Shelf(in_memory=2)
    for number in range(20):
        shelf.put(batch(number))
    given = iter(shelf)
    found = [next(given) for _ in range(15)]
    for number in range(20, 30):
        shelf.put(batch(number))
    shelf.end()
    found += given
    assert found == [batch(number) for number in range(30)]
    assert str(found[10].rows[0][1][0]["exact"]) == "1.10"
    shelf.close()


def test_what_is_read_ahead_takes_no_more_memory_than_a_few_batches() -> None:
    def large(number: int) -> Batch:
        rows = [{"id": f"{number}-{at}", "text": f"{at:01000}"} for at in range(100)]
        return Batch((("things", rows),), {}, 0, None)

    tracemalloc.start()
    try:
        shelf = Shelf(in_memory=2)
        for number in range(50):  # some 5 MB
            shelf.put(large(number))
        held, _ = tracemalloc.get_traced_memory()
        assert held < 1_000_000
    finally:
        tracemalloc.stop()
    shelf.end()
    assert [each.rows[0][1][0]["id"] for each in shelf] == [f"{number}-0" for number in range(50)]
    shelf.close()


def test_only_so_much_is_read_ahead() -> None:
    shelf = Shelf(in_memory=1, most=3)
    taken: list[int] = []

    def produce() -> None:
        for number in range(6):
            shelf.put(batch(number))
            taken.append(number)
        shelf.end()

    thread = threading.Thread(target=produce)
    thread.start()
    thread.join(0.2)
    assert taken == [0, 1, 2]
    assert len(list(shelf)) == 6
    thread.join(5)
    shelf.close()


def test_a_closed_shelf_takes_nothing_more() -> None:
    shelf = Shelf()
    shelf.close()
    assert not shelf.put(batch(1))


def passes(first: Exception | None = None, second: Exception | None = None) -> tuple[list[Pass], threading.Event]:
    began = threading.Event()

    def one() -> Iterator[Batch]:
        if first:
            raise first
        yield batch(1)
        assert began.wait(5), "the second pass is read while the first is not at its end"
        yield batch(2)

    def two() -> Iterator[Batch]:
        began.set()
        yield batch(3)
        if second:
            raise second

    return [Pass("one", ("one",), one), Pass("two", ("two",), two)], began


def test_passes_are_read_at_once_and_given_out_in_order() -> None:
    made, _ = passes()
    source = ReadAhead(made)
    assert list(source.batches("one")) == [batch(1), batch(2)]
    assert list(source.batches("two")) == [batch(3)]


def test_an_error_comes_after_the_batches_before_it() -> None:
    made, _ = passes(second=RefusedError("gone", 404))
    source = ReadAhead(made)
    list(source.batches("one"))
    given = source.batches("two")
    assert next(given) == batch(3)
    with pytest.raises(RefusedError):
        next(given)


def test_a_key_that_is_refused_keeps_the_other_passes_from_starting() -> None:
    """The others would have time enough to begin: the answer takes a while."""
    made, began = passes()
    asked = threading.Event()

    def refused() -> Iterator[Batch]:
        asked.set()
        assert not began.wait(0.2)
        raise CredentialsError("no")
        yield

    with pytest.raises(CredentialsError):
        list(ReadAhead([replace(made[0], open=refused), made[1]]).batches("one"))
    assert asked.is_set()
    assert not began.wait(0.1)


def test_the_first_answer_lets_the_other_passes_begin_before_the_first_page_is_whole() -> None:
    made, began = passes()

    def first() -> Iterator[Batch]:
        source.go_on()
        assert began.wait(5)
        yield batch(1)

    source = ReadAhead([replace(made[0], open=first), made[1]])
    assert list(source.batches("one")) == [batch(1)]
    assert list(source.batches("two")) == [batch(3)]
