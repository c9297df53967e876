"""Purchase orders: from quote to fully received, with receipts of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sandbox.data.basics import OWN_VERSION, Row, guid, midnight, rowversion, stream
from sandbox.data.names import EMPTY_ADDRESS, address, custom_fields, person_name
from sandbox.data.offers import vendor_currency
from sandbox.data.orderlines import Terms, Wish, line, percent, quantity, totals
from sandbox.data.world import World, ratio


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of purchase order.

    Attributes:
        status: The ``inventoryStatus``; an order is completed when it is ``fulfilled``.
        lines: The kinds of its lines: g goods, d the same goods once more, f a fraction of a unit, s a service.
        receipts: Per line of goods the shares of it that were received, in order; a share may be negative or zero.
        ship_after: Days from the order to the requested ship date; None where there is none.
    """

    status: str = "unfulfilled"
    lines: str = "gg"
    receipts: tuple[tuple[str, ...], ...] = ()
    terms: Terms | None = None
    ship_after: int | None = 20
    cancelled: bool = False


CASES: tuple[Case, ...] = (
    Case("quote"),
    Case("unapproved"),
    Case(),
    Case("started", "gg", (("0.5",),)),
    Case("started", "ggg", (("0.25", "0.25", "0.1"), ("1",))),
    Case("started", "ff", (("0.3", "0.3"), ("0.7", "0.1"))),
    Case("fulfilled", "gg", (("0.5", "0.5"), ("1",))),
    Case("started", "gg", (("0.5",),), cancelled=True),
    Case(ship_after=-10),
    Case("fulfilled", "gf", (("1",), ("0.4", "0.6")), Terms(currency=1)),
    Case("started", "gdg", (("0.5",), ("0.5",))),
    Case("fulfilled", "s", ship_after=None),
    Case("started", "gg", (("1", "-0.25"), ("0",))),
    Case(lines="ggs", terms=Terms(2, 2, tax_inclusive=True)),
    Case("fulfilled", "ggd", (("1",), ("0.5", "0.5"), ("1",)), Terms(0, 1, tax_inclusive=True)),
    Case(lines="", ship_after=None),
)

#: How a person marks an order that Optiply placed; the numbers are of orders that do not exist.
_MARKS = (
    ("orderNumber", "Optiply-{n}"),
    ("vendorOrderNumber", "optiply #{n}"),
    ("orderRemarks", "Ordered by OPTIPLY: {n}, call first"),
    ("orderNumber", "Optiply"),
    ("orderRemarks", "As Optiply advised"),
)
_FIRST_MARKED_NUMBER = 900_000_001


def _lines(world: World, case: Case, terms: Terms, rng: Random, version: int) -> list[Row]:
    size = len(world.ids["products"])
    lines: list[Row] = []
    at = 0
    for number, kind in enumerate(case.lines if size else ""):
        at = at if kind == "d" else rng.randrange(size)
        product = world.pick_product(at, service=kind == "s")
        if product is None:
            continue
        count = Decimal(rng.randint(1, 30)) + (Decimal("0.375") if kind == "f" else 0)
        unit = product.purchasing_unit
        price = product.cost * ratio(unit) * Decimal(terms.exchange_rate)
        wish = Wish(
            product, unit, count, price.quantize(Decimal("0.00001")), percent(("0", "0", "7.25")[rng.randrange(3)])
        )
        row = line(wish, terms, world.reference, rng, "purchaseOrderLineId")
        row["serviceCompleted"] = case.status == "fulfilled" if product.is_service else None
        row |= {"vendorItemCode": "BL-77" if number else "", "timestamp": rowversion(version + number)}
        lines.append(row)
    return lines


