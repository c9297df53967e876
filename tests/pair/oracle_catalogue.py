"""What must stand in Optiply of suppliers, products with their stock, supplier products and compositions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pair.expected import Expectation, Inventory, Options, Row
from pair.oracle_values import Unsendable, by_line_number, gtin, half_up, money, number, same, text, units_per

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PRICE_DIGITS = 9
TOTAL_DIGITS = 17
JAVA_LONG = 2**63


def suppliers(inventory: Inventory, expectation: Expectation) -> None:
    """Add a supplier for each vendor."""
    for vendor in inventory.vendors:
        key = vendor["vendorId"]
        try:
            days = vendor.get("leadTimeDays")
            expectation.rows["suppliers"][key] = {
                "name": _required(text(vendor.get("name"))),
                "emails": emails(vendor.get("email")),
                "deliveryTime": days if days is not None and 1 <= days <= 365 else None,
                "ignored": not vendor["isActive"],
            }
        except Unsendable as verdict:
            expectation.rejected["suppliers"][key] = str(verdict)


def emails(value: Any) -> list[str]:
    """Return the well-formed addresses of a text that separates them by commas, semicolons or white space."""
    parts = re.split(r"[,;\s]+", value) if isinstance(value, str) else []
    return [part for part in parts if _EMAIL.fullmatch(part)]


def products(inventory: Inventory, options: Options, expectation: Expectation) -> None:
    """Add a product for each stocked and non-stocked one; services are not sent."""
    figures = stock_figures(inventory, options)
    inclusive = {row["pricingSchemeId"] for row in inventory.price_lists if row.get("isTaxInclusive")}
    for product in inventory.products:
        key = product["productId"]
        if same(product.get("itemType"), "service"):
            expectation.skipped["products"][key] = "service"
            continue
        try:
            expectation.rows["products"][key] = {
                "name": _required(text(product.get("name"))),
                "skuCode": text(product.get("sku")),
                "eanCode": first_gtin(product.get("productBarcodes") or []),
                "price": sales_price(product, options, inclusive),
                "stockMeasurementUnit": text(product.get("standardUomName"), 10),
                "status": "enabled" if product["isActive"] else "disabled",
                "assembled": bool(product.get("itemBoms")),
                "unlimitedStock": not same(product.get("itemType"), "stockedProduct"),
                "stockLevel": stock_level(product, figures),
            }
        except Unsendable as verdict:
            expectation.rejected["products"][key] = str(verdict)


def first_gtin(barcodes: list[Mapping[str, Any]]) -> str | None:
    """Return the first valid GTIN by line number."""
    codes = (gtin(row.get("barcode")) for row in by_line_number(barcodes))
    return next((code for code in codes if code is not None), None)


def sales_price(product: Mapping[str, Any], options: Options, inclusive: set[str]) -> Decimal | None:
    """Return the default price of one standard unit; null for a price that is a markup on the cost."""
    price = product.get("defaultPrice") or {}
    amount, units = number(price.get("unitPrice")), units_per(product.get("salesUom"))
    if same(price.get("priceType"), "fixedMarkup") or amount is None or units is None:
        return None
    value = amount / units
    if options.price_tax_percent is not None and price.get("pricingSchemeId") in inclusive:
        value /= 1 + options.price_tax_percent / 100
    return money(value, "price", PRICE_DIGITS)


def stock_figures(inventory: Inventory, options: Options) -> dict[str, Fraction]:
    """Return, by product, its figures added up over its locations, not yet rounded."""
    by_place: dict[str, dict[str | None, Fraction]] = {}
    for row in inventory.summaries:
        figure = number(row.get("quantityOnHand"))
        if options.stock == "available":
            raw = number(row.get("rawQuantityAvailable"))
            figure = raw if raw is not None else number(row.get("quantityAvailable"))
        if figure is not None:
            by_place.setdefault(row["productId"], {})[row.get("locationId")] = figure
    sums = {}
    for product, places in by_place.items():
        named = [
            figure
            for place, figure in places.items()
            if place is not None and (options.location_ids is None or place in options.location_ids)
        ]
        # A row without location is the inventory's own sum over all of them.
        if options.location_ids is None and None in places:
            sums[product] = places[None]
        elif named:
            sums[product] = sum(named, Fraction(0))
    return sums


def stock_level(product: Mapping[str, Any], figures: Mapping[str, Fraction]) -> int:
    """Return the stock, rounded towards minus infinity; a product without a figure has what it says itself, or 0."""
    figure = figures.get(product["productId"])
    if figure is None:
        figure = number(product.get("totalQuantityOnHand")) or Fraction(0)
    level = math.floor(figure)
    if not -JAVA_LONG <= level < JAVA_LONG:
        raise Unsendable("stockLevel: too large")
    return level


def exchange_rates(inventory: Inventory) -> dict[str, Fraction]:
    """Return, by currency id, how many units of that currency one unit of the home currency is worth."""
    rates: dict[str, Fraction] = {}
    for currency in inventory.currencies:
        for conversion in currency.get("currencyConversions") or []:
            rate = number(conversion.get("exchangeRate"))
            if rate is not None and rate > 0:
                rates.setdefault(conversion.get("currencyId") or currency["currencyId"], rate)
    return rates


def supplier_products(inventory: Inventory, expectation: Expectation) -> None:
    """Add one row for each vendor of each product that is sent."""
    rates = exchange_rates(inventory)
    currency_of = {vendor["vendorId"]: vendor.get("currencyId") for vendor in inventory.vendors}
    for product in inventory.products:
        parent = product["productId"]
        if parent in expectation.skipped["products"]:
            continue
        seen: set[str] = set()
        for place, item in enumerate(by_line_number(product.get("vendorItems") or [])):
            key, vendor = item["vendorItemId"], item["vendorId"]
            if vendor in seen:
                expectation.skipped["supplierProducts"][key] = "the vendor has this product already"
                continue
            seen.add(vendor)
            missing = _missing(expectation, products=[parent], suppliers=[vendor])
            if missing:
                expectation.orphaned["supplierProducts"][key] = missing
                continue
            try:
                row = _supplier_product(product, item, rates.get(currency_of.get(vendor) or ""))
            except Unsendable as verdict:
                expectation.rejected["supplierProducts"][key] = str(verdict)
                continue
            row |= {"productId": parent, "supplierId": vendor, "preferred": place == 0}
            expectation.rows["supplierProducts"][key] = row


def _supplier_product(product: Mapping[str, Any], item: Mapping[str, Any], rate: Fraction | None) -> Row:
    units = units_per(product.get("purchasingUom"))
    cost, days = number(item.get("cost")), item.get("leadTimeDays")
    price = None
    if cost is not None and units is not None and rate is not None:
        price = money(cost / units / rate, "price", TOTAL_DIGITS)
    return {
        "name": _required(text(product.get("name"))),
        "articleCode": text(item.get("vendorItemCode")),
        "price": price,
        "lotSize": int(units) if units is not None and units >= 1 and units.denominator == 1 else None,
        "deliveryTime": days if days is not None and days >= 1 else None,
        "status": "enabled",
    }


def compositions(inventory: Inventory, expectation: Expectation) -> None:
    """Add the parts of each product that is put together, equal parts added up."""
    services = expectation.skipped["products"]
    for product in inventory.products:
        composed = product["productId"]
        if composed in services:
            continue
        amounts: dict[str, Fraction] = {}
        for part in product.get("itemBoms") or []:
            amount = number((part.get("quantity") or {}).get("standardQuantity"))
            amounts[part["childProductId"]] = amounts.get(part["childProductId"], Fraction(0)) + (amount or 0)
        for part_id, amount in amounts.items():
            key = f"{composed}/{part_id}"
            missing = _missing(expectation, products=[composed, part_id])
            if part_id in services:
                expectation.skipped["productCompositions"][key] = "its part is a service"
            elif amount.denominator != 1 or amount < 1 or part_id == composed:
                expectation.rejected["productCompositions"][key] = "partQuantity: not a whole number of at least 1"
            elif missing:
                expectation.orphaned["productCompositions"][key] = missing
            else:
                expectation.rows["productCompositions"][key] = {
                    "composedProductId": composed,
                    "partProductId": part_id,
                    "partQuantity": half_up(amount),
                }
    for key in expectation.rows["productCompositions"]:
        back = "/".join(reversed(key.split("/")))
        if back in expectation.rows["productCompositions"] and key < back:
            expectation.either.append((key, back))


def _required(value: str | None) -> str:
    if value is None:
        raise Unsendable("name: missing")
    return value


def _missing(expectation: Expectation, **parents: list[str]) -> str | None:
    """Return the first of these parents that does not stand in Optiply, as ``entity id``."""
    for entity, keys in parents.items():
        for key in keys:
            if key not in expectation.rows[entity]:
                return f"{entity} {key}"
    return None
