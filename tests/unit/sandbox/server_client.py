"""A plain HTTP client of a running sandbox that hides nothing: one connection a request, no retries."""

from __future__ import annotations

import http.client
import json
import socket
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from support.processes import Sandbox

PATIENCE = 10.0
#: Arguments for an inventory that is there at once.
SMALL = ("--products", "12", "--customers", "4", "--vendors", "3", "--sales-orders", "6", "--purchase-orders", "4")


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Talks to one sandbox, logged in to its Optiply."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        self.ready = sandbox.ready
        self.address = urlsplit(sandbox.ready["url"])
        self.token = ""

    def login(self) -> Reply:
        optiply = self.ready["optiply"]
        pair = b64encode(f"{optiply['client_id']}:{optiply['client_secret']}".encode()).decode()
        form = urlencode({"grant_type": "password", "username": optiply["username"], "password": optiply["password"]})
        reply = self.request(
            "POST",
            "/optiply/auth/oauth/token",
            form.encode(),
            {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"},
        )
        if reply.status == 200:
            self.token = reply.json["access_token"]
        return reply

    def post_product(self, name: str = "Chair", timeout: float = PATIENCE) -> Reply:
        return self.optiply("POST", "/products?accountId=1380&couplingId=77", self.product(name), timeout)

    def product(self, name: str) -> bytes:
        attributes = {"name": name, "stockLevel": 1, "unlimitedStock": False}
        return json.dumps({"data": {"type": "products", "attributes": attributes}}).encode()

    def optiply(self, method: str, path: str, body: bytes = b"", timeout: float = PATIENCE) -> Reply:
        return self.request(method, f"/optiply/v1{path}", body, self.optiply_headers(), timeout)

    def optiply_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/vnd.api+json"}

    def inflow(self, path: str) -> Reply:
        inflow = self.ready["inflow"]
        headers = {
            "Authorization": f"Bearer {inflow['api_key']}",
            "Accept": "application/json;version=2025-06-24",
        }
        return self.request("GET", f"/inflow/{inflow['company_id']}{path}", headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> Reply:
        connection = http.client.HTTPConnection(str(self.address.hostname), self.address.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            texts = {name.lower(): text for name, text in response.getheaders()}
            return Reply(response.status, texts, response.read())
        finally:
            connection.close()

    def send_and_leave(self, method: str, path: str, body: bytes) -> None:
        """Send a request to Optiply and go away without waiting for its answer."""
        lines = [f"{method} /optiply/v1{path} HTTP/1.1", f"Host: {self.address.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {text}" for name, text in self.optiply_headers().items()]
        with socket.create_connection((str(self.address.hostname), self.address.port), timeout=PATIENCE) as connection:
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def names(self) -> list[str]:
        """Return the names of the products that stand in Optiply."""
        return [row["attributes"]["name"] for row in self.control.optiply("products")]
