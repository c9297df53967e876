"""Who sells a product: vendor items, priced in the vendor's own currency and purchasing unit."""

from __future__ import annotations

from decimal import Decimal

from sandbox.data.basics import Row, exact, guid, rowversion, stream
from sandbox.data.reference import CURRENCIES
from sandbox.data.world import World, ratio

#: Vendors of a product as (offset of the vendor, lineNum), in the order listed; one product in eight each. The same
#: vendor may stand there twice, and old rows have no lineNum.
VENDOR_PATTERNS: tuple[tuple[tuple[int, int | None], ...], ...] = (
    (),
    ((0, 1),),
    ((1, 2), (0, 1)),
    ((0, 1), (1, 2), (2, 3)),
    ((0, 1), (0, 2)),
    ((0, None),),
    ((1, None), (0, 1)),
    ((0, 3), (1, 7)),
)
LEAD_TIMES = (None, 0, 14, 400, 21, 1, 365)


def vendor_items(world: World, index: int, version: int) -> list[Row]:
    """Return who sells the product at ``index``, for how much of the vendor's own currency."""
    vendor_ids = world.ids["vendors"]
    if not vendor_ids:
        return []
    facts = world.product(index)
    rng = stream(world.seed, 6, index)
    rows: list[Row] = []
    for number, (offset, line_num) in enumerate(VENDOR_PATTERNS[index % 8]):
        vendor = (index // 8 + index + offset) % len(vendor_ids)
        rate = Decimal(CURRENCIES[vendor_currency(vendor)][4] or "0.9500000000")
        cost = facts.cost * ratio(facts.purchasing_unit) * rate * Decimal(rng.randint(80, 110)) / 100
        rows.append(
            {
                "vendorItemId": guid(rng),
                "productId": facts.product_id,
                "vendorId": vendor_ids[vendor],
                "vendorItemCode": ("", "BL-77", f"  {index} / {number}  ", f"ÄRT №{index}")[(index + number) % 4],
                "cost": None if index % 29 == 3 else "0.33333" if index % 29 == 7 else exact(cost, 5),
                "leadTimeDays": LEAD_TIMES[(index // 8 + number) % len(LEAD_TIMES)],
                "lineNum": line_num,
                "timestamp": rowversion(version + 10 + number),
            }
        )
    return rows


def vendor_currency(vendor: int) -> int:
    """Return the position of the currency of the vendor at position ``vendor``: half of them trade abroad."""
    return (0, 1, 2, 3, 4, 0, 0, 1, 0, 0)[vendor % 10]
