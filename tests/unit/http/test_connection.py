"""A brief connection beside urllib3's own: whatever is asked and answered, both send and understand the same."""

from __future__ import annotations

import gzip
import io
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.connection import HTTPConnection

from singer_http.connection import BriefConnection, plain_head

OPTIONS = {"preload_content": False, "decode_content": False}
HEADERS = {"Authorization": "Bearer T1", "Accept-Encoding": "gzip"}


class Wire(io.RawIOBase):
    """A socket that gives what a server sends, a piece for each receive, and keeps what is sent to it."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.sent: list[bytes] = []
        self.receives = 0
        self.timeouts: list[float | None] = []
        self.files: list[io.RawIOBase] = []
        self._answers = list(answers)
        self._pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.sent.append(bytes(data))
        if b"".join(self.sent).endswith(b"|"):  # as every body here does
            self._pieces += self._answers.pop(0)

    def recv(self, size: int) -> bytes:
        self.receives += 1
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if piece[size:]:
            self._pieces.insert(0, piece[size:])
        return piece[:size]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        received = self.recv(len(buffer))
        buffer[: len(received)] = received
        return len(received)

    def makefile(self, _mode: str, buffering: int = -1) -> io.IOBase:
        file = Wire()
        file.recv = self.recv  # so that closing the file leaves the socket open
        self.files.append(file)
        return file if buffering == 0 else io.BufferedReader(file)

    def settimeout(self, seconds: float | None) -> None:
        self.timeouts.append(seconds)

    def gettimeout(self) -> float | None:
        return self.timeouts[-1] if self.timeouts else None


def brief(wire: Wire) -> HTTPConnection:
    kind = type("Connection", (BriefConnection, HTTPConnection), {"heads": {}})
    return over(kind("optiply.test", 80, timeout=5), wire)


def usual(wire: Wire) -> HTTPConnection:
    return over(HTTPConnection("optiply.test", 80, timeout=5), wire)


def over(connection, wire):
    connection.sock = wire
    return connection


def exchange(connection, body=b"{}|", method="POST", url="/v1/products?accountId=1", headers=HEADERS):
    """Return what comes of a request: all that is read of the answer, or what is raised."""
    try:
        connection.request(method, url, body=body, headers=headers, **OPTIONS)
        answer = connection.getresponse()
        head = answer.version, answer.status, answer.reason, list(answer.headers.items())
        return head, _read(answer), connection.sock is None
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error)


def _read(answer) -> bytes:
    return b"".join(iter(lambda: answer.read1(1000, decode_content=True), b""))


def answer(body=b'{"data":{}}', status="201 Created", length=None, **fields):
    fields = {"Date": "Sun, 22 Nov 2026 04:00:00 GMT", "Content-Length": length or len(body), **fields}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not ...]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1") + body


PLAIN = answer()
ODD = {
    "chunked": answer(b"3\r\nabc\r\n0\r\n\r\n", Content_Length=..., Transfer_Encoding="chunked"),
    "chunked and of a length": answer(b"3\r\nabc\r\n0\r\n\r\n", Transfer_Encoding="chunked"),
    "until it closes": answer(b"abc", Content_Length=...),
    "closes after it": answer(b"abc", Connection="close"),
    "stays open": answer(b"abc", Connection="keep-alive"),
    "stays open, by another spelling": answer(b"abc", Connection="Keep-Alive"),
    "no content": answer(b"", "204 No Content"),
    "not modified, of a length": answer(b"", "304 Not Modified", length=100),
    "continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
    "early hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + PLAIN,
    "of HTTP/1.0": answer(b"abc").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "of HTTP/1.0 that stays open": answer(b"abc", Connection="keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "no reason": answer(status="200 "),
    "no reason and no space": answer(status="200"),
    "a folded line": answer(X="a\r\n  b"),
    "a bare line feed": answer().replace(b"\r\nContent", b"\nContent"),
    "a bare carriage return": answer(X="a\rb"),
    "a byte of Latin-1": answer(X="caf\xe9"),
    "a reason of Latin-1": answer(status="201 Cr\xe9\xe9"),
    "a field without a colon": answer(X="a\r\nnonsense"),
    "an empty field": answer(X=""),
    "a field twice": answer(X="a\r\nX: b"),
    "blanks after a value": answer(X="a  \t"),
    "lengths that agree": answer(Content_length=11),
    "lengths that differ": answer(Content_length=12),
    "a length that is none": answer(length="eleven"),
    "a length below nothing": answer(length=-1),
    "a length with a sign": answer(length="+11"),
    "too short": answer(length=20),
    "too long": answer(length=5),
    "nothing": b"",
    "half a head": PLAIN[:30],
    "a head without its last line": PLAIN.partition(b"\r\n\r\n")[0],
    "a page": b"<html>hello</html>",
    "a status of four digits": answer(status="2010 Created"),
    "a status below 100": answer(status="099 Odd"),
    "packed": answer(gzip.compress(b"a" * 3000), Content_Encoding="gzip"),
    "packed wrongly": answer(b"not packed", Content_Encoding="gzip"),
    "an empty body": answer(b"", "200 OK", length="0"),
    "a long body": answer(b"x" * 200_000),
    "a body of another type": answer(b"\x00\xff" * 50, Content_Type="application/octet-stream"),
    "an error": answer(b'{"errors":[]}', "422 Unprocessable Content"),
    "many fields": answer(**{f"X-{n}": n for n in range(150)}),
}  # fmt: skip


def goes_on(connection, outcome, whole: bytes) -> bool:
    """Whether a pool would use the connection again; it closes one on which something is left over."""
    return isinstance(outcome, tuple) and connection.sock is not None and whole != ODD["too long"]


def pieces(whole: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at these places; what lies beyond their end cuts nothing."""
    at = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    return [whole[a:b] for a, b in pairwise(at)]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("cuts", [[], [0.5], [0.2, 0.9], ["the end of the head"]], ids=str)
