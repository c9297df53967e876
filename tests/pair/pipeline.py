"""A pipeline under test: a sandbox, the two programs run against it again and again, and what they hand on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pair.compare import Standing, assert_stands
from pair.expected import Expectation, Inventory, Options, expect
from support.launcher import Launcher
from support.processes import Piped, Sandbox, pipe

SMALL = (
    *("--products", "30", "--customers", "8", "--vendors", "6"),
    *("--sales-orders", "40", "--purchase-orders", "16"),
)
# What a deleted record takes along in Optiply, so that no request of its own is due.
CASCADES = {"sellOrderLines": "sellOrderId", "buyOrderLines": "buyOrderId", "receiptLines": "buyOrderLineId"}
EMBEDDED = {"sellOrderLines": "sellOrderId", "buyOrderLines": "buyOrderId"}
PARENTS = {"sellOrderLines": "sellOrders", "buyOrderLines": "buyOrders", "receiptLines": "buyOrderLines"}


@dataclass
class Pipeline:
    """The pair on one sandbox; every run goes on from the states of the run before.

    Attributes:
        sandbox: The running sandbox.
        directory: Where configurations, outputs and the target's state lie.
        options: The target's settings as the oracle takes them.
        tap: Further settings of the tap.
        target: Further settings of the target.
        by: What starts the programs quickly; without it two new interpreters do.
        catalog: A catalog for the tap, where streams beyond the default are wanted.
        state: The tap's STATE as the last run released it.
        unspoilt: By collection, the rows that a test changed, as they were before.
        patience: Seconds that a run may take.
        settled: False while Optiply may differ from the inventory, so that the next test starts afresh.
    """

    sandbox: Sandbox
    directory: Path
    options: Options = field(default_factory=Options)
    tap: dict[str, Any] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    by: Launcher | None = None
    catalog: Path | None = None
    state: str | None = None
    unspoilt: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    patience: float = 90.0
    settled: bool = False

    @property
    def state_path(self) -> Path:
        """Where the target keeps its state."""
        return self.directory / "target-state.json"

    @property
    def account(self) -> dict[str, int]:
        """The account and the coupling that the target writes under."""
        optiply = self.sandbox.ready["optiply"]
        return {"account_id": int(optiply["account_id"]), "coupling_id": int(optiply["coupling_id"])}

    def expected(self) -> Expectation:
        """Return what must stand in Optiply for the inventory as it is now."""
        return expect(Inventory.of(self.sandbox.control.inventory()), self.options)

    def run(self, *, from_scratch: bool = False, env: Mapping[str, str] | None = None, **settings: Any) -> Piped:
        """Run both programs once and keep the STATE; ``from_scratch`` gives the tap none."""
        allowed = {"max_rejected_records": self.expected().refusals}
        target = self.sandbox.target_config(self.state_path, **{**allowed, **self.target, **settings})
        done = pipe(
            self.directory,
            self.sandbox.tap_config(**self.tap),
            target,
            state=None if from_scratch else self.state,
            catalog=self.catalog,
            env=env,
            by=self.by,
            timeout=self.patience,
        )
        self.state = done.state or self.state
        return done

    def succeed(self, **arguments: Any) -> Piped:
        """Run both programs and insist on success."""
        done = self.run(**arguments)
        assert (done.tap.code, done.target.code) == (0, 0), done.explain()
        return done

    def assert_stands(self, expectation: Expectation | None = None) -> Standing:
        """Insist that Optiply holds exactly what is expected."""
        return assert_stands(self.sandbox.control, expectation or self.expected(), **self.account)

    def start_afresh(self) -> None:
        """Empty Optiply, forget all states and bring everything over once."""
        self.sandbox.control.reset()
        self.state = None
        self.state_path.unlink(missing_ok=True)
        self.succeed()
        self.settled = True

    @contextmanager
    def changing(self, *, expectation: Expectation | None = None) -> Iterator[Change]:
        """Let the block change the inventory; then run, and insist that just the change reached Optiply."""
        if not self.settled:
            self.start_afresh()
        before = self.expected()
        self.settled = False
        change = Change()
        self.sandbox.control.clear_log()
        yield change
        after = change.expectation or expectation or self.expected()
        done = self.succeed()
        change.done = done
        change.writes = Counter(self.sandbox.control.writes())
        change.standing = self.assert_stands(after)
        wanted = due_writes(before, after)
        assert change.writes == wanted, f"writes {dict(change.writes)}, due are {dict(wanted)}\n{done.explain()}"
        self.settled = True

    def target_state(self) -> dict[str, Any]:
        """Return the target's state file, parsed."""
        document: dict[str, Any] = json.loads(self.state_path.read_text(encoding="utf-8"))
        return document


@dataclass
class Change:
    """What a run made of a change; filled when the block of ``Pipeline.changing`` has ended.

    Attributes:
        expectation: Set by the block where Optiply keeps more than the inventory says (soft deletes).
        done: How the programs ended.
        writes: How many requests of each kind changed Optiply.
        standing: What stands in Optiply afterwards.
    """

    expectation: Expectation | None = None
    done: Piped | None = None
    writes: Counter[str] = field(default_factory=Counter)
    standing: Standing | None = None


def due_writes(before: Expectation, after: Expectation) -> Counter[str]:
    """Return the requests that take Optiply from one expectation to the other, by kind, and no more."""
    due: Counter[str] = Counter()
    for entity, rows in after.rows.items():
        earlier = before.rows[entity]
        parent = PARENTS.get(entity)
        for key in rows.keys() - earlier.keys():
            embedded = entity in EMBEDDED and rows[key][EMBEDDED[entity]] not in before.rows[PARENTS[entity]]
            due[f"POST {entity}"] += not embedded
        for key in earlier.keys() - rows.keys():
            cascaded = parent is not None and earlier[key][CASCADES[entity]] not in after.rows[parent]
            due[f"DELETE {entity}"] += not cascaded
        due[f"PATCH {entity}"] += sum(rows[key] != earlier[key] for key in rows.keys() & earlier.keys())
    return +due
