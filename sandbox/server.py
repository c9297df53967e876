"""The ASGI application: finds the API that a request is for, and lets faults, load and latency befall it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from urllib.parse import parse_qsl

import orjson

from sandbox.control import ControlApi
from sandbox.faults import Fault
from sandbox.http import Api, Request, Response, json_response
from sandbox.journal import Entry, attributes_of
from sandbox.optiply.errors import Refusal, refusal_response
from sandbox.transport import Receive, Scope, Send, drip, is_gone, reset, send_response, truncate, wait_for_disconnect
from sandbox.world import World

_HTML = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be right back</h1></body></html>"
)


@dataclass(slots=True)
class Exchange:
    """One request under way to one API: what is asked, how late the answer is, and the wire it goes back on."""

    api: Api
    request: Request
    entry: Entry
    delay: float
    scope: Scope
    receive: Receive
    send: Send

    def handle(self) -> Response:
        """Let the API carry the request out."""
        return self.api.handle(self.request)


class Application:
    """The sandbox as an ASGI application; each API is mounted under a path prefix."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._control = ControlApi(world)
        # Longest first does not matter here: no prefix begins another.
        self._mounts: tuple[tuple[str, str, Api], ...] = (
            ("/optiply/v1", "optiply", world.optiply),
            ("/inflow", "inflow", world.inflow),
            ("/optiply/auth", "auth", world.auth),
            ("/control", "control", self._control),
            *((f"/{name}", name, api) for name, api in world.others.items()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body = body + message["body"] if body else message["body"]
            if not message["more_body"]:
                break
        path: str = scope["path"]
        for prefix, name, api in self._mounts:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("/", ""):
                request = self._request(scope, prefix, bytes(body))
                if name == "control":
                    await send_response(send, api.handle(request), self._date())
                else:
                    await self._serve(name, api, request, (scope, receive, send))
                return
        await send_response(send, json_response(404, {"error": f"nothing is mounted at {path}"}), self._date())

    def _request(self, scope: Scope, prefix: str, body: bytes) -> Request:
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
        return Request(
            method=scope["method"],
            path=scope["path"][len(prefix) :] or "/",
            query=list(_query(scope["query_string"])),
            headers=headers,
            body=body,
            now=self._world.clock.now(),
            base_url=f"{scope['scheme']}://{headers.get('host', '')}{prefix}",
        )

    async def _serve(self, name: str, api: Api, request: Request, wire: tuple[Scope, Receive, Send]) -> None:
        world = self._world
        authorization = request.headers.get("authorization")
        query = wire[0]["query_string"].decode("latin-1")
        entry = world.journal.arrive(time.time(), name, request.method, request.path, query, authorization)
        entry.client_port = (wire[0].get("client") or (None, None))[1]
        if request.method == "PATCH":
            entry.attributes = attributes_of(request.body)
        exchange = Exchange(api, request, entry, world.latency[name], *wire)
        try:
            if name == "optiply":
                refused = world.load.throttled(request.now, entry.in_flight)
                if refused is not None:
                    await self._send(exchange, refused)
                    return
                exchange.delay += world.load.extra_latency(entry.in_flight)
            fault = world.faults.strike(name, request) if world.faults else None
            if fault is None:
                response = await self._delayed(exchange)
                if response is not None:
                    await self._send(exchange, response)
            else:
                entry.fault = fault.kind
                await self._break(fault, exchange)
        except asyncio.CancelledError:
            # The sandbox ends while the request waits; its connection is already gone.
            return
        finally:
            world.journal.leave(entry)

    async def _send(self, exchange: Exchange, response: Response) -> None:
        exchange.entry.status = response.status
        await send_response(exchange.send, response, self._date())

    async def _delayed(self, exchange: Exchange) -> Response | None:
        """Carry a request out, at the beginning or at the end of its delay; None where the client gave up."""
        if exchange.delay <= 0:
            return exchange.handle()
        if self._world.switches.optiply_late_commit:
            await asyncio.sleep(exchange.delay)
            exchange.request.now = self._world.clock.now()
            return exchange.handle()
        response = exchange.handle()
        await asyncio.sleep(exchange.delay)
        return None if is_gone(exchange.scope) else response

    async def _break(self, fault: Fault, exchange: Exchange) -> None:
        kind, options = fault.kind, fault.options
        if exchange.delay > 0:
            await asyncio.sleep(exchange.delay)
        if kind == "reset":
            if options["when"] == "after":
                exchange.handle()
            reset(exchange.scope)
            await wait_for_disconnect(exchange.receive)
        elif kind == "hang":
            response = await self._hang(exchange, options["when"], options["seconds"])
            if response is not None:
                await self._send(exchange, response)
        elif kind == "truncate":
            response = exchange.handle()
            await truncate(exchange.scope, exchange.receive, exchange.send, response, self._date())
        elif kind == "slow":
            response = exchange.handle()
            exchange.entry.status = response.status
            await drip(exchange.scope, exchange.send, response, self._date(), options["bytes_per_second"])
        else:
            if options.get("commit"):
                exchange.handle()
            await self._send(exchange, self._instead(fault, exchange.entry.api))

    async def _hang(self, exchange: Exchange, when: str, seconds: float) -> Response | None:
        """Let a request wait; where the client gives up before the commit, only a late commit is carried out."""
        response = exchange.handle() if when == "after" else None
        await asyncio.sleep(seconds)
        if response is None and (self._world.switches.optiply_late_commit or not is_gone(exchange.scope)):
            exchange.request.now = self._world.clock.now()
            response = exchange.handle()
        return None if is_gone(exchange.scope) else response

    def _instead(self, fault: Fault, api: str) -> Response:
        """Return the answer that a fault puts in place of the API's own."""
        options = fault.options
        if fault.kind == "html":
            return Response(200, _HTML, {"content-type": "text/html; charset=utf-8"})
        if fault.kind == "redirect":
            return Response(options["status"], b"", {"location": options["location"]})
        if fault.kind == "body":
            return _with_body(200, options["body"], {})
        headers = {name.lower(): str(text) for name, text in options["headers"].items()}
        if options["body"] is None:
            if api == "optiply" and options["status"] >= 400:
                refusal = Refusal(options["status"], "A fault was asked for")
                response = refusal_response(refusal, self._world.switches)
                return Response(response.status, response.body, {**response.headers, **headers})
            return Response(options["status"], b"", headers)
        return _with_body(options["status"], options["body"], headers)

    def _date(self) -> bytes:
        return _http_date(int(self._world.clock.now()))


def _with_body(status: int, body: object, headers: dict[str, str]) -> Response:
    if isinstance(body, str):
        return Response(status, body.encode(), {"content-type": "text/plain; charset=utf-8", **headers})
    return Response(status, orjson.dumps(body), {"content-type": "application/json", **headers})


@lru_cache(maxsize=8)
def _http_date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()


@lru_cache(maxsize=4096)
def _query(query_string: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
