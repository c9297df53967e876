"""Refusals are held while everything is refused alike, and then rejected: each once, none lost."""

from __future__ import annotations

import pytest

from target_optiply.doubts import Doubts
from target_optiply.jobs import Job
from target_optiply.model import EntityRecord
from target_optiply.outage import OutageWatch


class Rejected:
    """Stands for what ends jobs: notes what was rejected."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def reject(self, job: Job, reason: str) -> None:
        self.seen.append((job.record.remote_id or "", reason))


@pytest.fixture
def rejected() -> Rejected:
    return Rejected()


@pytest.fixture
def watch() -> OutageWatch:
    return OutageWatch()


@pytest.fixture
def doubts(watch: OutageWatch, rejected: Rejected) -> Doubts:
    return Doubts(watch, rejected)  # type: ignore[arg-type]


def job(entity: str, name: str) -> Job:
    return Job(EntityRecord(entity, name))


def test_a_refusal_is_booked_at_once_where_another_write_went_through(watch, doubts, rejected):
    watch.succeeded("products", 1.0)
    watch.refused("products", 403, "no")
    doubts.refuse(job("products", "p1"), "no")
    assert rejected.seen == [("p1", "no")]
    assert doubts.reject_all() is False


def test_refusals_of_all_alike_are_held_until_one_write_fares_otherwise(watch, doubts, rejected):
    for name in ("p1", "p2"):
        watch.refused("products", 403, "no")
        doubts.refuse(job("products", name), "no")
    watch.refused("suppliers", 403, "neither")
    doubts.refuse(job("suppliers", "s1"), "neither")
    doubts.clear("products")
    assert rejected.seen == []
    watch.succeeded("products", 1.0)
    doubts.clear("products")
    assert rejected.seen == [("p1", "no"), ("p2", "no")]
    doubts.clear("products")
    assert len(rejected.seen) == 2
    assert doubts.reject_all() is True
    assert rejected.seen[2:] == [("s1", "neither")]
    assert doubts.reject_all() is False


def test_one_that_is_held_is_booked_too(watch, doubts, rejected):
    watch.refused("products", 404, "no")
    doubts.refuse(job("products", "p1"), "no")
    assert rejected.seen == []
    watch.succeeded("products", 1.0)
    doubts.clear("products")
    assert rejected.seen == [("p1", "no")]
    assert doubts.reject_all() is False
