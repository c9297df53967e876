"""The pace of a full read over sockets: the limit is kept, no request is refused, and the allowance is used.

In the long form (`make soak`) the minute has sixty seconds, an answer takes 1.5, and the sandbox counts too; otherwise
everything is ten times as fast.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pace import LIMIT, Shape, least
from reliability.scale import SOAK
from runs import SIZE, Tap
from support.launcher import Launcher
from support.processes import Sandbox


@dataclass(frozen=True)
class Trial:
    """A shop, and how fast its time goes.

    Attributes:
        size: Of the sandbox's inventory.
        page_size: Rows a page.
        speed: How many times faster than in life.
        tolerated: By how much the run may exceed the best that any schedule could do.
    """

    size: tuple[str, ...]
    page_size: int
    speed: float
    tolerated: float


# At ten times the speed, an answer's time is hardly more than what a busy machine takes for it.
QUICK = Trial(SIZE, page_size=10, speed=10.0, tolerated=1.5)
REAL = Trial(
    (
        *("--products", "3050", "--customers", "2150", "--vendors", "60"),
        *("--sales-orders", "5150", "--purchase-orders", "1650"),
    ),
    page_size=100,
    speed=1.0,
    tolerated=1.05,
)
TRIAL = REAL if SOAK else QUICK


def shape_of(kinds: Counter[str]) -> Shape:
    """Return what a run read, the list that began first."""
    lists = {kind: kinds[kind] for kind in sorted(kinds, key=lambda kind: kind != "GET vendors")}
    if lists["POST products/summary"] != lists["GET products"]:
        return Shape(lists, figured="")
    del lists["POST products/summary"]
    return Shape(lists, figured="GET products")


def test_a_full_read_keeps_the_limit_and_uses_what_it_allows(tmp_path: Path, launcher: Launcher) -> None:
    speed = TRIAL.speed
    counting = () if speed > 1 else ("--switch", f"inflow_requests_per_minute={LIMIT}")
    with Sandbox(tmp_path, [*TRIAL.size, *counting], patience=120) as sandbox:
        tap = Tap(sandbox, tmp_path, launcher)
        sandbox.control.request("PUT", "latency", {"inflow": 1.5 / speed})
        run = tap.run(
            requests_per_minute=LIMIT,
            page_size=TRIAL.page_size,
            constants={"tap_inventory.client.MINUTE": 60.0 / speed},
            timeout=600,
        )
        entries, kinds = tap.requests, tap.kinds
        orders = len(sandbox.control.collection("sales-orders"))
    assert {entry["status"] for entry in entries} == {200}
    assert run.counts["sales_orders"] == orders
    at = sorted(entry["at"] for entry in entries)
    assert len(at) > LIMIT
    assert all(later - earlier >= 60.0 / speed for earlier, later in zip(at, at[LIMIT:], strict=False))
    shape = shape_of(kinds)
    took = (at[-1] - at[0]) * speed + 1.5
    said = f"{len(at)} requests in {took:.1f} s; forced: {shape.forced:.1f} s, any schedule: {least(shape):.1f} s"
    assert took <= max(1.08 * shape.forced, TRIAL.tolerated * least(shape)), said
