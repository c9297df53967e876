"""The target's own harness, as its tests use it: a sandbox, emptied, and a folder in which the target runs."""

from __future__ import annotations

from target.conftest import lab, launcher, tiny_sandbox

__all__ = ["lab", "launcher", "tiny_sandbox"]
