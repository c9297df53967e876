"""The fault matrix of the target: which rows there are, and how one is tried.

A row is a kind of request, as the sandbox logged it in a whole run, and a fault that befalls the first request of that
kind. Several rows are tried in one run where nothing is lost by that: rows that promise the same exit code, each with
a request of its own. What no run has struck stays to be tried; a kind that is never struck fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pair.compare import assert_stands
from reliability.faults import Fault, promised_code
from reliability.recording import Recording, Recordings
from target.lab import Lab

# What a person waits for in an outage, and a test need not.
IMPATIENT = {"target_optiply.outage.PATIENCE": 4.0, "target_optiply.auth._PATIENCE": 4.0}
TIMEOUT = 0.5  # seconds the target waits for an answer


@dataclass(frozen=True)
class Phase:
    """One of the two runs whose requests make the rows.

    Attributes:
        name: ``first`` or ``change``.
        recording: What the target reads in it.
        before: What it read in the run before, if any.
    """

    name: str
    recording: Recording
    before: Recording | None = None


def phases(recordings: Recordings) -> tuple[Phase, Phase]:
    """Return the first run, and the run after every kind of change."""
    return Phase("first", recordings.full), Phase("change", recordings.changed, recordings.full)


def rule_of(kind: str, fault: Fault) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return which requests a row is about, and what befalls them, as the control interface takes it."""
    if kind == "token":
        return {"api": "auth"}, dict(fault.rule)
    method, _, path = kind.partition(" ")
    return {"api": "optiply", "method": method, "path": rf"^/{path}(/\d+)?$"}, dict(fault.rule)


@dataclass
class Trial:
    """Tries rows with one target after the other, from the state in which a phase begins."""

    lab: Lab
    phase: Phase
    settings: dict[str, Any] = field(default_factory=dict)
    _counts: ClassVar[dict[str, Counter[str]]] = {}
    _states: ClassVar[dict[str, bytes]] = {}  # of the target where a phase begins, which is brought about once

    def begin(self) -> None:
        """Bring Optiply and the target's state to where the phase begins."""
        name, control = self.phase.name, self.lab.control
        for path in self.lab.directory.glob("target-state.json*"):
            path.unlink()
        if name in self._states:
            control.bring_back(name)
            self.lab.state_path.write_bytes(self._states[name])
            return
        control.reset()
        if self.phase.before is not None:
            self.lab.succeed(self.phase.before.lines)
            control.keep(name)
            self._states[name] = self.lab.state_path.read_bytes()

    def counts(self) -> Counter[str]:
        """Return how many requests of each kind the phase makes where all goes well, tried once in a session."""
        if self.phase.name not in self._counts:
            self.begin()
            self.lab.succeed(self.phase.recording.lines)
            self.assert_agreement()
            self._counts[self.phase.name] = self.lab.counts()
        return self._counts[self.phase.name]

    def kinds(self) -> set[str]:
        """Return the kinds of requests that the phase makes."""
        return set(self.counts())

    def assert_agreement(self) -> None:
        """Insist that Optiply is exactly what the source asks for: nothing missing, twice or stale."""
        optiply = self.lab.sandbox.ready["optiply"]
        account = {"account_id": int(optiply["account_id"]), "coupling_id": int(optiply["coupling_id"])}
        assert_stands(self.lab.control, self.phase.recording.expectation, **account)

    def strike(self, rules: Iterable[tuple[dict[str, Any], dict[str, Any], int | None]], **constants: Any) -> int:
        """Run with faults, then without, and insist that both sides agree; return the first run's exit code."""
        control = self.lab.control
        self.begin()
        for match, fault, times in rules:
            control.add_fault(match, fault, times)
        run = self.lab.run(
            self.phase.recording.lines, request_timeout=TIMEOUT, constants={**IMPATIENT, **constants}, **self.settings
        )
        self.log = control.log()
        control.clear_faults()
        assert "Traceback" not in run.stderr, run.stderr[-3000:]
        released = run.states[-1] if run.states else None
        clean = self.lab.start(self.phase.recording.after(released)).wait()
        before = f"--- the run before, exit {run.code}:\n{run.stderr[-3000:]}"
        assert clean.code == 0, f"the run after it failed too:\n{clean.stderr[-3000:]}\n{before}"
        try:
            self.assert_agreement()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{before}") from None
        self.last = run
        return run.code or 0

    def struck(self, fault: Fault, holding: str = "") -> set[str]:
        """Return the kinds of requests that the last run saw going wrong."""
        return {
            entry["kind"] for entry in self.log if entry["fault"] == fault.rule["kind"] and holding in entry["query"]
        }

    def struck_kinds(self) -> set[str]:
        """Return the kinds of requests that the last run saw going wrong, whatever the fault."""
        return {entry["kind"] for entry in self.log if entry["fault"]}

    def try_rows(self, kinds: Iterable[str], fault: Fault, *, alone: bool = False) -> dict[str, int]:
        """Try the rows of a fault; see :func:`cover`."""

        def attempt(tried: set[str]) -> tuple[int, set[str]]:
            code = self.strike([(*rule_of(kind, fault), 1) for kind in sorted(tried)])
            return code, self.struck(fault)

        # Of two 401 in a row the second refuses a token that was just issued, which ends a run: one at a time.
        self.settings = {"max_connections": 1} if fault.status == 401 else {}
        return cover(
            f"{self.phase.name}, {fault.name}", {kind: promised_code(kind, fault) for kind in kinds}, attempt, alone
        )


def cover(
    name: str, promised: Mapping[str, int], attempt: Callable[[set[str]], tuple[int, set[str]]], alone: bool
) -> dict[str, int]:
    """Try rows until every one was struck, those with the same promise together, and return kind to exit code.

    Args:
        name: What is tried, for messages.
        promised: Kind to the exit code that is promised.
        attempt: Tries rows in one run; returns its exit code and which kinds were struck.
        alone: Whether every row gets a run of its own.

    Raises:
        AssertionError: A promise is broken, or a kind cannot be struck.
    """
    found: dict[str, int] = {}
    for code in sorted(set(promised.values())):
        left = {kind for kind, wanted in promised.items() if wanted == code}
        while left:
            tried = {min(left)} if alone else left
            said = f"{name}, {', '.join(sorted(tried))}"
            try:
                ended, struck = attempt(tried)
            except AssertionError as error:
                raise AssertionError(f"{said}: {error}") from None
            assert struck & tried, f"{said}: never struck"
            assert ended == code, f"{said}: exit {ended}, not {code}"
            found |= dict.fromkeys(struck & tried, ended)
            left = left - struck
    return found
