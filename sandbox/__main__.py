"""``python -m sandbox``: starts all APIs on one port, says where, and ends cleanly on a signal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import uvicorn

from sandbox import identity
from sandbox.data import generate
from sandbox.inflow.api import InflowApi
from sandbox.others import Sizes, others, ready
from sandbox.server import Application
from sandbox.switches import Switches, documentation
from sandbox.transport import TransportProtocol
from sandbox.world import World


class Server(uvicorn.Server):
    """uvicorn that says when it listens, and for which a signal is the ordinary way to end."""

    def __init__(self, config: uvicorn.Config, ready: dict[str, Any], ready_file: Path | None) -> None:
        super().__init__(config)
        self._ready = ready
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so on stdout and in the ready file."""
        await super().startup(sockets)
        line = json.dumps(self._ready)
        if self._ready_file is not None:
            self._ready_file.write_text(line + "\n", encoding="utf-8")
        print(line, flush=True)  # noqa: T201 - the one line that callers wait for

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop the requests that wait for a delay or a fault to pass, then close as usual."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                connection.transport.abort()
        await asyncio.sleep(0.01)  # the event loop tells the requests that their connection is gone
        for task in list(self.server_state.tasks):
            task.cancel()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT without raising them again, so that the exit code is 0."""

        def stop(_number: int, _frame: object) -> None:
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Optiply and the inventory APIs on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="of the inventory's data")
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--vendors", type=int, default=12)
    parser.add_argument("--sales-orders", type=int, default=300)
    parser.add_argument("--purchase-orders", type=int, default=80)
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    parser.add_argument("--switches", action="store_true", help="list the switches and end")
    parser.add_argument("--ready-file", type=Path, help="gets the line that stdout gets")
    return parser.parse_args(arguments)


def ready_line(url: str) -> dict[str, Any]:
    """Return what callers need to know: addresses and the made-up credentials."""
    return {
        "url": url,
        "inflow": {
            "api_url": f"{url}/inflow",
            "company_id": identity.INFLOW_COMPANY_ID,
            "api_key": identity.INFLOW_API_KEY,
        },
        "optiply": {
            "api_url": f"{url}/optiply/v1",
            "auth_url": f"{url}/optiply/auth/oauth/token",
            "client_id": identity.OPTIPLY_CLIENT_ID,
            "client_secret": identity.OPTIPLY_CLIENT_SECRET,
            "username": identity.OPTIPLY_USERNAME,
            "password": identity.OPTIPLY_PASSWORD,
            "account_id": identity.OPTIPLY_ACCOUNTS[0],
            "coupling_id": identity.OPTIPLY_COUPLINGS[0],
        },
        **ready(url),
        "control_url": f"{url}/control",
    }


def main(arguments: list[str]) -> int:
    """Run the sandbox until a signal ends it; return the exit code."""
    options = parse_arguments(arguments)
    if options.switches:
        for row in documentation():
            values = " | ".join(map(str, row["values"])) if isinstance(row["values"], list) else row["values"]
            print(f"{row['name']}={row['default']}  ({values}; {row['source']})\n    {row['meaning']}")  # noqa: T201
        return 0
    switches = Switches()
    try:
        switches.update(dict(_pair(text) for text in options.switch))
    except ValueError as problem:
        print(f"sandbox: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    data = generate(
        seed=options.seed,
        products=options.products,
        customers=options.customers,
        vendors=options.vendors,
        sales_orders=options.sales_orders,
        purchase_orders=options.purchase_orders,
    )
    sizes = Sizes(options.seed, options.products, options.customers, options.vendors, options.sales_orders)
    world = World(switches, InflowApi(data, switches), others=others(sizes, switches))
    listener = socket.create_server((options.host, options.port), backlog=2048)
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        cast("Any", Application(world)),
        http=TransportProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio" if os.name == "nt" else "uvloop",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        # Idle connections of a client outlive its pauses: a reset is always a fault that was asked for.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )
    # Hundreds of thousands of rows would be looked through again and again for cycles that they cannot form.
    gc.freeze()
    gc.set_threshold(50_000, 20, 1000)
    server = Server(config, ready_line(url), options.ready_file)
    with listener, contextlib.suppress(asyncio.CancelledError):
        server.run(sockets=[listener])
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--switch takes name=value, not {text!r}")
    return name, value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
