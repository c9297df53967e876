"""A file system in a folder that the programs do not take for the local one: what a store in the network is to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

REGISTERED = {"fsspec.registry.known_implementations": {"folder": {"class": "support.folder.FolderFileSystem"}}}
"""Module constant that makes ``folder://`` known to a program that the launcher starts."""


class FolderFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Reads and writes below the folder that the URL names."""

    protocol = "folder"

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Return size and type of a file."""
        known: dict[str, Any] = LocalFileSystem().info(path, **options)
        return known

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        del options
        return Path(path).open(mode)

    def _rm(self, path: str) -> None:
        Path(path).unlink()
