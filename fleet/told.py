"""What a run tells Dagster: numbers that it plots over time, a table by entity, and where the page about it is."""

from __future__ import annotations

import dagster as dg

from fleet.keeping import REPORT
from fleet.run import Result
from fleet.tenants import Tenant

# Members of the state's summary, and what they count.
COUNTS = {"created": "success", "updated": "updated", "unchanged": "existing", "deleted": "deleted", "rejected": "fail"}
_EFFORT = {"requests": int, "retries": int, "waited": float}


def metadata(tenant: Tenant, result: Result) -> dict[str, dg.MetadataValue]:
    """Return the metadata of a run.

    Counts are there only where the target's state tells them of this very run.
    """
    found: dict[str, dg.MetadataValue] = {
        "outcome": dg.MetadataValue.text(result.verdict.outcome),
        "seconds": dg.MetadataValue.float(round(result.seconds, 3)),
        "cpu_seconds": dg.MetadataValue.float(round(result.cpu_seconds, 3)),
    }
    if not result.told.run:
        return found
    by_entity = {
        entity: {word: counts.get(name, 0) for word, name in COUNTS.items()}
        for entity, counts in result.told.summary.items()
    }
    found |= {word: dg.MetadataValue.int(sum(counts[word] for counts in by_entity.values())) for word in COUNTS}
    for name, kind in _EFFORT.items():
        if (value := result.told.run.get(name)) is not None:
            found[name] = dg.MetadataValue.int(int(value)) if kind is int else dg.MetadataValue.float(float(value))
    if by_entity:
        records = [dg.TableRecord({"entity": entity, **counts}) for entity, counts in by_entity.items()]
        found["entities"] = dg.MetadataValue.table(records)
    report = tenant.target.get("report_path", f"{tenant.folder}/{REPORT}")
    if isinstance(report, str):
        found["report"] = dg.MetadataValue.url(report) if "://" in report else dg.MetadataValue.path(report)
    return found
