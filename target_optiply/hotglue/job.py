"""What a hotglue job is handed when the target ends: the state on one line, metrics, and why it failed, by class."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from singer_http.redact import redact
from target_optiply import loading, state
from target_optiply.errors import CredentialsProblem, InputProblem, RunStopped
from target_optiply.hotglue.custom import CustomData
from target_optiply.statefile import StateFile
from target_optiply.store import Store
from target_optiply.tables import Entry, Status
from target_optiply.workcopy import HOTGLUE_STATE, first_with_entries

METRICS = Path("job_metrics.json")
_CREDENTIALS, _PAYLOAD = "InvalidCredentialsError", "InvalidPayloadError"
# A record that was given up after so many tries may be as good as any: its class would blame the payload.
_GIVEN_UP = re.compile(r"\(\d+ tries\)$")


def class_of(problem: BaseException | None) -> str | None:
    """Return the platform's class of the error that ended a run, None where it has none for it."""
    if isinstance(problem, CredentialsProblem):
        return _CREDENTIALS
    return _PAYLOAD if isinstance(problem, InputProblem) else None


def ending(problem: BaseException | None) -> dict[str, str]:
    """Return what a state says of the error that ended its run."""
    said = {} if problem is None else {"error": redact(" ".join(str(problem).split()))}
    kind = class_of(problem)
    return said if kind is None else {**said, "hg_error_class": kind}


def members_in(store: Store) -> Callable[[Entry], Mapping[str, Any]]:
    """Return what gives the further members that an entry has in a hotglue state."""
    custom = CustomData(store)

    def members(entry: Entry) -> Mapping[str, Any]:
        further: dict[str, Any] = {}
        if entry.status == Status.REJECTED and not _GIVEN_UP.search(entry.note or ""):
            further["hg_error_class"] = _PAYLOAD
        if entry.status != Status.REJECTED and (values := custom.of(entry)):
            further["customData"] = values
        return further

    return members


def is_stdout(place: StateFile) -> bool:
    """Whether stdout is redirected into the state's own file, as the layout of a job's folder suggests."""
    if not place.is_local:
        return False
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), place.local_path.stat())
    except (OSError, ValueError):  # there is no such file, or stdout is no file at all
        return False


def print_state(pieces: Iterator[bytes]) -> None:
    """Print a state as the last line of stdout."""
    for piece in pieces:
        sys.stdout.write(piece.replace(b"\n", b"").decode())
    sys.stdout.write("\n")
    sys.stdout.flush()


def keep_for_next(pieces: Iterator[bytes], logger: logging.Logger, *, ended_early: bool) -> None:
    """Leave the state of a job that ended early where its next attempt looks first; else take an older one away."""
    try:
        if ended_early:
            StateFile(HOTGLUE_STATE).replace(pieces)
        else:
            Path(HOTGLUE_STATE).unlink(missing_ok=True)
    except OSError as error:  # the state itself is written and printed
        logger.warning("%s could not be brought up to date: %s", HOTGLUE_STATE, error.strerror)


def write_metrics(metrics: Mapping[str, Any], logger: logging.Logger) -> None:
    """Write the job's metrics into its folder."""
    try:
        METRICS.write_text(json.dumps(metrics), encoding="utf-8")
    except OSError as error:  # nothing depends on them
        logger.warning("%s could not be written: %s", METRICS, error.strerror)


def print_previous(location: str, previous: str | None, problem: RunStopped) -> None:
    """Print the state that the run would have begun from, for a run that never began.

    Args:
        location: ``state_path``.
        previous: A state given on the command line.
        problem: Why the run did not begin.
    """
    store = Store(":memory:")
    document = state.Document()
    try:
        source = first_with_entries(StateFile(location), previous, hotglue=True)
        if (opened := source.open()) is not None:
            document = loading.load(opened, store)
    except (RunStopped, OSError):  # a state that cannot be read is left where it is, and none is told
        store.close()
        store = Store(":memory:")
    try:
        run = {**document.run, "outcome": problem.outcome, **ending(problem)}
        print_state(state.pieces(store, run, {}, members_in(store)))
    finally:
        store.close()
