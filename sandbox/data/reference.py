"""The small collections that never grow: currencies, locations, taxes, prices lists, people and settings."""

from __future__ import annotations

from sandbox.data.basics import Row, guid, stream
from sandbox.data.names import EMPTY_ADDRESS, address

#: isoCode, name, symbol, decimal places, units for one unit of the home currency (None: no rate is known).
CURRENCIES: tuple[tuple[str, str, str, int, str | None], ...] = (
    ("EUR", "Euro", "€", 2, "1.0000000000"),
    ("USD", "US Dollar", "$", 2, "1.0837500000"),
    ("GBP", "Pound Sterling", "£", 2, "0.8467000000"),
    ("JPY", "Yen", "¥", 0, "161.2534000000"),
    ("CHF", "Swiss Franc", "CHF", 2, None),
)
LOCATIONS = (("Main warehouse", True), ("Shop  Centrum", True), ("DC “Noord” 🏭", True), ("Old barn", False))
#: name, default, tax-inclusive, currency
PRICING_SCHEMES = (
    ("Normal Price", True, False, 0),
    ("Retail incl. VAT", False, True, 0),
    ("Export USD", False, False, 1),
)
#: name, tax 1, tax 2, tax 2 on tax 1, and its codes as (name, rate 1, rate 2)
TAXING_SCHEMES: tuple[tuple[str, str, str, bool, tuple[tuple[str, str, str], ...]], ...] = (
    ("NL VAT", "VAT", "", False, (("High", "21.00000", "0.00000"), ("Low", "9.00000", "0.00000"))),
    ("Two taxes", "GST", "PST", False, (("Standard", "5.00000", "8.00000"),)),
    ("Tax on tax", "GST", "QST", True, (("Standard", "5.00000", "9.97500"),)),
    ("No tax", "", "", False, (("Exempt", "0.00000", "0.00000"),)),
)


