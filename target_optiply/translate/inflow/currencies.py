"""Facts from inFlow's currencies and price lists that other records are mapped with.

``exchangeRate`` counts units of a currency per unit of the home currency. The home currency is the one whose rate
is 1 or, where it has no conversion, the only currency without one.
"""

from __future__ import annotations

from decimal import Decimal
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
    newest: dict[str, tuple[str, Decimal]] = {}
    instructions: list[Instruction] = []
    for row in conversions:
        currency, rate = key(row, "currencyId") or currency_id, number(row, "exchangeRate")
        if rate is None:
            continue
        if rate <= 0:
            instructions.append(Warn(f"rate.{currency}", f"currency {currency}: a rate of {rate} cannot be used"))
            continue
        # Rowversions are hexadecimal digits of one length: their text order is the order of change.
        newest[currency] = max(newest.get(currency, ("", rate)), (str(row.get("timestamp") or ""), rate))
    for currency, (_, rate) in newest.items():
        kept = to_number(facts.get("rate", currency), "exchangeRate")
        if not kept or abs(Fraction(rate) - Fraction(kept)) / Fraction(kept) >= _MOVE:
            instructions.append(Remember("rate", currency, str(rate)))
    if currency_id not in newest and facts.get("no_rate", currency_id) is None:
        instructions.append(Remember("no_rate", currency_id, "true"))
    return instructions


def translate_pricing_scheme(
    scheme_id: str,
    record: Raw,
    facts: Facts,
    settings: MappingSettings,  # noqa: ARG001 - one signature for all streams
) -> list[Instruction]:
    """Remember whether the prices of a list contain tax."""
    value = "true" if flag(record, "isTaxInclusive") else "false"
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
    return Fraction(1) if _home_without_rate(facts) == currency else None


def _home_without_rate(facts: Facts) -> str | None:
    """Return the only currency without a rate, unless another one is home because its rate is 1."""
    if any(to_number(rate, "exchangeRate") == 1 for rate in facts.all("rate").values()):
        return None
    without = [currency for currency in facts.all("no_rate") if facts.get("rate", currency) is None]
    return without[0] if len(without) == 1 else None
