"""target-optiply as a Singer target: the SDK's hooks, wired to a run."""

from __future__ import annotations

import json
import logging
import signal
from types import FrameType
from typing import IO, Any, ClassVar

import click
from singer_sdk import Target
from singer_sdk.about import AboutFormatter
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TargetCapabilities

from singer_http.command_line import teach
from singer_http.config_file import fault_of
from singer_http.redact import install_redaction
from target_optiply.auth import PasswordGrant
from target_optiply.entities import ENTITIES
from target_optiply.errors import ConfigProblem, InputProblem, RecordBeforeSchema, RunStopped, Terminated
from target_optiply.explain import explain as explain_record
from target_optiply.hotglue import job
from target_optiply.hotglue.custom import Wanted
from target_optiply.reading import MessageReader, PlainRecord
from target_optiply.run import Run
from target_optiply.settings import (
    CONFIG_SCHEMA,
    SECRETS,
    environment,
    problems,
    settings_from,
    state_output,
    with_environment,
)
from target_optiply.sinks import OptiplySink
from target_optiply.translate.inflow import STREAMS

_FAULT = f"{__name__}.fault"  # where the command's context keeps what is wrong with a configuration file
_NO_STATE = "()"  # what a hotglue runner passes for "no state"


class TargetOptiply(Target):
    """Writes products, suppliers, orders and stock to the Optiply replenishment optimiser, each record once."""

    name = "target-optiply"
    package_name = "inventory-to-optiply"
    config_jsonschema = CONFIG_SCHEMA
    default_sink_class = OptiplySink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
        TargetCapabilities.SOFT_DELETE,
        TargetCapabilities.HARD_DELETE,
    ]

    def __init__(
        self,
        *,
        config: dict[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        setup_mapper: bool = True,
        state: str | None = None,
        dry_run: bool = False,
    ) -> None:
        merged = with_environment(config or {}, environment(dotenv=parse_env_config))
        install_redaction([str(merged[name]) for name in SECRETS if merged.get(name)], loggers=[self.name])
        self._run: Run | None = None
        self._state_flag = state
        self._dry_run = dry_run
        super().__init__(
            config=merged,
            validate_config=validate_config,
            setup_mapper=setup_mapper,
            message_reader=MessageReader(self._lines, self.logger, self._recognise),
        )
        self._maps = bool(merged.get("stream_maps") or merged.get("flattening_enabled"))
        self._refused_states = False

    @property
    def run(self) -> Run:
        """The run, opened when it is first needed.

        Raises:
            ConfigProblem: Settings or state do not allow one.
        """
        if self._run is None:
            settings = settings_from(self.config, state_flag=self._state_flag is not None)
            self._run = Run(
                settings,
                self.logger,
                user_agent=f"{self.name}/{self.plugin_version}",
                previous=None if self._state_flag in (None, _NO_STATE) else self._state_flag,
                dry=self._dry_run,
            )
        return self._run

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings; unlike the SDK's, the messages hold no values, which may be secrets."""
        wrong = problems(self.config)
        if wrong and raise_errors:
            raise ConfigProblem("; ".join(wrong))
        return wrong

    # messages

    def _lines(self, source: IO[Any] | None) -> Any:
        return self.run.lines(source)

    def _recognise(self, record: PlainRecord) -> str | None:
        """Return the fingerprint of a record that must be looked at; None where it is known to need nothing."""
        sink = None if self._maps else self._sinks_active.get(record.stream)
        seal = sink.seal if isinstance(sink, OptiplySink) else None
        if sink is None or seal is None:
            return ""
        fingerprint = seal.fingerprint(record.record)
        return None if sink.knows(fingerprint) else fingerprint  # type: ignore[attr-defined]

    @property
    def _reader(self) -> MessageReader:
        return self.message_reader  # type: ignore[return-value]

    def listen(self, file_input: IO[Any] | None = None) -> None:  # type: ignore[misc]  # final, but errors must be booked
        """Read all messages and write what they say.

        Raises:
            RunStopped: The run could not go on, or must not be called a success.
        """
        try:
            super().listen(file_input)
        except BaseException as error:
            if self._run is not None:
                self._run.fail(error)
            raise

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        schema = message_dict.get("schema")
        if not isinstance(message_dict.get("stream"), str) or not isinstance(schema, dict):
            raise InputProblem(f"line {self._reader.number}: a SCHEMA without stream or schema")
        if not isinstance(schema.get("properties"), dict):
            raise InputProblem(f"line {self._reader.number}: the SCHEMA of {message_dict['stream']} has no properties")
        try:
            super()._process_schema_message(message_dict)
        except InputProblem as problem:
            raise InputProblem(f"line {self._reader.number}: {problem}") from None
        wanted, stream = Wanted.of(message_dict), message_dict["stream"]
        for stream_map in self.mapper.stream_maps.get(stream, ()):
            if (sink := self._sinks_active.get(stream_map.stream_alias)) is not None:
                sink.wanted = wanted  # type: ignore[attr-defined]  # the only class of sinks here

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream, record = message_dict.get("stream"), message_dict.get("record")
        if not isinstance(stream, str):
            raise InputProblem(f"line {self._reader.number}: a RECORD without a stream")
        context = {name: message_dict.get(name) for name in ("defect", "version", "fingerprint")}
        if not self._maps:
            self._sink(stream).process_record(record, context)
            return
        if stream not in self.mapper.stream_maps:
            self._sink(stream)
        for stream_map in self.mapper.stream_maps[stream]:
            mapped = stream_map.transform(dict(record)) if isinstance(record, dict) else record
            if mapped is not None or record is None:
                self._sink(stream_map.stream_alias).process_record(mapped, context)

    def _sink(self, stream: str) -> OptiplySink:
        sink = self._sinks_active.get(stream)
        if sink is None:
            raise RecordBeforeSchema(f"line {self._reader.number}: a RECORD of {stream} without a SCHEMA before it")
        return sink  # type: ignore[return-value]  # the only class of sinks here

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        if "value" not in message_dict:
            raise InputProblem(f"line {self._reader.number}: a STATE without a value")
        self.run.hold_state(self._reader.line)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream, version = message_dict.get("stream"), message_dict.get("version")
        if not isinstance(stream, str) or not isinstance(version, int):
            raise InputProblem(f"line {self._reader.number}: an ACTIVATE_VERSION without stream or version")
        names = [each.stream_alias for each in self.mapper.stream_maps.get(stream, ())] if self._maps else [stream]
        for name in names:
            self._sink(name).activate_version(version)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        del message_dict
        raise InputProblem(
            f"line {self._reader.number}: BATCH messages are not taken; switch batch_config off in the tap"
        )

    def process_endofpipe(self) -> None:
        """Finish the run."""
        self.run.end()
        for sink in self._sinks_active.values():
            sink.clean_up()

    # process

    def check_login(self) -> None:
        """Fetch a token, and say that it worked.

        Raises:
            CredentialsProblem: The login is refused.
            Outage: The token endpoint does not answer.
        """
        settings = settings_from(self.config)
        tokens = PasswordGrant(
            settings.auth_url,
            client=(settings.client_id, settings.client_secret),
            user=(settings.username, settings.password),
            timeout=settings.request_timeout,
            user_agent=f"{self.name}/{self.plugin_version}",
        )
        try:
            tokens.current()
        finally:
            tokens.close()
        click.echo("the login works", err=True)

    def _setup_signal_handlers(self) -> None:
        super()._setup_signal_handlers()
        asked = str(self.config.get("state_output"))
        if hasattr(signal, "SIGUSR1") and state_output(asked, state_flag=self._state_flag is not None) == "hotglue":
            signal.signal(signal.SIGUSR1, self._handle_termination)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if self._run is None:
            raise Terminated(signum)
        self._run.signalled(signum)

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print what the target is; as JSON with what hotglue's runner asks for besides."""
        if output_format != "json":
            super().print_about(output_format)
            return
        formatter = AboutFormatter.get_formatter("json")
        about = json.loads(formatter.format_about(cls._get_about_info()))
        about["supported_streams"] = [*(entity.title for entity in ENTITIES.values()), *STREAMS]
        about["capabilities"].append("hotglue-exceptions-classes")  # failures carry hg_error_class
        click.echo(json.dumps(about, indent=2))

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
        state: str | None = None,
        access_token: bool = False,
        dry_run: bool = False,
        explain: str | None = None,
    ) -> None:
        """Run the target from the command line."""
        if about:
            cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        context = click.get_current_context(silent=True)
        given = config.config if config else None
        dotenv = bool(config and config.parse_env)
        target: TargetOptiply | None = None
        try:
            if context is not None and (fault := context.meta.get(_FAULT)):
                raise ConfigProblem(fault)
            target = cls(config=given, parse_env_config=dotenv, state=state, dry_run=dry_run)
            if access_token:
                target.check_login()
            elif explain is not None:
                location = state if state not in (None, _NO_STATE) else target.config["state_path"]
                for line in explain_record(str(location), explain):
                    click.echo(line)
            else:
                target.listen(file_input)
        except RunStopped as stopped:
            settings = with_environment(given or {}, environment(dotenv=dotenv))
            runs = explain is None and not access_token and not dry_run
            is_job = state_output(str(settings["state_output"]), state_flag=state is not None) == "hotglue"
            if runs and is_job and (target is None or target._run is None):  # else it has printed its own
                job.print_previous(str(settings["state_path"]), None if state == _NO_STATE else state, stopped)
            raise

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the configuration files; what is wrong with one is kept until a run is asked for."""
        if fault := next(filter(None, (fault_of(path) for path in value if path != "ENV")), None):
            ctx.meta[_FAULT] = fault
            value = ()
        return super().cb_config(ctx, param, value)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the command line, with ``--state`` as hotglue's runner passes it."""
        command = super().get_singer_command()
        command.params += [
            click.Option(["--state"], help="Target state of an earlier job, in place of state_path; '()' is none."),
            click.Option(["--access-token"], is_flag=True, help="Check the login with one request and exit."),
            click.Option(["--dry-run"], is_flag=True, help="Do all but write: tell what would be written."),
            click.Option(["--explain"], metavar="REMOTE_ID", help="Tell what the state knows of one record, and exit."),
        ]
        teach(
            command,
            summary="Read Singer messages on stdin and bring Optiply to what they say; only what differs is written.",
            options={"file_input": "Read the messages from this file in place of stdin."},
            examples=(
                ("check the login", "target-optiply --config target.json --access-token < /dev/null"),
                (
                    "see what would be written",
                    "tap-inventory --config tap.json | target-optiply --config target.json --dry-run",
                ),
                (
                    "write it, and keep the tap's STATE",
                    "tap-inventory … | target-optiply --config target.json > state.json",
                ),
                ("ask why a record is not in Optiply", "target-optiply --config target.json --explain 4711"),
            ),
        )
        return command


logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # its warnings hold URLs with the account in them
