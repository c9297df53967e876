"""What is kept of a tenant between runs, in a folder or below a URL, and the lock that keeps a second run away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from target_optiply.locking import lock
from target_optiply.statefile import StateFile

REPORT = "report.html"
_TOLD = {"run": b'"run": ', "summary": b'"summary": '}


@dataclass(frozen=True, slots=True)
class Told:
    """What the target's state says of the run that wrote it.

    Attributes:
        run: Outcome, time, and what it took.
        summary: Counts by entity.
    """

    run: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, dict[str, int]] = field(default_factory=dict)


class Keeping:
    """A tenant's folder.

    Args:
        folder: Path or fsspec URL.

    Raises:
        ConfigProblem: The URL's scheme is not known.
    """

    def __init__(self, folder: str) -> None:
        self._bookmarks = StateFile(f"{folder}/tap-state.json")
        self.target_state = StateFile(f"{folder}/target-state.json")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other run of this tenant away, on this machine and on others that see the folder.

        Raises:
            StateInUse: Another run has it.
            ConfigProblem: The folder cannot be written.
        """
        if self._bookmarks.is_local:
            self._bookmarks.local_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            parent, _, _ = self._bookmarks.lock_path.rpartition("/")
            self._bookmarks.filesystem.makedirs(parent, exist_ok=True)
        held = lock(self._bookmarks)
        try:
            yield
        finally:
            if held is not None:
                held.release()

    def bookmarks(self) -> bytes | None:
        """Return the tap's STATE as the last run released it; None where there is none yet."""
        source = self._bookmarks.open()
        if source is None:
            return None
        with source:
            return source.read()

    def keep(self, state: str) -> None:
        """Keep a STATE that the target has released."""
        self._bookmarks.replace([state.encode() + b"\n"])

    def told(self) -> Told:
        """Return what the target's state says of the run that wrote it last; nothing where there is none.

        A state lists its entries line by line, and what is asked for here on lines of its own behind them.
        """
        source = self.target_state.open()
        if source is None:
            return Told()
        found: dict[str, Any] = {}
        with source:
            for line in source:
                for name, beginning in _TOLD.items():
                    if line.startswith(beginning):
                        found[name], _ = json.JSONDecoder().raw_decode(line[len(beginning) :].decode())
        return Told(**found)
