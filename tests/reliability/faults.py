"""The faults of the matrix, and what is promised of a run that meets one: pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

REFUSALS = frozenset({400, 403, 404, 405, 409, 415})
HANG = 30.0  # seconds: longer than any request timeout here
BY_ID = " by id"  # ends the name of a row of the matrix: one row read by its id
FIGURE = " of a stock figure"  # the same: a PATCH that carries nothing else
REPEATED = 3  # requests in a row: still within the tries that a record has


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with requests of a kind.

    Attributes:
        name: As the table calls it.
        rule: The fault as the sandbox's control interface takes it; a refused connection never reaches the sandbox.
        times: How many requests it befalls; None for all, of one record where the request is about one.
    """

    name: str
    rule: Mapping[str, Any]
    times: int | None = 1

    @property
    def status(self) -> int:
        """The status that is answered; 0 where no answer of its own is."""
        return int(self.rule.get("status", 0))

    @property
    def is_refusal(self) -> bool:
        """Whether the connection itself is refused."""
        return self.rule["kind"] == "refused"


def _status(status: int, **headers: str) -> Fault:
    name = " ".join([str(status), *(f"with {header}" for header in headers)]).replace("_", "-")
    return Fault(
        name,
        {"kind": "status", "status": status, "headers": {key.replace("_", "-"): text for key, text in headers.items()}},
    )


ONCE = (
    Fault("connection refused", {"kind": "refused"}),
    Fault("reset before the commit", {"kind": "reset", "when": "before"}),
    Fault("reset after the commit", {"kind": "reset", "when": "after"}),
    Fault("timeout before the commit", {"kind": "hang", "when": "before", "seconds": HANG}),
    Fault("timeout after the commit", {"kind": "hang", "when": "after", "seconds": HANG}),
    Fault("truncated body", {"kind": "truncate"}),
    Fault("HTML, not committed", {"kind": "html"}),
    Fault("HTML, committed", {"kind": "html", "commit": True}),
    *(_status(status) for status in (400, 401, 403, 404, 405, 409, 415, 429)),
    _status(429, Retry_After="0"),
    *(_status(status) for status in (500, 502, 503)),
    _status(503, Retry_After="0"),
    _status(504),
    Fault("500, committed", {"kind": "status", "status": 500, "commit": True}),
)
FOR_GOOD = replace(_status(500), name="500 for good", times=None)
FAULTS = (*ONCE, *(replace(fault, name=f"{fault.name}, repeated", times=REPEATED) for fault in ONCE), FOR_GOOD)
BY_NAME = {fault.name: fault for fault in FAULTS}


def promised_code(kind: str, fault: Fault) -> int:
    """Return the exit code that is promised to the target's run in which a fault befalls requests of a kind.

    0 where the recovery is complete; 1 where a record stands rejected or the run stops.
    """
    method = kind.partition(" ")[0]
    if fault.times is None:
        return 1
    if fault.status in REFUSALS:
        # A 404 of a row that can be read is asked for once more, and then rejects the change.
        asked_again = fault.status == 404 and fault.times == 1 and method in ("PATCH", "DELETE")
        # A row that cannot be read by its id is looked for in the list before it counts as gone.
        listed = fault.status == 404 and kind.endswith(BY_ID)
        return 0 if asked_again or listed else 1
    if fault.status == 401:  # a second one refuses a token that was just issued
        return 1 if kind == "token" or fault.times > 1 else 0
    if kind == "token" and fault.rule["kind"] == "html" and fault.times > 1:
        return 1  # three pages in place of a token: auth_url must be wrong
    # A page of HTML in place of the answer to a PATCH or DELETE is a 2xx: nothing says that it was not done.
    return 0


def one_each(kinds: list[str], faults: tuple[Fault, ...]) -> list[tuple[str, Fault]]:
    """Return pairs in which every kind and every fault occurs at least once, as few as that takes."""
    number = max(len(kinds), len(faults)) if kinds else 0
    return [(kinds[place % len(kinds)], faults[place % len(faults)]) for place in range(number)]
