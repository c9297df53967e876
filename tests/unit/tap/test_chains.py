"""The order of requests under a limit: a run takes no longer than the limit or its longest chain forces."""

from __future__ import annotations

import pytest
from pace import ANSWER, LIMIT, PERIOD, Shape, Simulation, least

from singer_http.pacing import SlidingWindow
from tap_inventory.chains import Chains


def shape(products: int, sales: int, purchases: int, customers: int, vendors: int = 1) -> Shape:
    return Shape(
        {
            "vendors": vendors,
            "currencies": 1,
            "products": products,
            "sales": sales,
            "purchases": purchases,
            "customers": customers,
            "locations": 1,
        }
    )


SHAPES = {
    "a small shop, 43 requests": shape(5, 20, 5, 5),
    "a middling shop, 155 requests": shape(31, 52, 17, 22),
    "the same, spread otherwise": shape(25, 51, 21, 31),
    "products and orders alike, 183 requests": shape(27, 57, 12, 57),
    "many orders, 194 requests": shape(30, 101, 20, 10),
    "orders above all, 333 requests": shape(10, 300, 5, 5),
    "everything alike, 305 requests": shape(60, 60, 60, 60, vendors=3),
    "500 requests": shape(100, 200, 50, 50),
    "orders and products, 320 requests": shape(77, 90, 54, 18),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_full_read_takes_hardly_longer_than_is_forced_or_than_any_schedule_would(name: str, seed: int) -> None:
    read = SHAPES[name]
    took = Simulation(read, seed).run()
    assert took <= max(1.08 * read.forced, 1.04 * least(read))


UNEVEN = {
    "little but products, 223 requests": shape(100, 10, 5, 5),
    "two requests in three of one list": shape(20, 81, 32, 12),
    "two long lists and two middling ones": shape(13, 77, 36, 34, vendors=3),
    "a second minute of which half is used": shape(18, 30, 22, 13),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_a_read_in_which_few_lists_are_long_is_near_what_any_schedule_would_take(name: str) -> None:
    read = UNEVEN[name]
    assert Simulation(read).run() <= 1.08 * least(read)


@pytest.mark.parametrize("name", [*SHAPES, *UNEVEN])
def test_no_schedule_is_called_slower_than_the_best_and_no_minute_holds_more_than_the_limit(name: str) -> None:
    read = {**SHAPES, **UNEVEN}[name]
    simulation = Simulation(read)
    assert simulation.run() >= least(read) >= read.forced - PERIOD / LIMIT
    assert len(simulation.starts) == read.requests
    for place in range(LIMIT, len(simulation.starts)):
        assert simulation.starts[place] - simulation.starts[place - LIMIT] >= PERIOD


def test_of_those_that_wait_the_one_with_the_longest_chain_goes_first() -> None:
    window, chains = SlidingWindow(3, PERIOD), Chains()
    for chain, left in (("sales", 9), ("products", 5)):
        chains.asks(chain)
        chains.starts(chain)
        chains.ends(chain, 0.0, ANSWER)
        chains.expect(chain, left)
    window.start(0.0)
    window.start(0.0)
    chains.asks("products")
    assert chains.yields("vendors", window, 0.0)
    chains.asks("sales")
    assert chains.yields("products", window, 0.0)
    assert not chains.yields("sales", window, 0.0)


def test_without_a_limit_nobody_waits() -> None:
    chains = Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    assert not chains.yields("vendors", SlidingWindow(0, PERIOD), 0.0)


def test_a_chain_that_ended_is_waited_for_no_more() -> None:
    window, chains = SlidingWindow(2, PERIOD), Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    window.start(0.0)
    assert chains.yields("vendors", window, 0.0)
    assert not chains.yields("sales", window, 0.0)
    chains.expect("sales", 0)
    assert not chains.yields("vendors", window, 0.0)


def test_no_slots_are_kept_for_a_chain_that_waits_for_something_else() -> None:
    window, chains = SlidingWindow(2, PERIOD), Chains()
    chains.asks("sales")
    chains.ends("sales", 0.0, ANSWER)
    chains.expect("sales", 500)
    window.start(0.0)
    assert chains.yields("vendors", window, 4.9)
    assert not chains.yields("vendors", window, 5.1)
    chains.asks("sales")
    assert chains.yields("vendors", window, 100.0)
