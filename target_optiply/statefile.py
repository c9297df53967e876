"""Where a state document lies: read from there, and replaced in one step, so that readers see the old or the new."""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from target_optiply.errors import ConfigProblem

_ENTRY = re.compile(rb'"bookmarks":\s*\{\s*"[^"]+":\s*\[\s*\{')
_SAVED_AT = re.compile(rb'"saved_at": ?"([^"]+)"')


class StateFile:
    """The place of a state document: a local path or an fsspec URL.

    Args:
        location: Path or URL.

    Raises:
        ConfigProblem: The URL's scheme is not known, or the folder does not exist or cannot be written to.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        try:
            self.filesystem, self._path = fsspec.core.url_to_fs(location)
        except (ValueError, ImportError) as error:
            raise ConfigProblem(f"state_path: {error}") from None
        self.is_local = isinstance(self.filesystem, LocalFileSystem)
        if self.is_local:
            self._path = os.path.realpath(self._path)  # a link keeps pointing where it points

    @property
    def work_path(self) -> Path:
        """Where the working copy lies: beside a local state, else in the folder for temporary files."""
        if self.is_local:
            return Path(self._path + ".work")
        name = "".join(each if each.isalnum() else "-" for each in self.location)
        return Path(tempfile.gettempdir()) / f"target-optiply-{name}.work"

    @property
    def lock_path(self) -> str:
        """Where the lock lies, on the state's own file system."""
        return f"{self._path}.lock"

    @property
    def local_path(self) -> Path:
        """The path of a local state."""
        return Path(self._path)

    def check_writable(self) -> None:
        """See that the state can be written, before anything else is.

        Raises:
            ConfigProblem: It cannot.
        """
        if not self.is_local:
            return
        folder = self.local_path.absolute().parent
        if not folder.is_dir():
            raise ConfigProblem(f"state_path: the folder {folder} does not exist")
        if self.local_path.is_dir():
            raise ConfigProblem(f"state_path: {self.local_path} is a folder")
        if not os.access(folder, os.W_OK | os.X_OK) or (
            self.local_path.exists() and not os.access(self.local_path, os.R_OK | os.W_OK)
        ):
            raise ConfigProblem(f"state_path: {self.local_path} cannot be read and written")

    def open(self) -> IO[bytes] | None:
        """Open the document for reading; None where there is none, or an empty one."""
        with suppress(FileNotFoundError):
            if self.filesystem.size(self._path):
                return self.filesystem.open(self._path, "rb")  # type: ignore[no-any-return]
        return None

    def holds_entries(self) -> bool:
        """Whether the document has an entry; told by its beginning, without reading all of it."""
        source = self.open()
        if source is None:
            return False
        with source:
            return _ENTRY.search(source.read(4096)) is not None

    def saved_at(self) -> str | None:
        """Return when the document was saved, from its end alone where it is one of ours; None where there is none."""
        source = self.open()
        if source is None:
            return None
        with source:
            source.seek(0, io.SEEK_END)
            source.seek(max(0, source.tell() - 4096))
            tail = source.read()
        found = _SAVED_AT.findall(tail)
        return found[-1].decode("ascii", "replace") if found else None

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
        descriptor, name = tempfile.mkstemp(prefix=".target-state-", dir=folder)
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
