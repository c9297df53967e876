"""The working copy of a run: what a crashed run left, or a fresh one filled from the state."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from target_optiply import loading, state
from target_optiply.convert import InvalidRecord, to_time
from target_optiply.errors import ConfigProblem
from target_optiply.statefile import StateFile
from target_optiply.store import Store
from target_optiply.tables import LAYOUT

HOTGLUE_STATE = "incremental_target_state.json"
"""What a hotglue runner keeps of a job that ended early, in the job's folder."""


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """An open working copy.

    Attributes:
        store: Its store.
        path: Where it lies.
        since: From when on rows may stand in Optiply that it does not know; None where there can be none.
    """

    store: Store
    path: Path
    since: datetime | None

    def remove(self) -> None:
        """Take the closed working copy away: the state holds everything."""
        _remove(self.path)


def open_working_copy(
    place: StateFile,
    identity: state.Identity,
    logger: logging.Logger,
    *,
    previous: str | None,
    hotglue: bool,
    dry: bool,
) -> WorkingCopy:
    """Go on from what a crashed run left, else fill a new working copy from the first state that holds entries.

    Args:
        place: Where the state lies.
        identity: The account at hand.
        logger: Where it is said.
        previous: A state given on the command line.
        hotglue: Whether the run is a hotglue job, which may have left a state of its own.
        dry: Whether nothing is to be kept.

    Raises:
        ConfigProblem: The state belongs to another account, or is no state.
    """
    path = _scratch_copy(place.work_path) if dry else place.work_path
    source = first_with_entries(place, previous, hotglue=hotglue)
    base = source.saved_at() or ""
    if path.exists():
        if (left := _left_behind(path, base)) is not None:
            logger.info("the run before this one did not end; going on from its working copy")
            state.check_identity(json.loads(left.meta("run") or "{}"), identity)
            return WorkingCopy(left, path, instant(base or left.meta("began")))
        _remove(path)
    store = Store(path)
    try:
        document = _read(source, store)
        state.check_identity(document.run, identity)
    except BaseException:
        store.close()
        _remove(path)
        raise
    saved_at = base or document.run.get("saved_at") or ""  # another program may have put it elsewhere than at the end
    store.put_meta("base", base)
    store.put_meta("verified_at", document.run.get("verified_at", ""))
    store.put_meta("began", datetime.now(tz=timezone.utc).isoformat())
    store.put_meta("run", json.dumps(identity.as_dict()))
    if document.unread is None:
        store.put_meta("ready", LAYOUT)
    else:
        store.leave_unread(document.unread)  # it is ready once they are read
    store.commit()
    return WorkingCopy(store, path, instant(saved_at))


def _read(source: StateFile, store: Store) -> state.Document:
    """Read a state; entries of one that lies at hand are left there until one is asked for."""
    opened = source.open()
    if opened is None:
        return state.Document()
    if source.is_local and (document := loading.read_through(source.local_path, store)) is not None:
        opened.close()
        return document
    return loading.load(opened, store)


def first_with_entries(place: StateFile, previous: str | None, *, hotglue: bool) -> StateFile:
    """Return where the state lies that a run begins from: the first that holds entries."""
    for candidate in _candidates(previous, hotglue=hotglue):
        if candidate.holds_entries():
            return candidate
    return place


def _candidates(previous: str | None, *, hotglue: bool) -> Iterator[StateFile]:
    if previous is not None:
        yield StateFile(previous)
    if hotglue:
        yield StateFile(HOTGLUE_STATE)


def _left_behind(path: Path, base: str) -> Store | None:
    """Return what a crashed run left, if it began from the state that is there now and was whole."""
    store = Store(path)
    if store.meta("base") == base and store.meta("ready") == LAYOUT:
        return store
    store.close()
    return None


def instant(text: str | None) -> datetime | None:
    """Return the instant of an ISO text, or None where there is none.

    Raises:
        ConfigProblem: It is none.
    """
    try:
        return to_time(text, "saved_at") if text else None
    except InvalidRecord:
        raise ConfigProblem(f"the state has a date that is none ({text[:40] if text else text})") from None


def _scratch_copy(original: Path) -> Path:
    """Return a file for a working copy that is not to be kept, with what a crashed run left, if there is any."""
    descriptor, name = tempfile.mkstemp(prefix="target-optiply-", suffix=".work")
    os.close(descriptor)
    for suffix in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{original}{suffix}", f"{name}{suffix}")
    return Path(name)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
