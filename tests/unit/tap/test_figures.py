"""Figures in bulk: before their rows, in the rows' order, in batches as full as can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_inventory.client import Row
from tap_inventory.errors import CredentialsError, RefusedError
from tap_inventory.figures import FigureReader, Joint
from tap_inventory.passes import Step
from tap_inventory.profile import Figures

FIGURES = Figures("products", "id", "place", "places", 10)


def steps(*pages: int) -> Iterator[Step]:
    number = 0
    for page in pages:
        rows: list[Row] = [{"id": f"p{number + index}"} for index in range(page)]
        number += page
        yield Step(rows, rows[::2], {"after": number}, sum(pages))


class Source:
    def __init__(self, fail_at: int | None = None, error: Exception | None = None) -> None:
        self.batches: list[list[Row]] = []
        self.lock = threading.Lock()
        self.fail_at, self.error = fail_at, error

    def __call__(self, pairs: list[Row], number: int) -> list[Row]:
        with self.lock:
            self.batches.append(pairs)
        if self.error and number >= (self.fail_at or 0):
            raise self.error
        return [{**pair, "on_hand": "1.0"} for pair in reversed(pairs)]


def read(source: Source, places: list[str | None], *pages: int, hands: int = 3) -> list[Joint]:
    return list(FigureReader(FIGURES, places, source, hands).read(steps(*pages)))


@settings(max_examples=50, deadline=None)
@given(
    pages=st.lists(st.integers(0, 25), max_size=8),
    places=st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
    hands=st.integers(1, 4),
)
def test_all_figures_of_a_row_come_together_before_the_row_in_the_fewest_batches(
    pages: list[int], places: list[Any], hands: int
) -> None:
    source = Source()
    joints = read(source, places, *pages, hands=hands)
    total = sum(pages)
    assert len(source.batches) == -(-total * len(places) // 10)
    keys = [row["id"] for joint in joints for row in joint.figures]
    assert keys == [f"p{number}" for number in range(total) for _ in places]
    seen: set[str] = set()
    for joint in joints:
        seen |= {row["id"] for row in joint.figures}
        assert {row["id"] for row in joint.changed} <= seen
        if joint.step:
            assert len(seen) == joint.step.bookmark["after"]
    assert [joint.step.bookmark["after"] for joint in joints if joint.step] == [
        sum(pages[: number + 1]) for number in range(len(pages))
    ]
    assert sum(len(joint.changed) for joint in joints) == sum(-(-page // 2) for page in pages)


def test_where_figures_fail_the_rows_go_on_and_it_is_told_once() -> None:
    source = Source(2, RefusedError("no", 403))
    joints = read(source, [None], 10, 10, 10, 10)
    assert [joint.failure for joint in joints if joint.failure] == [source.error]
    assert sum(len(joint.changed) for joint in joints) == 20
    assert sum(len(joint.figures) for joint in joints) == 10


def test_a_key_refused_ends_the_reading() -> None:
    with pytest.raises(CredentialsError):
        read(Source(1, CredentialsError("no")), [None], 10, 10)
