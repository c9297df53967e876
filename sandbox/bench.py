"""``python -m sandbox.bench``: how many products a second the sandbox's Optiply takes, on one core."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from base64 import b64encode
from typing import Any

#: No proxy of the machine shall see these requests.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Writer(asyncio.Protocol):
    """One connection that posts products, the next as soon as the last is answered."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport if isinstance(transport, asyncio.Transport) else None
        self._next()

    def data_received(self, data: bytes) -> None:
        """Count whole answers."""
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._buffer = b""
            self._bench.answered(head[9:12] == b"201")
            self._next()

    def _next(self) -> None:
        request = self._bench.next_request()
        if self._transport is None:
            return
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


class Bench:
    """Posts ``writes`` products over ``connections`` connections to a running sandbox."""

    def __init__(self, ready: dict[str, Any], writes: int, connections: int) -> None:
        self._optiply = ready["optiply"]
        self._connections = connections
        self._left = writes
        self._open = writes
        self._done = asyncio.Event()
        self.failed = 0
        self._head = self._request_head(ready["url"])

    async def run(self) -> None:
        """Return when every write has been answered."""
        url = urllib.parse.urlsplit(self._optiply["api_url"])
        loop = asyncio.get_running_loop()
        for _ in range(self._connections):
            await loop.create_connection(lambda: Writer(self), url.hostname, url.port)
        await self._done.wait()

    def next_request(self) -> bytes | None:
        """Return the next request, None when all have been sent."""
        if not self._left:
            return None
        self._left -= 1
        attributes = (
            b'{"data":{"type":"products","attributes":{"name":"Chair no. %d","stockLevel":%d,"unlimitedStock":false,'
            b'"skuCode":"C-%d","articleCode":"A-%d","price":"19.95","status":"enabled","assembled":false,'
            b'"stockMeasurementUnit":"ea.","remoteId":"3f1d%08d","remoteDataSyncedToDate":"2026-03-01T10:00:00Z"}}}'
        )
        body = attributes % ((self._left,) * 5)
        return self._head % len(body) + body

    def answered(self, good: bool) -> None:
        """Count an answer."""
        self.failed += not good
        self._open -= 1
        if not self._open:
            self._done.set()

    def _request_head(self, url: str) -> bytes:
        optiply = self._optiply
        form = {"grant_type": "password", "username": optiply["username"], "password": optiply["password"]}
        client = b64encode(f"{optiply['client_id']}:{optiply['client_secret']}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own loopback address
            optiply["auth_url"], urllib.parse.urlencode(form).encode(), {"Authorization": f"Basic {client}"}
        )
        with _OPENER.open(request, timeout=10) as answer:
            token = json.loads(answer.read())["access_token"]
        path = f"/optiply/v1/products?accountId={optiply['account_id']}&couplingId={optiply['coupling_id']}"
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: {url.removeprefix('http://')}",
            f"Authorization: Bearer {token}",
            "User-Agent: sandbox-bench",
            "Accept: application/vnd.api+json",
            "Content-Type: application/vnd.api+json",
            "Content-Length: %d",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def measure(ready: dict[str, Any], writes: int, connections: int) -> dict[str, float]:
    """Return the writes a second by the clock and by the server's CPU time, and the number of failed ones."""

    async def run() -> tuple[float, int]:
        bench = Bench(ready, writes, connections)
        begin = time.perf_counter()
        await bench.run()
        return time.perf_counter() - begin, bench.failed

    before = _cpu_seconds(ready)
    seconds, failed = asyncio.run(run())
    cpu = _cpu_seconds(ready) - before
    return {
        "writes": writes,
        "seconds": round(seconds, 3),
        "writes_per_second": round(writes / seconds),
        "writes_per_cpu_second": round(writes / cpu),
        "failed": failed,
    }


def _cpu_seconds(ready: dict[str, Any]) -> float:
    with _OPENER.open(f"{ready['control_url']}/stats", timeout=30) as answer:
        return float(json.loads(answer.read())["cpu_seconds"])


def main(arguments: list[str]) -> int:
    """Start a sandbox, measure it and print one JSON line; return 1 where a write failed."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.bench")
    parser.add_argument("--writes", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args(arguments)
    command = [sys.executable, "-m", "sandbox", "--products", "5", "--sales-orders", "0", "--purchase-orders", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sandbox:  # noqa: S603 - this very program
        try:
            line = sandbox.stdout.readline() if sandbox.stdout else b""
            result = measure(json.loads(line), options.writes, options.connections)
        finally:
            sandbox.terminate()
    print(json.dumps(result))  # noqa: T201
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