def test_what_is_answered_oddly_is_understood_as_ever(odd, cuts):
    whole = ODD[odd]
    places = [whole.find(b"\r\n\r\n") + 4 if cut == "the end of the head" else int(len(whole) * cut) for cut in cuts]
    answers = [pieces(whole, places), [PLAIN]]
    ours, theirs = brief(Wire(*answers)), usual(Wire(*answers))
    expected = exchange(theirs)
    assert exchange(ours) == expected
    if goes_on(theirs, expected, whole):
        assert exchange(ours) == exchange(theirs)


@given(
    st.lists(
        st.tuples(st.sampled_from([PLAIN, *ODD.values()]), st.lists(st.integers(0, 10**6), max_size=4)),
        min_size=1, max_size=5,
    )
)  # fmt: skip
@example([(PLAIN, []), (ODD["chunked"], [3]), (PLAIN, [100]), (PLAIN, [])])
def test_answers_on_a_kept_connection_are_understood_as_ever_however_they_are_cut(answers):
    scripts = [pieces(whole, cuts) for whole, cuts in answers]
    ours, theirs = Wire(*scripts), Wire(*scripts)
    first, second = brief(ours), usual(theirs)
    for number in range(len(answers)):
        expected = exchange(second, b"%d|" % number)
        assert exchange(first, b"%d|" % number) == expected
        if not goes_on(second, expected, answers[number][0]):
            break
    assert b"".join(ours.sent) == b"".join(theirs.sent)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["POST", "PATCH", "PUT"]),
            st.sampled_from(["/v1/products", "/v1/products?a=%20", "http://optiply.test/v1/products"]),
            st.binary(max_size=40).map(lambda body: body + b"|"),
            st.dictionaries(st.sampled_from(["A", "b", "User-Agent"]), st.sampled_from(["1", "23"])),
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_what_is_sent_is_what_urllib3_would_send_in_one_piece(asked):
    ours, theirs = Wire(*[[PLAIN]] * len(asked)), Wire(*[[PLAIN]] * len(asked))
    first, second = brief(ours), usual(theirs)
    for method, url, body, headers in asked:
        assert exchange(first, body, method, url, headers) == exchange(second, body, method, url, headers)
    assert b"".join(ours.sent) == b"".join(theirs.sent)
    assert len(ours.sent) == len(asked)


