"""All that one running sandbox consists of: both APIs, their switches, faults, latency, log and clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.faults import Faults
from sandbox.http import Request, Response
from sandbox.identity import ALL_APIS
from sandbox.journal import Journal
from sandbox.lists import ListApi
from sandbox.load import Load
from sandbox.optiply.api import OptiplyApi
from sandbox.optiply.backdoor import Backdoor
from sandbox.optiply.store import Table
from sandbox.optiply.tokens import AuthApi
from sandbox.switches import Switches


class InflowSide(Protocol):
    """What the server needs of the inFlow half."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""

    def dump(self, collection: str) -> list[dict[str, Any]]:
        """Return the whole rows of a collection."""

    def put(self, collection: str, rows: list[dict[str, Any]]) -> int:
        """Insert or replace rows; return how many."""


@dataclass(slots=True)
class Clock:
    """The sandbox's time: the machine's, moved forward by ``offset`` seconds."""

    offset: float = 0.0

    def now(self) -> float:
        """Return epoch seconds."""
        return time.time() + self.offset


@dataclass
class World:
    """One sandbox without its sockets.

    Attributes:
        switches: Behaviour, of both APIs.
        inflow: The inFlow half.
        latency: API to the seconds that each of its answers takes.
        others: The inventory APIs beside inFlow's, by name.
    """

    switches: Switches
    inflow: InflowSide
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    latency: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ALL_APIS, 0.0))
    others: Mapping[str, ListApi] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.optiply = OptiplyApi(self.switches)
        self.auth = AuthApi(self.optiply.tokens)
        self.backdoor = Backdoor(self.optiply)
        self.load = Load(self.switches)
        self._kept: dict[str, dict[str, Table]] = {}

    def keep(self, name: str) -> None:
        """Keep Optiply's rows as they are now, under a name."""
        self._kept[name] = self.optiply.store.copied()

    def bring_back(self, name: str) -> None:
        """Reset, but for Optiply's rows: they are as they were kept.

        Raises:
            LookupError: Nothing is kept under this name.
        """
        kept = self._kept[name]
        self.reset()
        self.optiply.store.bring_back(kept)

    def reset(self) -> None:
        """Empty Optiply, log and faults, and revoke every token; the inventory, switches and latency stay."""
        self.optiply.store.clear()
        self.optiply.tokens.revoke_all()
        self.journal.clear()
        self.faults.rules.clear()
        self.load.forget()
        for api in self.others.values():
            api.forget()
