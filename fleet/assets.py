"""The asset: a tenant's inventory, as it stands in its Optiply. Tries again what may yet succeed, and nothing else."""

from __future__ import annotations

import re
import sys
from typing import get_type_hints

import dagster as dg

from fleet.run import Result, run
from fleet.tenants import Fleet, Tenant
from fleet.told import metadata

NAME = "inventory_in_optiply"
# A line of the programs' logs: time, level, logger, message.
_LOGGED = re.compile(r"[\d-]+ [\d:,]+ \| (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\s*\| \S+\s*\| (?P<message>.*)")
# What every run says alike. It goes to the worker's stderr, which Dagster keeps as a file and not row by row.
_CHATTER = re.compile(r"METRIC: |Skipping deselected stream ")


def asset_of(fleet: Fleet) -> dg.AssetsDefinition:
    """Return the asset, with a partition per tenant."""

    def inventory_in_optiply(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        tenant = fleet.tenants[context.partition_key]

        def say(program: str, line: str) -> None:
            logged = _LOGGED.fullmatch(line)
            # What comes without a level is a program's last word.
            level, message = (logged["level"], logged["message"]) if logged else ("WARNING", line)
            if _CHATTER.match(message):
                sys.stderr.write(f"{program}: {line}\n")
            else:
                context.log.log(level, "%s: %s", program, message)

        result = run(tenant, say)
        if result.verdict.outcome != "ok":
            _fail(context, fleet, tenant, result)
        return dg.MaterializeResult(metadata=metadata(tenant, result))

    # Dagster looks at the annotations as they are, and here they are text (PEP 563).
    inventory_in_optiply.__annotations__ = get_type_hints(inventory_in_optiply)
    return dg.asset(
        name=NAME,
        partitions_def=dg.StaticPartitionsDefinition(list(fleet.tenants)),
        kinds={"singer"},
        description="What a tenant's inventory says, brought to its Optiply by tap-inventory | target-optiply.",
    )(inventory_in_optiply)


def _fail(context: dg.AssetExecutionContext, fleet: Fleet, tenant: Tenant, result: Result) -> None:
    """End the step, for now or for good.

    Raises:
        RetryRequested: Another try could do better, and there is one left.
        Failure: None could, or none is left.
    """
    verdict, told = result.verdict, metadata(tenant, result)
    failure = dg.Failure(f"{tenant.name}: {verdict.sentence}", metadata=told, allow_retries=False)
    if verdict.may_pass and context.retry_number < fleet.retries.attempts:
        wait = fleet.retries.wait(context.retry_number)
        context.log.warning("%s: %s; tried again in %.0f s", tenant.name, verdict.sentence, wait)
        raise dg.RetryRequested(max_retries=fleet.retries.attempts, seconds_to_wait=wait) from failure
    if verdict.outcome == "rejected" and result.told.run:  # all else is carried over: the partition is as of now
        context.log_event(dg.AssetMaterialization(NAME, partition=tenant.name, metadata=told))
    raise failure
