"""Says what is being measured, and how long the rest will take if it takes as long as the last time."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence


class Progress:
    """The families that are to be measured, and how far that has come.

    Args:
        families: Their names, in order.
        earlier: The seconds that each took the last time; a family that is not in it is not reckoned with.
    """

    def __init__(self, families: Sequence[str], earlier: Mapping[str, float]) -> None:
        self._left = list(families)
        self._earlier = earlier
        self._began = self._family_began = time.monotonic()
        self._name = ""

    def begin(self, name: str) -> None:
        """Begin a family."""
        self._left.remove(name)
        self._name, self._family_began = name, time.monotonic()
        self.tell(0.0)

    def end(self) -> float:
        """End the family; return the seconds that it took."""
        seconds = time.monotonic() - self._family_began
        _say(f"{self._name}: took {_clock(seconds)}")
        return seconds

    def tell(self, share: float) -> None:
        """Say how much of the family is done."""
        spent = time.monotonic() - self._family_began
        whole = self._earlier.get(self._name)
        if share >= 0.2 or (share and whole is None):
            whole = spent / share
        rest = (
            None if whole is None else max(0.0, whole - spent) + sum(self._earlier.get(each, 0) for each in self._left)
        )
        unknown = [each for each in self._left if each not in self._earlier]
        text = "" if rest is None else f", {_clock(rest)} to go" + (f" without {', '.join(unknown)}" if unknown else "")
        _say(f"[{_clock(time.monotonic() - self._began)}] {self._name}: {share:.0%}{text}")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
