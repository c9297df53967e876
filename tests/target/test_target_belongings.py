"""What belongs to a record goes with it: nothing that was rejected of it stands rejected for ever."""

from __future__ import annotations

from typing import Any

import pytest
from pair import builders
from target.lab import Lab
from target.messages import inflow, products, record, state, suppliers

GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
BASE = [*products("P2"), *suppliers("V1")]


def _product(**differences: Any) -> list[Any]:
    return inflow("products", builders.product("P1", vendorItems=[builders.vendor_item()], **differences))


def _deleted() -> list[Any]:
    return [*inflow("products"), record("products", builders.product("P1"), **GONE)]


def _order(delivered: str, **differences: Any) -> list[Any]:
    received = [builders.receipt(f"R-{delivered}", delivered, "2")]
    order = builders.purchase("B1", builders.line("P2", "2", "6.00"), receiveLines=received, **differences)
    return inflow("purchase_orders", order)


def _ends_well_and_stays_so(lab: Lab, messages: list[Any], **settings: Any) -> None:
    lab.succeed(messages, **settings)
    assert lab.state()["run"]["outcome"] == "ok"
    lab.succeed([state({"at": 9})], **settings)
    assert lab.requests() == []


@pytest.mark.parametrize("delete", ["soft", "hard"])
def test_a_refused_receipt_goes_with_its_order(lab: Lab, delete: str) -> None:
    lab.succeed(BASE)
    lab.fault("status", "POST", "^/receiptLines$", status=422, times=None)
    lab.run(_order("P2")).ended(1)
    _ends_well_and_stays_so(lab, _order("P2", isCancelled=True), delete=delete)
    lab.control.clear_faults()
    assert lab.rows("buyOrders") == []
    lab.succeed(_order("P2"))
    assert len(lab.rows("receiptLines")) == 1


def test_a_receipt_that_waits_goes_with_its_order(lab: Lab) -> None:
    lab.succeed(BASE)
    _ends_well_and_stays_so(lab, [*_order("P9"), *_order("P9", isCancelled=True)])
    lab.run(_order("P9")).ended(1)
    _ends_well_and_stays_so(lab, _order("P9", isCancelled=True))


@pytest.mark.parametrize("delete", ["soft", "hard", "ignore"])
def test_what_was_rejected_beneath_a_product_that_never_stood_goes_with_it(lab: Lab, delete: str) -> None:
    lab.succeed(BASE)
    lab.run(_product(defaultPrice=builders.price("12345678901.00"))).ended(1)
    _ends_well_and_stays_so(lab, _deleted(), delete=delete)
    lab.succeed(_product())
    assert lab.remote_ids("supplierProducts") == ["I1"]


@pytest.mark.parametrize("delete", ["soft", "hard"])
def test_a_refused_offer_goes_with_its_product(lab: Lab, delete: str) -> None:
    lab.succeed(BASE)
    lab.fault("status", "POST", "^/supplierProducts$", status=422, times=None)
    lab.run(_product()).ended(1)
    _ends_well_and_stays_so(lab, _deleted(), delete=delete, max_delete_percent=100)
    lab.control.clear_faults()
    lab.succeed(_product())
    assert lab.remote_ids("supplierProducts") == ["I1"]


@pytest.mark.parametrize("delete", ["soft", "hard"])
def test_a_refused_change_of_an_offer_goes_with_its_product(lab: Lab, delete: str) -> None:
    lab.succeed([*BASE, *_product()])
    lab.fault("status", "PATCH", "^/supplierProducts/", status=422, times=None)
    item = builders.vendor_item(vendorItemCode="NEW")
    changed = inflow("products", builders.product("P1", vendorItems=[item]))
    lab.run(changed).ended(1)
    _ends_well_and_stays_so(lab, _deleted(), delete=delete, max_delete_percent=100)
    lab.control.clear_faults()
    lab.succeed(changed)
    assert lab.value("supplierProducts", "I1", "articleCode") == "NEW"


def test_what_is_rejected_of_a_record_that_stays_for_now_stays_too(lab: Lab) -> None:
    lab.succeed(BASE)
    lab.fault("status", "POST", "^/receiptLines$", status=422)
    lab.run(_order("P2")).ended(1)
    lab.fault("status", "DELETE", "^/buyOrders/", status=409)
    lab.fault("status", "POST", "^/receiptLines$", status=422)
    lab.run(_order("P2", isCancelled=True)).ended(1)
    assert lab.entry("ReceiptLines", next(iter(_receipts(lab))))["success"] is False


def _receipts(lab: Lab) -> list[str]:
    return [entry["externalId"] for entry in lab.state()["bookmarks"]["ReceiptLines"]]


def test_what_was_rejected_beneath_a_product_goes_when_it_turns_out_a_service(lab: Lab) -> None:
    lab.succeed(BASE)
    lab.run(_product(defaultPrice=builders.price("12345678901.00"))).ended(1)
    _ends_well_and_stays_so(lab, _product(itemType="service"))
    lab.succeed(_product())
    assert lab.remote_ids("supplierProducts") == ["I1"]


def test_a_refused_receipt_goes_when_its_order_turns_out_a_quote(lab: Lab) -> None:
    lab.succeed(BASE)
    lab.fault("status", "POST", "^/buyOrders$", status=422)
    lab.run(_order("P2")).ended(1)
    _ends_well_and_stays_so(lab, _order("P2", isQuote=True))
    lab.succeed(_order("P2"))
    assert len(lab.rows("receiptLines")) == 1


def test_a_refused_offer_goes_when_its_product_turns_out_a_service(lab: Lab) -> None:
    lab.succeed(BASE)
    lab.fault("status", "POST", "^/supplierProducts$", status=422, times=None)
    lab.run(_product()).ended(1)
    _ends_well_and_stays_so(lab, _product(itemType="service"), max_delete_percent=100)


def test_a_composition_of_a_refused_part_goes_when_the_part_turns_out_a_service(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", holding="SKU-P3", status=422, times=None)
    lab.run(
        inflow("products", builders.product("P1", itemBoms=[builders.part("P3", "2")]), builders.product("P3"))
    ).ended(1)
    assert [entry["success"] for entry in lab.state()["bookmarks"]["ProductCompositions"]] == [False]
    _ends_well_and_stays_so(lab, inflow("products", builders.product("P3", itemType="service")))


def test_a_refused_removal_of_an_offer_is_not_forgotten_with_its_product(lab: Lab) -> None:
    lab.succeed([*BASE, *_product()])
    lab.fault("status", "DELETE", "^/supplierProducts/", status=409)
    run = lab.run(_deleted(), delete="hard", max_delete_percent=100).ended(1)
    assert run.said("rejected: supplierProducts I1: not removed: 409")
    _ends_well_and_stays_so(lab, [state({"at": 8})], delete="hard", max_delete_percent=100)
    assert lab.rows("supplierProducts") == []
