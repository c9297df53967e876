"""Baseline: the target held to one processor, which the system then cannot move its threads off. Arguments: its own."""

from __future__ import annotations

import os

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from target_optiply.__main__ import main  # noqa: E402 - what is imported counts too

main()
