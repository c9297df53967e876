"""Every spelling of an Optiply-shaped record leaves one row, and says the same in every run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from target.lab import Lab
from target.messages import (
    PLACED,
    buy_order,
    buy_order_line,
    optiply,
    product,
    promotion,
    promotion_product,
    sell_order,
    suppliers,
)

from target_optiply.entities import ENTITIES

STREAMS = Path(__file__).parents[1] / "unit" / "target" / "streams"
"""One file a stream; each of its records says the same in another spelling."""


def _parents() -> list[Any]:
    """What the records of those files refer to."""
    goods = [product(key, name=f"Product {key}") for key in ("a", "b", "p", "q")]
    return [
        *suppliers("s"),
        *optiply("Products", *goods),
        *optiply("SellOrders", sell_order("o", totalValue="1.00", completed=None)),
        *optiply("BuyOrders", buy_order("o", "s", totalValue="1.00")),
        *optiply("BuyOrderLines", buy_order_line("o_p", "o", "p")),
        *optiply("Promotions", promotion("m")),
    ]


def _spellings(lab: Lab, entity: str) -> list[Any]:
    """Return the file of an entity, as a stream that has no key of its own and names a product that is there."""
    text = (STREAMS / f"{entity}.singer").read_text(encoding="utf-8")
    messages = [json.loads(each.replace("28666283", lab.row("products", "p")["id"])) for each in text.splitlines()]
    messages[0]["key_properties"] = []
    return messages


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_spelling_of_a_record_is_one_row_written_once(lab: Lab, entity: str) -> None:
    lab.succeed(_parents())
    schema, *records = _spellings(lab, entity)
    assert len(records) >= 3
    before = {each: len(lab.rows(each)) for each in ENTITIES}
    lab.succeed([schema, records[0]])
    assert lab.writes() == Counter({f"POST {entity}": 1})
    assert len(lab.rows(entity)) == before[entity] + 1
    lab.succeed([schema, *records[1:]])
    assert lab.requests() == []


def test_promotions_are_created_changed_and_deleted_with_their_products(lab: Lab) -> None:
    goods = optiply("Products", product("P1"), product("P2"))
    whole = [
        *optiply("Promotions", promotion("M1")),
        *optiply("PromotionProducts", promotion_product("X1", "M1", "P1"), promotion_product("X2", "M1", "P2")),
    ]
    lab.succeed([*whole, *goods])
    assert lab.writes() == Counter({"POST products": 2, "POST promotions": 1, "POST promotionProducts": 2})
    [row] = lab.rows("promotions")
    said = {"name": "Promotion M1", "enabled": True, "entireShop": False, "upliftType": "relative"}
    assert {name: row["attributes"][name] for name in said} == said
    assert {each["attributes"]["promotionId"] for each in lab.rows("promotionProducts")} == {int(row["id"])}
    lab.succeed(optiply("Promotions", promotion("M1", enabled=False)))
    lab.succeed(optiply("PromotionProducts", promotion_product("X1", "M1", "P1", specificUpliftIncrease=30)))
    assert lab.writes() == Counter({"PATCH promotionProducts": 1})
    assert lab.rows("promotions")[0]["id"] == row["id"]
    assert lab.rows("promotions")[0]["attributes"]["enabled"] is False
    assert sorted(each["attributes"]["specificUpliftIncrease"] for each in lab.rows("promotionProducts")) == [20, 30]
    lab.succeed(optiply("PromotionProducts", promotion_product("X2", "M1", "P2", deleted_at=PLACED)))
    assert lab.writes() == Counter({"DELETE promotionProducts": 1})
    lab.succeed(optiply("Promotions", promotion("M1", deleted_at=PLACED)))
    lab.succeed(optiply("PromotionProducts", promotion_product("X1", "M1", "P1", deleted_at=PLACED)))
    assert (lab.rows("promotions"), lab.rows("promotionProducts")) == ([], [])
