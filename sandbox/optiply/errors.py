"""What the API says when it refuses: one exception, and the shapes in which its text may come."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sandbox.http import Response, json_response
from sandbox.switches import Switches

JSON_API = "application/vnd.api+json"
_KNOWN_STATUSES = frozenset(HTTPStatus)


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the sandbox
    """A request is refused.

    Attributes:
        status: The HTTP status of the answer.
        detail: What the server says.
        pointer: Where in the request body the fault lies, as a JSON pointer; empty for none.
        parameter: The query parameter at fault; empty for none.
        code: A machine-readable word; empty for none.
    """

    def __init__(self, status: int, detail: str, *, pointer: str = "", parameter: str = "", code: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.pointer = pointer
        self.parameter = parameter
        self.code = code


def refusal_response(refusal: Refusal, switches: Switches) -> Response:
    """Return the answer for ``refusal`` in the shape that the switches ask for."""
    shape: str = switches.optiply_error_shape
    if refusal.status == HTTPStatus.CONFLICT and switches.optiply_conflict_shape != "same":
        shape = switches.optiply_conflict_shape
    status, detail = refusal.status, refusal.detail
    title = HTTPStatus(status).name if status in _KNOWN_STATUSES else "UNKNOWN"
    if shape == "empty":
        return Response(status)
    if shape == "html":
        page = f"<html><body><h1>{status}</h1></body></html>"
        return Response(status, page.encode(), {"content-type": "text/html"})
    body: Any
    if shape == "null":
        body = None
    elif shape == "message":
        body = {"message": detail}
    elif shape == "error":
        body = {"error": title.lower(), "error_description": detail}
    else:
        error: dict[str, Any] = {"status": str(status), "title": title}
        if refusal.code:
            error["code"] = refusal.code
        if shape in ("full", "detail"):
            error["detail"] = detail
        if shape in ("full", "meta"):
            error["meta"] = {"message": detail}
        if refusal.pointer:
            error["source"] = {"pointer": refusal.pointer}
        elif refusal.parameter:
            error["source"] = {"parameter": refusal.parameter}
        body = {"errors": [error]}
    return json_response(status, body, JSON_API)
