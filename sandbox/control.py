"""The control interface: what tests and demos ask of a sandbox besides its two APIs. JSON in and out, no login."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from sandbox.faults import KINDS, parse_rule
from sandbox.http import Request, Response, json_response
from sandbox.optiply.errors import Refusal
from sandbox.switches import documentation
from sandbox.world import World

Handler = Callable[[Request, list[str]], Any]


class ControlApi:
    """Routes below ``/control``; a handler returns the JSON of a 200, None for a 204."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: dict[tuple[str, str, int], Handler] = {
            ("GET", "switches", 0): self._switches,
            ("PATCH", "switches", 0): self._set_switches,
            ("GET", "switches", 1): self._document_switches,
            ("GET", "faults", 0): self._faults,
            ("POST", "faults", 0): self._add_fault,
            ("DELETE", "faults", 0): self._clear_faults,
            ("GET", "latency", 0): lambda _request, _path: self._world.latency,
            ("PUT", "latency", 0): self._set_latency,
            ("GET", "log", 0): lambda _request, _path: self._world.journal.as_rows(),
            ("DELETE", "log", 0): self._clear_log,
            ("GET", "stats", 0): self._stats,
            ("GET", "clock", 0): lambda _request, _path: self._clock(),
            ("PUT", "clock", 0): self._set_clock,
            ("GET", "inflow", 1): self._dump_inflow,
            ("PUT", "inflow", 1): self._put_inflow,
            **{("GET", name, 1): partial(self._dump_other, name) for name in self._world.others},
            **{("PUT", name, 1): partial(self._put_other, name) for name in self._world.others},
            ("GET", "optiply", 1): self._dump_optiply,
            ("POST", "optiply", 1): self._insert_optiply,
            ("PATCH", "optiply", 2): self._change_optiply,
            ("DELETE", "optiply", 2): self._delete_optiply,
            ("POST", "reset", 0): self._reset,
            ("POST", "keep", 1): lambda _request, path: self._world.keep(path[0]),
            ("POST", "bring-back", 1): lambda _request, path: self._world.bring_back(path[0]),
            ("POST", "tokens", 1): self._revoke_tokens,
        }

    def handle(self, request: Request) -> Response:
        """Answer one request; what is wrong with it is said under ``error``."""
        parts = request.path.strip("/").split("/")
        handler = self._routes.get((request.method, parts[0], len(parts) - 1))
        if handler is None:
            return json_response(404, {"error": f"there is no {request.method} {request.path}"})
        try:
            answer = handler(request, parts[1:])
        except Refusal as refusal:
            return json_response(refusal.status, {"error": refusal.detail})
        except LookupError as problem:
            return json_response(404, {"error": f"there is no {problem}"})
        except ValueError as problem:
            return json_response(400, {"error": str(problem)})
        return Response(204) if answer is None else json_response(200, answer)

    def _switches(self, _request: Request, _path: list[str]) -> Any:
        return self._world.switches.as_dict()

    def _set_switches(self, request: Request, _path: list[str]) -> Any:
        self._world.switches.update(_object(request))
        return self._world.switches.as_dict()

    def _document_switches(self, _request: Request, path: list[str]) -> Any:
        if path != ["documentation"]:
            raise LookupError(f"switches/{path[0]}")
        return documentation()

    def _faults(self, _request: Request, _path: list[str]) -> Any:
        return [
            {"kind": rule.fault.kind, "hits": rule.hits, "times": rule.times, "skip": rule.skip, "api": rule.api}
            for rule in self._world.faults.rules
        ]

    def _add_fault(self, request: Request, _path: list[str]) -> Any:
        self._world.faults.rules.append(parse_rule(_json(request)))
        return {"rules": len(self._world.faults.rules), "kinds": list(KINDS)}

    def _clear_faults(self, _request: Request, _path: list[str]) -> None:
        self._world.faults.rules.clear()

    def _set_latency(self, request: Request, _path: list[str]) -> Any:
        wanted = _object(request)
        for api, seconds in wanted.items():
            if api not in self._world.latency or type(seconds) not in (int, float) or not 0 <= seconds <= 3600:
                raise ValueError(f"latency is seconds from 0 for {', '.join(self._world.latency)}, not {api}={seconds}")
        self._world.latency.update(wanted)
        return self._world.latency

    def _clear_log(self, _request: Request, _path: list[str]) -> None:
        self._world.journal.clear()

    def _stats(self, _request: Request, _path: list[str]) -> Any:
        journal = self._world.journal
        tables = self._world.optiply.store.tables
        return {
            "requests": journal.requests,
            "writes": journal.writes,
            "max_in_flight": journal.max_in_flight,
            "max_in_flight_by_api": journal.max_by_api,
            "in_flight": journal.in_flight,
            "by_status": journal.by_status,
            "cpu_seconds": time.process_time(),
            "rows": {name: sum(len(live.ids) for live in table.live.values()) for name, table in tables.items()},
        }

    def _clock(self) -> dict[str, float]:
        return {"now": self._world.clock.now(), "offset": self._world.clock.offset}

    def _set_clock(self, request: Request, _path: list[str]) -> Any:
        offset = _object(request).get("offset")
        if not isinstance(offset, (int, float)) or not self._world.clock.offset <= offset <= 10**9:
            raise ValueError("offset is in seconds, and time does not run backwards")
        self._world.clock.offset = float(offset)
        return self._clock()

    def _dump_inflow(self, _request: Request, path: list[str]) -> Any:
        return self._world.inflow.dump(path[0])

    def _put_inflow(self, request: Request, path: list[str]) -> Any:
        return {"rows": self._world.inflow.put(path[0], _rows(request))}

    def _dump_other(self, name: str, _request: Request, path: list[str]) -> Any:
        return self._world.others[name].dump(path[0])

    def _put_other(self, name: str, request: Request, path: list[str]) -> Any:
        return {"rows": self._world.others[name].put(path[0], _rows(request), self._world.clock.now())}

    def _dump_optiply(self, _request: Request, path: list[str]) -> Any:
        return self._world.backdoor.dump(path[0])

    def _insert_optiply(self, request: Request, path: list[str]) -> Any:
        body = _object(request, Decimal)
        account, coupling = body.get("account_id"), body.get("coupling_id")
        if type(account) is not int or not (coupling is None or type(coupling) is int):
            raise ValueError("account_id is a number, coupling_id a number or null")
        attributes = body.get("attributes")
        if not isinstance(attributes, dict):
            raise ValueError("attributes is an object")  # noqa: TRY004 - answered with a 400 like every wrong body
        return self._world.backdoor.insert(path[0], account, coupling, attributes, now=self._world.clock.now())

    def _change_optiply(self, request: Request, path: list[str]) -> Any:
        body = _object(request, Decimal)
        attributes = body["attributes"] if isinstance(body.get("attributes"), dict) else body
        return self._world.backdoor.change(path[0], _id(path[1]), attributes, self._world.clock.now())

    def _delete_optiply(self, _request: Request, path: list[str]) -> None:
        self._world.backdoor.delete(path[0], _id(path[1]), self._world.clock.now())

    def _reset(self, _request: Request, _path: list[str]) -> None:
        self._world.reset()

    def _revoke_tokens(self, _request: Request, path: list[str]) -> Any:
        if path != ["revoke"]:
            raise LookupError(f"tokens/{path[0]}")
        return {"revoked": self._world.optiply.tokens.revoke_all()}


def _json(request: Request, parse_float: Callable[[str], Any] = float) -> Any:
    try:
        return json.loads(request.body, parse_float=parse_float)
    except ValueError as problem:
        raise ValueError(f"the body is not JSON: {problem}") from None


def _rows(request: Request) -> list[dict[str, Any]]:
    rows = _json(request)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("the body is an array of whole rows")
    return rows


def _object(request: Request, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    body = _json(request, parse_float)
    if not isinstance(body, dict):
        raise ValueError("the body is an object")  # noqa: TRY004 - answered with a 400 like every wrong body
    return body


def _id(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"{text!a} is not an id")
    return int(text)
