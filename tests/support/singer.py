"""What a run of the tap wrote, as Singer messages."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support.processes import Finished


@dataclass(frozen=True)
class Run:
    """One run of the tap."""

    ended: Finished

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ended.stdout.split("\n") if line]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [each["record"] for each in self.messages if each["type"] == "RECORD" and each["stream"] == stream]

    @property
    def counts(self) -> Counter[str]:
        """How many records of each stream."""
        return Counter(each["stream"] for each in self.messages if each["type"] == "RECORD")

    @property
    def states(self) -> list[dict[str, Any]]:
        """The values of the STATE messages."""
        return [each["value"] for each in self.messages if each["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        """The last one."""
        return self.states[-1]

    @property
    def said(self) -> str:
        """The last line on stderr."""
        return self.ended.stderr.strip().splitlines()[-1]
