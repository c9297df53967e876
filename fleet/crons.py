"""When tenants run: ``H`` in a cron line spreads them, and tenants of one line share one schedule. Pure."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from fleet.tenants import Tenant, TenantsProblem

_SIZES = (60, 24)  # minutes and hours: the fields in which H may stand
_HASH = re.compile(r"H(?:/(\d+))?")


def spread(cron: str, tenant: str) -> str:
    """Return a cron line with ``H`` replaced by a number that is the tenant's own, the same every time.

    ``H * * * *`` is once an hour, ``H H * * *`` once a day, ``H/15 * * * *`` every quarter of an hour, each tenant at
    a minute (and hour) drawn from its name, so that ten thousand tenants do not begin in one second.

    Raises:
        TenantsProblem: ``H`` stands elsewhere, or with a step that does not fit.
    """
    fields, lot = cron.split(), zlib.crc32(tenant.encode())
    for place, text in enumerate(fields):
        if not (found := _HASH.fullmatch(text)):
            continue
        size = _SIZES[place] if place < len(_SIZES) else 0
        step = int(found[1] or size)
        if not 1 <= step <= size:
            raise TenantsProblem(f"{tenant}: {text} cannot stand in the schedule {cron}")
        begin = lot % step
        lot //= size
        fields[place] = str(begin) if found[1] is None else f"{begin}-{size - 1}/{step}"
    return " ".join(fields)


def together(tenants: Iterable[Tenant]) -> Mapping[tuple[str, str], list[str]]:
    """Return the names of the tenants that run at the same times, by cron line and zone.

    Raises:
        TenantsProblem: A line uses ``H`` where it cannot stand.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for tenant in tenants:
        if tenant.cron is not None:
            found[spread(tenant.cron, tenant.name), tenant.timezone].append(tenant.name)
    return found
