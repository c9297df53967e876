"""What all builders share: the ids of every collection, and the facts of a product that order lines repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from sandbox.data.basics import Row, guid, stream
from sandbox.data.names import product_name
from sandbox.data.reference import Reference

#: name, standard units, that many of the unit: one unit is standard ÷ count standard units.
Unit = tuple[str, str, str]

_EACH: Unit = ("ea.", "1.0000", "1.0000")
#: standard unit, sales unit, purchasing unit; one product in ten each.
UNITS: tuple[tuple[str, Unit, Unit], ...] = (
    ("ea.", _EACH, _EACH),
    ("ea.", _EACH, ("case of 12", "12.0000", "1.0000")),
    ("ea.", ("box of 6", "6.0000", "1.0000"), _EACH),
    ("ea.", ("box of 6", "6.0000", "1.0000"), ("pallet of 144", "144.0000", "1.0000")),
    ("kg", ("bag 2.5 kg", "2.5000", "1.0000"), ("drum", "25.0000", "2.0000")),
    ("running meter", ("m", "1.0000", "1.0000"), ("roll", "100.0000", "3.0000")),
    ("ea.", ("pair", "4.0000", "2.0000"), ("crate", "48.0000", "2.0000")),
    ("ea.", _EACH, _EACH),
    ("g", ("kg", "1000.0000", "1.0000"), ("kg", "1000.0000", "1.0000")),
    ("ea.", _EACH, ("half dozen", "1.0000", "0.1667")),
)


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What order lines, bills of material and stock need to know of a product.

    Attributes:
        price: For one sales unit in the home currency.
        cost: For one standard unit in the home currency.
        fractional: Whether stock and orders of it come in fractions.
    """

    index: int
    product_id: str
    name: str
    item_type: str
    standard_unit: str
    sales_unit: Unit
    purchasing_unit: Unit
    price: Decimal
    cost: Decimal
    fractional: bool

    @property
    def is_service(self) -> bool:
        """Whether it is a service: it has no stock and no unit but pieces."""
        return self.item_type == "service"


def ratio(unit: Unit) -> Decimal:
    """Return the standard units in one ``unit``."""
    return Decimal(unit[1]) / Decimal(unit[2])


def uom(unit: Unit) -> Row:
    """Return ``unit`` as the API shows it on a product."""
    return {"name": unit[0], "conversionRatio": {"standardQuantity": unit[1], "uomQuantity": unit[2]}}


def item_type(index: int) -> str:
    """Return the item type of the product at ``index``."""
    if index % 20 == 13:
        return "service"
    return "nonstockedProduct" if index % 25 == 17 else "stockedProduct"


class World:
    """The ids of every collection and the first rowversion of every row's block, as positions in lists."""

    def __init__(self, seed: int, sizes: dict[str, int]) -> None:
        self.seed = seed
        self.reference = Reference(seed)
        self.ids: dict[str, list[str]] = {}
        for kind, (name, size) in enumerate(sizes.items()):
            rng = stream(seed, 2, kind)
            self.ids[name] = [guid(rng) for _ in range(size)]
        self.versions: dict[str, Sequence[int]] = {}
        self.product = lru_cache(maxsize=16384)(self._product)
        self._positions = {key: at for at, key in enumerate(self.ids["products"])}

    def _product(self, index: int) -> ProductFacts:
        rng = stream(self.seed, 3, index)
        kind = item_type(index)
        standard, sales, purchasing = UNITS[0] if kind == "service" else UNITS[index % 10]
        cost = Decimal(rng.randint(20, 9_000)) / 100
        if standard in ("g", "running meter"):
            cost /= 100
        price = (cost * ratio(sales) * Decimal(rng.randint(120, 260)) / 100).quantize(Decimal("0.01"))
        special = {2: Decimal("0.33333"), 4: Decimal(0), 6: Decimal("19.99500"), 8: Decimal("1249.00001")}
        price = special.get(index % 37, price)
        return ProductFacts(
            index,
            self.ids["products"][index],
            product_name(index),
            kind,
            standard,
            sales,
            purchasing,
            price,
            cost,
            standard in ("kg", "running meter"),
        )

    def product_of(self, product_id: str) -> ProductFacts:
        """Return the facts of the product with this id."""
        return self.product(self._positions[product_id])

    def pick_product(self, at: int, *, service: bool = False) -> ProductFacts | None:
        """Return the first product at or after position ``at`` that is, or is not, a service; None if none is."""
        size = len(self.ids["products"])
        for step in range(min(size, 40)):
            index = (at + step) % size
            if (item_type(index) == "service") == service:
                return self.product(index)
        return None
