"""Sales orders: every state an order can be in, and every kind of line, one case after the other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sandbox.data.basics import OWN_VERSION, Row, exact, guid, midnight, rowversion, stream
from sandbox.data.names import address, custom_fields, person_name
from sandbox.data.orderlines import Terms, Wish, amount, line, percent, quantity, totals
from sandbox.data.world import World, ratio

_PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of sales order.

    Attributes:
        status: The ``inventoryStatus``; an order is completed when it is ``fulfilled``.
        lines: The kinds of its lines, see ``_wish``.
        shipped: So many ship lines have a date.
        confirmation: None, or whether a needed confirmation was given.
    """

    status: str = "fulfilled"
    lines: str = "gg"
    terms: Terms = _PLAIN
    shipped: int = 1
    invoiced: bool = False
    cancelled: bool = False
    confirmation: bool | None = None


_TWO_TAXES = Terms(taxing_scheme=1, tax_inclusive=True)
_TAX_ON_TAX = Terms(taxing_scheme=2, tax_inclusive=True)
#: Kinds of lines: g goods, d the same goods once more, r a return, s a finished and u an unfinished service,
#: z a quantity of zero, n no quantity, f a fraction of a unit.
CASES: tuple[Case, ...] = (
    Case("unfulfilled", "gg", shipped=0),
    Case(),
    Case(invoiced=True),
    Case("quote", "gg", shipped=0),
    Case("unconfirmed", "g", shipped=0),
    Case("unfulfilled", "gg", shipped=0, confirmation=False),
    Case("fulfilled", "gg", confirmation=True),
    Case("started", "gg", shipped=0, cancelled=True),
    Case(lines="ggg", terms=Terms(currency=1)),
    Case(lines="ggd", terms=_TAX_ON_TAX, invoiced=True),
    Case(lines="gg", terms=_TWO_TAXES),
    Case(lines="gdd", shipped=2),
    Case(lines="grg", invoiced=True),
    Case(lines="gsu", shipped=0),
    Case(lines="gzn"),
    Case(lines="su", shipped=0),
    Case("fulfilled", "gggg", shipped=3),
    Case(lines="gdr", terms=Terms(3, 2, tax_inclusive=True)),
    Case(lines="gf", terms=Terms(2), invoiced=True, shipped=0),
    Case("started", "gf", shipped=1),
    Case(lines="rr", shipped=0, invoiced=True),
    Case(lines="", shipped=0),
    Case("fulfilled", "ggd", terms=Terms(1, 1)),
    Case("unfulfilled", "gs", terms=_TAX_ON_TAX, shipped=0),
)


def _wish(world: World, kind: str, at: int, terms: Terms, *, rng: Random, day: int) -> Wish | None:
    product = world.pick_product(at, service=kind in "su")
    if product is None:
        return None
    unit = product.sales_unit
    if kind in "gd" and rng.random() < 0.2:
        unit = (product.standard_unit, "1.0000", "1.0000")
    count: Decimal | None = Decimal(rng.randint(1, 12))
    if kind in "zn":
        count = None if kind == "n" else Decimal(0)
    elif kind == "f":
        count = Decimal(rng.randint(1, 39)) / 8
    elif kind == "r":
        count = Decimal(-rng.randint(1, 3))
    price = product.price / ratio(product.sales_unit) * ratio(unit) * Decimal(terms.exchange_rate)
    discounts = (percent("0"), percent("0"), percent("12.5"), amount("0.05") if kind in "gd" else percent("0"))
    return Wish(
        product,
        unit,
        count,
        price.quantize(Decimal("0.00001")),
        discounts[rng.randrange(4)] if price > 1 else discounts[0],
        {"s": True, "u": False}.get(kind),
        midnight(day + 5) if kind == "r" else None,
    )


def _lines(world: World, case: Case, rng: Random, version: int, day: int) -> list[Row]:
    size = len(world.ids["products"])
    lines: list[Row] = []
    previous = 0
    for number, kind in enumerate(case.lines if size else ""):
        at = previous if kind == "d" else rng.randrange(size)
        previous = at
        wish = _wish(world, kind, at, case.terms, rng=rng, day=day)
        if wish is None:
            continue
        row = line(wish, case.terms, world.reference, rng, "salesOrderLineId")
        row |= {"isDiscarded": kind == "r" and number % 2 == 0, "timestamp": rowversion(version + number)}
        lines.append(row)
    return lines


