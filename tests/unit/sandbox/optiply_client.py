"""Optiply without sockets: requests go straight into the API object, at a time that the test sets."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sandbox import identity
from sandbox.http import Request
from sandbox.optiply.api import OptiplyApi
from sandbox.optiply.tokens import AuthApi
from sandbox.switches import Switches

BASE = "http://optiply.test/optiply/v1"


@dataclass
class Answer:
    """A status, headers and the parsed body (None where it is empty)."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def id(self) -> int:
        assert self.status in (200, 201), self.text
        return int(self.json["data"]["id"])

    @property
    def attributes(self) -> dict[str, Any]:
        assert self.status in (200, 201), self.text
        attributes: dict[str, Any] = self.json["data"]["attributes"]
        return attributes

    @property
    def detail(self) -> str:
        return str(self.json["errors"][0]["detail"])


class Optiply:
    """A user of a fresh Optiply, logged in, with an account and a coupling."""

    def __init__(self, **switches: Any) -> None:
        self.switches = Switches()
        self.switches.update(switches)
        self.api = OptiplyApi(self.switches)
        self.auth = AuthApi(self.api.tokens)
        self.now = 1_780_000_000.0
        self.account, self.coupling = identity.OPTIPLY_ACCOUNTS[0], identity.OPTIPLY_COUPLINGS[0]
        self.headers = {
            "authorization": f"Bearer {self.api.tokens.login(self.now).access_token}",
            "content-type": "application/vnd.api+json",
        }

    def elsewhere(self) -> Optiply:
        """Return the same user at work in the other account, under the other coupling."""
        other = copy.copy(self)
        other.account, other.coupling = identity.OPTIPLY_ACCOUNTS[1], identity.OPTIPLY_COUPLINGS[1]
        return other

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method, path, query or [], self.headers if headers is None else headers, raw, self.now, BASE)
        response = self.api.handle(request)
        return Answer(response.status, response.headers, response.body.decode())

    def post(self, entity: str, attributes: Any, account: Any = ..., coupling: Any = ...) -> Answer:
        document = {"data": {"type": entity, "attributes": attributes}}
        return self.send("POST", f"/{entity}", document, self._scope(account, coupling))

    def patch(self, entity: str, identifier: int, attributes: Any, account: Any = ..., coupling: Any = ...) -> Answer:
        document = {"data": {"type": entity, "attributes": attributes}}
        return self.send("PATCH", f"/{entity}/{identifier}", document, self._scope(account, coupling))

    def delete(self, entity: str, identifier: int, account: Any = ..., coupling: Any = ...) -> Answer:
        return self.send("DELETE", f"/{entity}/{identifier}", query=self._scope(account, coupling))

    def get(self, entity: str, identifier: int, account: Any = None) -> Answer:
        return self.send("GET", f"/{entity}/{identifier}", query=self._scope(account, None))

    def list(self, entity: str, *parameters: tuple[str, str]) -> Answer:
        return self.send("GET", f"/{entity}", query=list(parameters))

    def ids(self, entity: str, *parameters: tuple[str, str]) -> list[int]:
        answer = self.list(entity, *parameters)
        assert answer.status == 200, answer.text
        return [int(row["id"]) for row in answer.json["data"]]

    def token(
        self,
        *,
        client: str = f"{identity.OPTIPLY_CLIENT_ID}:{identity.OPTIPLY_CLIENT_SECRET}",
        in_query: bool = False,
        **fields: str,
    ) -> Answer:
        form = urlencode(fields, quote_via=quote)
        headers = {"authorization": f"Basic {b64encode(client.encode()).decode()}"}
        query = list(fields.items()) if in_query else []
        if not in_query:
            headers["content-type"] = "application/x-www-form-urlencoded"
        body = b"" if in_query else form.encode()
        response = self.auth.handle(Request("POST", "/oauth/token", query, headers, body, self.now, BASE))
        return Answer(response.status, response.headers, response.body.decode())

    def login(self, **fields: str) -> Answer:
        secrets = {"username": identity.OPTIPLY_USERNAME, "password": identity.OPTIPLY_PASSWORD}
        return self.token(**{"grant_type": "password", **secrets, **fields})

    # Rows that are right, to break or to hang others on -------------------------------------------------------------

    def product(self, name: str = "Chair", **attributes: Any) -> int:
        return self.post("products", {"name": name, "stockLevel": 3, "unlimitedStock": False, **attributes}).id

    def supplier(self, name: str = "Acme", **attributes: Any) -> int:
        return self.post("suppliers", {"name": name, **attributes}).id

    def right(self, entity: str) -> dict[str, Any]:
        """Return the least that a POST of ``entity`` needs; what it refers to is created."""
        return {name: value() if callable(value) else value for name, value in self._least()[entity].items()}

    def create(self, entity: str, **attributes: Any) -> int:
        return self.post(entity, {**self.right(entity), **attributes}).id

    def _least(self) -> dict[str, dict[str, Any]]:
        return {
            "products": {"name": "Chair", "stockLevel": 3, "unlimitedStock": False},
            "suppliers": {"name": "Acme"},
            "supplierProducts": {"name": "Chair", "productId": self.product, "supplierId": self.supplier},
            "productCompositions": {
                "composedProductId": self.product,
                "partProductId": self.product,
                "partQuantity": 2,
            },
            "sellOrders": {"placed": "2026-02-28T09:00:00Z", "totalValue": "39.90"},
            "sellOrderLines": {
                "quantity": 2,
                "subtotalValue": "39.90",
                "productId": self.product,
                "sellOrderId": lambda: self.create("sellOrders"),
            },
            "buyOrders": {"placed": "2026-02-28T09:00:00Z", "totalValue": "10.00", "supplierId": self.supplier},
            "buyOrderLines": {
                "quantity": 2,
                "subtotalValue": "10.00",
                "productId": self.product,
                "buyOrderId": lambda: self.create("buyOrders"),
            },
            "receiptLines": {
                "occurred": "2026-03-21T08:00:00Z",
                "quantity": 1,
                "buyOrderLineId": lambda: self.create("buyOrderLines"),
            },
            "promotions": {
                "name": "Spring",
                "startDate": "2026-04-01T00:00:00Z",
                "endDate": "2026-04-14T23:59:59Z",
                "entireShop": False,
                "enabled": True,
                "upliftType": "relative",
            },
            "promotionProducts": {"promotionId": lambda: self.create("promotions"), "productId": self.product},
        }

    def _scope(self, account: Any, coupling: Any) -> list[tuple[str, str]]:
        wanted = (
            ("accountId", self.account if account is ... else account),
            ("couplingId", self.coupling if coupling is ... else coupling),
        )
        return [(name, str(value)) for name, value in wanted if value is not None]
