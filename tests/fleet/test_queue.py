"""Two runs for one tenant at once, and a run that is cancelled: as Dagster's daemon and run launcher do it."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from yard import Daemon, Yard, until

NAME = "acme"
STARTED, QUEUED, CANCELED, SUCCESS = (
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.CANCELED,
    dg.DagsterRunStatus.SUCCESS,
)


@pytest.fixture
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """Return a fleet of one tenant."""
    with Yard(tmp_path_factory.mktemp("yard"), [NAME]) as made:
        (made.directory / "tenants.yml").write_text(made.document(), encoding="utf-8")
        yield made


def test_a_second_run_waits_in_the_queue_and_cancelling_the_first_ends_both_its_processes(yard: Yard) -> None:
    site = yard.sites[NAME]
    control = site.sandbox.control
    # Products come, the lists behind them are not answered: both programs are in the midst of it.
    control.add_fault({"api": "inflow", "path": "orders"}, {"kind": "hang", "seconds": 600}, None)
    with Daemon(yard) as daemon:
        daemon.submit([NAME])
        until(lambda: "POST products" in control.writes(), seconds=400, what=f"the first run writes\n{daemon.said()}")
        assert len(yard.processes()) == 2, "the tap and the target, each told its configuration by a path"
        daemon.submit([NAME])
        until(lambda: len(daemon.runs(NAME)) == 2, seconds=400, what="the second run is in the queue")
        first, second = daemon.runs(NAME)
        assert (first.status, second.status) == (STARTED, QUEUED)
        assert len(yard.processes()) == 2

        control.clear_faults()
        written = len(control.writes())
        assert daemon.instance.run_launcher.terminate(first.run_id)
        first, second = daemon.ended(2, seconds=600)
        assert (first.status, second.status) == (CANCELED, SUCCESS), daemon.said()[-3000:]
        said = [entry.user_message for entry in daemon.instance.all_logs(first.run_id)]
        assert any("stopped by SIGTERM" in text for text in said), said[-20:]
        # What the first one wrote is known to the second: nothing stands twice, and nothing is missing.
        assert site.differences() == []
        assert len(control.writes()) > written
        assert control.writes().count("POST products") == len(site.expected().rows["products"])
    assert yard.processes() == {}
    assert list((yard.directory / "tmp").glob("fleet-*")) == []
