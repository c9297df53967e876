"""From a request body to checked values: the document's form, then every attribute by its rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.optiply.attributes import Attribute, Entity, text
from sandbox.optiply.entities import ENTITIES
from sandbox.optiply.errors import Refusal
from sandbox.optiply.values import Converter, Invalid, WrongType, converter
from sandbox.switches import Switches

#: What comes with every row and is never written.
SYSTEM_ATTRIBUTES = frozenset({"id", "uuid", "createdAt", "updatedAt", "createdFromPublicApi", "remoteIdMap"})
_REMOTE_ID = text("remoteId")
_DECODER = json.JSONDecoder(parse_float=Decimal)


@dataclass(slots=True)
class Payload:
    """Checked attributes of one resource.

    Attributes:
        values: Attribute name to stored value, null included, for what was given.
        remote_id: The remote id; meaningful where ``has_remote_id``.
        has_remote_id: Whether one was given, null included.
        lines: Embedded order lines; None where the document said nothing of them.
    """

    values: dict[str, Any] = field(default_factory=dict)
    remote_id: str | None = None
    has_remote_id: bool = False
    lines: list[Payload] | None = None


def parse_document(body: bytes, entity: Entity) -> dict[str, Any]:
    """Return ``data.attributes`` of a JSON:API document.

    Decimals are read exactly. NaN and infinities, which are not JSON, are read as floats, so that the attribute that
    holds one is found to be of the wrong type.

    Raises:
        Refusal: The body is no such document for ``entity``.
    """
    try:
        document = _DECODER.decode(body.decode())
    except (ValueError, RecursionError, ArithmeticError):
        raise Refusal(400, "Malformed JSON in the request body") from None
    data = document.get("data") if type(document) is dict else None
    if type(data) is not dict:
        raise Refusal(400, "The request body must have a resource object in its member data", pointer="/data")
    if data.get("type") != entity.name:
        raise Refusal(400, f"The resource type must be {entity.name}", pointer="/data/type")
    attributes = data.get("attributes", {})
    if type(attributes) is not dict:
        raise Refusal(400, "The attributes must be an object", pointer="/data/attributes")
    return attributes


class Payloads:
    """Checks attributes against the entity table, as the switches want it."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._rules: dict[str, dict[str, tuple[Attribute, Converter]]] = {}
        self._required: dict[str, list[Attribute]] = {}
        for name, entity in ENTITIES.items():
            self._rules[name] = {item.name: (item, converter(item, switches)) for item in entity.attributes}
            self._required[name] = [item for item in entity.attributes if item.required]
        self._remote_id = converter(_REMOTE_ID, switches)

    def create(self, entity: Entity, attributes: dict[str, Any]) -> Payload:
        """Return the checked attributes of a POST.

        Raises:
            Refusal: Something is missing or breaks a rule.
        """
        payload = self._read(entity, attributes, "/data/attributes")
        self._complete(entity, payload, "/data/attributes")
        if "orderLines" in attributes and entity.lines:
            payload.lines = self._lines(entity, attributes["orderLines"])
        return payload

    def patch(self, entity: Entity, attributes: dict[str, Any]) -> Payload:
        """Return the checked attributes of a PATCH.

        Raises:
            Refusal: Something breaks a rule.
        """
        if "orderLines" in attributes and entity.lines and self._switches.optiply_patch_order_lines == "refused":
            raise self.invalid("orderLines", "cannot be changed here", "/data/attributes")
        return self._read(entity, attributes, "/data/attributes")

    def lenient(self, entity: Entity, attributes: dict[str, Any]) -> Payload:
        """Return attributes for a row written past the API: types are checked, read-only ones are taken.

        Raises:
            Refusal: An attribute does not exist or has a value of the wrong type.
        """
        return self._read(entity, attributes, "/attributes", privileged=True)

    def invalid(self, name: str, detail: str, place: str) -> Refusal:
        """Return the refusal of a value that breaks a rule."""
        return Refusal(self._switches.optiply_validation_status, f"{name}: {detail}", pointer=f"{place}/{name}")

    def _read(self, entity: Entity, attributes: dict[str, Any], place: str, *, privileged: bool = False) -> Payload:
        payload = Payload()
        values, rules = payload.values, self._rules[entity.name]
        for name, value in attributes.items():
            rule = rules.get(name)
            if rule is None:
                self._read_other(entity, payload, name, value, place)
                continue
            attribute, convert = rule
            if attribute.readonly and not privileged:
                self._refuse_readonly(name, place)
            elif value is None:
                if not attribute.nullable:
                    raise self.invalid(name, "must not be null", place)
                values[name] = None
            else:
                values[name] = self._convert(attribute, convert, value, place)
        return payload

    def _read_other(self, entity: Entity, payload: Payload, name: str, value: Any, place: str) -> None:
        if name == "remoteId" and entity.takes_remote_id:
            payload.has_remote_id = True
            payload.remote_id = None if value is None else self._convert(_REMOTE_ID, self._remote_id, value, place)
        elif name == "orderLines" and entity.lines:
            return
        elif name == "accountId" and entity.name == "buyOrders":
            return  # Older clients send it along; the query parameter decides.
        elif name in SYSTEM_ATTRIBUTES or (name == "accountId" and entity.shows_account):
            self._refuse_readonly(name, place)
        elif self._switches.optiply_unknown_attributes == "refused":
            raise Refusal(400, f"attribute not found: {name!a}", pointer=place, code="UNKNOWN_ATTRIBUTE")

    def _refuse_readonly(self, name: str, place: str) -> None:
        if self._switches.optiply_readonly_attributes == "refused":
            raise self.invalid(name, "is read-only", place)

    def _convert(self, attribute: Attribute, convert: Converter, value: Any, place: str) -> Any:
        try:
            return convert(value)
        except WrongType as problem:
            broad = self._switches.optiply_wrong_type_500
            if broad == "all" or (broad == "references" and attribute.kind == "reference"):
                raise Refusal(500, f"Could not read the attribute {attribute.name}") from None
            raise self.invalid(attribute.name, str(problem), place) from None
        except Invalid as problem:
            if attribute.kind == "emails":
                raise Refusal(
                    self._switches.optiply_validation_status, str(problem), pointer=f"{place}/{attribute.name}"
                ) from None
            raise self.invalid(attribute.name, str(problem), place) from None

    def _complete(self, entity: Entity, payload: Payload, place: str, without: str = "") -> None:
        for attribute in self._required[entity.name]:
            if attribute.name in payload.values or attribute.name == without:
                continue
            if attribute.default is None or not self._switches.optiply_promotion_defaults:
                raise self.invalid(attribute.name, "must not be null", place)

    def _lines(self, entity: Entity, lines: Any) -> list[Payload] | None:
        if lines is None:
            return None
        if type(lines) is not list:
            raise self.invalid("orderLines", "must be an array", "/data/attributes")
        assert entity.lines is not None  # noqa: S101 - the caller has looked
        child, back = ENTITIES[entity.lines[0]], entity.lines[1]
        payloads = []
        for number, line in enumerate(lines):
            place = f"/data/attributes/orderLines/{number}"
            if type(line) is not dict:
                raise self.invalid("orderLines", "must hold objects", "/data/attributes")
            if back in line and self._switches.optiply_unknown_attributes == "refused":
                raise Refusal(400, f"attribute not found: {back!a}", pointer=place, code="UNKNOWN_ATTRIBUTE")
            payload = self._read(child, {name: value for name, value in line.items() if name != back}, place)
            self._complete(child, payload, place, without=back)
            payloads.append(payload)
        return payloads
