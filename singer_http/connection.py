"""A connection that does at once what repeats: heads of requests are kept, and short answers taken in one receive.

Most requests of a run have the same head as the one before, and most answers are a head and a few hundred bytes of a
stated length. Writing the one and reading the other by ``http.client`` takes more of the processor than all the rest of
an exchange. Everything that is not so plain (no stated length, a long body, folded lines, interim answers, an answer
after which the connection closes) goes its usual way through ``urllib3``, which is handed what was received already.
"""

from __future__ import annotations

import http.client
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection
from urllib3.response import HTTPResponse

_AT_ONCE = 65_536  # bytes that are received at once
_MOST_HEADS = 64  # that are kept: one for each path that is written to, and anew for each token
_NO_BODY = (204, 304)  # whatever their headers say, by RFC 9110
_FIELD = rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~](?:[ -~\t]*[!-~])?)?)\r\n"
# http.client refuses more than a hundred fields: such a head is left to it.
_PLAIN_HEAD = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2}) ([ -~]*)\r\n(?:" + _FIELD + rb"){1,100}\r\n")
_FIELDS = re.compile(_FIELD)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a plain answer.

    Attributes:
        status: HTTP status.
        reason: What stands beside it.
        headers: Names and values, in order.
        size: Bytes of the head.
        length: Bytes of the body.
    """

    status: int
    reason: str
    headers: list[tuple[str, str]]
    size: int
    length: int


def plain_head(received: bytes) -> Head | None:
    """Return the head that the bytes begin with; None where it is not whole, or more is to be heeded than a length."""
    if (match := _PLAIN_HEAD.match(received)) is None or int(match[1]) in _NO_BODY:
        return None
    headers = [(name.decode(), value.decode()) for name, value in _FIELDS.findall(received, match.end(2), match.end())]
    length = None
    for name, value in headers:
        known = name.lower()
        if known == "content-length" and length is None and value.isdigit():
            length = int(value)
        elif known in ("content-length", "transfer-encoding") or (known == "connection" and value != "keep-alive"):
            return None
    if length is None:
        return None
    return Head(int(match[1]), match[2].decode().strip(), headers, match.end(), length)


class BriefConnection(HTTPConnection):
    """To be mixed into a pool's class of connections, each pool's with ``heads`` of its own.

    Attributes:
        heads: For what is sent again and again, the bytes before and after the body's length.
    """

    heads: ClassVar[dict[Any, tuple[bytes, bytes]]]
    _asked: dict[str, Any]  # the request under way, as it was given
    _held: bytearray | None = None  # what would be sent is collected here instead

    def request(  # type: ignore[override]  # like urllib3's, but for kinds of bodies that are not sent here
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        """Send a request, head and body in one piece."""
        self._asked = {"method": method, "url": url, "body": body, "headers": headers or {}, **options}
        self.send(self._whole())

    def send(self, data: Any) -> None:
        """Send bytes, connecting first where that is due, or hold them back while a request is only written."""
        if self._held is None:
            super().send(data)
        else:
            self._held += data

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3's
        """Return the answer; of a plain one, the body is there already."""
        sock = self.sock
        if sock.gettimeout() != self.timeout:  # to tell it again is a call of the system
            sock.settimeout(self.timeout)
        received = sock.recv(_AT_ONCE)
        head = plain_head(received)
        if head is not None and 0 < head.size + head.length - len(received) <= _AT_ONCE:
            received += sock.recv(_AT_ONCE)  # some servers send the body on its own
        if head is None or len(received) != head.size + head.length:
            return self._usual_answer(sock, received)
        return HTTPResponse(
            io.BytesIO(received[head.size :]),
            headers=HTTPHeaderDict(head.headers),
            status=head.status,
            version=11,
            reason=head.reason,
            preload_content=self._asked["preload_content"],
            decode_content=self._asked["decode_content"],
            request_method=self._asked["method"],
            request_url=self._asked["url"],
        )

    def _whole(self) -> bytes:
        method, body = self._asked["method"], self._asked["body"]
        if method != "POST" or not body:  # only a POST goes to the same path again
            return self._usual_bytes()
        key = (self._asked["url"], *self._asked["headers"].items())
        if (head := self.heads.get(key)) is None:
            size = b"\r\nContent-Length: %d\r\n" % len(body)
            before, _, after = self._usual_bytes()[: -len(body)].partition(size)
            if len(self.heads) >= _MOST_HEADS:
                self.heads.clear()
            head = self.heads[key] = before, after
        return b"%b\r\nContent-Length: %d\r\n%b%b" % (head[0], len(body), head[1], body)

    def _usual_bytes(self) -> bytes:
        """Return the request as ``urllib3`` writes it, and leave the connection waiting for its answer."""
        self._held = bytearray()
        sock, self.sock = self.sock, None  # so that it stays open
        try:
            http.client.HTTPConnection.close(self)  # the exchange before, which may have been a brief one
            super().request(**self._asked)
            return bytes(self._held)
        finally:
            self.sock, self._held = sock, None

    def _usual_answer(self, sock: Any, received: bytes) -> HTTPResponse:
        """Return the answer as ``urllib3`` reads it, with what was received already before all else."""
        self._usual_bytes()
        self.sock = _Replayed(sock, received)
        try:
            return super().getresponse()
        finally:
            if self.sock is not None:  # else the connection closes after this answer
                self.sock = sock


class _Replayed:
    """A socket whose file begins with what was received before."""

    def __init__(self, sock: Any, received: bytes) -> None:
        self._sock = sock
        self._received = received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Chain(self._received, self._sock.makefile(mode, buffering=0)))


class _Chain(io.RawIOBase):
    """Bytes, and then a file."""

    def __init__(self, first: bytes, then: io.RawIOBase) -> None:
        self._first = io.BytesIO(first)
        self._then = then

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._first.readinto(buffer) or self._then.readinto(buffer)

    def close(self) -> None:
        self._then.close()
        super().close()