def _movements(world: World, case: Case, lines: list[Row], *, rng: Random, version: int, day: int) -> Row:
    """Return picked, packed, shipped and restocked lines."""
    location_id = world.reference.location_ids[0]
    goods = [row for row in lines if row["serviceCompleted"] is None and row["quantity"]["uomQuantity"] is not None]
    common = [{name: row[name] for name in ("productId", "description", "quantity")} for row in goods]
    placed = {"locationId": location_id, "sublocation": ""}
    done = case.status == "fulfilled" and not case.cancelled
    sold = [row for row in common if Decimal(row["quantity"]["uomQuantity"]) > 0] if done else []
    returned = [row for row in common if Decimal(row["quantity"]["uomQuantity"]) < 0] if done else []
    ships: list[Row] = [
        {
            "salesOrderShipLineId": guid(rng),
            "carrier": "DHL" if number else "",
            "containers": [f"BOX-{number}"],
            "easyPostConfirmationEmailAddress": "",
            "easyPostShipmentId": "",
            "easyPostShipmentStatus": "manual",
            # Not in order, and the last one has no date yet: the last date is not the last row's.
            "shippedDate": midnight(day + (3, 9, 5)[number]) if number < case.shipped else None,
            "trackingNumber": f"TT{rng.getrandbits(32):010d}",
            "timestamp": rowversion(version + 8 + number),
        }
        for number in range(case.shipped + (case.shipped > 1))
    ]
    return {
        "pickLines": [
            {"salesOrderPickLineId": guid(rng), **row, **placed, "pickDate": midnight(day + 2)}
            | {"timestamp": rowversion(version + 16 + number)}
            for number, row in enumerate(sold)
        ],
        "packLines": [
            {"salesOrderPackLineId": guid(rng), **row, "containerNumber": "BOX-0"}
            | {"timestamp": rowversion(version + 24 + number)}
            for number, row in enumerate(sold[:1])
        ],
        "shipLines": ships,
        "restockLines": [
            {"salesOrderRestockLineId": guid(rng), **row, **placed, "restockDate": midnight(day + 6)}
            | {"quantity": quantity(-Decimal(row["quantity"]["uomQuantity"]), (row["quantity"]["uom"], "1", "1"))}
            | {"timestamp": rowversion(version + 32 + number)}
            for number, row in enumerate(returned)
        ],
        "paymentLines": [],
        "attachments": [],
    }


def _payment_status(case: Case) -> str:
    if case.status in ("quote", "unconfirmed"):
        return case.status
    return "invoiced" if case.invoiced else "uninvoiced"


def sales_order(world: World, index: int, day: int) -> Row:
    """Return the whole sales order at ``index``, placed on ``day`` (a proleptic ordinal)."""
    rng = stream(world.seed, 10, index)
    case = CASES[index % len(CASES)]
    version = world.versions["sales-orders"][index]
    # A third of the orders wrote its lines after itself, so that they carry the higher rowversions.
    first_child = version + OWN_VERSION + 1 if index % 3 == 1 else version
    reference = world.reference
    key = world.ids["sales-orders"][index]
    customer_ids = world.ids["customers"]
    lines = _lines(world, case, rng, first_child, day)
    billing = address(rng)
    order = {
        "salesOrderId": key,
        "orderNumber": f"SO-{index + 1:06d}",
        "orderDate": midnight(day),
        "inventoryStatus": case.status,
        "paymentStatus": _payment_status(case),
        "customerId": customer_ids[rng.randrange(len(customer_ids))],
        "contactName": person_name(rng),
        "email": f"buyer{index}@buyer.test",
        "phone": "555-010-2000",
        "poNumber": f"P-{index}" if index % 2 else "",
        "locationId": reference.location_ids[index % 3] if index % 5 else None,
        "pricingSchemeId": reference.pricing_scheme_ids[0],
        "paymentTermsId": reference.payment_terms_ids[0],
        **totals(lines, case.terms, reference),
        "orderFreight": exact("7.5", 5) if index % 8 == 2 else None,
        "returnFee": None,
        "returnFreight": None,
        "nonCustomerCost": percent("0"),
        "isQuote": case.status == "quote",
        "isInvoiced": case.invoiced,
        "isCompleted": case.status == "fulfilled" and not case.cancelled,
        "isCancelled": case.cancelled,
        "isPrioritized": index % 17 == 0,
        "needsConfirmation": case.confirmation is not None or case.status == "unconfirmed",
        "confirmerTeamMemberId": reference.team_member_ids[0] if case.confirmation else None,
        "assignedToTeamMemberId": None,
        "salesRep": "",
        "salesRepTeamMemberId": None,
        "invoicedDate": midnight(day + 1 + index % 12) if case.invoiced else None,
        "dueDate": midnight(day + 30) if index % 2 else None,
        "requestedShipDate": midnight(day + 4) if index % 3 else None,
        "showShipping": True,
        "sameBillingAndShipping": True,
        "shipToCompanyName": "",
        "billingAddress": billing,
        "shippingAddress": dict(billing),
        "source": ("web shop", "", "POS  2")[index % 3],
        "externalId": f"#{1000 + index}" if index % 3 == 0 else "",
        "orderRemarks": "Please ring\ntwice 🔔" if index % 14 == 3 else "",
        "pickRemarks": "",
        "packRemarks": "",
        "shipRemarks": "",
        "returnRemarks": "",
        "restockRemarks": "",
        "customFields": custom_fields("web" if index % 2 else ""),
        "lastModifiedById": reference.team_member_ids[index % 3],
        "timestamp": rowversion(version + OWN_VERSION),
        "lines": lines,
        **_movements(world, case, lines, rng=rng, version=first_child + 8, day=day),
        "costOfGoodsSold": {
            "salesOrderCostOfGoodsSoldId": key,
            "salesOrderId": key,
            "costOfGoodsSold": exact(sum((Decimal(row["subTotal"]) for row in lines), Decimal(0)) / 2, 5),
        },
    }
    if index % 48 == 22:
        # Nullable on sales orders only; no second tax on the first then.
        order["calculateTax2OnTax1"] = None
    return order
