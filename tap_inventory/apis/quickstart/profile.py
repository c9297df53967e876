"""The quick-start API: OAuth 2, a paginator whose page length the server decides, sorting for some lists.

Documented: the paginator's fields, ``page`` (always sent: for some users a list has no pages without it), ``sort`` with
a minus sign for descending on customers and orders, ``created_at`` and ``updated_at`` on what keeps track of time.
Inferred: the paths, that ``id`` identifies a row, and all other fields.
"""

from __future__ import annotations

from typing import Any

from tap_inventory.apis.schemas import read_schema
from tap_inventory.profile import ApiProfile, DateFilter, Numbered, RefreshedToken, StreamProfile

_CHANGED = "updated_at"


def _stream(name: str, **known: Any) -> StreamProfile:
    schema, relations = read_schema(__package__, name)
    return StreamProfile(
        name=name,
        path=f"/{name}",
        key=("id",),
        schema=schema,
        relations=relations,
        selected=True,
        version=_CHANGED,
        modified=_CHANGED,
        instants=True,
        **known,
    )


PROFILE = ApiProfile(
    name="quickstart",
    title="The quick-start API",
    address=None,
    root="",
    headers={"Accept": "application/json"},
    token=RefreshedToken(),
    required=("api_url", "client_id", "client_secret", "refresh_token", "token_url", "token_file"),
    key_setting="refresh_token",
    scope_setting="client_id",
    scope="account",
    scoping=("api",),
    include="",
    paging=Numbered(
        page="page",
        size=None,
        max_size=15,
        rows="data",
        total=("total",),
        told_size=("per_page",),
        last=("last_page",),
        sort="sort",
    ),
    hour_hint=None,
    streams=(
        _stream("customers", newest_first=_CHANGED),
        _stream("orders", newest_first=_CHANGED, start=DateFilter(None, "created_at")),
        _stream("invoices", sorts=False),
    ),
)
