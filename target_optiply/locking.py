"""One run per state: a lock that dies with its process; for a state at a URL, a marker that is renewed each minute."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from fsspec import AbstractFileSystem

from target_optiply.errors import ConfigProblem, StateInUse
from target_optiply.statefile import StateFile

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

RENEWED_EVERY = 60.0  # seconds
STALE_AFTER = 300.0  # seconds without renewal after which the run that left a marker counts as dead
_log = logging.getLogger("target-optiply")


class StateLock:
    """Holds ``<state_path>.lock`` as long as the process lives.

    Args:
        path: The lock file. It stays behind when the run ends; the lock itself does not.

    Raises:
        StateInUse: Another run holds it.
        ConfigProblem: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[str] = path.open("a+")
        except OSError as error:
            raise ConfigProblem(f"state_path: {path} cannot be opened ({error.strerror})") from None
        try:
            _take(self._file)
        except OSError:
            self._file.close()
            raise StateInUse(f"another run is using the state ({path} is locked); wait until it has ended") from None

    def release(self) -> None:
        """Give the lock up. The file stays: taking it away would let a third run lock a new one beside the second."""
        self._file.close()


def _take(file: IO[str]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class StateMarker:
    """Holds a marker beside a state at a URL, where there are no locks, and renews it on a thread.

    Args:
        filesystem: The state's file system.
        path: Where the marker lies on it.
        clock: Seconds since 1970; replaced in tests.
        every: Seconds between renewals.

    Raises:
        StateInUse: Another run's marker was renewed within the last five minutes.
        ConfigProblem: None can be written.
    """

    def __init__(
        self,
        filesystem: AbstractFileSystem,
        path: str,
        *,
        clock: Callable[[], float] = time.time,
        every: float = RENEWED_EVERY,
    ) -> None:
        self._filesystem = filesystem
        self._path = path
        self._clock = clock
        self._every = every
        self._name = secrets.token_hex(8)
        self._ended = threading.Event()
        holder, renewed_at = self._read()
        if holder is not None and clock() - renewed_at < STALE_AFTER:
            raise StateInUse(
                f"another run is using the state ({path} was renewed {max(0, int(clock() - renewed_at))} seconds ago); "
                "wait until it has ended, or five minutes if it was killed"
            )
        try:
            self._write()
        except Exception as error:
            raise ConfigProblem(f"state_path: {path} cannot be written ({type(error).__name__})") from error
        if self._read()[0] != self._name:
            raise StateInUse(f"another run is using the state ({path} was taken at the same moment)")
        self._thread = threading.Thread(target=self._renew, name="state-marker", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Take the marker away, if it is still this run's."""
        self._ended.set()
        self._thread.join()
        try:
            if self._read()[0] == self._name:
                self._filesystem.rm_file(self._path)
        except Exception as error:  # noqa: BLE001 - each file system raises its own; the marker grows stale anyway
            _log.warning(
                "%s could not be removed (%s); it is ignored in five minutes", self._path, type(error).__name__
            )

    def _renew(self) -> None:
        while not self._ended.wait(self._every) and self._renewed():
            pass

    def _renewed(self) -> bool:
        """Renew the marker; False where it is another run's now."""
        try:
            if self._read()[0] not in (self._name, None):
                _log.warning("another run has taken %s; two runs write one state", self._path)
                return False
            self._write()
        except Exception as error:  # noqa: BLE001 - each file system raises its own; the next minute may do better
            _log.warning("%s could not be renewed (%s)", self._path, type(error).__name__)
        return True

    def _write(self) -> None:
        self._filesystem.pipe_file(
            self._path, json.dumps({"run": self._name, "renewed_at": self._clock()}).encode("ascii")
        )

    def _read(self) -> tuple[str | None, float]:
        """Return whose marker lies there and when it was renewed; None where there is none that can be read."""
        try:
            marker: Any = json.loads(self._filesystem.cat_file(self._path))
            return str(marker["run"]), float(marker["renewed_at"])
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None, 0.0


def lock(place: StateFile, *, dry: bool = False) -> StateLock | StateMarker | None:
    """Take the lock that fits the place of a state.

    Args:
        place: Where the state lies.
        dry: Whether nothing is to be left behind: then a lock is taken only where there is a file for it already.

    Raises:
        StateInUse: Another run has it.
    """
    if dry and not (place.is_local and Path(place.lock_path).exists()):
        return None
    if place.is_local:
        return StateLock(Path(place.lock_path))
    return StateMarker(place.filesystem, place.lock_path, every=RENEWED_EVERY)
