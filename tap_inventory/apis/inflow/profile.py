"""inFlow's address, headers, paging and limits."""

from __future__ import annotations

from tap_inventory.apis.inflow.streams import STREAMS
from tap_inventory.profile import ApiProfile, HourHint, Keyset

PROFILE = ApiProfile(
    name="inflow",
    title="inFlow",
    address="https://cloudapi.inflowinventory.com",
    root="/{company_id}",
    headers={
        "Authorization": "Bearer {api_key}",
        "Accept": "application/json;version={api_version}",
        "Content-Type": "application/json",
    },
    required=("api_key", "company_id"),
    key_setting="api_key",
    scope_setting="company_id",
    include="include",
    # The documented parameter bag of every list. Unknown parameters are silently ignored, so these names matter.
    paging=Keyset(
        size="count",
        max_size=100,
        after="after",
        skip="skip",
        sort="sort",
        descending="sortDesc",
        count="includeCount",
        total="x-listcount",
    ),
    # Seen by clients, not documented: some accounts have 1000 requests an hour beside the 60 a minute.
    hour_hint=HourHint(header="x-ratelimit-limit", pattern=r"/\s*1000\b", limit=1000),
    streams=STREAMS,
)
