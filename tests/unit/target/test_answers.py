"""What each answer of Optiply means, row by row, and the server's own words whatever shape they come in."""

from __future__ import annotations

import json

import pytest

from target_optiply.answers import Meaning, meaning_of, resource, resource_id, resources, words
from target_optiply.client import Answer

DOCUMENT = b'{"data": {"id": "7", "type": "products", "attributes": {}}}'


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0, Meaning.BROKEN),
        (200, Meaning.DONE),
        (201, Meaning.DONE),
        (204, Meaning.DONE),
        (301, Meaning.ELSEWHERE),
        (302, Meaning.ELSEWHERE),
        (307, Meaning.ELSEWHERE),
        (308, Meaning.ELSEWHERE),
        (400, Meaning.REFUSED),
        (401, Meaning.REFUSED),
        (403, Meaning.REFUSED),
        (404, Meaning.MISSING),
        (405, Meaning.REFUSED),
        (408, Meaning.TRANSIENT),
        (409, Meaning.DUPLICATE),
        (413, Meaning.REFUSED),
        (415, Meaning.REFUSED),
        (422, Meaning.REFUSED),
        (425, Meaning.TRANSIENT),
        (429, Meaning.THROTTLED),
        (500, Meaning.TRANSIENT),
        (502, Meaning.TRANSIENT),
        (503, Meaning.TRANSIENT),
        (504, Meaning.TRANSIENT),
        (599, Meaning.TRANSIENT),
    ],
)
def test_a_status_has_one_meaning(status, meaning):
    assert meaning_of(Answer(status), wants_document=False) is meaning


def test_a_503_that_says_how_long_to_wait_is_a_request_for_restraint():
    assert meaning_of(Answer(503, headers={"Retry-After": "3"}), wants_document=False) is Meaning.THROTTLED


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>login</body></html>", b"[]", b"null", b'{"data": null}', b'{"data": "x"}', b'{"data', b"\xff"],
)
def test_a_success_whose_document_cannot_be_read_is_unreadable_where_one_is_needed(body):
    assert meaning_of(Answer(200, body), wants_document=True) is Meaning.UNREADABLE


@pytest.mark.parametrize("body", [b"", b" \n", b'{"meta": {}}', b'{"data": null}', DOCUMENT])
def test_a_success_need_not_hold_a_document_where_none_is_needed(body):
    assert meaning_of(Answer(200, body), wants_document=False) is Meaning.DONE


@pytest.mark.parametrize(
    "body",
    [b"<html><body>login</body></html>", b'{"data', b"\xff", b"[]", b"{}", b'{"errors": [{"status": "500"}]}'],
)
def test_a_success_with_something_else_than_a_document_proves_nothing(body):
    assert meaning_of(Answer(200, body), wants_document=False) is Meaning.UNREADABLE


@pytest.mark.parametrize("body", [DOCUMENT, b'{"data": []}'])
def test_a_success_with_a_document_is_done(body):
    assert meaning_of(Answer(200, body), wants_document=True) is Meaning.DONE


@pytest.mark.parametrize(
    ("identity", "text"),
    [("7", "7"), (7, "7"), ("", None), (None, None), (True, None), ("7a", None), (1.5, None), ("٣", None)],
)
def test_only_an_integer_is_an_id(identity, text):
    assert resource_id({"id": identity}) == text


def test_a_resource_without_a_usable_id_is_none():
    assert resource(Answer(200, DOCUMENT)) == {"id": "7", "type": "products", "attributes": {}}
    assert resource(Answer(200, b'{"data": {"type": "products"}}')) is None
    assert resource(Answer(200, b'{"data": []}')) is None
    assert resource(Answer(200, b"x")) is None


