"""Writes the page about a run to ``report_path``, however the run ended."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from target_optiply.books import Books
from target_optiply.errors import Brake, RunStopped
from target_optiply.place import Place
from target_optiply.report.page import Ending, Page, compose
from target_optiply.report.rendering import render
from target_optiply.report.traffic import Traffic
from target_optiply.tables import Status


class Report:
    """The page about one run.

    Args:
        location: Path or fsspec URL.
        program: Name and version.
        account: The Optiply account.
        coupling: The integration in it, if any.
        dry: Whether the run writes nothing.

    Raises:
        ConfigProblem: Nothing can be written there.
    """

    def __init__(self, location: str, *, program: str, account: str, coupling: str | None, dry: bool) -> None:
        self._place = Place(location, "report_path")
        self._place.check_writable()
        self._program = program
        self._account = account
        self._coupling = coupling
        self._dry = dry

    def write(
        self,
        problem: BaseException | None,
        *,
        books: Books,
        traffic: Traffic,
        standing: int,
        ended: datetime,
        logger: logging.Logger,
    ) -> None:
        """Write the page; one that cannot be written is said, and changes nothing about the run.

        Args:
            problem: What ended the run early, or keeps it from being called a success.
            books: What the run counted and noted.
            traffic: What went over the wire.
            standing: How many records stand rejected.
            ended: When the run ended, in UTC.
            logger: Where a failure is said.
        """
        reason = str(problem) if isinstance(problem, RunStopped) else ""
        if isinstance(problem, Brake):
            reason = reason.partition("; ")[0]  # what follows says where to look: here
        if problem is not None and not reason:
            reason = f"unexpected error ({type(problem).__name__})"  # its text may hold anything
        outcome = problem.outcome if isinstance(problem, RunStopped) else "outage" if problem else "ok"
        ending = Ending(
            self._program, outcome, reason, self._dry, self._account, self._coupling, ended, time.monotonic()
        )
        try:
            self._place.replace(render(self._page(ending, books, traffic, standing)))
        except Exception as error:  # noqa: BLE001 - of whatever file system; the run itself is done
            logger.warning("report_path: the page could not be written (%s: %s)", type(error).__name__, error)

    @staticmethod
    def _page(ending: Ending, books: Books, traffic: Traffic, standing: int) -> Page:
        rejected = books.store.entries(status=Status.REJECTED)
        return compose(
            ending,
            books.summary,
            traffic,
            rejected=((entry.entity, entry.remote_id, entry.note or "") for entry in rejected),
            standing=standing,
            unsettled=[(*key, reason) for key, reason in books.unsettled.items()],
            notes={"remarks": books.remarks, "left_out": books.left_out},
        )
