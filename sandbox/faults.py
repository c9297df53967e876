"""What shall go wrong with which requests: rules from the control interface, matched one request at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.http import Request
from sandbox.identity import ALL_APIS

_APIS = ALL_APIS

#: Each kind of fault with its options: name to (type, default); a default of ... makes the option obligatory.
#: ``commit`` tells whether the request is carried out although its answer is lost.
KINDS: dict[str, dict[str, tuple[tuple[type, ...], Any]]] = {
    "status": {
        "status": ((int,), ...),
        "body": ((str, dict, list, type(None)), None),
        "headers": ((dict,), {}),
        "commit": ((bool,), False),
    },
    "reset": {"when": ((str,), "before")},
    "hang": {"when": ((str,), "before"), "seconds": ((int, float), ...)},
    "truncate": {},
    "html": {"commit": ((bool,), False)},
    "slow": {"bytes_per_second": ((int, float), ...)},
    "body": {"body": ((str, dict, list, int, float, bool, type(None)), ...), "commit": ((bool,), False)},
    "redirect": {"location": ((str,), ...), "status": ((int,), 302)},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: its kind and its options, all of them set."""

    kind: str
    options: dict[str, Any]


@dataclass(slots=True)
class Rule:
    """Which requests a fault befalls, and how often.

    Attributes:
        fault: What happens.
        api: ``optiply``, ``inflow``, ``auth`` or one of the others; empty for all.
        method: Upper case; empty for all.
        path: Searched for in the path below the mount.
        query: Searched for in the query, percent-encoded; None for any.
        body: Searched for in the body; None for any.
        skip: So many matching requests pass first.
        times: So many are hit; None for all.
        hits: So many have been hit.
    """

    fault: Fault
    api: str = ""
    method: str = ""
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    query: re.Pattern[str] | None = None
    body: re.Pattern[str] | None = None
    skip: int = 0
    times: int | None = 1
    hits: int = 0

    def matches(self, api: str, request: Request) -> bool:
        """Tell whether the rule is about this request, whatever its counters say."""
        return (
            self.api in ("", api)
            and self.method in ("", request.method)
            and self.path.search(request.path) is not None
            and (self.query is None or self.query.search(urlencode(request.query)) is not None)
            and (self.body is None or self.body.search(request.body.decode("utf-8", "replace")) is not None)
        )


class Faults:
    """The rules in force, oldest first; the first that matches and is not used up strikes."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def __bool__(self) -> bool:
        return bool(self.rules)

    def strike(self, api: str, request: Request) -> Fault | None:
        """Return the fault that befalls this request, and count it."""
        for rule in self.rules:
            if rule.times is not None and rule.hits >= rule.times:
                continue
            if not rule.matches(api, request):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.hits += 1
            return rule.fault
        return None


def parse_rule(body: Any) -> Rule:
    """Read a rule from the JSON of the control interface.

    Raises:
        ValueError: It is not one; the message says what is wrong.
    """
    if not isinstance(body, dict) or set(body) - {"match", "fault", "times"}:
        raise ValueError("a fault is an object of match, fault and times")
    match, times = body.get("match") or {}, body.get("times", 1)
    if not isinstance(match, dict) or set(match) - {"api", "method", "path", "query", "body", "skip"}:
        raise ValueError("match is an object of api, method, path, query, body and skip")
    api, method, skip = match.get("api") or "", match.get("method") or "", match.get("skip", 0)
    if api and api not in _APIS:
        raise ValueError(f"match.api is one of {', '.join(_APIS)}")
    if not (type(skip) is int and skip >= 0 and (times is None or (type(times) is int and times > 0))):
        raise ValueError("match.skip is a number from 0, times one from 1 or null")
    try:
        path = re.compile(match.get("path") or "")
        query, pattern = (re.compile(match[name]) if match.get(name) else None for name in ("query", "body"))
    except (re.error, TypeError) as problem:
        raise ValueError(f"match.path, match.query and match.body are regular expressions: {problem}") from None
    return Rule(_parse_fault(body.get("fault")), api, str(method).upper(), path, query, pattern, skip, times)


def _parse_fault(body: Any) -> Fault:
    if not isinstance(body, dict) or body.get("kind") not in KINDS:
        raise ValueError(f"fault.kind is one of {', '.join(KINDS)}")
    known = KINDS[body["kind"]]
    unknown = set(body) - set(known) - {"kind"}
    if unknown:
        raise ValueError(f"fault {body['kind']} has no option {', '.join(sorted(unknown))}")
    options: dict[str, Any] = {}
    for name, (types, default) in known.items():
        value = body.get(name, default)
        if value is ... or not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ValueError(f"fault {body['kind']} needs {name} as {' or '.join(kind.__name__ for kind in types)}")
        options[name] = value
    if options.get("when", "before") not in ("before", "after"):
        raise ValueError("fault.when is before or after the commit")
    if not 200 <= options.get("status", 200) < 600:
        raise ValueError("fault.status is a final HTTP status")
    if options.get("bytes_per_second", 1) <= 0 or options.get("seconds", 0) < 0:
        raise ValueError("fault.bytes_per_second and fault.seconds are positive")
    return Fault(body["kind"], options)
