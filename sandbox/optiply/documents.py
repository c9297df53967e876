"""Rows as JSON:API documents, rendered fast: attributes by orjson, links from templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from sandbox.optiply.attributes import Entity
from sandbox.optiply.entities import ENTITIES, REMOTE_MAP_EVIDENCED, REMOTE_MAP_PROVEN
from sandbox.optiply.store import Row, Store
from sandbox.switches import Switches


@lru_cache(maxsize=65536)
def canonical_instant(microseconds: int) -> str:
    """Return epoch microseconds as ``2026-03-01T10:00:01Z``, with a fraction where there is one."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:06d}".rstrip("0") + "Z" if fraction else text + "Z"


def exact_number(value: int | Decimal) -> orjson.Fragment:
    """Return a JSON number with every digit of ``value``."""
    return orjson.Fragment(str(value))


def show_instant(value: Any, style: str) -> Any:
    """Return a canonical instant in the form that ``optiply_date_format`` names."""
    if style == "z" or type(value) is not str:
        return value
    whole, _, fraction = value[:-1].partition(".")
    if style == "millis":
        return f"{whole}.{fraction[:3]:0<3}Z"
    return f"{whole}{'.' if fraction else ''}{fraction}+00:00"


class Documents:
    """Renders rows of ``store`` as the switches want them shown."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._names = {name: [item.name for item in entity.attributes] for name, entity in ENTITIES.items()}
        self._numbers = _places("number")
        self._instants = _places("instant")
        self._status = {name: entity.position.get("status") for name, entity in ENTITIES.items()}
        self._links: dict[tuple[str, str], bytes] = {}

    def attributes(self, entity: Entity, row: Row) -> dict[str, Any]:
        """Return what ``row`` shows of itself, ready for orjson."""
        name, switches = entity.name, self._switches
        shown = dict(zip(self._names[name], row.values, strict=True))
        for number in self._numbers[name]:
            if shown[number] is not None:
                shown[number] = exact_number(shown[number])
        status = self._status[name]
        if status is not None and switches.optiply_status_case == "upper" and shown["status"] is not None:
            shown["status"] = shown["status"].upper()
        if entity.shows_account:
            shown["accountId"] = row.account
        shown["uuid"] = row.uuid
        shown["createdAt"] = canonical_instant(row.created)
        shown["updatedAt"] = canonical_instant(row.updated)
        if switches.optiply_date_format != "z":
            for instant in (*self._instants[name], "createdAt", "updatedAt"):
                shown[instant] = show_instant(shown[instant], switches.optiply_date_format)
        if entity.shows_origin:
            shown["createdFromPublicApi"] = row.from_api
        if entity.takes_remote_id and self._shows_remote_map(name):
            shown["remoteIdMap"] = row.remote
        if name == "promotions":
            shown["productCount"] = len(self._store.tables["promotionProducts"].found["promotionId"].get(row.id, ()))
        return shown

    def resource(self, entity: Entity, row: Row, base_url: str, lines: list[Row] | None = None) -> bytes:
        """Return one resource object; ``lines`` are shown inside its attributes, as ``orderLines``."""
        attributes = self.attributes(entity, row)
        if lines is not None and entity.lines:
            child = ENTITIES[entity.lines[0]]
            attributes["orderLines"] = [{"id": line.id, **self.attributes(child, line)} for line in lines]
        links = self._template(entity, base_url) % {b"id": b"%d" % row.id}
        return b'{"id":"%d","type":"%s","attributes":%s,%s}' % (
            row.id,
            entity.name.encode(),
            orjson.dumps(attributes),
            links,
        )

    def single(self, entity: Entity, row: Row, base_url: str, lines: list[Row] | None = None) -> bytes:
        """Return the document of one resource, with the lines a POST created where the switches ask for them."""
        where = self._switches.optiply_lines_in_answer
        if not lines or not entity.lines or where == "none":
            return b'{"data":' + self.resource(entity, row, base_url) + b"}"
        if where == "attributes":
            return b'{"data":' + self.resource(entity, row, base_url, lines) + b"}"
        child = ENTITIES[entity.lines[0]]
        included = b",".join(self.resource(child, line, base_url) for line in lines)
        return b'{"data":' + self.resource(entity, row, base_url) + b',"included":[' + included + b"]}"

    def collection(
        self, entity: Entity, rows: Iterable[Row], base_url: str, links: dict[str, str], total: int
    ) -> bytes:
        """Return the document of one page of a list."""
        data = b",".join([self.resource(entity, row, base_url) for row in rows])
        rest: dict[str, Any] = {"links": links}
        if self._switches.optiply_total_count:
            rest["meta"] = {"totalResourceCount": total}
        return b'{"data":[' + data + b"]," + orjson.dumps(rest)[1:]

    def _shows_remote_map(self, name: str) -> bool:
        choice = self._switches.optiply_remote_id_map
        if choice == "evidenced":
            return name in REMOTE_MAP_EVIDENCED
        return choice == "all" or (choice == "proven" and name in REMOTE_MAP_PROVEN)

    def _template(self, entity: Entity, base_url: str) -> bytes:
        template = self._links.get((entity.name, base_url))
        if template is None:
            here = f"{base_url.replace('%', '%%')}/{entity.name}/%(id)s"
            names = [relation.name for relation in entity.relations]
            parts: dict[str, Any] = {}
            if names:
                parts["relationships"] = {
                    name: {"links": {"self": f"{here}/relationships/{name}", "related": f"{here}/{name}"}}
                    for name in names
                }
            parts["links"] = {"self": here}
            template = orjson.dumps(parts)[1:-1]
            if len(self._links) > 200:  # the base URL comes from the Host header: keep its variety from piling up
                self._links.clear()
            self._links[entity.name, base_url] = template
        return template


def _places(kind: str) -> dict[str, list[str]]:
    return {
        name: [attribute.name for attribute in entity.attributes if attribute.kind == kind]
        for name, entity in ENTITIES.items()
    }
