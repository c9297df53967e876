"""One tenant in one process: retries that help, what is not tried again, what is kept, and who has to wait."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import fsspec
import pytest
from support.folder import FolderFileSystem
from support.processes import ROOT
from yard import Site, Yard

from fleet.keeping import Keeping
from fleet.location import JOB, definitions
from fleet.tenants import parse

NAME = "acme-nl"
CLOSED = {"kind": "status", "status": 503}


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """Return a fleet of one tenant."""
    with Yard(tmp_path_factory.mktemp("yard"), [NAME]) as made:
        yield made


@pytest.fixture
def site(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return the tenant, its Optiply empty and its inventory at hand."""
    for name, value in yard.keys().items():
        monkeypatch.setenv(name, value)
    site = yard.sites[NAME]
    site.sandbox.control.reset()
    for path in site.folder.glob("*"):
        path.unlink()
    yield site
    site.sandbox.control.clear_faults()
    yard.entrust(NAME)


@dataclass(frozen=True)
class Done:
    """How a run ended, and what the instance keeps of it: events, and lines by level."""

    success: bool
    events: list[dg.DagsterEvent]
    lines: list[tuple[int, str]]

    def counts(self) -> dict[str, int]:
        """Return how often the step was put off, succeeded and failed."""
        kinds = [event.event_type_value for event in self.events]
        return {kind: kinds.count(f"STEP_{kind}") for kind in ("UP_FOR_RETRY", "SUCCESS", "FAILURE")}

    def reason(self) -> str:
        """Return why the step failed."""
        return "\n".join(event.step_failure_data.error_display_string for event in self.events if event.is_step_failure)

    def metadata(self) -> dict[str, Any]:
        """Return what the one materialisation tells."""
        [found] = [event for event in self.events if event.event_type_value == "ASSET_MATERIALIZATION"]
        told = found.step_materialization_data.materialization
        assert told.partition == NAME
        return {key: value.value for key, value in told.metadata.items()}


def execute(yard: Yard, *, state: str | None = None, **entry: Any) -> Done:
    """Run the tenant's partition in this process."""
    fleet = parse(yard.document({NAME: yard.sites[NAME].entry(**entry)}, state=state))
    job = definitions(fleet).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(partition_key=NAME, instance=instance, raise_on_error=False)
        entries = instance.all_logs(done.run_id)
        lines = [(int(entry.level), entry.user_message) for entry in entries if not entry.dagster_event]
        return Done(done.success, [entry.dagster_event for entry in entries if entry.dagster_event], lines)


def test_an_outage_of_the_inventory_that_ends_is_got_over_and_the_next_run_begins_where_this_one_ended(
    yard: Yard, site: Site
) -> None:
    control = site.sandbox.control
    control.add_fault({"api": "inflow"}, CLOSED, 2)
    done = execute(yard, tap={"max_retries": 0, "page_size": 100})
    assert done.success, done.reason()
    assert done.counts()["UP_FOR_RETRY"] in (1, 2)  # both faults may befall one run, whose streams begin together
    assert site.differences() == []
    created = done.metadata()["created"]
    assert created > 50
    again = execute(yard).metadata()
    assert (again["created"], again["updated"], again["rejected"]) == (0, 0, site.expected().refusals)
    assert control.writes().count("POST products") == len(site.expected().rows["products"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tap": {"company_id": "another"}}, "check the settings company_id, api_key"),
        ({"tap": {"api_key": {"env": "NOT_SET_ANYWHERE"}}}, "api_key: the environment variable NOT_SET_ANYWHERE"),
        ({"target": {"max_connections": 100_000}}, "config: "),
    ],
)
def test_what_a_person_must_put_right_is_not_tried_again(yard: Yard, site: Site, change: Any, said: str) -> None:
    done = execute(yard, **change)
    assert done.counts() == {"UP_FOR_RETRY": 0, "SUCCESS": 0, "FAILURE": 1}
    assert said in done.reason()
    assert site.sandbox.control.writes() == []


