"""The oracle's arithmetic, against examples computed by hand from the wording of the mapping."""

from __future__ import annotations

from datetime import datetime, timezone
from fractions import Fraction

import pytest
from pair.oracle_values import Unsendable, gtin, half_up, instant, money, text

NOON = datetime(2025, 7, 1, 4, tzinfo=timezone.utc)


def test_white_space_becomes_single_spaces_and_empty_text_null() -> None:
    assert text("  Desk\r\n lamp,\t\u00a0brass ") == "Desk lamp, brass"
    assert text(" \n") is None
    assert text("") is None
    assert text("NaN") is None
    assert text(None) is None


def test_text_is_cut_to_utf16_units_without_splitting_a_pair() -> None:
    assert text("x" * 300) == "x" * 255
    assert text("x" * 254 + " y") == "x" * 254
    assert text("\U0001f600" * 200) == "\U0001f600" * 127  # 127 pairs are 254 units; half of the next would fit
    assert text("Quadratmeter", 10) == "Quadratmet"


def test_a_lone_surrogate_cannot_be_sent() -> None:
    with pytest.raises(Unsendable):
        text("a\ud800b")


@pytest.mark.parametrize(
    ("value", "whole"), [("0.5", 1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("7", 7), ("0", 0)]
)
def test_halves_are_rounded_up(value: str, whole: int) -> None:
    assert half_up(Fraction(value)) == whole


def test_money_is_rounded_to_cents_and_bounded() -> None:
    assert str(money(Fraction("10.005"), "price", 9)) == "10.01"
    assert str(money(Fraction(18), "price", 9)) == "18.00"
    assert str(money(Fraction("999999999.994"), "price", 9)) == "999999999.99"
    with pytest.raises(Unsendable, match="price: more than 9 integer digits"):
        money(Fraction("999999999.995"), "price", 9)


def test_dates_become_instants_of_utc() -> None:
    assert instant("2025-07-01T00:00:00-04:00") == NOON
    assert instant("2025-07-01T00:00:00+08:00") == datetime(2025, 6, 30, 16, tzinfo=timezone.utc)
    assert instant("2025-07-01T04:00:00Z") == NOON
    assert instant("2025-07-01") == datetime(2025, 7, 1, tzinfo=timezone.utc)
    assert instant("2025-07-01T04:00:00.1234567+00:00") == NOON.replace(microsecond=123456)
    assert instant("") is None


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("4006381333931", "4006381333931"),  # 4+0*3+0+6*3+3+8*3+1+3*3+3+3*3+9+3*3 = 89, so 1
        ("96385074", "96385074"),  # 3*9+6+3*3+8+3*5+0+3*7 = 86, so 4
        ("036000291452", "036000291452"),
        ("10012345678902", "10012345678902"),
        (" 4006381-333931", "4006381333931"),
        ("0123456789012", "0123456789012"),  # 0+1*3+2+3*3+4+5*3+6+7*3+8+9*3+0+1*3 = 98, so 2
        ("0123456789013", None),
        ("4006381333932", None),
        ("400638133393", None),
        ("abc", None),
        ("", None),
        (None, None),
    ],
)
def test_only_bar_codes_with_the_right_check_digit_are_gtins(code: str | None, digits: str | None) -> None:
    assert gtin(code) == digits
