"""What Dagster is to know of a fleet: an asset, a job, and a schedule for each time at which any tenant runs."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from fleet.assets import asset_of
from fleet.crons import together
from fleet.tenants import Fleet, TenantsProblem

JOB = "synchronise"
_PARTITION = "dagster/partition"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def definitions(fleet: Fleet) -> dg.Definitions:
    """Return what Dagster is to know of a fleet: the asset, the job, and a schedule for each time at which any runs.

    Raises:
        TenantsProblem: A schedule or the executor is not what Dagster knows.
    """
    asset = asset_of(fleet)
    job = dg.define_asset_job(
        JOB,
        selection=[asset],
        # The asset itself knows what is worth another try. Only a run whose worker died is started anew, where the
        # instance says so (run_retries).
        tags={"dagster/retry_on_asset_or_op_failure": "false"},
        description="Carries over one tenant, or any choice of them as a backfill.",
    )
    schedules = [_schedule(job, cron, zone, names) for (cron, zone), names in together(fleet.tenants.values()).items()]
    return dg.Definitions(assets=[asset], jobs=[job], schedules=schedules, executor=_executor(fleet.executor))


def _schedule(job: Any, cron: str, zone: str, names: Sequence[str]) -> dg.ScheduleDefinition:
    def due(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        going = context.instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=_UNFINISHED))
        busy = {run.tags.get(_PARTITION) for run in going}
        at = context.scheduled_execution_time.isoformat()
        for name in names:
            if name not in busy:
                yield dg.RunRequest(run_key=f"{name} {at}", partition_key=name)
        if left := sum(name in busy for name in names):
            context.log.warning("%d tenants are left out: their last run has not ended", left)
            if left == len(names):
                yield dg.SkipReason("the last run of every tenant goes on")

    try:
        return dg.ScheduleDefinition(
            name=re.sub(r"\W+", "_", f"{cron.replace('*', 'x').replace('/', ' every ')} {zone}").strip("_"),
            job=job,
            cron_schedule=cron,
            execution_timezone=zone,
            execution_fn=due,
            description=f"{len(names)} tenants, {cron} in {zone}",
            # tenants.yml is the truth: a tenant of a new time must not wait until somebody finds the switch.
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    except dg.DagsterError as error:
        reason = str(error).splitlines()[0]
        raise TenantsProblem(f"{names[0]}: the schedule {cron} in {zone} cannot be: {reason}") from None


def _executor(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise TenantsProblem(f"executor {name} cannot be had: {error}") from None
