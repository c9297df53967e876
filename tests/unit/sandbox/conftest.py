"""One running sandbox for the tests that need sockets, put back to its beginnings before each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server_client import SMALL, Client
from support.processes import Sandbox


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as sandbox:
        yield sandbox


@pytest.fixture
def client(running: Sandbox) -> Client:
    """Return a client of an empty, well-behaved Optiply."""
    control = running.control
    defaults = {row["name"]: row["default"] for row in control.request("GET", "switches/documentation")}
    control.set_switches(**defaults)
    control.request("PUT", "latency", {"optiply": 0, "inflow": 0, "auth": 0})
    control.reset()
    client = Client(running)
    client.login()
    control.clear_log()
    return client
