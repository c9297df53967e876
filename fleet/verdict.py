"""What became of a run, and whether another try could do better. Pure.

The target says the outcome word itself, first in its last line. The tap says a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The target's outcomes: may the same run succeed later, with nothing changed by a person?
_MAY_PASS = {
    "rejected": False,  # these records, or a brake: everything else is done, and a person must look
    "config": False,
    "credentials": False,
    "input": False,
    "outage": True,
    "terminated": True,  # the machine was taken away, not the work
}
_BUSY = "config: another run is using the state"  # held by a run that was killed, until its marker is old
# What the tap says when its tries are used up, and when it has read some streams and not others.
_SOURCE_OUTAGE = re.compile(r"(?:cannot be (?:read|reached)|gives no access token): .+, (?:once|\d+ times)\b")
CLOSED_PIPE = 141
KILLED, BROKEN = "killed", "broken"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code (negative for a signal) and its last line on stderr."""

    code: int
    last_line: str

    @property
    def by_signal(self) -> bool:
        """Whether a signal ended it, whoever sent it."""
        return self.code < 0 or self.code in (130, 143)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a run.

    Attributes:
        outcome: ``ok``, a word of the target's, ``source`` where the tap failed, ``killed`` where a program
            was, ``broken`` where one ended as it never should.
        sentence: Why, for a person.
        may_pass: Whether another try could do better.
    """

    outcome: str
    sentence: str
    may_pass: bool = False


def judge(tap: Ended, target: Ended) -> Verdict:
    """Return what became of a run of the pair.

    The target's word comes first: it ends the tap, as a broken pipe does. But what keeps the tap from ever reading
    keeps the run from succeeding, whatever befell the target.
    """
    source = _of_the_tap(tap)
    if target.code == 0:
        return source or Verdict("ok", "everything is carried over")
    verdict = _of_the_target(target)
    if verdict.outcome == "input" and tap.by_signal:
        verdict = Verdict(KILLED, f"tap-inventory was ended by a signal; {target.last_line}", may_pass=True)
    if source is not None and not source.may_pass and verdict.may_pass:
        return source
    return verdict


def _of_the_target(target: Ended) -> Verdict:
    word, _, _ = target.last_line.partition(":")
    if target.code > 0 and word in _MAY_PASS:
        may_pass = _MAY_PASS[word] or target.last_line.startswith(_BUSY)
        return Verdict(word, target.last_line, may_pass=may_pass)
    return _not_told("target-optiply", target)


def _of_the_tap(tap: Ended) -> Verdict | None:
    if tap.code in (0, CLOSED_PIPE):
        return None
    if tap.by_signal or tap.code != 1:
        return _not_told("tap-inventory", tap)
    return Verdict("source", tap.last_line, may_pass=_SOURCE_OUTAGE.search(tap.last_line) is not None)


def _not_told(program: str, ended: Ended) -> Verdict:
    """Judge an end of which the program told nothing: out of memory, a machine taken away, or a broken installation."""
    if ended.by_signal or ended.code > 128:
        return Verdict(KILLED, f"{program} was ended by a signal (exit code {ended.code})", may_pass=True)
    return Verdict(BROKEN, f"{program} ended with exit code {ended.code}: {ended.last_line}")
