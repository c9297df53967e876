"""Rows are compared by what they mean, not by how they are spelt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from target_optiply.compare import differing, same_value


@pytest.mark.parametrize(
    ("entity", "name", "ours", "theirs"),
    [
        ("products", "price", Decimal("19.90"), "19.9"),
        ("products", "price", Decimal("19.90"), 19.9),
        ("products", "price", Decimal("19.00"), 19),
        ("products", "name", "Bolt", "Bolt"),
        ("products", "name", "Bolt", "  Bolt "),
        ("products", "skuCode", None, ""),
        ("products", "skuCode", None, None),
        ("products", "unlimitedStock", True, "true"),
        ("products", "stockLevel", 5, "5"),
        ("products", "stockLevel", 5, "5.0"),
        ("products", "stockLevel", -5, "-5.00"),
        ("suppliers", "emails", ["a@b.nl"], ["a@b.nl"]),
        ("sellOrders", "placed", "2025-07-01T04:00:00Z", "2025-07-01T06:00:00+02:00"),
        ("sellOrders", "placed", "2025-07-01T04:00:00Z", "2025-07-01T04:00:00.000Z"),
        ("supplierProducts", "productId", 12, "12"),
        ("supplierProducts", "productId", "12", 12),
        ("supplierProducts", "lotSize", 3, "3"),
    ],
)
def test_two_spellings_of_one_value_are_the_same(entity, name, ours, theirs):
    assert same_value(entity, name, ours, theirs)


@pytest.mark.parametrize(
    ("entity", "name", "ours", "theirs"),
    [
        ("products", "price", Decimal("19.90"), "19.91"),
        ("products", "price", Decimal("19.90"), None),
        ("products", "price", Decimal("19.90"), "not a price"),
        ("products", "price", Decimal("19.90"), {"amount": 19.9}),
        ("products", "name", "Bolt", "bolt"),
        ("products", "stockLevel", 5, "5.5"),
        ("products", "stockLevel", 5, None),
        ("products", "stockLevel", 5, {}),
        ("sellOrders", "placed", "2025-07-01T04:00:00Z", "2025-07-01T04:00:01Z"),
        ("supplierProducts", "productId", 12, "120"),
    ],
)
def test_different_values_differ(entity, name, ours, theirs):
    assert not same_value(entity, name, ours, theirs)


def test_only_what_is_ours_is_compared():
    ours = {"name": "Bolt", "price": Decimal("1.00")}
    theirs = {"name": "Bolt", "price": "2.00", "minimumStock": 7}
    assert differing("products", ours, theirs) == ["price"]
    assert differing("products", ours, {}) == ["name", "price"]
    assert differing("products", {}, theirs) == []


def test_nothing_of_ours_is_no_different_from_what_the_server_fills_in():
    row = {"expectedDeliveryDate": "2025-07-05T00:00:00Z", "completed": "2025-07-05T00:00:00Z"}
    assert differing("buyOrders", {"expectedDeliveryDate": None}, row) == []
    assert differing("buyOrders", {"completed": None}, row) == ["completed"]
