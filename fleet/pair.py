"""``tap | target`` as two processes and one real pipe: what they say is handed on, and both end whatever happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Literal, final

PATIENCE = 30.0
"""Seconds that both get to end when they are told to; the target finishes requests in flight for 20 at most."""
_LOOK = 1.0  # seconds between looks at a target that says nothing
_FOREIGN = ("TAP_INVENTORY_", "TARGET_OPTIPLY_")

Source = Literal["tap", "target", "state"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was said: on a program's stderr, or a STATE on the target's stdout."""

    source: Source
    text: str


def command(name: str) -> str:
    """Return where a console program is: beside this interpreter, or on the path.

    Raises:
        FileNotFoundError: It is not installed.
    """
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        raise FileNotFoundError(f"{name} is not installed beside {sys.executable}, nor on the path")
    return found


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of both programs: no setting of this machine's is a tenant's."""
    return {name: value for name, value in given.items() if not name.startswith(_FOREIGN)}


@final
class Pair:
    """Both programs while they run; a context manager at whose end neither does any more.

    Args:
        tap: The tap's command.
        target: The target's command.
    """

    def __init__(self, tap: Sequence[str], target: Sequence[str]) -> None:
        self._inbox: SimpleQueue[Line | None] = SimpleQueue()
        self._tap = _start(tap, subprocess.DEVNULL)
        with _output(self._tap) as joint:  # afterwards only the two hold the pipe, so that each notices the other's end
            try:
                self._target = _start(target, joint)
            except BaseException:
                _end(self._tap, 0)
                _output(self._tap, error=True).close()
                raise
        sources: tuple[tuple[Source, IO[bytes]], ...] = (
            ("tap", _output(self._tap, error=True)),
            ("target", _output(self._target, error=True)),
            ("state", _output(self._target)),
        )
        self._open = len(sources)
        self._readers = [Thread(target=self._read, args=each, name=f"{each[0]}-lines", daemon=True) for each in sources]
        for reader in self._readers:
            reader.start()

    @property
    def codes(self) -> dict[Source, int]:
        """Exit codes by program, negative for a signal, once ``lines`` is over."""
        return {"tap": self._tap.wait(), "target": self._target.wait()}

    def lines(self) -> Iterator[Line]:
        """Yield what is said, as it is said, until both have ended."""
        target_ended: float | None = None
        while self._open:
            try:
                line = self._inbox.get(timeout=_LOOK)
            except Empty:
                # A tap that waits for its pace would notice the broken pipe only with its next page.
                if target_ended is not None and time.monotonic() - target_ended >= _LOOK and self._tap.poll() is None:
                    self._tap.terminate()
                if target_ended is None and self._target.poll() is not None:
                    target_ended = time.monotonic()
                continue
            if line is None:
                self._open -= 1
            else:
                yield line

    def stop(self) -> None:
        """Tell both to end; kill what has not ended in time. What they say then is still in ``lines``."""
        for process in (self._tap, self._target):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in (self._target, self._tap):
            _end(process, max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for reader in self._readers:
            reader.join()

    def _read(self, source: Source, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                if text := line.decode(errors="replace").strip():
                    self._inbox.put(Line(source, text))
        self._inbox.put(None)


def _start(command: Sequence[str], stdin: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Start a program, of a session of its own: Ctrl-C in a terminal reaches it once, by way of this process."""
    return subprocess.Popen(  # noqa: S603 - the two programs with paths of our own; no shell
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(os.environ),
        start_new_session=True,
    )


def _output(process: subprocess.Popen[bytes], *, error: bool = False) -> IO[bytes]:
    stream = process.stderr if error else process.stdout
    if stream is None:
        raise RuntimeError("a program was started without a pipe")
    return stream


def _end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Wait for a process to end, and kill it where it does not, or where the waiting is interrupted."""
    try:
        process.wait(patience)
    except BaseException as error:
        process.kill()
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
