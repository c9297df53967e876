"""``python -m benchmarks.pages``: serves ready-made pages of products, so fast that only their reader is measured.

The list pages by key as inFlow's does: ``after=<last key>``, at most 100 rows, the number of rows in ``x-listcount``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable
from typing import Any

import uvloop

from benchmarks.feeds import inventory_product

SIZE = 100
_AFTER = re.compile(rb"[?&]after=([^& ]*)")


def thin_product(index: int) -> dict[str, Any]:
    """A product of thirteen fields, one of them an object and one an array: about 490 bytes."""
    row = inventory_product(index)
    names: tuple[str, ...] = (
        "productId",
        "name",
        "sku",
        "itemType",
        "description",
        "isActive",
        "trackSerials",
        "standardUomName",
    )
    names += ("totalQuantityOnHand", "lastModifiedDateTime", "timestamp", "customFields", "itemBoms")
    return {name: row[name] for name in names}


KINDS: dict[str, Callable[[int], dict[str, Any]]] = {"thin": thin_product, "full": inventory_product}


class Pages:
    """The answers, by the key that they follow."""

    def __init__(self, kind: str, number: int) -> None:
        self.asked = 0
        self._answers: dict[bytes, bytes] = {}
        after = b""
        for start in range(0, number + 1, SIZE):
            rows = [KINDS[kind](index) for index in range(start, min(start + SIZE, number))]
            body = json.dumps(rows, separators=(",", ":")).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-listcount: {number}\r\ncontent-length: "
            self._answers[after] = f"{head}{len(body)}\r\n\r\n".encode() + body
            after = rows[-1]["productId"].encode() if rows else b"-"

    def answer(self, line: bytes) -> bytes:
        """Return the answer to a request line; ``/asked`` tells how many requests for pages came before."""
        if line.startswith(b"GET /asked "):
            return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%d" % (len(str(self.asked)), self.asked)
        self.asked += 1
        found = _AFTER.search(line)
        return self._answers[found[1] if found else b""]


class Connection(asyncio.Protocol):
    """One connection; requests carry no body."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._transport: Any = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            line = self._buffer.partition(b"\r\n")[0]
            self._buffer = self._buffer[end + 4 :]
            self._transport.write(self._pages.answer(line))


async def serve(kind: str, number: int) -> None:
    """Serve until the process is ended."""
    pages = Pages(kind, number)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(pages), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("number", type=int)
    options = parser.parse_args()
    uvloop.run(serve(options.kind, options.number))
