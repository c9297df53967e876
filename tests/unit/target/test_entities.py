"""The table of entities is complete and consistent with itself."""

from __future__ import annotations

import pytest

from target_optiply.entities import ENTITIES, entity_of


def test_the_eleven_entities_are_there() -> None:
    assert set(ENTITIES) == {
        "products",
        "productCompositions",
        "suppliers",
        "supplierProducts",
        "sellOrders",
        "sellOrderLines",
        "buyOrders",
        "buyOrderLines",
        "receiptLines",
        "promotions",
        "promotionProducts",
    }


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_what_an_entity_refers_to_comes_before_it(entity) -> None:
    assert entity.title[0].lower() + entity.title[1:] == entity.name
    assert all(ENTITIES[reference.entity].rank < entity.rank for reference in entity.references)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_every_name_in_the_table_is_an_attribute_or_reference_of_its_entity(entity) -> None:
    names = {row.name for row in entity.attributes} | {row.name for row in entity.references}
    assert len(names) == len(entity.attributes) + len(entity.references)
    assert set(entity.natural_key) <= names
    assert set(entity.unique_pair or ()) <= {row.name for row in entity.references}
    assert set(entity.soft_delete or ()) <= names
    assert entity.owner is None or entity.reference(entity.owner) is not None
    assert all(ENTITIES[child].rank > entity.rank for child in entity.children)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Products", "products"),
        ("products", "products"),
        ("sell_order_lines", "sellOrderLines"),
        ("SellOrderLines", "sellOrderLines"),
        ("sellOrderLines", "sellOrderLines"),
        ("supplier_products", "supplierProducts"),
        ("promotion-products", "promotionProducts"),
        ("RECEIPTLINES", "receiptLines"),
    ],
)
def test_a_stream_is_recognised_in_every_spelling(spelling: str, name: str) -> None:
    entity = entity_of(spelling)
    assert entity is not None
    assert entity.name == name


@pytest.mark.parametrize("name", ["vendors", "sales_orders", "", "product"])
def test_other_streams_are_no_entities(name: str) -> None:
    assert entity_of(name) is None


def test_only_what_has_a_soft_form_is_soft_deleted() -> None:
    soft = {name: dict(entity.soft_delete) for name, entity in ENTITIES.items() if entity.soft_delete is not None}
    assert soft == {
        "products": {"status": "disabled"},
        "supplierProducts": {"status": "disabled"},
        "suppliers": {"ignored": True},
    }
