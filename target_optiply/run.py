"""One run from the first line to the last: opens what it needs, keeps lines and answers moving, and ends."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from queue import Empty, SimpleQueue
from typing import IO, Any

from target_optiply import state
from target_optiply.auth import PasswordGrant
from target_optiply.books import Books
from target_optiply.client import Client
from target_optiply.closing import Closing
from target_optiply.concurrency import ConcurrencyLimit
from target_optiply.dispatch import Dispatcher
from target_optiply.dry_run import DryClient
from target_optiply.ending import Ending, report_of
from target_optiply.engine import Engine
from target_optiply.errors import Brake, ConfigProblem, InputProblem, Outage, RunStopped, Terminated
from target_optiply.hotglue import job
from target_optiply.hotglue.snapshots import folder_of, take_over
from target_optiply.intake import Intake
from target_optiply.ledger import Ledger
from target_optiply.locking import lock
from target_optiply.pulse import Pulse
from target_optiply.reading import Feed, Lines, state_value
from target_optiply.recognition import Recognition
from target_optiply.senders import Answered
from target_optiply.settings import Settings
from target_optiply.takeover import Takeover
from target_optiply.translate.settings import MappingSettings
from target_optiply.wire import Wire
from target_optiply.workcopy import instant, open_working_copy
from target_optiply.writes import Writer

_MOST_UNDER_WAY = 256  # records on their way beyond which stdin waits; more only with more connections
_FINISH = 20.0  # seconds that requests in flight get when the run is told to end


@dataclass(frozen=True, slots=True)
class Signalled:
    """In the inbox: a signal came, and a waiting main thread wakes."""

    signum: int


class Run:
    """One run of the target.

    Args:
        settings: The checked settings.
        logger: The target's logger.
        user_agent: ``target-optiply/<version>``.
        previous: A state document given on the command line, in place of the one at ``state_path``.
        dry: Whether nothing is to be written, neither to Optiply nor to the state.

    Raises:
        ConfigProblem: The state belongs to another account, is in use, or cannot be written.
    """

    def __init__(
        self,
        settings: Settings,
        logger: logging.Logger,
        *,
        user_agent: str,
        previous: str | None = None,
        dry: bool = False,
    ) -> None:
        self.settings = settings
        self.mapping = MappingSettings(
            stock=settings.stock,  # type: ignore[arg-type]  # the settings' schema allows these values only
            open_sales_orders=settings.open_sales_orders,  # type: ignore[arg-type]
            optiply_orders=settings.optiply_orders,
            price_tax_percent=settings.price_tax_percent,
            source=settings.source,
        )
        self._log = logger
        self._dry = dry
        self._identity = state.Identity(settings.api_url, settings.account_id, settings.coupling_id)
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._batches: deque[list[bytes]] = deque()
        self._input_ended = False
        self._input_problem: InputProblem | None = None
        self._closed = False
        self.line_number = 0
        self.ledger = Ledger()
        self._resources = ExitStack()
        self._report = report_of(settings, user_agent, dry=dry)
        try:
            self._open(user_agent, previous)
        except BaseException:
            self._resources.close()
            raise

    def _open(self, user_agent: str, previous: str | None) -> None:
        settings = self.settings
        self._file = state.StateFile(settings.state_path)
        self._file.check_writable()
        in_stdout = job.is_stdout(self._file)
        if in_stdout and settings.state_output == "singer":
            raise ConfigProblem("state_path: stdout is redirected into that file; the tap's STATE needs one of its own")
        if (held := lock(self._file, dry=self._dry)) is not None:
            self._resources.callback(held.release)
        self._verified_at: str | None = None
        self._copy = open_working_copy(
            self._file,
            self._identity,
            self._log,
            previous=previous,
            hotglue=settings.state_output == "hotglue",
            dry=self._dry,
        )
        self.store = self._copy.store
        if settings.state_output == "hotglue":
            take_over(self.store, folder_of(os.environ), os.environ.get("FLOW"), self._log)
        verifies = self._verification_is_due()
        self._resources.callback(self.store.close)
        tokens = PasswordGrant(
            settings.auth_url,
            client=(settings.client_id, settings.client_secret),
            user=(settings.username, settings.password),
            timeout=settings.request_timeout,
            user_agent=user_agent,
        )
        self._resources.callback(tokens.close)
        client = (DryClient if self._dry else Client)(
            settings.api_url,
            tokens,
            connections=settings.max_connections,
            timeout=settings.request_timeout,
            user_agent=user_agent,
        )
        self._resources.callback(client.close)
        self._dispatcher = Dispatcher(
            client,
            self._inbox,
            limit=ConcurrencyLimit(settings.max_connections),
            writes_per_second=settings.max_writes_per_second,
            commit=self.store.commit,
        )
        self._resources.callback(self._dispatcher.close)
        self.books = Books(self.store, self.ledger, client, self._dispatcher.watch, self._log)
        self._pulse = Pulse(self.books.summary, self._log)
        writer = Writer(Wire(settings.account_id, settings.coupling_id), self.books)
        self._engine = Engine(
            self.books,
            writer,
            self._dispatcher,
            lambda lanes: Takeover(
                writer,
                self.books,
                lanes,
                self._dispatcher,
                adopts=settings.adopt_existing,
                verifies=verifies,
                since=self._copy.since,
            ),
            deletes=settings.delete != "ignore",
        )
        self.recognition = Recognition(
            self.books, self._engine.lanes, self._engine.takeover, (self.mapping, user_agent)
        )
        self.intake = Intake(self._engine, self.books, self.recognition)
        soft = settings.delete == "soft"
        self._closing = Closing(
            self._engine, self.books, writer, self._dispatcher, soft=soft, most_percent=settings.max_delete_percent
        )
        self._ending = Ending(
            settings,
            self._log,
            file=self._file,
            in_stdout=in_stdout,
            identity=self._identity,
            verified_at=self._verified_at,
            books=self.books,
            client=client,
            traffic=self._dispatcher.traffic,
            report=self._report,
            dry=self._dry,
        )
        self._most = max(_MOST_UNDER_WAY, 4 * settings.max_connections)

    def _verification_is_due(self) -> bool:
        """Whether this run re-reads Optiply; notes when that was done last."""
        if not self.settings.verify_days:
            return False
        now = datetime.now(tz=timezone.utc)
        last = instant(self.store.meta("verified_at"))
        due = last is None or now - last >= timedelta(days=self.settings.verify_days)
        self._verified_at = now.isoformat() if due or last is None else last.isoformat()
        return due

    def unknown_stream(self, name: str) -> None:
        """Say once that a stream maps to nothing, or refuse it.

        Raises:
            InputProblem: The settings say that this ends the run.
        """
        if self.settings.unknown_stream == "fail":
            raise InputProblem(f"stream {name} maps to nothing in Optiply")
        self._log.warning("stream %s maps to nothing in Optiply; its records are counted and left out", name)

    # moving

    def lines(self, source: IO[Any] | None) -> Iterator[bytes]:
        """Yield the lines of the input as there is room for them, and see to answers meanwhile.

        Args:
            source: Where the lines come from; stdin where it is None.

        Raises:
            RunStopped: The run must end.
        """
        stdin = source if source is not None else sys.stdin
        feed = Feed(getattr(stdin, "buffer", stdin), self._inbox)
        feed.start()
        self._closing.look_for_doubles(finally_=True)  # those that the run before this one left
        while True:
            while not self._batches or self._is_full:
                if self._input_ended and not self._batches:
                    if self._input_problem is not None:
                        raise self._input_problem
                    return
                self._wait(for_input=not self._batches)
            batch = self._batches.popleft()
            for line in batch:
                self.line_number += 1
                yield line
                self._move()
                while self._is_full:
                    self._wait()
            feed.taken()

    @property
    def _is_full(self) -> bool:
        """Whether stdin must wait; not while nothing is on its way: then only a further record can move things."""
        return len(self._engine.lanes) > self._most and not self._dispatcher.idle

    def _move(self) -> None:
        """Take in what has arrived, send what may be sent, release what has settled; without waiting."""
        while not self._inbox.empty():
            self._handle(self._inbox.get())
        self._dispatcher.pump(more=True)
        self._release()

    def _wait(self, *, for_input: bool = False) -> None:
        """Wait for something to happen, and deal with it; without ``for_input`` only while something is on its way."""
        self._dispatcher.pump()
        self._release()
        self._pulse.beat(len(self._engine.lanes))
        if not for_input and self._dispatcher.idle and self._inbox.empty():  # the last plan just ended, after a pause
            return
        try:
            self._handle(self._inbox.get(timeout=self._dispatcher.wake_in()))
        except Empty:
            return

    def _handle(self, event: object) -> None:
        if isinstance(event, Answered):
            self._dispatcher.receive(event)
            self._dispatcher.pump(more=True)  # a connection that has become free waits for nothing that can wait
        elif isinstance(event, Lines):
            self._batches.append(event.lines)
            self._input_ended = event.last
            self._input_problem = event.problem
        elif isinstance(event, Signalled):
            raise Terminated(event.signum)

    def _drain(self) -> None:
        """Wait until nothing is on its way any more."""
        while True:
            while not (self._dispatcher.idle and self._inbox.empty()):
                self._wait()
            if not (self._engine.reject_doubted() or self._engine.end_doubts()):
                break
        if len(self._engine.lanes) and not self.books.unsettled:
            raise RuntimeError(f"{len(self._engine.lanes)} records wait for each other")

    def _release(self) -> None:
        """Write the STATE lines that nothing unsettled stands before any more."""
        lines = self.ledger.release()
        if not lines or self.settings.state_output != "singer" or self._dry:
            return
        self.store.commit()
        try:
            sys.stdout.write("".join(line.decode() + "\n" for line in lines))
            sys.stdout.flush()
        except BrokenPipeError:
            raise Outage("nobody reads what is written to stdout") from None
        except OSError as error:
            raise Outage(f"the STATE messages could not be written to stdout ({error.strerror or error})") from None

    def signalled(self, signum: int) -> None:
        """Note a signal; called from a signal handler."""
        self._inbox.put(Signalled(signum))

    def hold_state(self, line: bytes) -> None:
        """Take in a STATE message."""
        self.intake.flush_stock()
        value = state_value(line)
        if value not in (b"{}", b"null"):
            self.ledger.hold(value)

    # ending

    def end(self) -> None:
        """Do what is to be done at the end of the input, and write the state.

        Raises:
            RunStopped: The run must not be called a success.
        """
        self.intake.flush_stock()
        self._drain()
        self._closing.try_again()
        self._drain()
        self._closing.reject_parked()
        self._closing.remove()
        self._closing.look_for_doubles(finally_=False)
        self._drain()
        self._release()
        problem = self._verdict()
        self._close(problem.outcome if problem else "ok", problem)
        if problem is not None:
            raise problem

    def _verdict(self) -> RunStopped | None:
        if unsettled := self.books.unsettled:
            key, reason = next(iter(unsettled.items()))
            return Outage(f"{len(unsettled)} records are unsettled, the first: {key.entity} {key.remote_id}: {reason}")
        if braked := self._closing.braked:
            said = ", ".join(braked)
            return Brake(f"more would be deleted than max_delete_percent allows ({said}), so none of these was")
        rejected = sum(self._ending.rejected().values())
        if rejected > self.settings.max_rejected_records and self.settings.state_output == "singer":
            return Brake(f"{rejected} records stand rejected; the log and {self.settings.state_path} name each")
        return None

    def fail(self, error: BaseException) -> None:
        """Finish what is in flight, and write the state, after an error that ends the run."""
        if self._closed:
            return
        try:
            if isinstance(error, InputProblem):
                self._write_what_came_before()
            self._dispatcher.stop(_FINISH)
            self._release()
        finally:  # whatever else goes wrong
            self._close(error.outcome if isinstance(error, RunStopped) else "outage", error)

    def _write_what_came_before(self) -> None:
        """Write the records before the line that cannot be read."""
        try:
            self.intake.flush_stock()
            self._drain()
        except RunStopped as another:
            self._log.warning("%s", another)

    def _close(self, outcome: str, problem: BaseException | None) -> None:
        """Write the state and the report, and give everything back."""
        self._closed = True
        with self._resources:
            try:
                self._ending.conclude(outcome, problem)
            except BaseException as failure:
                problem = failure
                raise
            finally:
                self._ending.write_report(problem)
        self._copy.remove()
