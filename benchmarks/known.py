"""A target state that knows every record of a feed, made without a single request.

It is computed with the program's own mapping, hashes and fingerprints, so that a million known records need no million
requests; that it is right shows in the measured run, which must find every record unchanged and send nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from target_optiply.difference import hash_of, refs_of
from target_optiply.entities import ENTITIES
from target_optiply.facts import StoredFacts
from target_optiply.model import EntityRecord, Upsert
from target_optiply.reading import plain_record
from target_optiply.recognition import Seal
from target_optiply.records import check
from target_optiply.state import pieces
from target_optiply.store import Store
from target_optiply.tables import Entry
from target_optiply.target import TargetOptiply
from target_optiply.translate.route import translator_for
from target_optiply.translate.settings import MappingSettings

RELEASE = f"{TargetOptiply.name}/{TargetOptiply.plugin_version}"
FACTS = [("vendor_currency", "vendor-1", "EUR"), ("vendor_currency", "vendor-2", "EUR"), ("rate", "EUR", "1")]


def write(path: Path, feed: Iterable[bytes], config: dict[str, Any], work: Path) -> int:
    """Write the state of a run that wrote all records of a feed; returns how many entries it holds.

    Args:
        path: Where the state goes.
        feed: A SCHEMA line and its RECORD lines.
        config: The target's configuration, which names the account.
        work: A folder for what does not fit into memory.
    """
    store = Store(work / "known.sqlite")
    for fact in FACTS:
        store.put_fact(*fact)
    identity = {
        "api": config["api_url"],
        "account_id": str(config["account_id"]),
        "coupling_id": str(config["coupling_id"]),
    }
    for name in ENTITIES:
        store.put_meta(f"opened:{name}", "1")
    with store.filling():
        store.fill(entries(feed, StoredFacts(store)))
    run = {"outcome": "ok", "saved_at": "2026-11-01T00:00:00+00:00", **identity}
    with path.open("wb") as out:
        out.writelines(pieces(store, run, {}))
    number = sum(store.counts().values())
    store.close()
    return number


def entries(feed: Iterable[bytes], facts: StoredFacts) -> Iterator[Entry]:
    """Yield what a state holds of the records of a feed: mapped, checked and hashed as the target does it."""
    settings, lines = MappingSettings(), iter(feed)
    schema = json.loads(next(lines))
    keys = tuple(schema["key_properties"])
    translate = translator_for(schema["stream"], schema["schema"], keys, settings)
    if translate is None:
        raise ValueError(f"the stream {schema['stream']} maps to nothing")
    seal = Seal("products", schema["stream"], schema["schema"], keys, (settings, RELEASE), facts)
    for number, line in enumerate(lines, 1):
        message = plain_record(line)
        if message is None:
            continue
        record = msgspec.json.decode(message.record)
        (main,) = (
            each.record
            for each in translate(record, facts, tuple(record[key] for key in keys))
            if isinstance(each, Upsert)
        )
        kin = {name: len(children) for name, children in main.children.items() if children}
        stock = int(record.get("stockLevel") or 0) if main.stock is None else main.stock
        entry = _entry(main, str(number), None)
        text = " ".join(f"{name}={count}" for name, count in kin.items())
        yield entry._replace(stock=stock, print=seal.fingerprint(message.record), kin=text)
        for place, child in enumerate((each for children in main.children.values() for each in children), 1):
            yield _entry(child, f"{number}{place:02d}", main.remote_id)


def _entry(record: EntityRecord, optiply_id: str, owner: str | None) -> Entry:
    checked, _ = check(record)
    return Entry(record.entity, str(record.remote_id), optiply_id, hash_of(checked), owner=owner, refs=refs_of(checked))
