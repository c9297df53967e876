"""The platform's ID snapshots: which record of the source stands in Optiply under which id, from earlier jobs.

A tenant's folder of snapshots holds, for each kind of record that a flow has written, a file
``{Kind}_{FLOW}.snapshot.csv`` with the columns ``InputId`` (the key at the source) and ``RemoteId`` (the id in
Optiply). They outlive the target's own state, so that a lost state does not cost the ids.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from target_optiply.convert import InvalidRecord
from target_optiply.entities import entity_of
from target_optiply.identity import optiply_id, remote_id
from target_optiply.store import Store
from target_optiply.tables import Entry

_SUFFIX = ".snapshot.csv"
_COLUMNS = {"InputId", "RemoteId"}


def folder_of(environment: Mapping[str, str]) -> Path:
    """Return where the snapshots of a job lie: ``SNAPSHOT_DIR``, else beside its other files."""
    return Path(environment.get("SNAPSHOT_DIR") or "snapshots")


def take_over(store: Store, folder: Path, flow: str | None, logger: logging.Logger) -> int:
    """Bring ids that the snapshots know and the state does not into the working copy.

    Such a record is patched when it comes, since nothing tells what was last sent of it; a row that is gone meanwhile
    is created again.

    Args:
        store: The working copy.
        folder: Where the snapshots lie; it need not exist.
        flow: The flow whose snapshots they are.
        logger: Where unusable files and rows are told.

    Returns:
        How many ids were taken over.
    """
    taken = 0
    for entity, path in _files(folder, flow):
        entries = []
        for known, identity in _rows(path, logger):
            if store.get(entity, known) is None and store.known_as(entity, identity) is None:
                entries.append(Entry(entity, known, identity))
        store.put_many(entries)
        taken += len(entries)
    if taken:
        logger.info("%d ids that the state does not know are taken from the snapshots in %s", taken, folder)
    return taken


def _files(folder: Path, flow: str | None) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        name = path.name.removesuffix(_SUFFIX)
        if flow:
            kind = name.removesuffix(f"_{flow}")
            if kind == name:  # a snapshot of a source's stream, or of another flow
                continue
            name = kind
        if (entity := entity_of(name)) is not None:
            yield entity.name, path


def _rows(path: Path, logger: logging.Logger) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a file: key at the source and id in Optiply."""
    unusable = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not set(rows.fieldnames or ()) >= _COLUMNS:
                return
            for row in rows:
                try:
                    pair = remote_id(row["InputId"], "InputId"), optiply_id(row["RemoteId"], "RemoteId")
                except InvalidRecord:
                    pair = None, None
                known, identity = pair
                if known is None or identity is None:
                    unusable += 1
                    continue
                yield known, identity
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        logger.warning("the snapshot %s cannot be read to its end and is used as far as it goes: %s", path.name, error)
    if unusable:
        logger.warning("the snapshot %s has %d rows without a usable pair of ids", path.name, unusable)
