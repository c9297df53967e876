"""The pair over one of the APIs, run after run, and what must stand in Optiply afterwards."""

from __future__ import annotations

from collections import Counter
from typing import Any

from apis.cases import Bench
from pair.compare import assert_stands
from pair.expected import Expectation
from support.processes import Piped, pipe

from sandbox import identity

ACCOUNT = {"account_id": identity.OPTIPLY_ACCOUNTS[0], "coupling_id": identity.OPTIPLY_COUPLINGS[0]}


class Pair:
    """The pair on one API; each run goes on from the states of the one before."""

    def __init__(self, bench: Bench, expect: Any) -> None:
        self.bench = bench
        self._expect = expect
        self._state: str | None = None

    def expected(self) -> Expectation:
        return self._expect(self.bench.rows)

    def run(self, **target: Any) -> Piped:
        self.bench.sandbox.control.clear_log()
        config = self.bench.sandbox.target_config(self.bench.directory / "target-state.json", **target)
        done = pipe(self.bench.directory, self.bench.config(), config, state=self._state, by=self.bench.by)
        self._state = done.state or self._state
        assert (done.tap.code, done.target.code) == (0, 0), done.explain()
        return done

    @property
    def writes(self) -> Counter[str]:
        return Counter(self.bench.sandbox.control.writes())

    def assert_stands(self, expectation: Expectation | None = None) -> None:
        assert_stands(self.bench.sandbox.control, expectation or self.expected(), **ACCOUNT)
