"""Vendors and customers."""

from __future__ import annotations

from sandbox.data.basics import LAST_DAY, OWN_VERSION, Row, guid, instant, midnight, rowversion, stream
from sandbox.data.names import address, company_name, custom_fields, person_name
from sandbox.data.offers import vendor_currency
from sandbox.data.world import World

#: E-mail fields as people fill them in, one vendor in twelve each.
VENDOR_EMAILS = (
    "orders{n}@vendor.test",
    "a{n}@x.test; b{n}@x.test, broken",
    "",
    "not an address",
    "sales{n}@vendor.test",
    "first{n}@x.test\r\nsecond{n}@x.test",
    " spaced{n}@x.test ",
    "old{n}@vendor.test",
    "twice{n}@x.test,twice{n}@x.test",
    "two@@x.test,;ok{n}@sub.x.test",
    "no-dot{n}@localhost",
    "info{n}@sub.domain.test",
)
LEAD_TIMES = (21, None, 0, 400, 1, 365, 366, 14)


def vendor(world: World, index: int, modified: float) -> Row:
    """Return the whole vendor at ``index``, last changed at ``modified`` epoch seconds."""
    rng = stream(world.seed, 8, index)
    version = world.versions["vendors"][index]
    reference = world.reference
    key = world.ids["vendors"][index]
    currency_id = reference.currency_ids[vendor_currency(index)]
    addresses = [
        {
            "vendorAddressId": guid(rng),
            "vendorId": key,
            "name": "Head office",
            "address": address(rng, "commercial"),
            "timestamp": rowversion(version + 1),
        }
    ][: index % 3]
    return {
        "vendorId": key,
        "name": company_name(index, 3),
        "contactName": person_name(rng),
        "email": VENDOR_EMAILS[index % 12].format(n=index),
        "phone": f"555-010-{3000 + index}",
        "fax": "",
        "website": "",
        "currencyId": currency_id,
        "defaultAddressId": addresses[0]["vendorAddressId"] if addresses else None,
        "defaultCarrier": "",
        "defaultPaymentMethod": "",
        "defaultPaymentTermsId": reference.payment_terms_ids[1] if index % 2 else None,
        "discount": "0.00",
        "isActive": index % 12 != 7,
        "isTaxInclusivePricing": index % 12 == 5,
        "leadTimeDays": LEAD_TIMES[index % len(LEAD_TIMES)],
        "remarks": "",
        "taxingSchemeId": reference.taxing_scheme_ids[0],
        "customFields": custom_fields("12/31/2025 00:00:00" if index % 4 == 0 else ""),
        "lastModifiedById": reference.team_member_ids[index % 3],
        "lastModifiedDttm": instant(modified),
        "timestamp": rowversion(version + OWN_VERSION),
        "addresses": addresses,
        "defaultAddress": dict(addresses[0]) if addresses else None,
        "balances": [{"vendorBalanceId": f"{key}-0", "vendorId": key, "currencyId": currency_id, "balance": "0.00000"}],
        "credits": [],
        "dues": [],
        "attachments": [],
    }


def customer(world: World, index: int, modified: float) -> Row:
    """Return the whole customer at ``index``, last changed at ``modified`` epoch seconds."""
    rng = stream(world.seed, 9, index)
    version = world.versions["customers"][index]
    reference = world.reference
    key = world.ids["customers"][index]
    addresses = [
        {
            "customerAddressId": guid(rng),
            "customerId": key,
            "name": ("Head office", "Dépôt  2")[number],
            "address": address(rng, ("commercial", "residential")[number]),
            "timestamp": rowversion(version + 1 + number),
        }
        for number in range(index % 3)
    ]
    billing = addresses[0] if addresses else None
    shipping = addresses[-1] if addresses else None
    return {
        "customerId": key,
        "name": company_name(index, 0),
        "contactName": person_name(rng),
        "email": f"customer{index}@buyer.test" if index % 6 else "",
        "phone": f"555-010-{2000 + index}",
        "fax": "",
        "website": "",
        "discount": "5.00" if index % 5 == 1 else "0.00",
        "isActive": index % 10 != 8,
        "remarks": "",
        "taxExemptNumber": "",
        "defaultCarrier": "FedEx",
        "defaultPaymentMethod": "",
        "defaultPaymentTermsId": reference.payment_terms_ids[index % 2],
        "defaultLocationId": reference.location_ids[1] if index % 4 == 0 else None,
        "defaultSalesRep": "",
        "defaultSalesRepTeamMemberId": reference.team_member_ids[0] if index % 4 == 2 else None,
        "pricingSchemeId": reference.pricing_scheme_ids[index % 3],
        "taxingSchemeId": reference.taxing_scheme_ids[0],
        "defaultBillingAddressId": billing["customerAddressId"] if billing else None,
        "defaultShippingAddressId": shipping["customerAddressId"] if shipping else None,
        "customFields": custom_fields(),
        "lastModifiedById": reference.team_member_ids[index % 3],
        "lastModifiedDttm": instant(modified),
        "timestamp": rowversion(version + OWN_VERSION),
        "addresses": addresses,
        "defaultBillingAddress": dict(billing) if billing else None,
        "defaultShippingAddress": dict(shipping) if shipping else None,
        "balances": [],
        "credits": [],
        "dues": [],
        "orderHistory": {"id": key, "lastOrderDate": midnight(LAST_DAY - index) if index % 3 else None},
        "attachments": [],
    }
