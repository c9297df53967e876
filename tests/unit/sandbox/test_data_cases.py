"""The default inventory holds every case that a mapping can get wrong, at least once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sandbox.data import DataSet, barcodes, generate

Row = dict[str, Any]


@pytest.fixture(scope="module")
def data() -> DataSet:
    return generate()


def all_rows(data: DataSet, name: str) -> list[Row]:
    table = data.tables[name]
    return [table.build(index) for index in range(len(table.ids))]


@pytest.fixture(scope="module")
def products(data: DataSet) -> list[Row]:
    return all_rows(data, "products")


@pytest.fixture(scope="module")
def sales(data: DataSet) -> list[Row]:
    return all_rows(data, "sales-orders")


@pytest.fixture(scope="module")
def purchases(data: DataSet) -> list[Row]:
    return all_rows(data, "purchase-orders")


def units(uom: Row) -> Decimal:
    conversion = uom["conversionRatio"]
    return Decimal(conversion["standardQuantity"]) / Decimal(conversion["uomQuantity"])


def test_units_of_measure(products: list[Row]) -> None:
    for field in ("salesUom", "purchasingUom"):
        ratios = {units(row[field]) for row in products}
        assert len(ratios) > 2
        assert any(Decimal(row[field]["conversionRatio"]["uomQuantity"]) != 1 for row in products)
    assert any(units(row["salesUom"]) == Decimal("2.5") for row in products)
    assert any(units(row["purchasingUom"]) % 1 for row in products)
    assert any(len(row["standardUomName"]) > 10 for row in products)


def test_kinds_of_products(products: list[Row]) -> None:
    assert {row["itemType"] for row in products} == {"stockedProduct", "nonstockedProduct", "service"}
    assert {row["isActive"] for row in products} == {True, False}
    assert any(row["itemType"] == "service" and row["vendorItems"] for row in products)
    assert any(not row["sku"] for row in products)


def test_prices(data: DataSet, products: list[Row]) -> None:
    prices = [row["defaultPrice"] for row in products]
    assert None in prices
    assert any(price and price["priceType"] == "fixedMarkup" and price["unitPrice"] is None for price in prices)
    amounts = {price["unitPrice"] for price in prices if price}
    assert {"0.33333", "0.00000", "19.99500"} <= amounts
    assert {row["isTaxInclusive"] for row in all_rows(data, "pricing-schemes")} == {True, False}


def test_vendors_of_a_product(products: list[Row]) -> None:
    lists = [[(item["vendorId"], item["lineNum"]) for item in row["vendorItems"]] for row in products]
    assert [] in lists
    assert any(len({vendor for vendor, _ in items}) > 2 for items in lists)
    assert any(len({vendor for vendor, _ in items}) < len(items) for items in lists), "a vendor twice"
    assert any(items and items[0][1] is None for items in lists), "no lineNum"
    numbered = [[number for _, number in items] for items in lists if items and None not in dict(items).values()]
    assert any(numbers != sorted(numbers) for numbers in numbered), "not in the order of lineNum"
    items = [item for row in products for item in row["vendorItems"]]
    assert {None, 0, 400} <= {item["leadTimeDays"] for item in items}
    assert {None, "0.33333"} <= {item["cost"] for item in items}


def test_currencies_and_vendors(data: DataSet) -> None:
    currencies = all_rows(data, "currencies")
    rates = {row["isoCode"]: [rate["exchangeRate"] for rate in row["currencyConversions"]] for row in currencies}
    assert rates["EUR"] == ["1.0000000000"]
    assert rates["CHF"] == []
    assert len(rates["USD"]) == 1
    code = {row["currencyId"]: row["isoCode"] for row in currencies}
    vendors = all_rows(data, "vendors")
    assert {code[row["currencyId"]] for row in vendors} == set(rates)
    assert {row["isActive"] for row in vendors} == {True, False}
    assert {None, 0, 400} <= {row["leadTimeDays"] for row in vendors}
    emails = [row["email"] for row in vendors]
    assert "" in emails
    assert any(";" in email and "," in email for email in emails)
    assert any("\n" in email for email in emails)
    assert any(email and "@" not in email for email in emails)


def test_bills_of_material(products: list[Row]) -> None:
    boms = [row["itemBoms"] for row in products if row["itemBoms"]]
    assert all(row["isManufacturable"] == bool(row["itemBoms"]) for row in products)
    parts = [Counter(part["childProductId"] for part in bom) for bom in boms]
    assert any(max(counts.values()) > 1 for counts in parts), "a component twice"
    quantities = [Decimal(part["quantity"]["standardQuantity"]) for bom in boms for part in bom]
    assert any(quantity % 1 for quantity in quantities), "halves that add up"
    services = {row["productId"] for row in products if row["itemType"] == "service"}
    assert any(part["childProductId"] in services for bom in boms for part in bom)


def test_fractions_of_a_component_come_on_request_only(data: DataSet, products: list[Row]) -> None:
    def fractional(rows: list[Row]) -> int:
        return sum(
            any(
                sum(
                    Decimal(other["quantity"]["standardQuantity"])
                    for other in row["itemBoms"]
                    if other["childProductId"] == part["childProductId"]
                )
                % 1
                for part in row["itemBoms"]
            )
            for row in rows
        )

    assert fractional(products) == 0
    assert fractional(all_rows(generate(fractional_boms=2), "products")) == 2


def test_barcodes(products: list[Row]) -> None:
    def plain(code: str) -> str:
        return code.replace(" ", "").replace("-", "")

    def valid(code: str) -> bool:
        digits = plain(code)
        return digits.isdecimal() and len(digits) in (8, 12, 13, 14) and barcodes.check_digit(digits[:-1]) == digits[-1]

    lists = [[(code["barcode"], code["lineNum"]) for code in row["productBarcodes"]] for row in products]
    good = [code for codes in lists for code, _ in codes if valid(code)]
    assert {len(plain(code)) for code in good} == {8, 12, 13, 14}
    assert any(" " in code for code in good)
    assert any("-" in code for code in good)
    assert any(not codes for codes in lists)
    assert any(codes and not any(valid(code) for code, _ in codes) for codes in lists)
    assert any(len(codes) > 1 and not valid(codes[0][0]) and valid(codes[1][0]) for codes in lists)
    assert any([number for _, number in codes] != sorted(number for _, number in codes) for codes in lists)


def test_check_digits_are_those_of_gs1() -> None:
    assert [barcodes.check_digit(code) for code in ("629104150021", "9638507", "03600029145")] == ["3", "4", "2"]


def test_stock(data: DataSet, products: list[Row]) -> None:
    totals = [Decimal(row["totalQuantityOnHand"]) for row in products]
    assert min(totals) < 0
    assert any(total % 1 for total in totals)
    assert any(len({line["locationId"] for line in row["inventoryLines"]}) > 1 for row in products)
    figures = [figure for index in range(len(products)) for figure in data.summaries(index)]
    assert any(row["rawQuantityAvailable"] != row["quantityOnHand"] for row in figures)
    assert any(row["rawQuantityAvailable"] != row["quantityAvailable"] for row in figures)
    assert any(row["rawQuantityAvailable"] == row["quantityOnHand"] != "0.00000" for row in figures)


def test_states_of_sales_orders(sales: list[Row]) -> None:
    assert {row["inventoryStatus"] for row in sales} == {"quote", "unconfirmed", "unfulfilled", "started", "fulfilled"}
    for field in ("isQuote", "isCancelled", "isCompleted", "isInvoiced"):
        assert {row[field] for row in sales} == {True, False}
    asked = [row for row in sales if row["needsConfirmation"]]
    assert {row["confirmerTeamMemberId"] is None for row in asked} == {True, False}
    done = [row for row in sales if row["isCompleted"]]
    dates = [[line["shippedDate"] for line in row["shipLines"]] for row in done]
    assert any(row["invoicedDate"] for row in done)
    assert any(not row["invoicedDate"] and not row["shipLines"] for row in done)
    several = [[day for day in days if day] for days in dates if len(days) > 1]
    assert any(days and days[-1] != max(days) for days in several), "the last ship date is not the last row's"
    assert any(None in days for days in dates)


def test_money_of_orders(sales: list[Row], purchases: list[Row]) -> None:
    for orders in (sales, purchases):
        assert len({row["exchangeRate"] for row in orders}) > 2
        assert {row["isTaxInclusive"] for row in orders} == {True, False}
    both = [row for row in sales if row["isTaxInclusive"] and Decimal(row["tax2"]) > 0]
    assert {True, False} <= {row["calculateTax2OnTax1"] for row in both}
    assert any(row["calculateTax2OnTax1"] is None for row in sales)
    foreign = [row for row in sales if Decimal(row["exchangeRate"]) != 1 and row["isTaxInclusive"]]
    assert foreign
    assert {line["discount"]["isPercent"] for row in sales for line in row["lines"]} == {True, False}


def test_the_sums_of_an_order_are_those_of_its_lines(sales: list[Row], purchases: list[Row]) -> None:
    for order in sales + purchases:
        lines = [Decimal(line["subTotal"]) for line in order["lines"]]
        assert Decimal(order["subTotal"]) == sum(lines, Decimal(0))
        taxes = Decimal(0) if order["isTaxInclusive"] else Decimal(order["tax1"]) + Decimal(order["tax2"])
        assert abs(Decimal(order["total"]) - Decimal(order["subTotal"]) - taxes) <= Decimal("0.00002")
        for line in order["lines"]:
            gross = Decimal(line["quantity"]["uomQuantity"] or 0) * Decimal(line["unitPrice"])
            off = Decimal(line["discount"]["value"])
            net = gross * (1 - off / 100) if line["discount"]["isPercent"] else gross - off
            assert abs(net - Decimal(line["subTotal"])) <= Decimal("0.00001")


def test_lines_of_sales_orders(products: list[Row], sales: list[Row]) -> None:
    services = {row["productId"] for row in products if row["itemType"] == "service"}
    lines = [line for row in sales for line in row["lines"]]
    assert all((line["serviceCompleted"] is None) == (line["productId"] not in services) for line in lines)
    assert {True, False, None} == {line["serviceCompleted"] for line in lines}
    quantities = [line["quantity"]["standardQuantity"] for line in lines]
    assert {None, "0.0000"} <= set(quantities)
    numbers = [Decimal(quantity) for quantity in quantities if quantity]
    assert min(numbers) < 0
    assert any(number % 1 for number in numbers)
    assert any(line["quantity"]["standardQuantity"] != line["quantity"]["uomQuantity"] for line in lines)
    assert any(len({line["productId"] for line in row["lines"]}) < len(row["lines"]) for row in sales)


def worth_sending(row: Row) -> list[Row]:
    goods = [line for line in row["lines"] if line["serviceCompleted"] is None]
    return [line for line in goods if Decimal(line["quantity"]["standardQuantity"] or 0) > 0]


def test_orders_without_a_line_worth_sending(sales: list[Row], purchases: list[Row]) -> None:
    done = [row for row in sales if row["isCompleted"] and not worth_sending(row)]
    assert any(row["lines"] == [] for row in done)
    assert any(row["lines"] and all(line["serviceCompleted"] is not None for line in row["lines"]) for row in done)
    assert any(row["restockLines"] for row in done), "nothing but returns"
    assert any(not worth_sending(row) for row in purchases)


def test_purchase_orders(purchases: list[Row]) -> None:
    states = {row["inventoryStatus"] for row in purchases}
    assert states == {"quote", "unapproved", "unfulfilled", "started", "fulfilled"}
    assert {row["isCancelled"] for row in purchases} == {True, False}
    early = [row for row in purchases if row["requestShipDate"] and row["requestShipDate"] < row["orderDate"]]
    assert early
    assert any(row["requestShipDate"] is None for row in purchases)


def test_receipts(purchases: list[Row]) -> None:
    def share(row: Row, key: str) -> Decimal:
        ordered = sum(Decimal(line["quantity"]["uomQuantity"]) for line in row["lines"] if line["productId"] == key)
        return sum(received[key], Decimal(0)) / ordered

    shares: set[bool] = set()
    fractional = several = False
    for row in purchases:
        received: dict[str, list[Decimal]] = {}
        for line in row["receiveLines"]:
            received.setdefault(line["productId"], []).append(Decimal(line["quantity"]["uomQuantity"]))
            fractional |= bool(Decimal(line["quantity"]["standardQuantity"]) % 1)
        several |= any(len(amounts) > 1 for amounts in received.values())
        shares |= {share(row, key) < 1 for key in received}
    assert shares == {True, False}
    assert fractional
    assert several
    amounts = [Decimal(line["quantity"]["standardQuantity"]) for row in purchases for line in row["receiveLines"]]
    assert min(amounts) < 0
    assert 0 in amounts
    done = [row for row in purchases if row["isCompleted"]]
    assert {bool(row["receiveLines"]) for row in done} == {True, False}
    days = [[line["receiveDate"] for line in row["receiveLines"]] for row in purchases]
    assert any(dates != sorted(dates) for dates in days)


def test_orders_of_optiply_come_on_request_only(purchases: list[Row]) -> None:
    def marked(rows: list[Row]) -> list[str]:
        texts = (row[name] for row in rows for name in ("orderNumber", "vendorOrderNumber", "orderRemarks"))
        return [text for text in texts if "optiply" in text.lower()]

    assert marked(purchases) == []
    found = marked(all_rows(generate(optiply_orders=5), "purchase-orders"))
    assert len(found) == 5
    assert sum(any(character.isdigit() for character in text) for text in found) == 3


def test_odd_names(data: DataSet, products: list[Row]) -> None:
    names = [row["name"] for row in products]
    assert any("👩‍👩‍👧‍👦" in name for name in names)
    assert any("  " in name.strip() for name in names)
    assert any("\t" in name and "\r\n" in name for name in names)
    assert any(len(name) > 300 for name in names)
    assert any('"' in name and "'" in name and "\\" in name for name in names)
    assert any("\u202b" in name for name in names)
    assert any(name != name.strip() for name in names)
    # The 255th UTF-16 unit is the first half of a pair.
    wide = [name.encode("utf-16-le") for name in names]
    assert any(len(units) > 510 and 0xD8 <= units[509] <= 0xDB for units in wide)
    assert any(not row["name"].isascii() for row in all_rows(data, "vendors"))
    assert any(not row["name"].isascii() for row in all_rows(data, "customers"))
