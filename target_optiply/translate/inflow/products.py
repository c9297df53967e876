"""inFlow's products, with the vendor items and components they carry, to Optiply's products and their children."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from target_optiply.convert import clean_text
from target_optiply.model import EntityRecord, Facts, Instruction, Reference, Remember, Skip, Upsert, Warn
from target_optiply.translate.fields import override, whole_stock
from target_optiply.translate.inflow import currencies
from target_optiply.translate.money import cents
from target_optiply.translate.reading import (
    Raw,
    flag,
    key,
    nested,
    number,
    required_key,
    rows,
    standard_quantity,
    units_in,
    word,
)
from target_optiply.translate.settings import MappingSettings

_GTIN_LENGTHS = (8, 12, 13, 14)
_PLAIN = (("name", "name"), ("sku", "skuCode"), ("standardUomName", "stockMeasurementUnit"))


def translate(product_id: str, record: Raw, facts: Facts, settings: MappingSettings) -> list[Instruction]:
    """Map one product. A service is skipped for good: nothing of it is ever in stock."""
    kind = word(record, "itemType")
    if kind == "service":
        return [Skip("products", product_id, "a service has no stock")]
    instructions: list[Instruction] = []
    attributes: dict[str, Any] = {target: record[source] for source, target in _PLAIN if source in record}
    if record.get("isActive") is not None:
        attributes["status"] = "enabled" if flag(record, "isActive") else "disabled"
    if kind:
        attributes["unlimitedStock"] = kind == "nonstockedproduct"
    barcodes = rows(record, "productBarcodes")
    if barcodes is not None:
        attributes["eanCode"] = _first_gtin(barcodes)
    if "defaultPrice" in record:
        attributes["price"] = _sales_price(record, facts, settings, instructions)
    product = EntityRecord(
        "products",
        product_id,
        attributes,
        stock=whole_stock(record.get("totalQuantityOnHand")),
        stock_is_fallback=True,
    )
    components = rows(record, "itemBoms")
    if components is not None:
        attributes["assembled"] = bool(components)
        product.children["productCompositions"] = _compositions(product_id, components, facts, instructions)
    items = rows(record, "vendorItems")
    if items is not None:
        product.children["supplierProducts"] = _supplier_products(product_id, record, items, facts, instructions)
    instructions.append(Upsert(product))
    return instructions


def gtin(text: Any) -> str | None:
    """Return the digits of a valid GTIN (8, 12, 13 or 14 of them, the last one checking the others), else None."""
    if not isinstance(text, str):
        return None
    digits = "".join(text.split()).replace("-", "")
    if len(digits) not in _GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return None
    # From the right, digits weigh 1, 3, 1, 3 …; the weighted sum of all is a multiple of ten.
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return digits if total % 10 == 0 else None


def _by_line_number(items: list[Raw]) -> list[Raw]:
    """Return rows by ``lineNum``, those without one last; the sort is stable, so that equal ones keep their order."""

    def place(row: Raw) -> tuple[bool, Decimal]:
        line = number(row, "lineNum")
        return line is None, line or Decimal(0)

    return sorted(items, key=place)


def _first_gtin(barcodes: list[Raw]) -> str | None:
    candidates = (gtin(row.get("barcode")) for row in _by_line_number(barcodes))
    return next((candidate for candidate in candidates if candidate), None)


def _sales_price(record: Raw, facts: Facts, settings: MappingSettings, out: list[Instruction]) -> Decimal | None:
    price = nested(record, "defaultPrice")
    if price is None or word(price, "priceType") == "fixedmarkup":
        return None
    amount = number(price, "unitPrice")
    if amount is None:
        return None
    units = units_in(record, "salesUom")
    if units is None:
        out.append(Warn("salesUom", "salesUom: a conversion ratio is not above 0; such prices are left empty"))
        return None
    value = Fraction(amount) / units
    contains_tax, percent = _contains_tax(price, facts), settings.price_tax_percent
    if contains_tax and percent is None:
        out.append(Warn("price_tax_percent", "some price lists contain tax: set price_tax_percent to take it out"))
    if contains_tax is None and percent is not None:
        out.append(
            Warn(
                "pricing_schemes",
                "price_tax_percent needs the stream pricing_schemes: until it was read once, prices go out as they are",
            )
        )
    return cents(value / (1 + Fraction(percent) / 100) if contains_tax and percent is not None else value)


def _contains_tax(price: Raw, facts: Facts) -> bool | None:
    """Tell whether a price contains tax, None where neither the row nor an earlier price list says so."""
    scheme = nested(price, "pricingScheme")
    if scheme is not None and scheme.get("isTaxInclusive") is not None:
        return flag(scheme, "isTaxInclusive")
    scheme_id = key(price, "pricingSchemeId")
    said = None if scheme_id is None else facts.get("tax_inclusive", scheme_id)
    return None if said is None else said == "true"


def _compositions(product_id: str, components: list[Raw], facts: Facts, out: list[Instruction]) -> list[EntityRecord]:
    """Add equal parts up, one composition for each; the first of two products that contain each other stands."""
    quantities: dict[str, Decimal] = {}
    remote_ids: dict[str, str] = {}
    overrides: dict[str, Any] = {}
    for row in components:
        part, identity = required_key(row, "childProductId"), required_key(row, "itemBomId")
        quantities[part] = quantities.get(part, Decimal(0)) + (standard_quantity(row) or Decimal(0))
        # The least id, since the order of rows is nowhere promised.
        remote_ids[part] = min(remote_ids.get(part, identity), identity)
        overrides.setdefault(part, row.get("optiply"))
    compositions = []
    accepted = []
    for part, quantity in quantities.items():
        circular = part == product_id or product_id in (facts.get("parts", part) or "").split(",")
        composition = EntityRecord(
            "productCompositions",
            remote_ids[part],
            {"partQuantity": quantity},
            {
                "composedProductId": Reference("products", product_id),
                "partProductId": Reference("products", part),
            },
            defect=f"partProductId: {part} is itself made of {product_id}" if circular else None,
        )
        out.extend(override(composition, overrides[part]))
        compositions.append(composition)
        if not circular:
            accepted.append(part)
    parts = ",".join(sorted(accepted)) or None
    if facts.get("parts", product_id) != parts:
        out.append(Remember("parts", product_id, parts))
    return compositions


def _supplier_products(
    product_id: str, product: Raw, items: list[Raw], facts: Facts, out: list[Instruction]
) -> list[EntityRecord]:
    """Map vendor items; the row of the lowest line number is the preferred one."""
    by_vendor: dict[str | None, EntityRecord] = {}
    units = units_in(product, "purchasingUom")
    if units is None:
        out.append(
            Warn("purchasingUom", "purchasingUom: a conversion ratio is not above 0; such prices are left empty")
        )
    for row in _by_line_number(items):
        vendor = key(row, "vendorId")
        if vendor in by_vendor:
            message = f"product {product_id} names vendor {vendor} more than once: the lowest line is sent"
            out.append(Warn("vendorItems", message))
            out.append(Skip("supplierProducts", required_key(row, "vendorItemId"), message, remember=False))
            continue
        attributes = _supplier_product(product, row, units, out)
        if "cost" in row:
            attributes.update(_purchase_price(row, units, vendor, facts, out))
        attributes["preferred"] = not by_vendor
        references = {"productId": Reference("products", product_id)}
        if vendor is not None:
            references["supplierId"] = Reference("suppliers", vendor)
        record = EntityRecord("supplierProducts", required_key(row, "vendorItemId"), attributes, references)
        if vendor is None:
            record.defect = "supplierId: missing"
        out.extend(override(record, row.get("optiply")))
        by_vendor[vendor] = record
    # Only one row of a product may be preferred: the row that loses the mark must be written before it is given away.
    return sorted(by_vendor.values(), key=lambda record: record.attributes["preferred"] is True)


def _supplier_product(product: Raw, row: Raw, units: Fraction | None, out: list[Instruction]) -> dict[str, Any]:
    attributes: dict[str, Any] = {"status": "enabled"}
    if "name" in product:
        attributes["name"] = product["name"]
    if "vendorItemCode" in row:
        attributes["articleCode"] = row["vendorItemCode"]
    if units is not None and units.denominator == 1:
        attributes["lotSize"] = units.numerator
    else:
        attributes["lotSize"] = None
        out.append(Warn("lotSize", f"{_unit_name(product)} is no whole number of stock units: lotSize is left empty"))
    if "leadTimeDays" in row:
        days = number(row, "leadTimeDays")
        attributes["deliveryTime"] = days if days is not None and days >= 1 else None
    return attributes


def _purchase_price(
    row: Raw, units: Fraction | None, vendor: str | None, facts: Facts, out: list[Instruction]
) -> dict[str, Decimal | None]:
    """Return the price of one stock unit in home money; nothing at all where no rate is known for a cost."""
    cost = number(row, "cost")
    if cost is None or units is None:
        return {"price": None}
    rate = currencies.rate_of(vendor, row, facts)
    if rate is None:
        out.append(Warn("rate", f"no exchange rate is known for vendor {vendor}: prices of such vendors are left out"))
        return {}
    return {"price": cents(Fraction(cost) / units / rate)}


def _unit_name(product: Raw) -> str:
    unit = nested(product, "purchasingUom")
    return clean_text(str((unit or {}).get("name") or "a purchasing unit"), "purchasingUom")
