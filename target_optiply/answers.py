"""What an answer of Optiply means, as one table, and the server's own words for it. Pure."""

from __future__ import annotations

import enum
from typing import Any

from target_optiply.client import Answer


class Meaning(enum.Enum):
    """What an answer says about the request."""

    DONE = "done"
    REFUSED = "refused"  # permanent: the record is rejected with the server's message
    MISSING = "missing"  # 404: the row, or a reference of it, is gone
    DUPLICATE = "duplicate"  # 409 on a unique pair
    THROTTLED = "throttled"  # everything waits and slows down; not a try
    TRANSIENT = "transient"  # 5xx: may have been done or not
    BROKEN = "broken"  # no whole answer: may have been done or not
    UNREADABLE = "unreadable"  # 2xx without a readable document: may have been done, the id is not known
    ELSEWHERE = "elsewhere"  # 3xx: never followed


_STATUS = {
    0: Meaning.BROKEN,
    404: Meaning.MISSING,
    408: Meaning.TRANSIENT,
    409: Meaning.DUPLICATE,
    425: Meaning.TRANSIENT,
    429: Meaning.THROTTLED,
}


def meaning_of(answer: Answer, *, wants_document: bool, patched: str | None = None) -> Meaning:
    """Classify an answer.

    Args:
        answer: What came back.
        wants_document: Whether a success must carry a JSON:API document (GET and POST) to be one; else it may be
            without a body, but what body there is must be such a document all the same.
        patched: The row that a PATCH named: what body there is must hold it.
    """
    status = answer.status
    if (known := _STATUS.get(status)) is not None:
        return known
    if 200 <= status < 300:
        if not wants_document and not answer.body.strip():
            return Meaning.DONE
        if patched is not None:
            row = resource(answer)
            return Meaning.DONE if row is not None and resource_id(row) == patched else Meaning.UNREADABLE
        if not wants_document and _holds_no_row(answer):
            return Meaning.DONE
        # A page of HTML, or an error under a 200: nothing tells that the request got through.
        return Meaning.DONE if _is_document(answer) else Meaning.UNREADABLE
    if status == 503 and answer.headers.get("Retry-After"):
        return Meaning.THROTTLED
    if status >= 500:
        return Meaning.TRANSIENT
    return Meaning.ELSEWHERE if 300 <= status < 400 else Meaning.REFUSED


def _is_document(answer: Answer) -> bool:
    document = answer.document()
    return isinstance(document, dict) and isinstance(document.get("data"), (dict, list))


def _holds_no_row(answer: Answer) -> bool:
    """Whether an answer is a document without a row, as JSON:API allows it for a DELETE: null data, or meta alone."""
    document = answer.document()
    if not isinstance(document, dict) or "errors" in document:
        return False
    return document.get("data") is None and ("data" in document or "meta" in document)


def resource(answer: Answer) -> dict[str, Any] | None:
    """Return the resource object of a single-resource answer, or None where there is none with a usable id."""
    document = answer.document()
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, dict) and resource_id(data) else None


def resources(answer: Answer) -> list[dict[str, Any]] | None:
    """Return the resource objects of a list answer, or None where the body is no list of rows with attributes."""
    document = answer.document()
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, list) and all(map(_is_row, data)) else None


def _is_row(data: Any) -> bool:
    return isinstance(data, dict) and resource_id(data) is not None and isinstance(data.get("attributes"), dict)


def resource_id(data: dict[str, Any]) -> str | None:
    """Return the id of a resource object as text of digits, or None where it is no integer."""
    identity = data.get("id")
    text = str(identity) if isinstance(identity, (str, int)) and not isinstance(identity, bool) else ""
    return text if text.isascii() and text.isdigit() else None


def words(answer: Answer) -> str:
    """Return the server's own message, short and on one line, whatever shape the error body has."""
    if not answer.status:
        return answer.problem
    document = answer.document()
    found: list[str] = []
    if isinstance(document, dict):
        errors = document.get("errors")
        for error in errors if isinstance(errors, list) else [document]:
            if not isinstance(error, dict):
                continue
            meta = error.get("meta")
            candidates = (
                meta.get("message") if isinstance(meta, dict) else None,
                *(error.get(name) for name in ("detail", "message", "error_description", "error", "title")),
            )
            if text := next(filter(None, map(_plain, candidates)), None):
                found.append(text)
    else:
        found.append(_plain(answer.body[:1000].decode("utf-8-sig", "ignore")))
    text = "; ".join(dict.fromkeys(filter(None, found)))
    return f"{answer.status} {text}"[:300].rstrip() if text else f"{answer.status} without a message"


def _plain(text: Any) -> str:
    """Return a text on one line, without control characters; nothing where it is no text, markup or binary."""
    if not isinstance(text, str) or text.lstrip().startswith("<") or "\0" in text:
        return ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
