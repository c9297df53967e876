"""Where a document lies, on disk or behind a URL: replaced in one step, so that readers see the old or the new."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from target_optiply.errors import ConfigProblem


class Place:
    """The place of a document: a local path or an fsspec URL.

    Args:
        location: Path or URL.
        setting: Which setting says so; messages begin with it.

    Raises:
        ConfigProblem: The URL's scheme is not known.
    """

    def __init__(self, location: str, setting: str) -> None:
        self.location = location
        self._setting = setting
        try:
            self.filesystem, self._path = fsspec.core.url_to_fs(location)
        except (ValueError, ImportError) as error:
            raise ConfigProblem(f"{setting}: {error}") from None
        self.is_local = isinstance(self.filesystem, LocalFileSystem)
        if self.is_local:
            self._path = os.path.realpath(self._path)  # a link keeps pointing where it points

    @property
    def local_path(self) -> Path:
        """The path of a local document."""
        return Path(self._path)

    def check_writable(self) -> None:
        """See that the document can be written, before anything else is.

        Raises:
            ConfigProblem: It cannot.
        """
        if not self.is_local:
            return
        folder = self.local_path.absolute().parent
        if not folder.is_dir():
            raise ConfigProblem(f"{self._setting}: the folder {folder} does not exist")
        if self.local_path.is_dir():
            raise ConfigProblem(f"{self._setting}: {self.local_path} is a folder")
        if not os.access(folder, os.W_OK | os.X_OK) or (
            self.local_path.exists() and not os.access(self.local_path, os.R_OK | os.W_OK)
        ):
            raise ConfigProblem(f"{self._setting}: {self.local_path} cannot be read and written")

    def _mode(self) -> int:
        """Return who may read a new document: whoever might read the old one; else the owner alone."""
        with suppress(FileNotFoundError):
            return stat.S_IMODE(self.local_path.stat().st_mode)
        return 0o600

    def replace(self, pieces: Iterable[bytes]) -> None:
        """Write a new document and put it in the place of the old one.

        Raises:
            OSError: The disk is full, or the folder cannot be written to; the old document stands.
        """
        folder = self.local_path.absolute().parent if self.is_local else None
        descriptor, name = tempfile.mkstemp(prefix=f".{self.local_path.stem}-", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as new:
                for piece in pieces:
                    new.write(piece)
                new.flush()
                if folder is not None:
                    os.fchmod(new.fileno(), self._mode())
                os.fsync(new.fileno())
            if folder is None:
                self.filesystem.put_file(name, self._path)
                Path(name).unlink()
                return
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the new name is on disk too
        finally:
            os.close(handle)
