"""Facts from inFlow's currencies and price lists that other records are mapped with.

``exchangeRate`` counts units of a currency per unit of the home currency. The home currency is the one whose rate
is 1 or, where it has no conversion, the only currency without one.
"""

from __future__ import annotations

from fractions import Fraction

from target_optiply.convert import to_number
from target_optiply.model import Facts, Instruction, Remember, Warn
from target_optiply.translate.reading import Raw, flag, key, nested, number, rows
from target_optiply.translate.settings import MappingSettings

_MOVE = Fraction(2, 100)
"""A kept rate is renewed when it moved by this much: a daily wobble would rewrite every foreign price each day."""


def translate(currency_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:  # noqa: ARG001 - one signature for all streams
    """Remember a currency's rate, or that it has none."""
    conversions = rows(record, "currencyConversions")
    if conversions is None:
        return []
    rates = []
    for row in conversions:
        if key(row, "currencyId") in (None, currency_id) and (rate := number(row, "exchangeRate")) is not None:
            if rate <= 0:
                return [Warn(f"rate.{currency_id}", f"currency {currency_id}: a rate of {rate} cannot be used")]
            rates.append((str(row.get("timestamp") or ""), rate))
    if not rates:
        if facts.get("rate", currency_id) is None and facts.get("no_rate", currency_id) is None:
            return [Remember("no_rate", currency_id, "true")]
        return []
    # Rowversions are hexadecimal digits of one length: their text order is the order of change.
    newest = max(rates)[1]
    kept = to_number(facts.get("rate", currency_id), "exchangeRate")
    if kept and abs(Fraction(newest) - Fraction(kept)) / Fraction(kept) < _MOVE:
        return []
    instructions: list[Instruction] = [Remember("rate", currency_id, str(newest))]
    if facts.get("no_rate", currency_id) is not None:
        instructions.append(Remember("no_rate", currency_id, None))
    return instructions


def translate_pricing_scheme(
    scheme_id: str,
    record: Raw,
    facts: Facts,
    settings: MappingSettings,  # noqa: ARG001 - one signature for all streams
) -> list[Instruction]:
    """Remember whether the prices of a list contain tax."""
    value = "true" if flag(record, "isTaxInclusive") else None
    return [] if facts.get("tax_inclusive", scheme_id) == value else [Remember("tax_inclusive", scheme_id, value)]


def rate_of(vendor: str | None, row: Raw, facts: Facts) -> Fraction | None:
    """Return how many units of a vendor's currency one unit of the home currency is worth, None where unknown.

    Args:
        vendor: The vendor's remote id.
        row: A row that may carry its vendor with it.
        facts: What currencies and vendors said.
    """
    included = nested(row, "vendor")
    currency = None if included is None else key(included, "currencyId")
    if currency is None and vendor is not None:
        currency = facts.get("vendor_currency", vendor)
    if currency is None:
        return None
    rate = to_number(facts.get("rate", currency), "exchangeRate")
    if rate:
        return Fraction(rate)
    return Fraction(1) if list(facts.all("no_rate")) == [currency] else None
