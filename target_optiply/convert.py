"""One raw value to the API's type and limits: repaired where its meaning stays, else refused with a reason.

A converter is compiled once for each attribute of the table, because it runs for every value of every record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

import msgspec
import pendulum

from target_optiply.entities import Attribute

Converter: TypeAlias = Callable[[Any, list[str]], Any]
"""Takes a raw value and a list that it adds warnings to; returns the canonical value, None for "nothing"."""

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_EMAIL_SEPARATORS = re.compile(r"[,;\s]+")
_NUMBER = re.compile(r"[+-]?(\d{1,60}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,3})?", re.ASCII)
_CANONICAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)?\s*(?:([Zz]|UTC|GMT)|([+-]\d\d)(?::?(\d\d))?)?",
    re.ASCII,
)
_ISO_LIKE = re.compile(r"\d{4}(-?W\d\d|-?\d{3})", re.ASCII)
_NOT_A_TEXT = frozenset({"nan", "NaN"})
_NOT_A_VALUE = frozenset({"", "nan", "none", "null", "<na>", "nat"})
_FLAGS = {"true": True, "1": True, "yes": True, "y": True, "t": True}
_FLAGS.update({"false": False, "0": False, "no": False, "n": False, "f": False})
# Control characters that are no white space, and the byte order mark, carry nothing; Java and databases refuse some.
_DROPPED = {code: None for code in (*range(0x20), *range(0x7F, 0xA0), 0xFEFF) if not chr(code).isspace()}


class InvalidRecord(ValueError):  # noqa: N818 - a state of a record, not a fault of the program
    """A record that cannot be sent; its text fits a table: ``price: more than 9 integer digits``.

    Attributes:
        attribute: The attribute's name.
        reason: What is wrong with it.
    """

    def __init__(self, attribute: str, reason: str) -> None:
        super().__init__(f"{attribute}: {reason}")
        self.attribute = attribute
        self.reason = reason


def quoted(value: Any) -> str:
    """Return a value for a message: short, on one line, and printable whatever it holds."""
    if isinstance(value, (dict, list, tuple, set)):
        return f"a {type(value).__name__}"
    # ascii(), since a lone surrogate in a message would break the log or the state that it is written to.
    return ascii(value if isinstance(value, (str, int, float, bool)) else str(value))[:60]


def clean_text(value: str, attribute: str) -> str:
    """Return a text with every run of white space as one space, trimmed, without control characters.

    Raises:
        InvalidRecord: The text holds half of a surrogate pair, which no encoding can carry.
    """
    if not value.isprintable():
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidRecord(attribute, "holds half of a surrogate pair")
        value = value.translate(_DROPPED)
    return " ".join(value.split())


def utf16_length(text: str) -> int:
    """Return how many UTF-16 units a text takes, which is how the server counts characters."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def cut_text(text: str, limit: int) -> str:
    """Return at most ``limit`` UTF-16 units of a text, never half of a pair, without a space at the end."""
    units = 0
    for position, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return text[:position].rstrip()
    return text


def to_number(value: Any, attribute: str) -> Decimal | None:
    """Return a number exactly, None where the value says nothing (null, empty text, "nan").

    Raises:
        InvalidRecord: The value is no finite number, or one beyond any amount.
    """
    kind = type(value)
    if value is None:
        return None
    if kind is int:
        if value.bit_length() > 200:
            raise InvalidRecord(attribute, "beyond the range of numbers")
        return Decimal(value)
    if kind is str:
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            if text.lower() in _NOT_A_VALUE:
                return None
            raise InvalidRecord(attribute, f"{quoted(value)} is not a number")
        number = Decimal(text)
    elif kind is Decimal:
        number = value
    elif kind is float:
        number = Decimal(repr(value))
    else:
        raise InvalidRecord(attribute, f"{quoted(value)} is not a number")
    if not number.is_finite():
        raise InvalidRecord(attribute, f"{quoted(value)} is not a number")
    if number and not -100 < number.adjusted() < 60:
        if number.adjusted() > 0:
            raise InvalidRecord(attribute, "beyond the range of numbers")
        return Decimal(0)
    return number


