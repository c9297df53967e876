"""A stream as the Singer SDK sees it: its catalog entry, its messages, and the pass that it is written from."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, MetadataMapping

from tap_inventory.decimals import decimal_spots, write_as_text
from tap_inventory.profile import StreamProfile
from tap_inventory.selection import Deselected, deselected_fields, leave_out

if TYPE_CHECKING:
    from tap_inventory.tap import TapInventory


class ApiStream(Stream):
    """A stream of the API.

    Args:
        tap: The tap.
        profile: What is known of the stream.
    """

    # Records are what the API sent, and the schema says so: conforming them would only cost time.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapInventory, profile: StreamProfile) -> None:
        self.profile = profile
        self.selected_by_default = profile.selected
        self._inventory = tap
        self._announced = False
        self._decimals = decimal_spots(profile.schema)
        self._deselected: Deselected | None = None
        super().__init__(tap, schema=copy.deepcopy(dict(profile.schema)), name=profile.name)
        self.primary_keys = list(profile.key)
        self.replication_key = profile.version
        self.state_partitioning_keys = ()

    @property
    def metadata(self) -> MetadataMapping:
        """Metadata, in which relations that are not asked for are deselected."""
        known = self._metadata is not None
        mapping = super().metadata
        if not known:
            asked = {path.split(".")[0] for path in self._asked()}
            for relation in self.profile.relations:
                entry = mapping[("properties", relation)]
                entry.selected_by_default = relation in asked
                if relation not in asked and self._tap_input_catalog:
                    entry.selected = None  # a catalog that selects everything does not ask for every relation
        return mapping

    def include(self) -> tuple[str, ...]:
        """Return the relations to ask for: those of the settings that the catalog does not deselect."""
        return tuple(path for path in self._asked() if self.mask["properties", path.split(".")[0]])

    def _asked(self) -> tuple[str, ...]:
        settings = self._inventory.settings
        return settings.include(self.name, alone=not self._inventory.reads_figures_of(self.name))

    @property
    def changes_only(self) -> bool:
        """Whether only changed rows are emitted; a catalog may force the stream to be emitted in full."""
        return bool(self.profile.version) and self.replication_method != REPLICATION_FULL_TABLE

    @property
    def emit_activate_version_messages(self) -> bool:
        """Whether ACTIVATE_VERSION messages are emitted: only by streams that are emitted in full every time."""
        return bool(self.config.get("emit_activate_version_messages")) and not self.changes_only

    def _write_activate_version_message(self, full_table_version: int) -> None:
        # The SDK says it before the first record; only a complete pass makes it true.
        self._stream_version = full_table_version

    def announce(self) -> None:
        """Write the SCHEMA, once."""
        self._write_schema_message()

    def _write_schema_message(self) -> None:
        if not self._announced:
            self._announced = True
            super()._write_schema_message()

    def conclude(self) -> None:
        """Write the ACTIVATE_VERSION of a complete pass, where they are wanted."""
        if self.emit_activate_version_messages and self._stream_version is not None:
            super()._write_activate_version_message(self._stream_version)

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Read the rows of this stream alone, for callers that want records rather than messages."""
        del context
        for made in self._inventory.passes():
            if self.name in made.streams:
                for batch in made.open():
                    for stream, rows in batch.rows:
                        if stream == self.name:
                            write_as_text(rows, self._decimals)
                            yield from rows

    def write_rows(self, rows: list[Record], extracted: datetime) -> None:
        """Write the RECORDs of rows."""
        writer = self._inventory.writer
        if self._deselected is None:  # the catalog is not read yet when the stream is made
            self._deselected = deselected_fields(self.mask)
        write_as_text(rows, self._decimals)
        stream_maps = self.stream_maps
        for row in rows:
            leave_out(row, self._deselected)
            for stream_map in stream_maps:
                record = stream_map.transform(row)
                if record is not None:
                    writer.write_record(stream_map.stream_alias, record, extracted, self._stream_version)

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write the pass that this stream belongs to, with whatever streams are read in it."""
        del context, write_messages
        with self.get_record_counter() as counter, self.get_sync_timer():
            for written in self._inventory.write(self):
                counter.increment(written)
        yield from ()

    def _increment_stream_state(self, latest_record: Record, *, context: Context | None = None) -> None:
        """Leave the STATE alone: a pass says with each page what it is to be."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Leave the STATE alone, as above."""
