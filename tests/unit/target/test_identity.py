"""Keys survive data frames, stream maps and JSON: one record has one key, however it is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from target_optiply.convert import InvalidRecord
from target_optiply.identity import optiply_id, remote_id


@pytest.mark.parametrize(
    "raw", [None, "", "  ", "nan", "NaN", "None", "null", "<NA>", float("nan"), Decimal("NaN"), float("inf")]
)
def test_nothing_is_no_key(raw: Any) -> None:
    assert remote_id(raw) is None
    assert optiply_id(raw) is None


@pytest.mark.parametrize(
    "raw", [4711, "4711", " 4711 ", 4711.0, Decimal(4711), Decimal("4711.00"), Decimal("4.711E+3")]
)
def test_a_number_is_one_key_in_every_spelling(raw: Any) -> None:
    assert remote_id(raw) == "4711"
    assert optiply_id(raw) == "4711"


def test_an_optiply_id_that_passed_through_a_float_as_text_is_understood() -> None:
    assert optiply_id("123.0") == "123"
    assert optiply_id("00123") == "123"


def test_a_remote_id_that_is_text_stays_as_it_is() -> None:
    assert remote_id("1.0") == "1.0"
    assert remote_id("SO-000123") == "SO-000123"
    assert remote_id("a\n b") == "a b"


@pytest.mark.parametrize("raw", ["abc", "-5", "1.5", 1.5, "9" * 19, 10**30, "١٢", True, [], {}])
def test_what_cannot_be_an_optiply_id_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidRecord):
        optiply_id(raw, "productId")


@pytest.mark.parametrize("raw", [True, [], {}, "\ud800", 10**100, Decimal("1E+999")])
def test_what_cannot_be_a_remote_id_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidRecord):
        remote_id(raw)
