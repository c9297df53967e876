"""The number of requests in flight finds what a server can take, whatever its latencies are like."""

from __future__ import annotations

import random

import pytest
from servers import Server

from target_optiply.concurrency import ConcurrencyLimit


def steady(seconds: float, spread: float = 0.1):
    return lambda chance: seconds * (1 + spread * chance.random())


def heavy_tailed(seconds: float):
    return lambda chance: seconds * random.Random.lognormvariate(chance, 0.0, 0.7)


@pytest.mark.parametrize(("maximum", "rounds"), [(16, 3), (64, 5), (256, 7)])
def test_it_doubles_per_round_of_good_answers_up_to_the_maximum(maximum, rounds):
    limit = ConcurrencyLimit(maximum)
    levels = [limit.limit]
    for number in range(rounds):
        for _ in range(limit.limit):
            limit.answered(0.1, in_flight=limit.limit, now=0.1 * number)
        levels.append(limit.limit)
    assert levels == [2 << number for number in range(rounds + 1)]
    assert levels[-1] == maximum


@pytest.mark.parametrize(
    ("latency", "seconds"), [(steady(0.01), 10), (steady(0.1), 40), (steady(0.8), 60), (heavy_tailed(0.1), 60)]
)
@pytest.mark.parametrize("maximum", [16, 64])
def test_a_server_without_a_bound_gets_the_maximum_however_its_answers_vary(latency, seconds, maximum):
    server = Server(ConcurrencyLimit(maximum), latency).run(seconds)
    assert server.mean_level(seconds / 2) > 0.85 * maximum


@pytest.mark.parametrize("latency", [steady(0.02), steady(0.1), steady(0.3), heavy_tailed(0.1)])
@pytest.mark.parametrize("retry_after", [0.0, 0.2, 1.0])
def test_a_server_that_refuses_more_than_five_at_once_gets_four_or_five(latency, retry_after):
    server = Server(ConcurrencyLimit(16), latency, refuses_above=5, retry_after=retry_after).run(60.0)
    assert server.share_refused(20.0) < 0.02
    assert 4 <= server.mean_level(20.0) <= 5.1


@pytest.mark.parametrize("latency", [steady(0.01), steady(0.1), steady(0.3), steady(0.1, spread=2.0)])
@pytest.mark.parametrize("maximum", [16, 64])
def test_a_server_that_works_on_eight_at_once_gets_about_eight_and_loses_no_time(latency, maximum):
    server = Server(ConcurrencyLimit(maximum), latency, works_on=8).run(60.0)
    assert 6.5 <= server.mean_level(20.0) <= 12
    alone = Server(ConcurrencyLimit(8, start=8), latency).run(60.0)
    assert server.rate(20.0) > 0.9 * alone.rate(20.0)


@pytest.mark.parametrize("knee", [5, 7, 8, 12])
def test_a_server_whose_answers_grow_slow_is_used_nearly_as_well_as_it_can_be(knee):
    server = Server(ConcurrencyLimit(32), steady(0.05), slows_above=knee).run(60.0)
    best = Server(ConcurrencyLimit(knee, start=knee), steady(0.05), slows_above=knee).run(60.0)
    assert server.rate(10.0) > 0.85 * best.rate(10.0)


def test_fewer_than_allowed_are_not_tried_where_answers_are_as_fast_as_when_few_were_in_flight():
    server = Server(ConcurrencyLimit(16), steady(0.05, spread=0.02)).run(60.0)
    levels = [level for _, level in server.levels]
    assert levels[levels.index(16) :].count(16) == len(levels) - levels.index(16)


def test_less_than_the_maximum_is_tried_at_once_where_answers_grew_slower_on_the_way_there():
    server = Server(ConcurrencyLimit(16), steady(0.005), works_on=8).run(1.0)
    levels = [level for _, level in server.levels]
    assert max(levels) == 16
    assert min(levels[levels.index(16) :]) < 16


def test_answers_that_vary_wildly_make_it_slower_to_learn_but_not_wrong():
    server = Server(ConcurrencyLimit(64), heavy_tailed(0.1), works_on=8).run(240.0)
    assert 5 <= server.mean_level(120.0) <= 16


def test_a_server_that_takes_less_than_before_is_followed_down_and_up_again():
    server = Server(ConcurrencyLimit(16), steady(0.05)).run(20.0)
    assert server.limit.limit == 16
    server.refuses_above = 2
    server.run(40.0)
    assert server.mean_level(30.0) <= 2.1
    assert server.share_refused(30.0) < 0.02
    server.refuses_above = None
    server.run(400.0)
    assert server.mean_level(380.0) > 12


def test_answers_that_the_limit_did_not_hold_back_change_nothing():
    limit = ConcurrencyLimit(16)
    for number in range(1000):
        limit.answered(0.1, in_flight=1, now=float(number))
    assert limit.limit == 2


def test_the_refusals_of_one_burst_count_once():
    limit = ConcurrencyLimit(64, start=32)
    limit.refused(in_flight=32, now=100.0)
    level = limit.limit
    for number in range(20):
        limit.refused(in_flight=32, now=100.0 + number / 100)
    assert limit.limit == level


def test_refusals_that_go_on_bring_it_down_quickly_and_never_below_one():
    limit = ConcurrencyLimit(256, start=256)
    for second in range(0, 30, 2):
        limit.refused(in_flight=limit.limit, now=float(second))
        assert 1 <= limit.limit <= 256
    assert limit.limit == 1


@pytest.mark.parametrize("maximum", [1, 2, 3])
def test_small_maxima_are_kept(maximum):
    server = Server(ConcurrencyLimit(maximum), steady(0.1), refuses_above=1).run(30.0)
    assert max(level for _, level in server.levels) <= maximum
    assert server.good