def test_what_stands_rejected_fails_the_run_and_is_told_with_all_that_was_written(yard: Yard, site: Site) -> None:
    site.sandbox.control.add_fault(
        {"api": "optiply", "method": "POST", "path": "/suppliers"}, {"kind": "status", "status": 422}, 1
    )
    done = execute(yard)
    assert done.counts() == {"UP_FOR_RETRY": 0, "SUCCESS": 0, "FAILURE": 1}
    assert "rejected: " in done.reason()
    told = done.metadata()
    assert told["outcome"] == "rejected"
    assert told["rejected"] > site.expected().refusals
    assert told["created"] > 10


def test_a_second_run_of_a_tenant_waits_and_in_the_end_says_who_is_in_its_way(yard: Yard, site: Site) -> None:
    keeping = Keeping(str(site.folder))
    with keeping.held():
        refused = execute(yard)
    assert refused.counts() == {"UP_FOR_RETRY": 2, "SUCCESS": 0, "FAILURE": 1}
    assert f"another run of {NAME} goes on" in refused.reason()
    assert site.sandbox.control.log() == [], "it asked for nothing while another ran"
    held = keeping.held()
    held.__enter__()
    release = threading.Timer(0.1, held.__exit__, (None, None, None))
    release.start()
    waited = execute(yard)
    release.join()
    assert waited.success


def test_what_both_say_is_in_dagsters_log_at_its_level_and_what_all_runs_say_alike_is_not(
    yard: Yard, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = execute(yard).lines
    assert any(level == logging.INFO and text.startswith("target: Products: ") for level, text in lines)
    assert any(level == logging.INFO and text.startswith("tap: Stream products: ") for level, text in lines)
    assert any(level == logging.WARNING and text.startswith("target: products ") for level, text in lines)
    assert [text for _, text in lines if "METRIC" in text or "Skipping deselected" in text] == []
    assert "Skipping deselected stream 'webhooks'" in capfd.readouterr().err


def test_no_setting_of_the_machine_is_taken_for_the_tenants(
    yard: Yard, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_OPTIPLY_DELETE", "nonsense")
    monkeypatch.setenv("TAP_INVENTORY_PAGE_SIZE", "nonsense")
    assert execute(yard).success


def test_state_and_configurations_are_for_the_owner_alone(
    yard: Yard, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: dict[str, int] = {}

    def note(path: Any, content: Any) -> Any:
        made = write(path, content)
        modes[made.name] = made.stat().st_mode & 0o777
        modes[".."] = made.parent.stat().st_mode & 0o777
        return made

    from fleet import run as module  # noqa: PLC0415 - what is looked at is replaced in it

    write = module._write
    monkeypatch.setattr(module, "_write", note)
    assert execute(yard).success
    assert modes == {"tap.json": 0o600, "target.json": 0o600, "..": 0o700}
    assert site.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in site.folder.glob("*.json")} == {0}


def test_a_state_at_a_url_is_found_by_the_next_run(
    yard: Yard, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fsspec.register_implementation("folder", FolderFileSystem, clobber=True)
    (tmp_path / "sitecustomize.py").write_text(
        "import fsspec\nfsspec.register_implementation('folder', 'support.folder.FolderFileSystem')\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (tmp_path, ROOT / "tests", ROOT))))
    remote = tmp_path / "remote" / NAME
    remote.mkdir(parents=True)
    first = execute(yard, state=f"folder://{tmp_path}/remote")
    assert first.success, first.reason()
    assert first.metadata()["report"] == f"folder://{remote}/report.html"
    assert sorted(path.name for path in remote.iterdir()) == ["report.html", "tap-state.json", "target-state.json"]
    site.sandbox.control.clear_log()
    assert execute(yard, state=f"folder://{tmp_path}/remote").metadata()["created"] == 0
    assert site.sandbox.control.writes() == []
    assert list(site.folder.glob("*")) == []
