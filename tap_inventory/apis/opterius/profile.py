"""Opterius Commerce: address, token, paging and streams, so that both its documentation and its behaviour are read.

Documented: pages (``page``, ``per_page`` of at most 100) in an envelope with ``meta``, and one row in ``data``. Seen in
its code: the whole list in ``data`` without ``meta``, whatever page is asked for, and one row without envelope. Amounts
are documented in the smallest unit and seen in the major one: records carry them as they come. Nothing tells when a row
was changed, so every list is read and written in full.
"""

from __future__ import annotations

from typing import Any

from tap_inventory.apis.schemas import read_schema
from tap_inventory.profile import ApiProfile, Numbered, StreamProfile


def _stream(name: str, **known: Any) -> StreamProfile:
    schema, relations = read_schema(__package__, name)
    return StreamProfile(
        name=name, path=f"/{name}", key=("id",), schema=schema, relations=relations, selected=True, **known
    )


PROFILE = ApiProfile(
    name="opterius",
    title="Opterius Commerce",
    address=None,
    root="/api/v1",
    headers={"Authorization": "Bearer {token}", "Accept": "application/json", "Content-Type": "application/json"},
    required=("token", "api_url"),
    key_setting="token",
    scope_setting=None,
    scope="account",
    scoping=("api",),
    stand_ins={"token": "api_key"},
    include="",
    paging=Numbered(
        page="page",
        size="per_page",
        max_size=100,
        rows="data",
        total=("meta.total",),
        told_size=("meta.per_page",),
        last=("meta.last_page",),
    ),
    hour_hint=None,
    streams=(
        _stream("me", paged=False, single=True),
        _stream("services"),
        _stream("invoices"),
        _stream("orders"),
        _stream("domains"),
    ),
)
