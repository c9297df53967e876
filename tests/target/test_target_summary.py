"""The last lines on stderr sum the run up: what became of the records, how long it took, what it cost."""

from __future__ import annotations

import re

from target.lab import Lab
from target.messages import PLACED, optiply, product, products


def test_a_run_ends_with_what_became_of_every_entity_and_what_it_cost(lab: Lab) -> None:
    lab.succeed(products("P1", "P2", "P3"), delete="hard")
    records = [product("P1", price="7.25"), product("P2"), product("P3", deleted_at=PLACED)]
    records += [product("P4"), product("P5", name=None)]
    lab.fault("status", "PATCH", "^/products/", status=500)
    lab.control.request("PUT", "latency", {"optiply": 0.1})
    run = lab.run(optiply("Products", *records), delete="hard").ended(1)
    assert "Products: 1 created, 1 updated, 1 unchanged, 1 deleted, 1 rejected" in run.stderr
    cost = re.search(r"(\d+) requests, (\d+) retries, [\d.]+ s of asked-for waits, ([\d.]+) s in all", run.stderr)
    assert cost is not None, run.stderr
    assert int(cost[1]) == sum(entry["api"] == "optiply" for entry in lab.control.log())
    assert int(cost[2]) == 1
    assert 0 < float(cost[3]) < 60
    state = lab.state()
    assert state["summary"]["Products"] == {"success": 1, "fail": 1, "existing": 1, "updated": 1, "deleted": 1}
    assert (state["run"]["requests"], state["run"]["retries"]) == (int(cost[1]), 1)
