"""Figures of one product are added up exactly, rounded down, and handed out once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from target_optiply.stock import StockDesk


@pytest.mark.parametrize(
    ("values", "figure"),
    [
        (["1.5", "1.5"], 3),
        (["2.9"], 2),
        (["-0.1"], -1),
        (["-1"], -1),
        (["0.1", "0.2", "-0.3"], 0),
        (["1e3"], 1000),
        (["99999999999999999999.5"], 99999999999999999999),
    ],
)
def test_the_sum_is_rounded_towards_minus_infinity_after_adding(values, figure):
    desk = StockDesk()
    for ticket, value in enumerate(values):
        desk.add("p", Decimal(value), ticket)
    held = desk.take("p")
    assert held is not None
    assert held.figure == figure
    assert held.tickets == list(range(len(values)))


def test_stock_is_handed_out_once():
    desk = StockDesk()
    desk.add("p", Decimal(1), 1)
    assert len(desk) == 1
    assert desk.take("p") is not None
    assert desk.take("p") is None
    assert desk.take("other") is None


def test_a_product_that_is_read_again_after_others_starts_from_nothing_and_keeps_its_tickets():
    desk = StockDesk()
    desk.add("p", Decimal(5), 1)
    desk.add("q", Decimal(1), 2)
    desk.add("p", Decimal(2), 3)
    desk.add("p", Decimal(1), 4)
    held = desk.take("p")
    assert held is not None
    assert (held.figure, held.tickets) == (3, [1, 3, 4])


def test_everything_is_handed_out_in_order_of_arrival():
    desk = StockDesk()
    for name in "cab":
        desk.add(name, Decimal(1), 0)
    assert list(desk.take_all()) == ["c", "a", "b"]
    assert len(desk) == 0
    desk.add("b", Decimal(2), 0)
    assert {name: held.figure for name, held in desk.take_all().items()} == {"b": 2}