def to_boolean(value: Any, attribute: str) -> bool | None:
    """Return a truth value from a boolean, its text or 0 and 1; None where the value says nothing."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        text = value.strip().lower()
        if text in _NOT_A_VALUE:
            return None
        if text in _FLAGS:
            return _FLAGS[text]
    elif isinstance(value, (int, float, Decimal)) and not _is_nan(value) and value in (0, 1):
        return bool(value)
    raise InvalidRecord(attribute, f"{quoted(value)} is not true or false")


def _is_nan(value: float | Decimal) -> bool:
    return isinstance(value, Decimal) and value.is_nan()  # a signalling one cannot even be compared


def _parse_time(text: str) -> datetime | None:
    match = _TIME.fullmatch(text)
    if match is None:
        if not _ISO_LIKE.match(text):
            return None
        # Week dates, ordinal dates and the basic format: rare enough to leave them to a library.
        try:
            parsed = pendulum.parse(text, exact=True)
        except (ValueError, OverflowError):
            return None
        if isinstance(parsed, datetime):
            return parsed
        return (
            datetime(parsed.year, parsed.month, parsed.day, tzinfo=timezone.utc)
            if type(parsed) is pendulum.Date
            else None
        )
    day, clock, seconds, fraction, _, hours, minutes = match.groups()
    # Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
    micros = f".{fraction[:6]:0<6}" if fraction else ""
    offset = f"{hours}:{minutes or '00'}" if hours else "+00:00"
    return datetime.fromisoformat(f"{day}T{clock or '00:00'}{seconds or ':00'}{micros}{offset}")


def to_time(value: Any, attribute: str) -> datetime | None:
    """Return an instant; a time without offset is taken as UTC. None where the value says nothing.

    Raises:
        InvalidRecord: The value is no date or date-time, or lies outside of years 1 to 9999.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            if text.lower() in _NOT_A_VALUE:
                return None
            moment = _parse_time(text)
        elif isinstance(value, datetime):
            moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
        elif value is None:
            return None
        else:
            moment = None
        if moment is None:
            raise InvalidRecord(attribute, f"{quoted(value)} is not a date-time")
        return moment.astimezone(timezone.utc)
    except (OverflowError, ValueError) as error:
        if isinstance(error, InvalidRecord):
            raise
        raise InvalidRecord(attribute, f"{quoted(value)} is not a date-time") from error


def time_text(moment: datetime) -> str:
    """Return an instant as the API takes it: UTC, ``Z``, a fraction only where there is one."""
    text = moment.strftime("%H:%M:%S")
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    # strftime pads the year on some platforms only
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}T{text}{fraction}Z"


