"""Order lines with exact amounts, and the sums and taxes of the order they make up; for sales and purchases alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sandbox.data.basics import Row, exact, guid
from sandbox.data.reference import CURRENCIES, TAXING_SCHEMES, Reference
from sandbox.data.world import ProductFacts, Unit, ratio

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """The money side of an order: its currency (position in the table), its taxing scheme and what prices contain."""

    currency: int = 0
    taxing_scheme: int = 0
    tax_inclusive: bool = False

    @property
    def exchange_rate(self) -> str:
        """Units of the order's currency for one unit of the home currency."""
        return CURRENCIES[self.currency][4] or "0.9420000000"


@dataclass(frozen=True, slots=True)
class Wish:
    """What one line is to be: so many units of a product.

    Attributes:
        count: Units (``uomQuantity``); negative for a return; None where inFlow shows no quantity.
        price: For one unit, in the order's currency.
    """

    product: ProductFacts
    unit: Unit
    count: Decimal | None
    price: Decimal
    discount: Row
    service_completed: bool | None = None
    return_date: str | None = None


def percent(value: str) -> Row:
    """Return a discount in per cent."""
    return {"isPercent": True, "value": exact(value, 5)}


def amount(value: str) -> Row:
    """Return a discount as an amount, taken off the line."""
    return {"isPercent": False, "value": exact(value, 5)}


def quantity(count: Decimal | None, unit: Unit) -> Row:
    """Return ``count`` of ``unit`` as the API shows quantities."""
    return {
        "standardQuantity": None if count is None else exact(count * ratio(unit), 4),
        "uomQuantity": None if count is None else exact(count, 4),
        "uom": unit[0],
        "serialNumbers": [],
    }


def line(wish: Wish, terms: Terms, reference: Reference, rng: Random, key: str) -> Row:
    """Return an order line without its ``timestamp``; ``key`` names its id field."""
    gross = (wish.count or _ZERO) * wish.price
    off = Decimal(wish.discount["value"])
    net = gross * (1 - off / 100) if wish.discount["isPercent"] else gross - off
    code = rng.randrange(len(TAXING_SCHEMES[terms.taxing_scheme][4]))
    _, rate1, rate2 = TAXING_SCHEMES[terms.taxing_scheme][4][code]
    return {
        key: guid(rng),
        "productId": wish.product.product_id,
        "description": wish.product.name,
        "quantity": quantity(wish.count, wish.unit),
        "unitPrice": exact(wish.price, 5),
        "discount": wish.discount,
        "subTotal": exact(net, 5),
        "tax1Rate": rate1,
        "tax2Rate": rate2,
        "taxCodeId": reference.tax_code_ids[terms.taxing_scheme][code],
        "serviceCompleted": wish.service_completed,
        "returnDate": wish.return_date,
    }


def totals(lines: Sequence[Row], terms: Terms, reference: Reference) -> Row:
    """Return the fields of an order that follow from its lines: currency, taxes and sums."""
    _, name1, name2, on_tax1, rates = TAXING_SCHEMES[terms.taxing_scheme]
    subtotal = sum((Decimal(row["subTotal"]) for row in lines), _ZERO)
    tax1 = tax2 = _ZERO
    for row in lines:
        net = Decimal(row["subTotal"])
        first, second = Decimal(row["tax1Rate"]) / 100, Decimal(row["tax2Rate"]) / 100
        second_on_net = second * (1 + first) if on_tax1 else second
        if terms.tax_inclusive:
            net /= 1 + first + second_on_net
        tax1 += net * first
        tax2 += net * second_on_net
    total = subtotal if terms.tax_inclusive else subtotal + tax1 + tax2
    return {
        "currencyId": reference.currency_ids[terms.currency],
        "exchangeRate": terms.exchange_rate,
        "exchangeRateAutoPulled": None,
        "taxingSchemeId": reference.taxing_scheme_ids[terms.taxing_scheme],
        "tax1Name": name1,
        "tax1Rate": rates[0][1],
        "tax1OnShipping": bool(name1),
        "tax1": exact(tax1, 5),
        "tax2Name": name2,
        "tax2Rate": rates[0][2] if name2 else None,
        "tax2OnShipping": False,
        "tax2": exact(tax2, 5),
        "calculateTax2OnTax1": on_tax1,
        "isTaxInclusive": terms.tax_inclusive,
        "subTotal": exact(subtotal, 5),
        "total": exact(total, 5),
        "amountPaid": "0.00000",
        "balance": exact(total, 5),
    }
