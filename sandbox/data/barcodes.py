"""Barcodes of products: valid GTINs of every length, written in several ways, and ones that only look like it."""

from __future__ import annotations


def check_digit(body: str) -> str:
    """Return the GS1 check digit of the digits before it."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def gtin(number: int, length: int) -> str:
    """Return a valid GTIN of 8, 12, 13 or 14 digits that ends in ``number`` and its check digit."""
    body = f"{number:0{length - 1}d}"[-(length - 1) :]
    if body[0] == "0":
        body = "8" + body[1:]
    return body + check_digit(body)


def _wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def of_product(index: int) -> list[tuple[str, int]]:
    """Return (barcode, lineNum) of the product at ``index``, in the order in which the API lists them."""
    kind = index % 7
    ean13 = gtin(index, 13)
    if kind == 1:
        return [(ean13, 1)]
    if kind == 2:
        return [(_wrong(ean13), 1), (gtin(index, 12), 2)]
    if kind == 3:
        return [(gtin(index, 8), 1)]
    if kind == 4:
        code = gtin(index, 14)
        return [(f" {code[:1]} {code[1:8]}-{code[8:]} ", 1)]
    if kind == 5:
        return [(gtin(index, 12), 2), (f"{ean13[:1]} {ean13[1:7]} {ean13[7:]}", 1)]
    if kind == 6:
        return [("ABC-123", 1), (_wrong(gtin(index, 8)), 2), ("12345", 3)]
    return []