class Reference:
    """The rows of the small collections, by collection, and the ids that other rows refer to by position."""

    def __init__(self, seed: int) -> None:
        rng = stream(seed, 1, 0)
        self.currency_ids = [guid(rng) for _ in CURRENCIES]
        self.location_ids = [guid(rng) for _ in LOCATIONS]
        self.pricing_scheme_ids = [guid(rng) for _ in PRICING_SCHEMES]
        self.taxing_scheme_ids = [guid(rng) for _ in TAXING_SCHEMES]
        self.tax_code_ids = [[guid(rng) for _ in scheme[4]] for scheme in TAXING_SCHEMES]
        self.payment_terms_ids = [guid(rng) for _ in range(3)]
        self.category_ids = [guid(rng) for _ in range(5)]
        self.adjustment_reason_ids = [guid(rng) for _ in range(3)]
        self.operation_type_ids = [guid(rng) for _ in range(2)]
        self.team_member_ids = [guid(rng) for _ in range(4)]
        #: An API key: it stands in lastModifiedById, and no team member has it.
        self.api_key_id = guid(rng)
        self.stockroom_ids = [guid(rng) for _ in range(5)]
        self.webhook_ids = [guid(rng) for _ in range(2)]
        self._addresses = [address(rng) for _ in LOCATIONS]

    def rows(self) -> dict[str, list[Row]]:
        """Return the rows of every small collection, without their ``timestamp``."""
        return {
            "currencies": self._currencies(),
            "locations": [
                {
                    "locationId": self.location_ids[at],
                    "name": name,
                    "address": self._addresses[at] if at != 1 else dict(EMPTY_ADDRESS),
                    "isActive": active,
                    "isDefault": at == 0,
                }
                for at, (name, active) in enumerate(LOCATIONS)
            ],
            "pricing-schemes": [
                {
                    "pricingSchemeId": self.pricing_scheme_ids[at],
                    "name": name,
                    "currencyId": self.currency_ids[currency],
                    "isActive": True,
                    "isDefault": default,
                    "isTaxInclusive": inclusive,
                }
                for at, (name, default, inclusive, currency) in enumerate(PRICING_SCHEMES)
            ],
            **self._taxes(),
            "payment-terms": [
                {"paymentTermsId": self.payment_terms_ids[at], "name": name, "daysDue": days, "isActive": at != 2}
                for at, (name, days) in enumerate((("Due on receipt", 0), ("Net 30", 30), ("Net 90", 90)))
            ],
            "categories": [
                {
                    "categoryId": self.category_ids[at],
                    "name": name,
                    "parentCategoryId": None if at < 2 else self.category_ids[(at - 2) // 2],
                    "isDefault": at == 0,
                }
                for at, name in enumerate(("All", "Parts", "Lamps", "Chairs/“seats”", "Hinges"))
            ],
            "adjustment-reasons": [
                {
                    "adjustmentReasonId": self.adjustment_reason_ids[at],
                    "name": name,
                    "isActive": True,
                    "isInternal": at == 2,
                }
                for at, name in enumerate(("Damaged", "Count correction", "Initial stock"))
            ],
            "operation-types": [
                {"operationTypeId": self.operation_type_ids[at], "name": name, "isActive": True, "isDefault": at == 0}
                for at, name in enumerate(("Assembly", "Painting"))
            ],
            **self._people(),
            "custom-field-definitions": [
                {
                    "customFieldDefinitionId": f"{entity[:1].upper()}{entity[1:]}-custom{number}",
                    "entityType": entity,
                    "propertyName": f"custom{number}",
                    "label": label,
                    "customFieldType": kind,
                    "isActive": True,
                    "categoryId": None,
                }
                for entity, number, label, kind in (
                    ("product", 1, "Shelf life", "text"),
                    ("product", 2, "Fragile?", "checkbox"),
                    ("salesOrder", 1, "Channel", "dropdown"),
                    ("vendor", 1, "Contract until", "date"),
                )
            ],
        }

    def _currencies(self) -> list[Row]:
        return [
            {
                "currencyId": self.currency_ids[at],
                "isoCode": iso,
                "name": name,
                "symbol": symbol,
                "decimalPlaces": places,
                "decimalSeparator": ",",
                "thousandsSeparator": ".",
                "isSymbolFirst": at != 4,
                "negativeType": "leading",
                "currencyConversions": []
                if rate is None
                else [
                    {
                        "currencyConversionId": f"{self.currency_ids[0]}-{self.currency_ids[at]}",
                        "currencyId": self.currency_ids[at],
                        "exchangeRate": rate,
                        "isManual": at == 3,
                    }
                ],
            }
            for at, (iso, name, symbol, places, rate) in enumerate(CURRENCIES)
        ]

    def _taxes(self) -> dict[str, list[Row]]:
        schemes, codes = [], []
        for at, (name, tax1, tax2, on_tax1, rates) in enumerate(TAXING_SCHEMES):
            scheme_id = self.taxing_scheme_ids[at]
            schemes.append(
                {
                    "taxingSchemeId": scheme_id,
                    "name": name,
                    "tax1Name": tax1,
                    "tax2Name": tax2,
                    "tax1OnShipping": bool(tax1),
                    "tax2OnShipping": False,
                    "calculateTax2OnTax1": on_tax1,
                    "defaultTaxCodeId": self.tax_code_ids[at][0],
                    "isActive": True,
                    "isDefault": at == 0,
                }
            )
            codes += [
                {
                    "taxCodeId": self.tax_code_ids[at][number],
                    "name": code,
                    "taxingSchemeId": scheme_id,
                    "tax1Rate": rate1,
                    "tax2Rate": rate2,
                    "isActive": True,
                }
                for number, (code, rate1, rate2) in enumerate(rates)
            ]
        return {"taxing-schemes": schemes, "tax-codes": codes}

    def _people(self) -> dict[str, list[Row]]:
        members = (("Ada Park", True), ("Bram  de Vries", True), ("Zoë 🦊", False), ("inFlow support", True))
        return {
            "team-members": [
                {
                    "teamMemberId": self.team_member_ids[at],
                    "name": name,
                    "email": f"member{at}@shop.test",
                    "isActive": active,
                    "isInternal": at == 3,
                    "canBeSalesRep": at < 2,
                    "accessAllLocations": at != 1,
                    "accessLocationIds": [] if at != 1 else self.location_ids[:2],
                    "accessRights": ["SalesOrderView", "ProductEdit"],
                }
                for at, (name, active) in enumerate(members)
            ],
            "stockroom-users": [
                {"stockroomUserId": self.stockroom_ids[at], "name": f"Picker {at + 1}", "isActive": at == 0}
                for at in range(2)
            ],
            "stockroom-scans": [
                {"stockroomScanId": self.stockroom_ids[at], "stockroomScanNumber": f"SCAN-{at:04d}", "status": "open"}
                for at in range(2, 5)
            ],
            "webhooks": [
                {
                    "webHookSubscriptionId": self.webhook_ids[at],
                    "url": f"https://hooks.shop.test/{at}",
                    "events": ["salesOrder.created", "salesOrder.updated"],
                }
                for at in range(2)
            ],
        }
