"""Baseline: a plain ``singer_sdk`` REST stream with the SDK's defaults that reads the same pages as the tap.

Arguments: a file with ``url`` (of the list), ``key`` (a bearer key) and ``schema``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseAPIPaginator

GIVEN = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
SIZE = 100


class Paginator(BaseAPIPaginator[str | None]):
    """Goes on after the last key of a page; a short page is the last."""

    def get_next(self, response: requests.Response) -> str | None:
        """Return the key to go on after."""
        rows = response.json()
        return rows[-1]["productId"] if len(rows) == SIZE else None


class Products(RESTStream[str | None]):
    """Products, page by page."""

    name = "products"
    path = ""
    url_base = GIVEN["url"]
    primary_keys = ("productId",)
    schema = GIVEN["schema"]

    @property
    def http_headers(self) -> dict[str, Any]:
        """Return the headers of every request."""
        return {**super().http_headers, "Authorization": f"Bearer {GIVEN['key']}"}

    def get_new_paginator(self) -> Paginator:
        """Return what pages."""
        return Paginator(None)

    def get_url_params(self, context: Any, next_page_token: str | None) -> dict[str, Any]:  # noqa: ARG002 - the SDK's
        """Return the query."""
        return {"count": SIZE, **({"after": next_page_token} if next_page_token else {})}


class PlainTap(Tap):
    """A tap of one stream."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self) -> list[Products]:
        """Return the stream."""
        return [Products(self)]


if __name__ == "__main__":
    PlainTap.cli(["--config", str(Path(sys.argv[1]).with_name("empty.json"))])
