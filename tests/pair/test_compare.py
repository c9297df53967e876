"""The comparison itself: it must see what is missing, doubled, left over, or off by a cent."""

from __future__ import annotations

from typing import Any

import pytest
from pair.builders import inventory, line, product, purchase, receipt, vendor
from pair.compare import differences, standing
from pair.expected import expect
from support.control import Control

EXPECTATION = expect(
    inventory(
        product("P1"),
        vendors=[vendor("V1", leadTimeDays=9)],
        purchase_orders=[purchase("O1", line("P1", "2", "5"), receiveLines=[receipt("R1", "P1", "1")])],
    )
)


def stored(key: str, remote: str | None, **attributes: Any) -> dict[str, Any]:
    """Return a row as the control interface gives it."""
    owner = {"accountId": 1380, "couplingId": 77, "deleted": False}
    return {"id": key, "remoteId": remote, "attributes": {"uuid": f"u{key}", **attributes}, **owner}


def rightly_stored() -> dict[str, list[dict[str, Any]]]:
    """Return Optiply's rows as ``EXPECTATION`` wants them."""
    goods = stored("1", "P1", name="Product P1", skuCode="SKU-P1", eanCode=None, price=None, stockLevel=0)
    goods["attributes"] |= {"stockMeasurementUnit": "ea.", "status": "ENABLED", "assembled": False}
    goods["attributes"] |= {"unlimitedStock": False, "ignored": False, "novel": True}
    return {
        "products": [goods],
        "suppliers": [stored("2", "V1", name="Vendor V1", emails=[], deliveryTime=9, ignored=False)],
        "buyOrders": [
            stored(
                *("3", "O1"),
                supplierId=2,
                placed="2025-07-01T04:00:00Z",
                completed=None,
                expectedDeliveryDate="2025-07-10T04:00:00Z",
                totalValue="5.00",
            )
        ],
        "buyOrderLines": [stored("4", None, buyOrderId=3, productId=1, quantity=2, subtotalValue="5.00")],
        "receiptLines": [stored("5", "R1", buyOrderLineId=4, occurred="2025-07-01T04:00:00+00:00", quantity=1)],
    }


class StoredRows(Control):
    """A control interface whose Optiply holds given rows."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__("http://127.0.0.1:1")
        self._rows = rows

    def request(self, method: str, path: str, body: Any = None) -> Any:
        return self._rows.get(path.removeprefix("optiply/"), [])


def wrong(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the differences of these rows."""
    return differences(EXPECTATION, standing(StoredRows(rows), account_id=1380, coupling_id=77))


def test_what_stands_as_expected_has_no_difference() -> None:
    assert wrong(rightly_stored()) == []


@pytest.mark.parametrize(
    ("entity", "attribute", "value"),
    [
        ("products", "stockLevel", 1),
        ("products", "stockLevel", 0.5),
        ("products", "price", "0.00"),
        ("products", "name", "Product P1 "),
        ("products", "articleCode", "never asked for"),
        ("suppliers", "emails", ["a@b.c"]),
        ("suppliers", "deliveryTime", 10),
        ("buyOrders", "totalValue", "5.01"),
        ("buyOrders", "completed", "2025-07-01T04:00:00Z"),
        ("buyOrders", "expectedDeliveryDate", "2025-07-11T05:00:00Z"),
        ("buyOrders", "placed", "2025-07-01T04:00:01Z"),
        ("buyOrderLines", "quantity", 3),
        ("receiptLines", "quantity", "1"),
    ],
)
def test_one_wrong_value_is_seen(entity: str, attribute: str, value: Any) -> None:
    rows = rightly_stored()
    rows[entity][0]["attributes"][attribute] = value
    found = wrong(rows)
    assert any(sentence.startswith(f"{entity} ") and f": {attribute}: expected " in sentence for sentence in found)


def test_a_missing_row_is_seen() -> None:
    rows = {**rightly_stored(), "receiptLines": []}
    assert wrong(rows) == ["receiptLines R1: missing"]


def test_a_row_that_stands_twice_is_seen() -> None:
    rows = rightly_stored()
    rows["receiptLines"].append({**rows["receiptLines"][0], "id": "6"})
    assert wrong(rows) == ["receiptLines R1: stands twice, as 5 and 6"]


def test_a_second_line_of_one_product_is_seen() -> None:
    rows = rightly_stored()
    rows["buyOrderLines"].append({**rows["buyOrderLines"][0], "id": "6"})
    assert any("stands twice" in sentence for sentence in wrong(rows))


def test_a_row_too_many_is_seen() -> None:
    rows = rightly_stored()
    rows["suppliers"].append(stored("9", "V9", name="Nobody"))
    assert wrong(rows) == ["suppliers V9: should not stand (not in the inventory)"]


def test_a_reference_to_nothing_and_a_foreign_coupling_are_seen() -> None:
    rows = rightly_stored()
    rows["buyOrders"][0]["attributes"]["supplierId"] = 99
    rows["products"][0]["couplingId"] = 78
    found = "\n".join(wrong(rows))
    assert "supplierId 99 stands nowhere" in found
    assert "stands under coupling 78" in found