def test_a_list_with_one_wrong_row_is_no_list():
    assert resources(Answer(200, b'{"data": [{"id": 1, "attributes": {}}]}')) == [{"id": 1, "attributes": {}}]
    assert resources(Answer(200, b'{"data": []}')) == []
    for body in (b'{"data": [{"id": 1, "attributes": {}}, {}]}', b'{"data": [1]}', b'{"data": {}}', b"[]", b""):
        assert resources(Answer(200, body)) is None


@pytest.mark.parametrize(
    "row", [{"id": 1}, {"id": 1, "attributes": None}, {"id": 1, "attributes": []}, {"id": 1, "attributes": "x"}]
)
def test_a_row_without_attributes_makes_a_list_unreadable(row):
    assert resources(Answer(200, json.dumps({"data": [row]}).encode())) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errors": [{"title": "Bad", "detail": "price is wrong"}]}, "price is wrong"),
        ({"errors": [{"title": "Bad"}]}, "Bad"),
        ({"errors": [{"detail": "Bad", "meta": {"message": "no such product"}}]}, "no such product"),
        ({"errors": [{"detail": "one"}, {"detail": "two"}, {"detail": "one"}]}, "one; two"),
        ({"errors": [7, None, {"detail": "one"}]}, "one"),
        ({"errors": []}, None),
        ({"errors": "text"}, None),
        ({"timestamp": 1, "status": 400, "error": "Bad Request", "message": "name is blank"}, "name is blank"),
        ({"error": "invalid_token", "error_description": "expired"}, "expired"),
        ({"error": "invalid_token"}, "invalid_token"),
        ({"detail": " \n ", "title": "Bad"}, "Bad"),
        ({"detail": {"a": 1}, "title": ["x"]}, None),
        ({"meta": [1], "detail": "one\r\n\ttwo"}, "one two"),
        ("just text", "just text"),
        (["one", "two"], '["one", "two"]'),
        ({}, None),
        ({"message": "<html><body>no</body></html>", "error": "Bad Gateway"}, "Bad Gateway"),
    ],
)
def test_the_message_is_found_in_every_shape_of_error(body, said):
    text = words(Answer(422, json.dumps(body).encode()))
    assert text.removeprefix("422 ").strip('"') == (said.strip('"') if said else "without a message")


@pytest.mark.parametrize(
    "body", [b"", b"<!DOCTYPE html><p>hello</p>", b" \n<html>", b"\xef\xbb\xbf<html>", b"\x1f\x8b\x00\x01\x02"]
)
def test_nothing_unreadable_is_said(body):
    assert words(Answer(502, body)) == "502 without a message"


def test_plain_text_is_said_on_one_line():
    assert words(Answer(500, b"upstream\nfailed\t badly")) == "500 upstream failed badly"


@pytest.mark.parametrize("shape", [{"detail": "x" * 5000}, {"errors": [{"detail": f"e{n}"} for n in range(999)]}])
def test_a_message_is_short_and_one_line(shape):
    text = words(Answer(400, json.dumps(shape).encode()))
    assert text.startswith("400 ")
    assert len(text) <= 300
    assert text.isprintable()


@pytest.mark.parametrize("control", ["\x1b[31m", "\x00", "\ud800", "\u2028", "\x85", "\x07"])
def test_control_characters_never_reach_a_log(control):
    text = words(Answer(400, json.dumps({"detail": f"a{control}b"}).encode()))
    assert text.isprintable()


def test_a_broken_exchange_speaks_for_itself():
    assert words(Answer(0, problem="the connection broke")) == "the connection broke"


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (b"", Meaning.DONE),
        (b'{"data": {"id": "7", "attributes": {}}}', Meaning.DONE),
        (b'{"data": {"id": "8", "attributes": {}}}', Meaning.UNREADABLE),
        (b'{"data": null}', Meaning.UNREADABLE),
        (b'{"data": []}', Meaning.UNREADABLE),
    ],
)
def test_a_patch_is_done_when_the_answer_is_empty_or_holds_its_row(body, meaning):
    assert meaning_of(Answer(200, body), wants_document=False, patched="7") is meaning
