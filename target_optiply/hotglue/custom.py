"""``customData``: fields of a record that its SCHEMA's ``x-hotglue`` asks to be kept beside its id, for later jobs.

The platform's ETL writes ``{"target_state_fields": ["name", …], "target_state_include_hash": true}`` into a SCHEMA
message; the entries of that stream then carry these fields, which the platform files into the tenant's ID snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from target_optiply.store import Store
from target_optiply.tables import Entry

_PREFIX = "custom:"  # begins the names under which the working copy keeps them
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stream's ``x-hotglue`` asks for.

    Attributes:
        fields: Names of the record's fields.
        with_hash: Whether the content hash is wanted among them.
    """

    fields: tuple[str, ...] = ()
    with_hash: bool = False

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Wanted:
        """Return what a SCHEMA message asks for; what is of another shape asks for nothing."""
        asked = message.get("x-hotglue")
        asked = asked if isinstance(asked, Mapping) else {}
        fields = asked.get("target_state_fields")
        names = tuple(name for name in fields if isinstance(name, str)) if isinstance(fields, list) else ()
        return cls(names, asked.get("target_state_include_hash") is True)

    def __bool__(self) -> bool:
        return bool(self.fields or self.with_hash)


def note(store: Store, entity: str, name: str, record: Mapping[str, Any], wanted: Wanted) -> None:
    """Keep what is wanted of a record, in place of what was kept of it.

    Args:
        store: The working copy.
        entity: What the record is.
        name: The key it is filed under.
        record: The record as it was read.
        wanted: What its stream asks for.
    """
    values = {field: record[field] for field in wanted.fields if record.get(field) is not None}
    try:
        kept = _encoder.encode((wanted.with_hash, values)).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which no JSON can hold: such a record is rejected anyway
        return
    store.put_meta(f"{_PREFIX}{entity}:{name}", kept)


def note_stored(store: Store, entry: Entry, values: Mapping[str, Any]) -> None:
    """Keep the ``customData`` that an earlier state holds of an entry."""
    with_hash = entry.hash is not None and values.get("hash") == entry.hash
    plain = {name: value for name, value in values.items() if not (with_hash and name == "hash")}
    store.put_meta(f"{_PREFIX}{entry.entity}:{entry.remote_id}", _encoder.encode((with_hash, plain)).decode())


class CustomData:
    """What is kept of records beside their ids.

    Args:
        store: The working copy.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = set(store.metas(_PREFIX))

    def of(self, entry: Entry) -> msgspec.Raw | dict[str, Any] | None:
        """Return the ``customData`` of an entry, None where it has none."""
        name = f"{entry.entity}:{entry.remote_id}"
        if name not in self._kept:
            return None
        with_hash, values = msgspec.json.decode(self._store.meta(_PREFIX + name) or "[false, {}]", type=_Kept)
        if with_hash and entry.hash is not None:
            values["hash"] = _encoder_raw(entry.hash)
        return dict(values) or None


_Kept = tuple[bool, dict[str, msgspec.Raw]]


def _encoder_raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))