def _receipts(world: World, case: Case, lines: list[Row], *, rng: Random, version: int, day: int) -> list[Row]:
    receipts: list[Row] = []
    for shares, row in zip(case.receipts, lines, strict=False):
        for number, share in enumerate(shares):
            product = world.product_of(row["productId"])
            count = Decimal(row["quantity"]["uomQuantity"]) * Decimal(share)
            receipts.append(
                {
                    "purchaseOrderReceiveLineId": guid(rng),
                    "productId": row["productId"],
                    "vendorItemCode": row["vendorItemCode"],
                    "description": row["description"],
                    "locationId": world.reference.location_ids[number % 2],
                    "sublocation": "",
                    # The receipts of a line do not arrive in the order in which they are listed.
                    "receiveDate": midnight(day + (12, 25, 7)[number % 3]),
                    "quantity": quantity(count, product.purchasing_unit),
                    "timestamp": rowversion(version + len(receipts)),
                }
            )
    return receipts


def _marks(index: int, optiply_orders: int) -> Row:
    if index >= optiply_orders:
        return {}
    field, text = _MARKS[index % len(_MARKS)]
    return {field: text.format(n=_FIRST_MARKED_NUMBER + index)}


def purchase_order(world: World, index: int, day: int, optiply_orders: int) -> Row:
    """Return the whole purchase order at ``index``.

    Args:
        world: What the data set consists of.
        index: The position of the order.
        day: When it was placed, a proleptic ordinal.
        optiply_orders: So many of the first orders mention Optiply in a number or in their remarks.
    """
    rng = stream(world.seed, 11, index)
    case = CASES[index % len(CASES)]
    version = world.versions["purchase-orders"][index]
    reference = world.reference
    vendor_ids = world.ids["vendors"]
    vendor = (index * 5 + index // len(CASES)) % len(vendor_ids)
    terms = case.terms or Terms(currency=vendor_currency(vendor), taxing_scheme=3)
    lines = _lines(world, case, terms, rng, version)
    return {
        "purchaseOrderId": world.ids["purchase-orders"][index],
        "orderNumber": f"PO-{index + 1:06d}",
        "orderDate": midnight(day),
        "inventoryStatus": case.status,
        "paymentStatus": case.status if case.status in ("quote", "unapproved") else "unpaid",
        "vendorId": vendor_ids[vendor],
        "vendorOrderNumber": f"V/{index}" if index % 3 == 0 else "",
        "contactName": person_name(rng),
        "email": f"orders{vendor}@vendor.test",
        "phone": "555-010-3000",
        "vendorAddress": address(rng),
        "locationId": reference.location_ids[index % 2] if index % 7 else None,
        "paymentTermsId": None,
        **totals(lines, terms, reference),
        "freight": None,
        "nonVendorCosts": percent("0"),
        "returnExtra": "0.00000",
        "returnFee": "0.00000",
        "isQuote": case.status == "quote",
        "isCompleted": case.status == "fulfilled",
        "isCancelled": case.cancelled,
        "approverTeamMemberId": None if case.status == "unapproved" else reference.team_member_ids[0],
        "assignedToTeamMemberId": None,
        "carrier": "",
        "dueDate": None,
        "requestShipDate": None if case.ship_after is None else midnight(day + case.ship_after),
        "showShipping": True,
        "shipToAddress": dict(EMPTY_ADDRESS),
        "shipToCompanyName": "",
        "orderRemarks": "Deliver  before noon\t!" if index % 9 == 2 else "",
        "receiveRemarks": "",
        "returnRemarks": "",
        "unstockRemarks": "",
        "customFields": custom_fields(),
        "lastModifiedById": reference.api_key_id if index % 4 == 1 else reference.team_member_ids[0],
        "timestamp": rowversion(version + OWN_VERSION),
        "lines": lines,
        # Receipts are written later than the order they belong to.
        "receiveLines": _receipts(
            world, case, lines, rng=rng, version=version + OWN_VERSION - 24 + 48 * (index % 2), day=day
        ),
        "unstockLines": [],
        "paymentLines": [],
        "attachments": [],
        **_marks(index, optiply_orders),
    }
