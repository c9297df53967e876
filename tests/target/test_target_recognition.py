"""A record that says, byte for byte, what stands in Optiply is known by its fingerprint, and never for too long."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pair import builders
from target.lab import Lab
from target.messages import (
    buy_order,
    buy_order_line,
    inflow,
    line,
    optiply,
    product,
    products,
    sell_order,
    suppliers,
)

NOTHING: Counter[str] = Counter()


def _inventory(rate: str = "2.0000000000", **fields: Any) -> list[Any]:
    """Return an inventory whose one vendor invoices in dollars."""
    item = builders.vendor_item(cost="10.00")
    return [
        *inflow("vendors", builders.vendor(currencyId="USD")),
        *inflow("currencies", builders.currency("EUR", "1.0000000000"), builders.currency("USD", rate)),
        *inflow("products", builders.product(vendorItems=[item], **fields)),
        *inflow("sales_orders", builders.sale("O1", builders.line("P1", "2", "10.00"))),
    ]


def test_what_was_written_is_known_by_its_fingerprint_and_counted_with_its_children(lab: Lab) -> None:
    lab.succeed(_inventory())
    prints = {name: lab.entry(name, key)["print"] for name, key in (("Products", "P1"), ("SellOrders", "O1"))}
    assert len(set(prints.values())) == 2
    assert lab.entry("Products", "P1")["kin"] == "supplierProducts=1"
    lab.succeed(_inventory())
    assert lab.requests() == []
    for title in ("Products", "SupplierProducts", "SellOrders"):
        assert lab.summary(title) == {"success": 0, "fail": 0, "existing": 1, "updated": 0}
    assert {name: lab.entry(name, key)["print"] for name, key in (("Products", "P1"), ("SellOrders", "O1"))} == prints


def test_a_record_that_changes_and_changes_back_is_written_both_times(lab: Lab) -> None:
    for name in ("One", "Two", "One"):
        lab.succeed(optiply("Products", product("P1", name=name)))
        assert lab.value("products", "P1", "name") == name
    lab.succeed(optiply("Products", *(product("P1", name=name) for name in ("Two", "One", "Two"))))
    assert lab.value("products", "P1", "name") == "Two"


def test_a_changed_setting_of_the_mapping_has_every_record_looked_at_again(lab: Lab) -> None:
    price = {**builders.price("12.10"), "pricingScheme": {"isTaxInclusive": True}}
    lab.succeed(_inventory(defaultPrice=price), price_tax_percent=None)
    assert lab.value("products", "P1", "price") == "12.10"
    lab.succeed(_inventory(defaultPrice=price), price_tax_percent=21)
    assert lab.writes() == {"PATCH products": 1}
    assert lab.value("products", "P1", "price") == "10.00"


def test_a_rate_that_moved_reaches_prices_of_records_that_did_not_change(lab: Lab) -> None:
    lab.succeed(_inventory(rate="2.0000000000"))
    assert lab.value("supplierProducts", "I1", "price") == "5.00"
    lab.succeed(_inventory(rate="4.0000000000"))
    assert lab.writes() == {"PATCH supplierProducts": 1}
    assert lab.value("supplierProducts", "I1", "price") == "2.50"


def test_another_schema_may_make_the_same_bytes_invalid(lab: Lab) -> None:
    lab.succeed(products("P1"))
    stricter = products("P1")
    stricter[0]["schema"]["properties"]["stockLevel"] = {"type": "integer", "maximum": 4}
    lab.run(stricter).ended(1)
    assert "stockLevel" in lab.entry("Products", "P1")["error"]


def test_a_rejected_child_keeps_its_parent_from_being_known(lab: Lab) -> None:
    lab.fault("status", "POST", "supplierProducts", status=422)
    lab.run(_inventory()).ended(1)
    assert "print" not in lab.entry("Products", "P1")
    lab.succeed(_inventory())
    assert lab.writes() == {"POST supplierProducts": 1}
    assert lab.entry("Products", "P1")["kin"] == "supplierProducts=1"


def test_a_row_that_became_another_one_has_its_order_sent_anew(lab: Lab) -> None:
    order = optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))
    lab.succeed([*products("P1"), *order])
    lab.drop("products", "P1")
    lab.succeed([*products("P1", name="Renamed"), *order])
    new = lab.row("products", "P1")["id"]
    assert [row["attributes"]["productId"] for row in lab.rows("sellOrderLines")] == [int(new)]


def test_a_removed_record_that_returns_unchanged_is_brought_back(lab: Lab) -> None:
    lab.succeed(products("P1", "P2"))
    lab.succeed(optiply("Products", product("P1", deleted_at="2026-01-01T00:00:00Z")))
    assert lab.value("products", "P1", "status") == "disabled"
    lab.succeed(products("P1"))
    assert lab.value("products", "P1", "status") == "enabled"
    lab.succeed([*optiply("Products", product("P1", deleted_at="2026-01-01T00:00:00Z")), *products("P1")])
    assert lab.value("products", "P1", "status") == "enabled"
    assert lab.writes() == NOTHING


def test_a_moved_figure_is_not_forgotten_behind_a_known_product(lab: Lab) -> None:
    lab.succeed(products("P1", stockLevel=5))
    figures = inflow("product_summaries", builders.summary("P1", None, quantityAvailable="7", rawQuantityAvailable="7"))
    lab.succeed(figures)
    assert lab.value("products", "P1", "stockLevel") == 7
    lab.succeed(products("P1", stockLevel=5))
    assert lab.value("products", "P1", "stockLevel") == 5


def test_an_older_version_that_follows_a_parked_one_is_the_last_word(lab: Lab) -> None:
    """The parked version waits for a product that comes late; by then it is out of date."""
    sent, parked = buy_order_line("BL1", "B1", "P2", 3), buy_order_line("BL1", "B1", "P3", 5)
    order = optiply("BuyOrders", buy_order("B1", "S1", line("P1", 2, "6.00")))
    lab.succeed([*suppliers("S1"), *products("P1", "P2"), *order, *optiply("BuyOrderLines", sent)])
    lab.succeed([*optiply("BuyOrderLines", parked, sent), *products("P3")])
    standing = {row["attributes"]["productId"]: row["attributes"]["quantity"] for row in lab.rows("buyOrderLines")}
    assert standing == {int(lab.row("products", "P1")["id"]): 2, int(lab.row("products", "P2")["id"]): 3}


def test_a_change_whose_outcome_was_never_known_is_made_good_when_the_record_changes_back(lab: Lab) -> None:
    lab.succeed(products("P1", name="One"))
    lab.fault("reset", "PATCH", "products", when="after", times=None)
    quick = {"target_optiply.outage.PATIENCE": 0.5}
    lab.run(products("P1", name="Two"), constants=quick).ended(1)
    lab.control.clear_faults()
    assert lab.value("products", "P1", "name") == "Two"
    lab.succeed(products("P1", name="One"))
    assert lab.value("products", "P1", "name") == "One"


def test_a_figure_whose_outcome_was_never_known_is_made_good_when_it_moves_back(lab: Lab) -> None:
    figures = [
        inflow("product_summaries", builders.summary("P1", None, quantityAvailable=level, rawQuantityAvailable=level))
        for level in ("5", "7")
    ]
    lab.succeed(products("P1", stockLevel=5))
    lab.fault("reset", "PATCH", "products", when="after", times=None)
    lab.run(figures[1], constants={"target_optiply.outage.PATIENCE": 0.5}).ended(1)
    lab.control.clear_faults()
    assert lab.value("products", "P1", "stockLevel") == 7
    lab.succeed(figures[0])
    assert lab.value("products", "P1", "stockLevel") == 5


@pytest.mark.parametrize("how", ["stream_maps", "version"])
def test_mapped_and_versioned_records_are_looked_at(lab: Lab, how: str) -> None:
    messages = products("P1")
    settings: dict[str, Any] = {}
    if how == "stream_maps":
        settings["stream_maps"] = {"Products": {"name": "'Mapped'"}}
    lab.succeed(messages, **settings)
    if how == "version":
        messages[1]["version"] = 1
        messages.append({"type": "ACTIVATE_VERSION", "stream": "Products", "version": 1})
    lab.succeed(messages, **settings)
    assert lab.writes() == NOTHING
    assert lab.value("products", "P1", "status") == "enabled"
