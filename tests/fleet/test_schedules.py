"""When Dagster asks for which tenants' runs."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pytest
import yaml
from yard import PARTITION

from fleet.location import JOB, definitions
from fleet.tenants import TenantsProblem, parse

AT = datetime(2026, 3, 1, 5, 0, tzinfo=timezone.utc)


def location(**schedules: str) -> dg.Definitions:
    return definitions(
        parse(yaml.safe_dump({"tenants": {name: {"schedule": cron} for name, cron in schedules.items()}}))
    )


def schedules_of(made: dg.Definitions) -> list[dg.ScheduleDefinition]:
    return list(made.get_repository_def().schedule_defs)


def test_tenants_of_one_time_share_a_schedule_that_is_on_and_asks_for_a_run_of_each_once(
    tmp_path: Path,
) -> None:
    made = location(a="0 5 * * *", b="0 5 * * *", c="30 5 * * *")
    schedules = schedules_of(made)
    assert [each.cron_schedule for each in schedules] == ["0 5 * * *", "30 5 * * *"]
    assert {each.default_status for each in schedules} == {dg.DefaultScheduleStatus.RUNNING}
    assert len({each.name for each in schedules}) == 2
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.build_schedule_context(
            instance, scheduled_execution_time=AT, repository_def=made.get_repository_def()
        ) as context,
    ):
        asked = schedules[0].evaluate_tick(context).run_requests or []
    assert [each.tags[PARTITION] for each in asked] == ["a", "b"]
    assert len({each.run_key for each in asked}) == 2


def test_a_tenant_whose_last_run_goes_on_is_left_out(tmp_path: Path) -> None:
    made = location(a="0 5 * * *", b="0 5 * * *")
    [schedule] = schedules_of(made)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        def asked() -> dg.ScheduleExecutionData:
            repository = made.get_repository_def()
            context = dg.build_schedule_context(instance, scheduled_execution_time=AT, repository_def=repository)
            with context:
                return schedule.evaluate_tick(context)

        job = made.resolve_job_def(JOB)
        for name in ("a", "b"):
            instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={PARTITION: name})
            found = asked()
            assert [each.tags[PARTITION] for each in found.run_requests or []] == (["b"] if name == "a" else [])
        assert found.skip_message == "the last run of every tenant goes on"


def test_a_schedule_that_cannot_be_names_the_tenant() -> None:
    with pytest.raises(TenantsProblem, match=r"a: the schedule 61 5 \* \* \* in UTC cannot be"):
        location(a="61 5 * * *")


def test_an_executor_is_taken_by_its_name_and_a_wrong_one_is_named() -> None:
    fleet = {"tenants": {"a": {}}, "executor": "dagster:multiprocess_executor"}
    assert definitions(parse(yaml.safe_dump(fleet))).executor is dg.multiprocess_executor
    with pytest.raises(TenantsProblem, match="executor dagster:no_such_thing cannot be had"):
        definitions(parse(yaml.safe_dump({**fleet, "executor": "dagster:no_such_thing"})))


def test_ten_thousand_tenants_are_sixty_schedules_and_as_many_partitions() -> None:
    tenants = {f"tenant-{number}": {"target": {"account_id": number}} for number in range(10_000)}
    made = definitions(parse(json.dumps({"defaults": {"schedule": "H * * * *"}, "tenants": tenants})))
    schedules = schedules_of(made)
    assert len(schedules) == 60
    assert sum(int((each.description or "").partition(" ")[0]) for each in schedules) == 10_000
    job = made.resolve_job_def(JOB)
    assert job.partitions_def is not None
    assert len(job.partitions_def.get_partition_keys()) == 10_000
