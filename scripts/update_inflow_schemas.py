"""Make the Singer schemas of inFlow's streams from a file of definitions.

Usage: ``python scripts/update_inflow_schemas.py DEFINITIONS [--out DIRECTORY]``

The definitions are one JSON object. ``_definitions`` holds object shapes by name; every other key that does not begin
with ``_`` is an endpoint with ``primary_key``, ``list_endpoint``, ``method``, ``schema_ref``, ``include_supported``,
``include_recommended`` and ``fields``. A field is JSON Schema, or ``$ref`` into ``_definitions``; ``"include": true``
marks a relation, which an answer carries only when it was asked for.

What comes out tolerates what the API is known to do otherwise than it says: everything but a key may be null,
enumerations may be spelled in any case, and unknown fields pass. Decimals are text; the tap writes numbers as such.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

DEFAULT_OUT = Path(__file__).parent.parent / "tap_inventory" / "apis" / "inflow" / "schemas"
KEPT_FORMATS = {"uuid", "date-time"}


class Maker:
    """Makes schemas from one file of definitions.

    Args:
        document: The parsed definitions.
    """

    def __init__(self, document: Json) -> None:
        self._shapes: dict[str, Json] = document["_definitions"]
        self.endpoints: dict[str, Json] = {name: value for name, value in document.items() if not name.startswith("_")}
        # What has an endpoint of its own is referred to, not owned: its changes are not its referrer's.
        self._standing_alone = {
            endpoint["schema_ref"] for endpoint in self.endpoints.values() if endpoint["schema_ref"]
        }

    def schema(self, name: str) -> Json:
        """Return the Singer schema of one endpoint, with its relations listed under ``x-relations``."""
        endpoint = self.endpoints[name]
        keys: list[str] = endpoint["primary_key"]
        paths = [*endpoint["include_supported"], *(endpoint["include_recommended"] or "").split(",")]
        fields: Json = endpoint["fields"]
        relations = {field: value for field, value in fields.items() if value.get("include")}
        properties = {
            field: self._key(value) if field in keys else self._property(value, _below(paths, field))
            for field, value in sorted(fields.items())
        }
        return {
            "type": "object",
            "required": sorted(key for key in keys if "null" not in fields[key]["type"]),
            "additionalProperties": True,
            "properties": properties,
            "x-relations": {field: self._kind(value) for field, value in sorted(relations.items())},
        }

    def _kind(self, relation: Json) -> str:
        return "child" if "items" in relation or relation["$ref"] not in self._standing_alone else "reference"

    def _shape(self, ref: str) -> Json:
        return self._shapes[ref.rsplit("/", 1)[1]]

    def _key(self, field: Json) -> Json:
        return {name: field[name] for name in ("type", "format") if name in field}

    def _property(self, field: Json, relations: list[str]) -> Json:
        """Return the schema of a field; of an object's own relations, only those in ``relations``."""
        if "items" in field:
            return {"type": ["array", "null"], "items": self._property(field["items"], relations)}
        if "$ref" in field:
            return self._object(self._shape(field["$ref"])["properties"], relations)
        if "properties" in field:
            return self._object(field["properties"], relations)
        if field.get("format") == "decimal":
            return {"type": ["string", "null"], "format": "x-singer.decimal"}
        types = field["type"] if isinstance(field["type"], list) else [field["type"]]
        made: Json = {"type": [*sorted({*types} - {"null"}), "null"]}
        if field.get("format") in KEPT_FORMATS:
            made["format"] = field["format"]
        return made

    def _object(self, fields: Json, relations: list[str]) -> Json:
        asked = {path.split(".")[0] for path in relations}
        return {
            "type": ["object", "null"],
            "additionalProperties": True,
            "properties": {
                field: self._property(value, _below(relations, field))
                for field, value in sorted(fields.items())
                if not value.get("include") or field in asked
            },
        }


def _below(paths: list[str], field: str) -> list[str]:
    """Return what follows ``field`` in dotted paths that begin with it."""
    return [path.split(".", 1)[1] for path in paths if path.startswith(f"{field}.")]


def main() -> None:
    """Write one file a stream: every list endpoint without a parameter in its path, and bulk reads by POST."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("definitions", type=Path)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    options = parser.parse_args()
    maker = Maker(json.loads(options.definitions.read_text(encoding="utf-8")))
    for name, endpoint in maker.endpoints.items():
        readable = endpoint["list_endpoint"] or endpoint["method"] == "POST"
        if readable and "{" not in endpoint["path"]:
            target = options.out / f"{name}.json"
            target.write_text(json.dumps(maker.schema(name), indent=2) + "\n", encoding="utf-8")
            print(target.name)


if __name__ == "__main__":
    main()
