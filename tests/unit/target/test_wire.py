"""Requests are spelt as Optiply's JSON:API wants them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from target_optiply.entities import ENTITIES
from target_optiply.wire import Wire

WIRE = Wire("1380", "77")


def test_a_write_carries_account_and_coupling_and_a_document_of_its_type():
    request = WIRE.post("suppliers", {"name": "Acme", "price": Decimal("19.90")})
    assert (request.method, request.path, request.entity) == ("POST", "suppliers", "suppliers")
    assert request.query == (("accountId", "1380"), ("couplingId", "77"))
    assert request.body == b'{"data":{"type":"suppliers","attributes":{"name":"Acme","price":19.90}}}'


def test_a_change_names_the_row_in_path_and_document():
    request = WIRE.patch("products", "12", {"name": None})
    assert (request.method, request.path, request.entity) == ("PATCH", "products/12", "products")
    assert json.loads(request.body or b"") == {"data": {"type": "products", "id": "12", "attributes": {"name": None}}}
    assert request.query == (("accountId", "1380"), ("couplingId", "77"))


@pytest.mark.parametrize("method", ["DELETE", "GET"])
def test_what_needs_no_document_has_none(method):
    request = getattr(WIRE, method.lower())("products", "12")
    assert (request.method, request.path, request.body) == (method, "products/12", None)
    assert ("accountId", "1380") in request.query


def test_without_a_coupling_none_is_named():
    assert Wire("1380", None).post("products", {}).query == (("accountId", "1380"),)


@pytest.mark.parametrize("entity", ENTITIES)
def test_lists_are_paged_by_rising_id_a_hundred_at_a_time(entity):
    request = WIRE.list(entity, (("name", "a & b"), ("createdAt][GE", "2025-01-01T00:00:00Z")), after="99")
    query = dict(request.query)
    assert (query["page[limit]"], query["sort"], query["filter[id][GT]"]) == ("100", "id", "99")
    assert query["filter[name]"] == "a & b"
    assert query["filter[createdAt][GE]"] == "2025-01-01T00:00:00Z"
    assert query["accountId"] == "1380"
    assert "filter[id][GT]" not in dict(WIRE.list(entity, ()).query)


def test_lists_are_scoped_to_the_account_where_rows_say_whose_they_are():
    scoped = {name for name in ENTITIES if "filter[accountId]" in dict(WIRE.list(name, ()).query)}
    assert scoped == {"products", "suppliers", "sellOrders", "buyOrders", "promotions"}


@pytest.mark.parametrize(
    ("attributes", "ours"),
    [({"accountId": 1380}, True), ({"accountId": "1380"}, True), ({"accountId": 1381}, False), ({}, None)],
)
def test_a_row_says_whose_it_is(attributes, ours):
    assert WIRE.ours({"id": "1", "attributes": attributes}) is ours


@pytest.mark.parametrize(
    ("mapped", "with_coupling", "without"),
    [
        ({"77": "r1"}, (True, "r1"), (True, "r1")),
        ({"78": "r1"}, (True, None), (True, "r1")),
        ({"77": "r1", "78": "r2"}, (True, "r1"), (True, None)),
        ({"77": 12}, (True, "12"), (True, "12")),
        ({"77": None}, (True, None), (True, None)),
        ({}, (False, None), (False, None)),
        (None, (False, None), (False, None)),
        ("x", (False, None), (False, None)),
        ([], (False, None), (False, None)),
    ],
)
def test_the_remote_id_of_a_row_is_the_one_under_our_coupling(mapped, with_coupling, without):
    row = {"id": "1", "attributes": {"remoteIdMap": mapped}}
    assert WIRE.remote_id_of(row) == with_coupling
    assert Wire("1380", None).remote_id_of(row) == without
