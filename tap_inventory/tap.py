"""The tap: settings, the order of streams, what is written and when, signals."""

from __future__ import annotations

import copy
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from types import FrameType
from typing import IO, Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk.exceptions import MaxRecordsLimitException
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.tap_base import CliTestOptionValue

from singer_http.command_line import teach
from singer_http.env_file import read_env_file
from singer_http.redact import install_redaction
from tap_inventory.client import Client
from tap_inventory.errors import RunEnding, SettingsError, StreamError, TapError
from tap_inventory.inputs import check_configuration, read_catalog, read_state
from tap_inventory.planner import Batch, Pass, Planner
from tap_inventory.progress import Progress
from tap_inventory.read_ahead import ReadAhead
from tap_inventory.settings import PROPERTIES, REQUIRED, SECRET_SETTINGS, Settings, from_environment, problems, settle
from tap_inventory.state import usable
from tap_inventory.streams import ApiStream
from tap_inventory.writer import PageWriter

GRACE = 10.0
"""Seconds after a signal until the process ends even if something hangs."""


class TapInventory(Tap):
    """Reads an inventory API: every stream, few requests, only what changed, at the pace the API allows."""

    name = "tap-inventory"
    package_name = "inventory-to-optiply"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": copy.deepcopy(PROPERTIES),
        "required": REQUIRED,
    }
    message_writer_class = PageWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.TEST,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    writer: PageWriter
    settings: Settings

    def __init__(self, *, config: Any = None, parse_env_config: bool = False, **known: Any) -> None:
        self.append_builtin_config(self.config_jsonschema)
        if isinstance(config, dict) or config is None:
            if parse_env_config:
                read_env_file()
                parse_env_config = False
            # The config file first, then the environment, then the defaults; null stands for "not set".
            given = {name: value for name, value in (config or {}).items() if value is not None}
            config = from_environment(self.config_jsonschema, self._env_var_prefix) | given
            install_redaction([str(config.get(name) or "") for name in SECRET_SETTINGS], loggers=[self.name])
        self._stopped: int | None = None
        self._interruptible = False
        self._client: Client | None = None
        self._passes: list[Pass] | None = None
        self._source: ReadAhead | None = None
        self._written: set[str] = set()
        self._progress: Progress | None = None
        self.failures: list[tuple[str, StreamError]] = []
        self.started = datetime.now(timezone.utc)
        super().__init__(config=config, parse_env_config=parse_env_config, **known)
        self.writer = cast("PageWriter", self.message_writer)

    # Settings and streams.

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings; the SDK's own check would print values, secrets among them."""
        for name, known in self.config_jsonschema["properties"].items():
            if self._config.get(name) is None and known.get("default") is not None:
                self._config[name] = known["default"]
        found = problems(self._config, self.config_jsonschema)
        serious = [text for text in found if raise_errors or not text.endswith("is required.")]
        if serious:
            raise SettingsError(" ".join(serious))
        self.settings = settle(self._config)
        return found

    def discover_streams(self) -> Sequence[ApiStream]:
        """Return all streams of the API; no request is made."""
        return [ApiStream(self, profile) for profile in self.settings.profile.streams]

    @property
    def streams(self) -> dict[str, Any]:
        """The streams in the order in which they are written, not in that of their names."""
        known = super().streams
        ranked = [profile.name for profile in self.settings.profile.streams]
        return {name: known[name] for name in ranked}

    def setup_mapper(self) -> None:
        """Set up stream maps, once the streams have said in the catalog which relations they ask for."""
        deselected = [stream for stream in self.streams.values() if not stream.selected]
        # A trial run selects streams afterwards; their SCHEMA is not to be empty then.
        before = {stream.name: stream.metadata.root.selected for stream in deselected}
        for stream in deselected:
            stream.selected = True
        super().setup_mapper()
        for stream in deselected:
            stream.selected = before[stream.name]

    def reads_figures_of(self, name: str) -> bool:
        """Return whether a selected stream holds figures for the rows of this one."""
        return any(
            profile.figures is not None and profile.figures.parent == name and self.streams[profile.name].selected
            for profile in self.settings.profile.streams
        )

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what of a STATE this tap can use."""
        bookmarks, warnings = usable(state, self.settings.profile.by_name)
        for text in warnings:
            self.logger.warning(text)
        super().load_state({"bookmarks": bookmarks})

    # Reading and writing.

    def passes(self) -> list[Pass]:
        """Return the passes over the selected streams, in the order in which they are written."""
        if self._passes is None:
            streams: dict[str, ApiStream] = self.streams
            selected = tuple(name for name, stream in streams.items() if stream.selected)
            if self.config.get("emit_activate_version_messages"):
                self._refuse_activate_version([streams[name] for name in selected])
            bookmarks = self.state.get("bookmarks", {})
            planner = Planner(
                self.settings,
                self.client,
                self.started,
                {name: bookmarks.get(name, {}) if streams[name].changes_only else {} for name in selected},
                {name: streams[name].include() for name in selected},
            )
            self._passes = planner.passes(selected)
        return self._passes

    @staticmethod
    def _refuse_activate_version(streams: list[ApiStream]) -> None:
        if changing := [stream.name for stream in streams if stream.changes_only]:
            raise SettingsError(
                "The setting emit_activate_version_messages cannot be on while streams that emit changes only are "
                f"selected ({', '.join(changing)}): a target would delete what did not change."
            )

    @property
    def client(self) -> Client:
        """What reads the API."""
        if self._client is None:
            self._client = Client(self.settings, f"{self.name}/{self.plugin_version}")
        return self._client

    def _batches(self, made: Pass, *, ahead: bool) -> Iterator[Batch]:
        """Return the batches of a pass, read ahead with those of the others or as they are asked for."""
        if not ahead:
            return made.open()
        if self._source is None:
            self._source = ReadAhead(self.passes())
            self.client.when_trusted = self._source.go_on
        return self._source.batches(made.name)

    def write(self, stream: ApiStream) -> Iterator[int]:
        """Write the pass that a stream belongs to, once; give the number of its records, page by page."""
        made = next((made for made in self.passes() if stream.name in made.streams), None)
        if made is None or made.name in self._written:
            return
        self._written.add(made.name)
        for name in made.streams:
            self.streams[name].announce()
        self._progress = self._progress or Progress()
        self._progress.begin(made.name)
        left: dict[str, int | None] = dict.fromkeys(made.streams, stream.ABORT_AT_RECORD_COUNT)
        batches = self._batches(made, ahead=stream.ABORT_AT_RECORD_COUNT is None)
        read = emitted = 0
        while (batch := self._next(batches, made.name)) is not None:
            read = batch.read
            for name, count in self._write_batch(batch, left):
                emitted += count
                if name == stream.name:
                    yield count
            if all(limit == 0 for limit in left.values()):
                self.writer.flush()
                stream._abort_sync(MaxRecordsLimitException("enough records"))  # noqa: SLF001 - the SDK's own way
            self._progress.update(read, batch.total)
        if not any(name in made.streams for name, _ in self.failures):
            for name in made.streams:
                self.streams[name].conclude()
        self.writer.flush()
        self._progress.end(read, emitted)

    def _write_batch(self, batch: Batch, left: dict[str, int | None]) -> Iterator[tuple[str, int]]:
        """Write rows, then the STATE that speaks of them; give the number of records by stream."""
        extracted, whole = datetime.now(timezone.utc), True
        for name, rows in batch.rows:
            limit = left[name]
            wanted = rows if limit is None else rows[:limit]
            left[name] = None if limit is None else limit - len(wanted)
            whole = whole and len(wanted) == len(rows)
            self.streams[name].write_rows(wanted, extracted)
            yield name, len(wanted)
        if batch.failure:
            self._fail(*batch.failure)
        if whole:  # a trial run stops in mid-page
            self.state.setdefault("bookmarks", {}).update(batch.bookmarks)
        self.state_writer.write_state(self.state)

    def _next(self, batches: Iterator[Batch], name: str) -> Batch | None:
        """Return the next batch; None at the end, and where the stream cannot be read further."""
        try:
            self._interruptible = True
            if self._stopped:
                raise SystemExit(128 + self._stopped)
            return next(batches, None)
        except StreamError as error:
            self._fail(name, error)
            return None
        except TapError as error:
            raise RunEnding from error
        finally:
            self._interruptible = False

    def _fail(self, name: str, error: StreamError) -> None:
        profile = self.settings.profile
        if profile.by_name[name].optional and error.status in (403, 404):
            self.logger.warning("This account does not have the stream %s, which is left out. %s", name, error)
            return
        self.logger.error("%s", error)
        self.failures.append((name, error))

    def run(self) -> None:
        """Read and write all selected streams.

        Raises:
            TapError: A stream could not be read; the others were.
            SystemExit: A signal ended the run; its STATE is written.
        """
        try:
            self.sync_all()
        except RunEnding as ending:
            raise ending.__cause__ or ending from None
        except SystemExit:
            self._say_signal()
            self.state_writer.write_state(self.state)
            raise
        finally:
            if self._progress:
                self._progress.clear()  # whatever is said at the end begins a line of its own
            if self._client:
                self._client.close()
        self.writer.flush()
        if self.failures:
            names = ", ".join(dict.fromkeys(name for name, _ in self.failures))
            raise TapError(f"Not everything could be read: {names} failed. {self.failures[0][1]}")

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Let the line under way be finished, write the STATE, and end; at once where nothing is under way.

        Says nothing itself: it may have come in the middle of something that is being said.
        """
        del frame
        if self._stopped:  # a supervisor and a terminal may both send it: the first one counts
            return
        self._stopped = self.writer.signal = signum
        if self._client:
            self._client.pacer.close()
        self._end_later(128 + signum)
        if self._interruptible:
            raise SystemExit(128 + signum)

    def _say_signal(self) -> None:
        if self._stopped:
            self.logger.info("Ending on signal %s.", signal.Signals(self._stopped).name)

    def _end_later(self, code: int) -> None:
        """End the process when the time of grace is over, whatever hangs; never in the middle of a line."""

        def end() -> None:
            if self.writer.within_line:  # the writer itself does not wait for ever
                self._end_later(code)
            else:
                self._say_signal()
                os._exit(code)

        deadline = threading.Timer(GRACE, end)
        deadline.daemon = True
        deadline.start()

    # The command line.

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, with a help that teaches."""
        command = super().get_singer_command()
        teach(
            command,
            summary="Read an inventory's API and write what changed to stdout, as Singer messages for a target.",
            options={
                "discover": "Print the catalog (every stream, and which are read) and exit; makes no request.",
                "test": "Check the credentials by one request and exit; --test=schema writes SCHEMAs without any.",
                "catalog": "Which streams are read: what --discover printed, with your changes.",
                "state": "Where the last run ended: the last line that the target printed. Without it all is read.",
            },
            examples=(
                ("check the settings", "tap-inventory --config tap.json --test"),
                ("see a stream's first rows", "tap-inventory --config tap.json | head -n 20"),
                (
                    "carry everything over",
                    "tap-inventory --config tap.json | target-optiply --config target.json > state.json",
                ),
                ("later, with the last line of that file: only what changed", "tap-inventory --state previous.json …"),
            ),
        )
        return command

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own tap narrows it
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap as the command line asks."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        given = config or _ConfigInput()
        tap = cls(
            config=given.config,
            state=read_state(state),
            catalog=read_catalog(catalog),
            parse_env_config=given.parse_env,
        )
        tap.run()

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the configuration files, and say in a sentence where one cannot be read."""
        for path in value:
            if path != "ENV":
                check_configuration(path)
        return super().cb_config(ctx, param, value)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Check the credentials with one request; ``--test=schema`` writes the SCHEMAs without any."""
        del param
        if value == CliTestOptionValue.Disabled.value:
            return
        given: _ConfigInput = ctx.params.get("config", _ConfigInput())
        tap = cls(config=given.config, parse_env_config=given.parse_env)
        if value == CliTestOptionValue.Schema.value:
            tap.write_schemas()
            tap.writer.flush()
            ctx.exit()
        profile = tap.settings.profile
        stream = next(stream for stream in profile.streams if stream.paged and not stream.figures)
        tap.client.get(stream.path, profile.paging.one_row(), stream.name, 1)
        tap.logger.info("The credentials are good: %s answers.", profile.title)
        tap.client.close()
        ctx.exit()
