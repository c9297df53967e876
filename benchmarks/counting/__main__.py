"""Counts work: executed lines and calls, those of C functions too, on every thread.

``python -m benchmarks.counting FILE MODULE ARGUMENT…`` runs a program so, once it is imported, and writes the count
into a file. With ``PLANT=module:function:work`` in the environment, that function does so much more at each call.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any


class Work:
    """A count of lines and calls, a cell for each thread, so that none is lost between two threads."""

    def __init__(self) -> None:
        self._cells: list[list[int]] = []
        self._local = threading.local()

    @property
    def total(self) -> int:
        """The count so far."""
        return sum(cell[0] for cell in self._cells)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what the block does, and what the threads do that it starts."""
        threading.settrace(self._begin)
        threading.setprofile(self._profile)
        sys.settrace(self._begin)
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)
            sys.settrace(None)
            threading.setprofile(None)
            threading.settrace(None)

    def _cell(self) -> list[int]:
        cell: list[int] | None = getattr(self._local, "cell", None)
        if cell is None:
            cell = self._local.cell = [0]
            self._cells.append(cell)
        return cell

    def _begin(self, _frame: FrameType, _event: str, _argument: Any) -> Any:
        cell = self._cell()

        def lines(_frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "line":
                cell[0] += 1
            return lines

        return lines

    def _profile(self, _frame: FrameType, event: str, _argument: Any) -> None:
        if event in ("call", "c_call"):
            self._cell()[0] += 1


@contextmanager
def plant(where: str) -> Iterator[None]:
    """Let a function do more than it must while the block lasts: ``module:function:work``; nothing if empty."""
    if not where:
        yield
        return
    module, name, work = where.split(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for step in path:
        owner = getattr(owner, step)
    plain = getattr(owner, last)
    setattr(owner, last, _slowed(plain, int(work)))
    try:
        yield
    finally:
        setattr(owner, last, plain)


def _slowed(function: Callable[..., Any], work: int) -> Callable[..., Any]:
    # The call in between, its first and its last lines count too; each turn counts two lines.
    turns = max(0, (work - 4) // 2)

    @functools.wraps(function)
    def slowed(*arguments: Any, **named: Any) -> Any:
        left = turns
        while left:
            left -= 1
        return function(*arguments, **named)

    return slowed


def main() -> None:
    """Run a program and write down what it did."""
    out, module = sys.argv[1], sys.argv[2]
    program = importlib.import_module(f"{module}.__main__")
    sys.argv = [module, *sys.argv[3:]]
    work = Work()
    try:
        with plant(os.environ.get("PLANT", "")), work.counting():
            program.main()
    finally:
        Path(out).write_text(str(work.total), encoding="ascii")


if __name__ == "__main__":
    main()
