"""Where a state document lies, what lies beside it, and what its ends tell without reading all of it."""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from target_optiply.place import Place

_NO_ENTRIES = rb'"[^"]+":\s*\[\s*\]\s*,\s*'
_ENTRY = re.compile(rb'"bookmarks":\s*\{\s*(?:' + _NO_ENTRIES + rb')*"[^"]+":\s*\[\s*\{')
_HEAD = 4096  # bytes that tell of most documents whether they hold an entry
_SAVED_AT = re.compile(rb'"saved_at": ?"([^"]+)"')


class StateFile(Place):
    """The place of a state document: a local path or an fsspec URL.

    Args:
        location: Path or URL.

    Raises:
        ConfigProblem: The URL's scheme is not known.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location, "state_path")

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

    def open(self) -> IO[bytes] | None:
        """Open the document for reading; None where there is none, or an empty one."""
        with suppress(FileNotFoundError):
            if self.filesystem.size(self._path):
                return self.filesystem.open(self._path, "rb")  # type: ignore[no-any-return]
        return None

    def holds_entries(self) -> bool:
        """Whether the document has an entry; told by its beginning, unless that leaves it open."""
        source = self.open()
        if source is None:
            return False
        with source:
            head = source.read(_HEAD)
            if _ENTRY.search(head) is not None:
                return True
            return len(head) == _HEAD and _ENTRY.search(head + source.read()) is not None

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
