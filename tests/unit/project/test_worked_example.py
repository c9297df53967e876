from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from about import ROOT

from target_optiply.model import Upsert
from target_optiply.records import attributes_for, check, encode
from target_optiply.translate.route import MappingSettings, translator_for

PAGE = ROOT / "docs" / "mapping.md"


class NoFacts:
    def get(self, kind: str, key: str) -> str | None:
        return None

    def all(self, kind: str) -> dict[str, str]:
        return {}


def test_the_worked_example_is_what_the_mapping_does() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    order, sent = (json.loads(block, parse_float=Decimal) for block in blocks)
    assert digit_for_digit(mapped(order)) == digit_for_digit(sent)


def mapped(order: dict[str, Any]) -> Any:
    translate = translator_for("sales_orders", {}, ["salesOrderId"], MappingSettings())
    (upsert,) = translate(order, NoFacts(), (order["salesOrderId"],))
    assert isinstance(upsert, Upsert)
    record, warnings = check(upsert.record)
    assert warnings == []
    attributes = attributes_for(record, {}, method="POST", products={"lamp": "101", "bulb": "102"})
    return json.loads(encode(attributes), parse_float=Decimal)


def digit_for_digit(value: Any) -> Any:
    """Return the value with its decimals as text, so that 66.00 is not 66.0."""
    if isinstance(value, dict):
        return {name: digit_for_digit(each) for name, each in value.items()}
    if isinstance(value, list):
        return [digit_for_digit(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
