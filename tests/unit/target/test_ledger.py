"""A STATE line is released as soon as, and never before, everything that was read before it has settled."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_optiply.ledger import Ledger


def test_a_state_with_nothing_before_it_is_released_at_once():
    ledger = Ledger()
    ledger.hold(b'{"a": 1}')
    assert ledger.release() == [b'{"a": 1}']
    assert ledger.release() == []


def test_a_state_waits_for_every_piece_of_every_record_before_it():
    ledger = Ledger()
    first, second = ledger.open(), ledger.open()
    ledger.add(first)
    ledger.hold(b"one")
    ledger.settle(second)
    ledger.settle(first)
    assert ledger.release() == []
    assert ledger.unsettled == 1
    ledger.settle(first)
    assert ledger.release() == [b"one"]
    assert ledger.unsettled == 0


def test_a_record_after_a_state_does_not_hold_it_back():
    ledger = Ledger()
    ledger.hold(b"one")
    ledger.open()
    ledger.hold(b"two")
    assert ledger.release() == [b"one"]


@pytest.mark.parametrize("change", ["settle", "add"])
def test_a_settled_record_cannot_be_touched_again(change):
    ledger = Ledger()
    ticket = ledger.open()
    ledger.settle(ticket)
    with pytest.raises(KeyError):
        getattr(ledger, change)(ticket)


def test_whoever_asks_is_told_once_when_a_record_is_whole():
    ledger = Ledger()
    told: list[int] = []
    ledger.whole = told.append
    first, second = ledger.open(), ledger.open()
    ledger.add(first)
    ledger.settle(first)
    assert told == []
    ledger.settle(second)
    ledger.settle(first)
    assert told == [second, first]


STEPS = st.lists(st.one_of(st.integers(1, 4), st.binary(min_size=1, max_size=6)), max_size=40)


@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_the_watermark_never_passes_an_unsettled_record_and_every_line_comes_out_once_in_order(steps, seed):
    """Integers open a record of so many pieces, bytes hold a STATE; pieces settle in random order in between."""
    chance = random.Random(seed)
    ledger = Ledger()
    left: dict[int, int] = {}
    held: list[tuple[bytes, set[int]]] = []  # line, and the records that were open before it or still are
    released: list[bytes] = []

    def settle_one():
        ticket = chance.choice(list(left))
        ledger.settle(ticket)
        left[ticket] -= 1
        if not left[ticket]:
            del left[ticket]

    def release():
        for line in ledger.release():
            expected, before = held[len(released)]
            assert line == expected
            assert not before & left.keys()
            released.append(line)
        if len(released) < len(held):  # nothing is held back without a reason
            assert held[len(released)][1] & left.keys()

    for step in steps:
        if isinstance(step, bytes):
            ledger.hold(step)
            held.append((step, set(left)))
        else:
            ticket = ledger.open()
            for _ in range(step - 1):
                ledger.add(ticket)
            left[ticket] = step
        for _ in range(chance.randrange(3)):
            if left:
                settle_one()
        release()
        assert ledger.unsettled == len(left)
    while left:
        settle_one()
        release()
    assert released == [line for line, _ in held]
