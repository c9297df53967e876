"""The schemas that ship with an API: one JSON file a stream, with the relations that may be asked for."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tap_inventory.profile import RelationKind


def read_schema(package: str, stream: str) -> tuple[dict[str, Any], dict[str, RelationKind]]:
    """Return the JSON Schema of a stream's records, and its relations.

    Args:
        package: The API's package, which holds a folder ``schemas``.
        stream: The stream.
    """
    schema = json.loads((files(package) / "schemas" / f"{stream}.json").read_text(encoding="utf-8"))
    return schema, schema.pop("x-relations", {})
