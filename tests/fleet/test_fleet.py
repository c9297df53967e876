"""Twenty-five tenants at once, as Dagster's daemon runs them: two are broken, one is slow, and no other is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from yard import PARTITION, Daemon, Yard

from fleet.told import COUNTS

GOOD = [f"tenant-{number:02}" for number in range(1, 23)]
OUTAGE, WRONG, PACED = "dark", "locked-out", "paced"
PACE = 4  # requests a minute that the slow tenant's inventory allows
WRONG_PASSWORD = "a-password-that-nobody-takes"
REFUSAL = {"kind": "status", "status": 403, "body": {"errors": [{"title": "closed for works"}]}}


@dataclass
class Story:
    """What happened.

    Attributes:
        yard: The tenants.
        runs: The run of each.
        events: The events of each one's run.
        daemon: The daemon that ran them.
        texts: All events as they are stored.
    """

    yard: Yard
    runs: dict[str, dg.DagsterRun]
    events: dict[str, list[dg.EventLogEntry]]
    daemon: Daemon
    texts: str

    def metadata(self, name: str) -> dict[str, Any]:
        """Return the metadata of a tenant's one materialisation."""
        [found] = [
            event.asset_materialization for event in self.events[name] if event.asset_materialization is not None
        ]
        return {key: value.value for key, value in found.metadata.items()}

    def kinds(self, name: str) -> Counter[str]:
        """Return how often each kind of event is in a tenant's run."""
        return Counter(event.dagster_event_type.value for event in self.events[name] if event.dagster_event_type)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Run all tenants once."""
    names = [*GOOD, OUTAGE, WRONG, PACED]
    with Yard(tmp_path_factory.mktemp("yard"), names) as yard:
        yard.sites[OUTAGE].sandbox.control.add_fault({"api": "optiply", "method": "POST"}, REFUSAL, None)
        yard.entrust(WRONG, password=WRONG_PASSWORD)
        yard.sites[PACED].sandbox.control.set_switches(inflow_requests_per_minute=PACE)
        entries = {PACED: yard.sites[PACED].entry(tap={"requests_per_minute": PACE})}
        (yard.directory / "tenants.yml").write_text(yard.document(entries), encoding="utf-8")
        with Daemon(yard) as daemon:
            daemon.submit(names)
            runs = {run.tags[PARTITION]: run for run in daemon.ended(len(names), seconds=1800)}
            events = {name: list(daemon.instance.all_logs(run.run_id)) for name, run in runs.items()}
            texts = "\n".join(dg.serialize_value(event) for each in events.values() for event in each)
            yield Story(yard, runs, events, daemon, texts)


def test_every_tenant_ran_once_and_all_but_the_two_broken_ones_succeeded(story: Story) -> None:
    assert len(story.runs) == len(story.daemon.runs()) == 25
    failed = {name for name, run in story.runs.items() if run.status is not dg.DagsterRunStatus.SUCCESS}
    assert failed == {OUTAGE, WRONG}
    assert all(story.runs[name].status is dg.DagsterRunStatus.FAILURE for name in failed)


def test_the_others_are_complete_and_hold_nothing_but_their_own(story: Story) -> None:
    wrong = {name: site.differences() for name, site in story.yard.sites.items() if name not in (OUTAGE, WRONG)}
    assert {name: found[:5] for name, found in wrong.items() if found} == {}
    assert len(wrong) == 23


def test_the_outage_was_tried_again_with_growing_waits_and_nothing_was_rejected_for_it(story: Story) -> None:
    attempts = story.yard.retries["attempts"]
    kinds = story.kinds(OUTAGE)
    assert (kinds["STEP_UP_FOR_RETRY"], kinds["STEP_RESTARTED"], kinds["STEP_FAILURE"]) == (attempts, attempts, 1)
    waits = [
        event.dagster_event.step_retry_data.seconds_to_wait
        for event in story.events[OUTAGE]
        if event.dagster_event and event.dagster_event.event_type_value == "STEP_UP_FOR_RETRY"
    ]
    first = story.yard.retries["first_wait"]
    for retry, wait in enumerate(waits):
        assert first * 2**retry <= wait <= first * 2**retry * 1.1
    state = story.yard.sites[OUTAGE].state()
    assert state["run"]["outcome"] == "outage"
    assert sum(counts["fail"] for counts in state["summary"].values()) == 0
    assert not story.kinds(OUTAGE)["ASSET_MATERIALIZATION"]


def test_the_wrong_credentials_were_not_tried_again(story: Story) -> None:
    kinds = story.kinds(WRONG)
    assert (kinds["STEP_UP_FOR_RETRY"], kinds["STEP_FAILURE"]) == (0, 1)
    log = story.yard.sites[WRONG].sandbox.control.log()
    assert [entry["kind"] for entry in log if entry["api"] == "optiply" and entry["kind"] != "token"] == []
    steps = [event.dagster_event for event in story.events[WRONG] if event.dagster_event]
    [failure] = [step for step in steps if step.is_step_failure]
    assert "credentials: " in failure.step_failure_data.error_display_string


def test_a_tenants_pace_is_its_own(story: Story) -> None:
    def most_in_a_minute(name: str) -> int:
        log = story.yard.sites[name].sandbox.control.log()
        times: list[float] = [entry["at"] for entry in log if entry["api"] == "inflow"]
        assert [entry for entry in log if entry["api"] == "inflow" and entry["status"] == 429] == []
        return max(sum(begin <= each < begin + 60 for each in times) for begin in times)

    assert most_in_a_minute(PACED) <= PACE
    assert min(most_in_a_minute(name) for name in GOOD) > PACE


def test_metadata_says_what_the_state_says(story: Story) -> None:
    for name in (*GOOD, PACED):
        told, state = story.metadata(name), story.yard.sites[name].state()
        for word, member in COUNTS.items():
            assert told[word] == sum(counts.get(member, 0) for counts in state["summary"].values()), (name, word)
        rows = {record.data["entity"]: record.data for record in told["entities"].records}
        assert rows == {
            entity: {"entity": entity, **{word: counts.get(member, 0) for word, member in COUNTS.items()}}
            for entity, counts in state["summary"].items()
        }
        assert (told["requests"], told["retries"]) == (state["run"]["requests"], state["run"]["retries"])
        assert told["outcome"] == state["run"]["outcome"] == "ok"
        assert told["created"] > 50
        assert told["seconds"] >= state["run"]["seconds"] > 0
        assert told["cpu_seconds"] > 0
        assert Path(told["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_no_secret_is_in_any_event_log_or_stored_file(story: Story) -> None:
    """Beside the search for the sandbox's secrets at the session's end, which reads every file but the vault's."""
    found = [
        path
        for path in story.yard.directory.rglob("*")
        if path.is_file() and "vault" not in path.parts and WRONG_PASSWORD.encode() in path.read_bytes()
    ]
    assert found == []
    assert WRONG_PASSWORD not in story.texts
    assert len(story.texts) > 10_000


def test_no_process_and_no_configuration_is_left(story: Story) -> None:
    assert story.yard.processes() == {}
    assert list((story.yard.directory / "tmp").glob("fleet-*")) == []
