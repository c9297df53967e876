"""Optiply's public API v1: who may ask, which resource is meant, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import identity
from sandbox.http import Request, Response
from sandbox.optiply.attributes import Entity
from sandbox.optiply.documents import Documents
from sandbox.optiply.entities import ENTITIES
from sandbox.optiply.errors import JSON_API, Refusal, refusal_response
from sandbox.optiply.lists import find, page_links
from sandbox.optiply.payloads import Payloads, parse_document
from sandbox.optiply.query import Filter, parse_query
from sandbox.optiply.store import Row, Store
from sandbox.optiply.tokens import Tokens
from sandbox.optiply.writes import Writes, unknown
from sandbox.switches import Switches

_HEADERS = {"content-type": JSON_API}
_METHODS = ("GET", "POST", "PATCH", "DELETE")


class OptiplyApi:
    """The twelve entities below ``/v1``.

    Attributes:
        store: The rows.
        tokens: The tokens that open the API; shared with the token endpoint.
        payloads: The checks on attributes.
        writes: What changes rows.
        documents: How rows are shown.
    """

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self.store = Store(identity.OPTIPLY_ACCOUNTS, identity.OPTIPLY_COUPLINGS, switches)
        self.tokens = Tokens(switches)
        self.payloads = Payloads(switches)
        self.writes = Writes(self.store, switches)
        self.documents = Documents(self.store, switches)
        self._collection: dict[str, Callable[[Request, Entity], Response]] = {"GET": self._list, "POST": self._post}
        self._single: dict[str, Callable[[Request, Entity, int], Response]] = {
            "GET": self._get,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        refused = self.tokens.check(request.method, request.headers.get("authorization"), request.now)
        if refused is not None:
            return refused
        try:
            self._check_content_type(request)
            return self._route(request)
        except Refusal as refusal:
            return refusal_response(refusal, self._switches)

    def _check_content_type(self, request: Request) -> None:
        rule = self._switches.optiply_content_type
        if rule == "off" or (rule == "writes" and request.method not in ("POST", "PATCH")):
            return
        content_type = request.headers.get("content-type", "")
        if content_type != JSON_API and content_type.partition(";")[0].strip().lower() != JSON_API:
            raise Refusal(415, f"The content type must be {JSON_API}")

    def _route(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        entity = ENTITIES.get(parts[0])
        if entity is None:
            raise Refusal(404, f"There is no resource {request.path!a}")
        allowed = ("GET",) if not entity.writable else _METHODS
        if request.method not in allowed:
            raise Refusal(405, f"{request.method} is not allowed on {entity.name}")
        if len(parts) == 1:
            on_collection = self._collection.get(request.method)
            if on_collection is None:
                raise Refusal(405, f"{request.method} needs the id of one of the {entity.name}")
            return on_collection(request, entity)
        if not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 20):
            raise Refusal(400, f"{parts[1]!a} is not an id")
        if len(parts) > 2:
            return self._related(request, entity, int(parts[1]), parts[2:])
        on_single = self._single.get(request.method)
        if on_single is None:
            raise Refusal(405, f"{request.method} is not allowed on one of the {entity.name}")
        return on_single(request, entity, int(parts[1]))

    def _list(self, request: Request, entity: Entity, also: Filter | None = None) -> Response:
        query = parse_query(request.query, entity, self._switches)
        if also is not None:
            query.filters.append(also)
        account = self._account(request)
        rows, total = find(self.store, entity, query, self.store.accounts if account is None else (account,))
        links = page_links(f"{request.base_url}{request.path}", request.query, query, total)
        return Response(200, self.documents.collection(entity, rows, request.base_url, links, total), _HEADERS)

    def _related(self, request: Request, entity: Entity, identifier: int, path: list[str]) -> Response:
        names = {relation.name: relation for relation in entity.relations}
        relation = names.get(path[-1])
        if relation is None or path[:-1] not in ([], ["relationships"]):
            raise Refusal(404, f"There is no resource {request.path!a}")
        if request.method != "GET":
            raise Refusal(405, f"{request.method} is not allowed on a relationship")
        self._row(request, entity, identifier)
        return self._list(request, ENTITIES[relation.entity], Filter(relation.attribute, "EQ", (identifier,)))

    def _get(self, request: Request, entity: Entity, identifier: int) -> Response:
        row = self._row(request, entity, identifier)
        return Response(200, self.documents.single(entity, row, request.base_url), _HEADERS)

    def _post(self, request: Request, entity: Entity) -> Response:
        account, coupling = self._account(request), self._coupling(request)
        if account is None and not entity.owner:
            if self._switches.optiply_missing_account == "refused":
                raise Refusal(400, "The parameter accountId is required", parameter="accountId")
            account = self.store.accounts[0]
        payload = self.payloads.create(entity, parse_document(request.body, entity))
        row, lines = self.writes.create(entity, payload, account, coupling, request.now)
        body = self.documents.single(entity, row, request.base_url, lines)
        location = f"{request.base_url}/{entity.name}/{row.id}"
        return Response(201, body, {"content-type": JSON_API, "location": location})

    def _patch(self, request: Request, entity: Entity, identifier: int) -> Response:
        coupling = self._coupling(request)
        row = self._row(request, entity, identifier)
        payload = self.payloads.patch(entity, parse_document(request.body, entity))
        self.writes.patch(entity, row, payload, coupling, request.now)
        return Response(200, self.documents.single(entity, row, request.base_url), _HEADERS)

    def _delete(self, request: Request, entity: Entity, identifier: int) -> Response:
        self._coupling(request)
        self.writes.delete(entity, self._row(request, entity, identifier), request.now)
        return Response(204)

    def _row(self, request: Request, entity: Entity, identifier: int) -> Row:
        account = self._account(request)
        row = self.store.tables[entity.name].get(identifier)
        if row is None or not self.store.visible(row) or account not in (None, row.account):
            raise unknown(entity.name, identifier)
        return row

    def _account(self, request: Request) -> int | None:
        account = _identifier(request, "accountId")
        if account is not None and account not in self.store.accounts:
            raise Refusal(
                self._switches.optiply_foreign_account, f"No access to account {account}", parameter="accountId"
            )
        return account

    def _coupling(self, request: Request) -> int | None:
        coupling = _identifier(request, "couplingId")
        known = coupling is None or coupling in self.store.couplings
        if not known and self._switches.optiply_unknown_coupling == "refused":
            raise Refusal(400, f"There is no coupling {coupling}", parameter="couplingId")
        return coupling


def _identifier(request: Request, name: str) -> int | None:
    text = request.parameter(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Refusal(400, f"{name} must be an id", parameter=name)
    return int(text)
