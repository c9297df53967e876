"""What a run leaves behind, however it ends: the summary in the log, the state, a job's files, the report."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from target_optiply import state
from target_optiply.books import Books
from target_optiply.client import Client
from target_optiply.errors import Outage
from target_optiply.hotglue import job
from target_optiply.report.traffic import Traffic
from target_optiply.settings import Settings
from target_optiply.tables import Status

if TYPE_CHECKING:
    from target_optiply.report.writer import Report


def report_of(settings: Settings, user_agent: str, *, dry: bool) -> Report | None:
    """Return the report that a run is to write, begun; None where none is wanted."""
    if not settings.report_path:
        return None
    from target_optiply.report.writer import Report  # noqa: PLC0415 - a template engine that most runs do without

    return Report(
        settings.report_path,
        program=user_agent.replace("/", " "),
        account=settings.account_id,
        coupling=settings.coupling_id,
        dry=dry,
    )


class Ending:
    """Writes what a run leaves behind.

    Args:
        settings: The checked settings.
        logger: The target's logger.
        file: Where the state is kept.
        in_stdout: Whether stdout is redirected into that file.
        identity: Whose state it is.
        verified_at: When Optiply was last read again as a whole, where that is noted.
        books: What is known and booked.
        client: Knows the server's time.
        traffic: What went over the connections.
        report: The report that is to be written, if one is.
        dry: Whether the state is to stay as it is.
    """

    def __init__(
        self,
        settings: Settings,
        logger: logging.Logger,
        *,
        file: state.StateFile,
        in_stdout: bool,
        identity: state.Identity,
        verified_at: str | None,
        books: Books,
        client: Client,
        traffic: Traffic,
        report: Report | None,
        dry: bool,
    ) -> None:
        self._settings = settings
        self._log = logger
        self._file = file
        self._in_stdout = in_stdout
        self._identity = identity
        self._verified_at = verified_at
        self._books = books
        self._store = books.store
        self._client = client
        self._traffic = traffic
        self._report = report
        self._dry = dry

    def rejected(self) -> Counter[str]:
        """Return how many records of each entity stand rejected."""
        return Counter(entry.entity for entry in self._store.entries(status=Status.REJECTED))

    def conclude(self, outcome: str, problem: BaseException | None) -> None:
        """Say the summary and write the state.

        Args:
            outcome: The outcome's word.
            problem: What ended the run early, if anything did.

        Raises:
            Outage: The state could not be written.
        """
        self._books.make_stale()
        self._store.commit()
        run = {"outcome": outcome, "saved_at": self._client.server_now().isoformat(), **self._identity.as_dict()}
        run |= job.ending(problem) | self._books.summary.effort(**self._effort())
        if self._verified_at:
            run["verified_at"] = self._verified_at
        summary = self._books.summary.document(self.rejected())
        for line in self._books.summary.lines(**self._effort()):
            self._log.info("%s", line)
        if self._dry:
            self._log.info("dry run: nothing was written, and the state is as it was")
        elif self._settings.state_output == "hotglue":
            self._save_for_job(run, summary)
        else:
            self._replace(state.pieces(self._store, run, summary))

    def write_report(self, problem: BaseException | None) -> None:
        """Write the report, if one is wanted."""
        if self._report is not None:
            self._report.write(
                problem,
                books=self._books,
                traffic=self._traffic,
                standing=sum(self.rejected().values()),
                ended=self._client.server_now(),
                logger=self._log,
            )

    def _replace(self, pieces: Iterator[bytes]) -> None:
        try:
            self._file.replace(pieces)
        except OSError as error:
            raise Outage(
                f"the state could not be written ({error.strerror or error}); the working copy "
                f"{self._file.work_path} keeps everything for the next run"
            ) from None

    def _save_for_job(self, run: dict[str, Any], summary: dict[str, Any]) -> None:
        """Write the state where a hotglue job looks for it; it is printed even where no file can be written."""

        def pieces() -> Iterator[bytes]:
            return state.pieces(self._store, run, summary, job.members_in(self._store))

        try:
            if not self._in_stdout:
                self._replace(pieces())
            job.keep_for_next(pieces(), self._log, ended_early=run["outcome"] not in ("ok", "rejected"))
            job.write_metrics(self._books.summary.metrics(), self._log)
        finally:
            job.print_state(pieces())

    def _effort(self) -> dict[str, Any]:
        return {"requests": self._traffic.requests, "retries": self._traffic.retries, "waited": self._traffic.waits}
