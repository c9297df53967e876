"""One run per state: a lock that dies with its process, beside the state."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from target_optiply.errors import ConfigProblem


class StateLock:
    """Holds ``<state_path>.lock`` as long as the process lives.

    Args:
        path: The lock file. It stays behind when the run ends; the lock itself does not.

    Raises:
        ConfigProblem: Another run holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise ConfigProblem(f"another run is using the state ({path} is locked); wait until it has ended") from None

    def release(self) -> None:
        """Give the lock up. The file stays: taking it away would let a third run lock a new one beside the second."""
        self._file.close()
