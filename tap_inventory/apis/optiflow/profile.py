"""OptiFlow: address, headers, paging, limits and streams.

Documented: a tenant's host with ``/api/v1``, a Bearer token, ``X-Workspace-ID`` to choose a workspace, ``page`` and
``per_page`` (at most 100), ``sort`` with a minus sign for descending, 60 requests a minute. Inferred, from the
framework it is built on: the envelope of a page, the paths other than ``/invoices``, and ``include``.
"""

from __future__ import annotations

from typing import Any

from tap_inventory.apis.schemas import read_schema
from tap_inventory.profile import ApiProfile, DateFilter, Numbered, StreamProfile

_CHANGED = "updated_at"


def _stream(name: str, **known: Any) -> StreamProfile:
    schema, relations = read_schema(__package__, name)
    return StreamProfile(
        name=name,
        path=f"/{name}",
        key=("id",),
        schema=schema,
        relations=relations,
        version=_CHANGED,
        modified=_CHANGED,
        instants=True,
        **known,
    )


PROFILE = ApiProfile(
    name="optiflow",
    title="OptiFlow",
    address="https://{tenant}",
    root="/api/v1",
    headers={
        "Authorization": "Bearer {token}",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-Workspace-ID": "{workspace_id}",
    },
    required=("token", ("tenant", "api_url")),
    key_setting="token",
    scope_setting="tenant",
    scope="tenant",
    scoping=("api", "workspace_id"),
    hosts=("tenant",),
    stand_ins={"token": "api_key"},
    include="include",
    paging=Numbered(
        page="page",
        size="per_page",
        max_size=100,
        rows="data",
        total=("meta.total", "total"),
        told_size=("meta.per_page", "per_page"),
        last=("meta.last_page", "last_page"),
        sort="sort",
    ),
    hour_hint=None,
    streams=(
        _stream("contacts", selected=True, newest_first=_CHANGED),
        # Stock moves without the product being changed: newest first would miss it, so the list is read whole.
        _stream("products", selected=True, include=("stocks",)),
        _stream(
            "invoices",
            selected=True,
            newest_first=_CHANGED,
            include=("items",),
            start=DateFilter(None, "issue_date"),
        ),
        _stream("quotations", optional=True, newest_first=_CHANGED, include=("items",)),
        _stream("workspaces", selected=True, optional=True),
    ),
)
