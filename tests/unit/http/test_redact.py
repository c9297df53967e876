"""Redaction: no secret leaves through a log, whoever logs it and however it is spelled."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.logging import StructuredFormatter

from singer_http import redact as module
from singer_http.redact import MASK, Redactor, add_secret, install_redaction, redact

SECRET = 'k3y/with "odd" char\\s é'


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    yield
    module._REDACTOR.clear()
    logging.setLogRecordFactory(factory)


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger = logging.getLogger("tests.redaction")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)


def test_every_spelling_of_a_secret_is_replaced() -> None:
    basic = base64.b64encode(b"client:secret").decode()
    install_redaction([SECRET, basic])
    for spelling in (SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1], basic):
        assert redact(f"<{spelling}>") == f"<{MASK}>"
        assert redact(f"<{spelling.lower()}>") == f"<{MASK}>"


def test_the_longest_secret_is_replaced_first() -> None:
    install_redaction(["abc", "abcdef"])
    assert redact("xabcdefx abc") == f"x{MASK}x {MASK}"


def test_an_empty_secret_hides_nothing() -> None:
    install_redaction([""])
    assert redact("text") == "text"


@given(st.lists(st.text(min_size=1, max_size=8), max_size=5), st.text(max_size=50))
def test_no_secret_survives(secrets: list[str], text: str) -> None:
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    # A mask may complete or contain a one-letter secret such as "*", so only what was there before counts.
    clean = redactor.redact(text)
    assert all(secret not in part for part in clean.split(MASK) for secret in secrets)


def test_messages_arguments_and_fields_are_clean(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.handlers[0].setFormatter(logging.Formatter("%(message)s %(extra_field)s"))
    install_redaction([SECRET], loggers=[logger.name])
    logger.info("a %s b %s", SECRET, {"deep": [SECRET]}, extra={"extra_field": {"x": (SECRET, 1)}})
    assert SECRET not in stream.getvalue()
    assert json.dumps(SECRET)[1:-1] not in stream.getvalue()
    assert stream.getvalue().count(MASK) == 3


def test_exceptions_and_their_causes_are_clean(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    secret = "s3cr3t-value"
    install_redaction([secret])

    def fail() -> None:
        try:
            int(secret)
        except ValueError as error:
            raise RuntimeError("outer " + secret) from error

    try:
        fail()
    except RuntimeError:
        logger.exception("failed")
    text = stream.getvalue()
    assert secret not in text
    assert f"RuntimeError: outer {MASK}" in text
    assert f"ValueError: invalid literal for int() with base 10: '{MASK}'" in text


def test_structured_logs_are_clean(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.handlers[0].setFormatter(StructuredFormatter())
    install_redaction([SECRET], loggers=[logger.name])
    try:
        int(SECRET)
    except ValueError:
        logger.exception("%s", SECRET, extra={"field": SECRET})
    document = json.loads(stream.getvalue())
    assert SECRET not in json.dumps(document, ensure_ascii=False)
    assert document["extra"]["field"] == MASK
    assert document["exception"]["type"] == "ValueError"


def test_a_handler_added_later_sees_clean_records_too(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = log
    install_redaction([])
    add_secret("token-of-later")
    later = io.StringIO()
    handler = logging.StreamHandler(later)
    logger.addHandler(handler)
    logger.warning("it is %s", "token-of-later")
    logger.removeHandler(handler)
    assert later.getvalue() == f"it is {MASK}\n"


def test_a_broken_format_string_does_not_print_its_arguments(
    log: tuple[logging.Logger, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    logger, stream = log
    install_redaction(["s3cr3t-value"])
    logger.info("%d", "s3cr3t-value")
    assert "s3cr3t-value" not in stream.getvalue() + capsys.readouterr().err


def test_what_holds_no_secret_is_left_as_it_is(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = log
    install_redaction(["s3cr3t-value"])
    point = object()
    record = logger.makeRecord("n", logging.INFO, "f", 1, "METRIC: %s", (point,), None)
    assert record.msg == "METRIC: %s"
    assert record.args == (point,)