@pytest.mark.parametrize("bad", [{"A": "b\r\nEvil: 1"}, {"A\r\n": "b"}])
def test_a_head_that_would_smuggle_another_is_refused_as_ever(bad):
    assert exchange(brief(Wire()), headers=bad) is exchange(usual(Wire()), headers=bad) is ValueError


@pytest.mark.parametrize(
    ("whole", "cuts", "receives"),
    [
        (PLAIN, [], 1),
        (ODD["stays open"], [], 1),
        (PLAIN, [PLAIN.index(b"\r\n\r\n") + 4], 2),
        (PLAIN, [len(PLAIN) - 1], 2),
        (answer(b"x" * 60_000), [60_000], 2),
    ],
)
def test_a_plain_answer_takes_one_receive_or_two_where_its_body_comes_apart(monkeypatch, whole, cuts, receives):
    monkeypatch.delattr(HTTPConnection, "getresponse")  # the usual way
    wire = Wire(pieces(whole, cuts))
    (_, status, _, _), body, _ = exchange(brief(wire))
    assert (status, whole.endswith(b"\r\n\r\n" + body)) == (201, True)
    assert wire.receives == receives


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_body_that_cannot_come_is_not_waited_for(status):
    wire = Wire([answer(b"", status, length=100)])
    exchange(brief(wire))
    assert wire.receives == 1


@pytest.mark.parametrize("odd", ["closes after it", "chunked"])
def test_a_file_over_the_socket_is_closed_with_its_answer_so_that_the_socket_can_be(odd):
    wire = Wire([ODD[odd]])
    exchange(brief(wire))
    assert [file.closed for file in wire.files] == [True]


def test_a_timeout_is_told_to_the_socket_where_it_changes():
    wire = Wire(*[[PLAIN]] * 4)
    connection = brief(wire)
    for seconds in (5, 5, 7, 7):
        connection.timeout = seconds
        exchange(connection)
    assert wire.timeouts == [5, 7]


def test_heads_are_kept_for_what_is_sent_again_and_again_and_are_bounded():
    wire = Wire(*[[PLAIN]] * 68)
    connection = brief(wire)
    for method in ("POST", "POST", "PATCH"):
        exchange(connection, method=method)
    assert len(connection.heads) == 1
    kept = []
    for number in range(65):
        exchange(connection, headers={"Authorization": f"Bearer T{number}"})
        kept.append(len(connection.heads))
    assert kept == [*range(2, 65), 1, 2]


def test_a_new_token_has_a_head_of_its_own():
    wire = Wire([PLAIN], [PLAIN])
    connection = brief(wire)
    for token in ("T1", "T2"):
        exchange(connection, headers={"Authorization": f"Bearer {token}"})
    assert [each.count(b"Bearer T2") for each in wire.sent] == [0, 1]


@pytest.mark.parametrize("cut", range(len(PLAIN.partition(b"\r\n\r\n")[0]) + 4))
def test_half_a_head_is_none(cut):
    assert plain_head(PLAIN[:cut]) is None


def test_a_head_is_told_from_its_body():
    head = plain_head(PLAIN + b"more")
    assert (head.status, head.reason, head.length, PLAIN[head.size :]) == (201, "Created", 11, b'{"data":{}}')
    assert head.headers == [("Date", "Sun, 22 Nov 2026 04:00:00 GMT"), ("Content-Length", "11")]