def to_emails(value: Any, attribute: str, warnings: list[str]) -> list[str] | None:
    """Return the addresses of a list, a JSON list, or a text with commas, semicolons or spaces between.

    What is no address is left out with a warning, since one bad address makes the API refuse the supplier.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = clean_text(value, attribute)
        if text.startswith("["):
            try:
                value = msgspec.json.decode(text)
            except msgspec.DecodeError:
                value = text.strip("[]")
        elif text.lower() in _NOT_A_VALUE:
            return None
    items = value if isinstance(value, (list, tuple)) else [value]
    addresses: list[str] = []
    for item in items:
        if item is None:
            continue
        if not isinstance(item, str):
            raise InvalidRecord(attribute, f"{quoted(item)} is not an e-mail address")
        for part in _EMAIL_SEPARATORS.split(clean_text(item, attribute)):
            address = part.strip("\"'")
            if EMAIL.fullmatch(address):
                addresses.append(address)
            elif address and address.lower() not in _NOT_A_VALUE:
                # The address itself stays out of logs and states.
                warnings.append(f"{attribute}: left out what is not an e-mail address")
    return addresses


def _outside(attribute: Attribute, reason: str, warnings: list[str]) -> None:
    if attribute.outside == "reject" or attribute.required:
        raise InvalidRecord(attribute.name, reason)
    warnings.append(f"{attribute.name}: left empty, {reason}")


def _text_converter(attribute: Attribute) -> Converter:
    name, limit, exact = attribute.name, attribute.max_length, attribute.exact_length

    def convert(value: Any, warnings: list[str]) -> str | None:
        if type(value) is not str:
            if value is None:
                return None
            number = None if isinstance(value, bool) else to_number(value, name)
            if number is None:
                raise InvalidRecord(name, f"{quoted(value)} is not a text")
            value = format(number.to_integral_value() if number == number.to_integral_value() else number, "f")
        text = clean_text(value, name)
        if len(text) * 2 > limit and utf16_length(text) > limit:
            text = cut_text(text, limit)
            warnings.append(f"{name}: cut to {limit} characters")
        if not text or text in _NOT_A_TEXT:
            return None
        if exact is not None and len(text) != exact:
            _outside(attribute, f"not exactly {exact} characters", warnings)
            return None
        return text

    return convert


def _decimal_converter(attribute: Attribute) -> Converter:
    name, digits = attribute.name, attribute.integer_digits
    step, whole_too = Decimal(1).scaleb(-attribute.places), attribute.kind == "number"
    zero = Decimal(0).quantize(step)

    def convert(value: Any, warnings: list[str]) -> Decimal | int | None:
        number = to_number(value, name)
        if number is None:
            return None
        if number and number.adjusted() < digits:
            number = number.quantize(step, rounding=ROUND_HALF_UP) or zero
        if number and number.adjusted() >= digits:
            _outside(attribute, f"more than {digits} integer digits", warnings)
            return None
        if whole_too and number == (whole := int(number)):
            return whole
        return number or zero

    return convert


def _integer_converter(attribute: Attribute) -> Converter:
    name, minimum, maximum, fraction = attribute.name, attribute.minimum, attribute.maximum, attribute.fraction

    def convert(value: Any, warnings: list[str]) -> int | None:
        if type(value) is int:
            whole = value
        else:
            number = to_number(value, name)
            if number is None:
                return None
            whole = int(number.to_integral_value(ROUND_HALF_UP))
            if whole != number and fraction != "half_up":
                reason = f"{quoted(value)} is not a whole number"
                if fraction == "reject":
                    raise InvalidRecord(name, reason)
                warnings.append(f"{name}: left empty, {reason}")
                return None
        if whole < minimum:
            _outside(attribute, f"below {minimum}", warnings)
            return None
        if whole > maximum:
            _outside(attribute, f"above {maximum}", warnings)
            return None
        return whole

    return convert


def _time_converter(attribute: Attribute) -> Converter:
    name, lenient = attribute.name, attribute.outside == "null"

    def convert(value: Any, warnings: list[str]) -> str | None:
        if type(value) is str and _CANONICAL_TIME.fullmatch(value):
            try:
                datetime.fromisoformat(value[:19])
            except ValueError as error:
                raise InvalidRecord(name, f"{quoted(value)} is not a date-time") from error
            return value
        try:
            moment = to_time(value, name)
        except InvalidRecord as error:
            if not lenient:
                raise
            warnings.append(f"{name}: left empty, {error.reason}")
            return None
        return None if moment is None else time_text(moment)

    return convert


def _enum_converter(attribute: Attribute) -> Converter:
    name, choices = attribute.name, attribute.choices
    known = {choice: choice for choice in choices}

    def convert(value: Any, warnings: list[str]) -> str | None:
        if value is None:
            return None
        text = clean_text(value, name).lower() if isinstance(value, str) else None
        if text is not None and text in _NOT_A_VALUE:
            return None
        if text not in known:
            _outside(attribute, f"{quoted(value)} is none of {', '.join(choices)}", warnings)
            return None
        return text

    return convert


def converter_for(attribute: Attribute) -> Converter:
    """Compile one row of the table into the function that checks its values."""
    name = attribute.name
    if attribute.kind == "text":
        return _text_converter(attribute)
    if attribute.kind in ("decimal", "number"):
        return _decimal_converter(attribute)
    if attribute.kind == "integer":
        return _integer_converter(attribute)
    if attribute.kind == "datetime":
        return _time_converter(attribute)
    if attribute.kind == "enum":
        return _enum_converter(attribute)
    if attribute.kind == "boolean":
        return lambda value, _warnings: to_boolean(value, name)
    return lambda value, warnings: to_emails(value, name, warnings)
