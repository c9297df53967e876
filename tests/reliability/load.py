"""Runs the pair through a real pipe and samples both processes meanwhile: memory, descriptors, threads."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.processes import TAP, TARGET, Finished, Piped, environment, stop, write_json

PAUSE = 0.25  # seconds between two samples


@dataclass(frozen=True)
class Sample:
    """One look at a process: resident bytes, open descriptors, threads."""

    memory: int
    descriptors: int
    threads: int


@dataclass
class Course:
    """What a process took over its life, sampled at even distances."""

    samples: list[Sample] = field(default_factory=list)

    def look(self, pid: int) -> None:
        """Take a sample; a process that has just ended gives none."""
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            threads = sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
            self.samples.append(
                Sample(pages * os.sysconf("SC_PAGE_SIZE"), sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()), threads)
            )
        except OSError:
            return

    def peak(self, name: str) -> int:
        """Return the highest value of one of the three."""
        return max(getattr(sample, name) for sample in self.samples)

    def growth(self, name: str) -> float:
        """Return by how much the last quarter (without the end) lies above the second: 0 for what is flat."""
        values = [getattr(sample, name) for sample in self.samples]
        quarter = len(values) // 4
        early, late = values[quarter : 2 * quarter], values[3 * quarter : -max(quarter // 4, 1)]
        return statistics.median(late) - statistics.median(early)

    def figures(self) -> dict[str, float]:
        """Return what is reported of it: megabytes, descriptors and threads at most, and the memory's growth."""
        return {
            "megabytes": round(self.peak("memory") / 1e6, 1),
            "grown megabytes": round(self.growth("memory") / 1e6, 1),
            "descriptors": self.peak("descriptors"),
            "threads": self.peak("threads"),
            "seconds": round(len(self.samples) * PAUSE),
        }


def run_sampled(
    directory: Path,
    tap_config: Mapping[str, Any],
    target_config: Mapping[str, Any],
    *,
    state: Path | None = None,
    timeout: float,
) -> tuple[Piped, Course, Course]:
    """Run ``tap | target`` in a directory and sample both.

    Raises:
        AssertionError: They did not end in time; both are ended.
    """
    tap = [*TAP, "--config", str(write_json(directory / "tap.json", tap_config))]
    if state is not None:
        tap += ["--state", str(state)]
    commands = (tap, [*TARGET, "--config", str(write_json(directory / "target.json", target_config))])
    give_up = time.monotonic() + timeout
    courses = Course(), Course()
    with ExitStack() as stack:
        files = [stack.enter_context((directory / name).open("wb")) for name in ("tap.err", "target.err", "stdout")]
        first = _started(stack, commands[0], directory, None, subprocess.PIPE, files[0])
        second = _started(stack, commands[1], directory, first.stdout, files[2], files[1])
        if first.stdout is not None:
            first.stdout.close()  # only the two hold the pipe now
        while second.poll() is None or first.poll() is None:
            assert time.monotonic() < give_up, (directory / "target.err").read_text(errors="replace")[-3000:]
            for process, course in zip((first, second), courses, strict=True):
                if process.poll() is None:
                    course.look(process.pid)
            time.sleep(PAUSE)
    texts = [(directory / name).read_text(errors="replace") for name in ("tap.err", "target.err", "stdout")]
    done = Piped(Finished(first.returncode, "", texts[0]), Finished(second.returncode, texts[2], texts[1]))
    return done, *courses


def _started(
    stack: ExitStack, command: Sequence[str], directory: Path, stdin: Any, stdout: Any, stderr: Any
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=directory,
        env=environment(),
    )
    stack.callback(stop, process)
    return process
