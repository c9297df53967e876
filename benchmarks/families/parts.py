"""What the time of a creation is spent on: HTTP, all the rest, and handing the interpreter from thread to thread.

No goals: these rows say what bounds those of ``writes``. Python code of one process runs on one processor at a time, so
that a creation takes at least what its HTTP and all the rest of it take one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.families.writes import LATENCY, WITHOUT_HTTP, Writes
from benchmarks.lab import Lab, sandbox
from benchmarks.model import Figure, Row, rate, times

_FIGURES = (Figure("times the target's writes a second", times), Figure("writes a second", rate, unit="/s"))


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, with a sandbox that stands while they are measured."""
    size = lab.sizes.of
    with sandbox() as server:
        writes = Writes(lab, server)
        number, most = size(8000), 64
        whole = writes.target(number, 16, 0.0)
        found = [
            Row(
                "part-http",
                "the target's HTTP client alone, answers at once, requests ready-made, one connection",
                "the target, new products, answers at once",
                _FIGURES,
                writes.post(number, 0.0, script="client_alone"),
                whole,
            ),
            Row(
                "part-rest",
                "the target without HTTP: answers made in the process",
                "the target, new products, answers at once",
                _FIGURES,
                writes.target(number, 16, 0.0, script=WITHOUT_HTTP),
                whole,
            ),
        ]
        if hasattr(os, "sched_setaffinity"):
            found.append(
                Row(
                    "part-handing-over",
                    f"the target held to one processor, answers after 50 ms, {most} connections",
                    "the same, on any processor",
                    _FIGURES,
                    writes.target(size(150 * most), most, LATENCY, script="one_core"),
                    writes.target(size(150 * most), most, LATENCY),
                )
            )
        yield found
