"""Rows without what a catalog deselects."""

from __future__ import annotations

import pytest

from tap_inventory.selection import deselected_fields, leave_out

ALL = {
    (): True,
    ("properties", "name"): True,
    ("properties", "price"): True,
    ("properties", "address"): True,
    ("properties", "address", "properties", "city"): True,
    ("properties", "address", "properties", "street"): True,
}
ROW = {"name": "Chair", "price": 3, "address": {"city": "Delft", "street": "Oude Delft"}}


@pytest.mark.parametrize(
    ("deselected", "left"),
    [
        ((), ROW),
        ((("properties", "price"),), {"name": "Chair", "address": {"city": "Delft", "street": "Oude Delft"}}),
        ((("properties", "address"),), {"name": "Chair", "price": 3}),
        (
            (("properties", "address", "properties", "street"), ("properties", "name")),
            {"price": 3, "address": {"city": "Delft"}},
        ),
        (  # what lies below a field left out goes with it
            (("properties", "address"), ("properties", "address", "properties", "city")),
            {"name": "Chair", "price": 3},
        ),
    ],
)
def test_what_is_deselected_is_left_out_however_deep(deselected, left):
    mask = {**ALL, **dict.fromkeys(deselected, False)}
    row = {name: dict(value) if isinstance(value, dict) else value for name, value in ROW.items()}
    leave_out(row, deselected_fields(mask))
    assert row == left


@pytest.mark.parametrize("address", [None, [], "Oude Delft 1"])
def test_a_row_without_the_object_that_holds_it_stays_as_it_is(address):
    row = {"address": address}
    leave_out(row, {"address": {"city": None}, "phone": None})
    assert row == {"address": address}
