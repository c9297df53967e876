"""What cannot be sent: said in one line, kept without raw data, tried again, replaced by a newer version."""

from __future__ import annotations

import json

from pair import builders
from target.lab import Lab
from target.messages import (
    inflow,
    line,
    offer,
    optiply,
    product,
    products,
    record,
    schema,
    sell_order,
    state,
    supplier,
    suppliers,
)

TOO_MUCH = {"price": "12345678901.00"}


def test_a_rejection_names_record_attribute_and_reason_in_one_line(lab: Lab) -> None:
    run = lab.run([*products("P1", **TOO_MUCH), *products("P2"), state({"at": 1})]).ended(1)
    [said] = run.said("rejected: products P1")
    assert "price: " in said
    assert lab.entry("Products", "P1")["error"].startswith("price: ")
    assert lab.entry("Products", "P1")["success"] is False
    assert lab.remote_ids("products") == ["P2"]
    assert run.states == ['{"at": 1}']
    assert run.last_word.startswith("rejected: 1 records stand rejected")
    assert lab.state()["run"]["outcome"] == "rejected"


def test_so_many_rejections_as_allowed_are_no_failure(lab: Lab) -> None:
    messages = products("P1", "P2", **TOO_MUCH)
    lab.run(messages, max_rejected_records=1).ended(1)
    lab.run(messages, max_rejected_records=2).ended(0)


def test_what_is_kept_of_a_rejected_record_is_mapped_and_not_raw(lab: Lab) -> None:
    raw = builders.vendor("V1", name="", email="jane.doe@example.com", contactName="Jane Doe", phone="555-1234")
    run = lab.run(inflow("vendors", raw)).ended(1)
    kept = lab.state_path.read_text()
    for secret in ("Jane", "555-1234", "contactName"):
        assert secret not in kept + run.stderr + run.stdout


def test_a_rejected_record_is_tried_again_though_it_does_not_come_again(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", status=422)
    lab.run(products("P1")).ended(1)
    lab.succeed([schema("Products", "externalId"), state({"at": 2})])
    assert lab.remote_ids("products") == ["P1"]
    assert lab.summary("Products") == {"success": 1, "fail": 0, "existing": 0, "updated": 0}


def test_a_rejected_record_is_tried_again_when_something_refers_to_it(lab: Lab) -> None:
    lab.fault("status", "POST", "^/products$", status=422)
    lab.run([*products("P1"), *suppliers("S1")]).ended(1)
    lab.succeed(optiply("SupplierProducts", offer("I1", "P1", "S1")))
    assert lab.remote_ids("supplierProducts") == ["I1"]


def test_a_newer_version_takes_a_rejected_records_place(lab: Lab) -> None:
    lab.run(products("P1", **TOO_MUCH)).ended(1)
    lab.succeed(products("P1", name="Newer"))
    assert [row["attributes"]["name"] for row in lab.rows("products")] == ["Newer"]
    assert "error" not in lab.entry("Products", "P1")


def test_a_faulty_version_behind_a_good_one_stands_rejected(lab: Lab) -> None:
    lab.control.request("PUT", "latency", {"optiply": 0.05})
    lab.run(optiply("Products", product("P1"), product("P1", **TOO_MUCH))).ended(1)
    assert lab.entry("Products", "P1")["success"] is False
    assert lab.remote_ids("products") == ["P1"]


def test_children_are_reported_under_their_parents_reason_with_a_count(lab: Lab) -> None:
    offers = [offer(f"I{n}", "P1", f"S{n}") for n in range(5)]
    source = [*suppliers(*(f"S{n}" for n in range(5))), *products("P1", **TOO_MUCH)]
    run = lab.run([*source, *optiply("SupplierProducts", *offers), state({"at": 1})]).ended(1)
    [said] = run.said("5 records that refer to products P1")
    assert "price: " in said
    assert not run.said("rejected: supplierProducts")
    assert "price: " in lab.entry("SupplierProducts", "I3")["error"]
    assert run.states == ['{"at": 1}']
    lab.succeed(products("P1"))
    assert len(lab.rows("supplierProducts")) == 5


def test_children_of_an_inventory_record_share_their_parents_fate(lab: Lab) -> None:
    price = builders.price("12345678901.00")
    faulty = builders.product("P1", defaultPrice=price, vendorItems=[builders.vendor_item()])
    run = lab.run([*inflow("vendors", builders.vendor()), *inflow("products", faulty)]).ended(1)
    assert run.said("1 records that refer to products P1")
    whole = builders.product("P1", vendorItems=[builders.vendor_item()])
    lab.succeed(inflow("products", whole))
    assert lab.remote_ids("supplierProducts") == ["I1"]


def test_a_child_that_came_before_its_parents_good_version_is_written(lab: Lab) -> None:
    faulty, good = product("P1", **TOO_MUCH), product("P1")
    messages = [*suppliers("S1"), *optiply("Products", faulty), *optiply("SupplierProducts", offer("I1", "P1", "S1"))]
    lab.succeed([*messages, *optiply("Products", good)])
    assert lab.remote_ids("supplierProducts") == ["I1"]


def test_what_is_wrong_in_itself_is_rejected_alone(lab: Lab) -> None:
    deep = "[" * 50_000 + "]" * 50_000
    lines = [
        json.dumps(schema("Products", "externalId", name={"type": ["string", "null"]})),
        json.dumps(record("Products", product("GOOD1"))),
        json.dumps(record("Products", product("TYPES", name=["no", "text"]))),
        json.dumps(record("Products", {**product("x"), "externalId": None})),
        json.dumps(record("Products", {"name": "no key at all"})),
        '{"type":"RECORD","stream":"Products","record":{"externalId":"NAN","name":"n","price":NaN}}',
        '{"type":"RECORD","stream":"Products","record":{"externalId":"INF","name":"n","minimumStock":Infinity}}',
        '{"type":"RECORD","stream":"Products","record":{"externalId":"HALF","name":"\\ud800"}}',
        f'{{"type":"RECORD","stream":"Products","record":{{"externalId":"DEEP","name":{deep}}}}}',
        json.dumps(record("Products", product("GOOD2"))),
        json.dumps(state({"at": 1})),
    ]
    run = lab.run("\n".join([*lines, ""]).encode("utf-8", "surrogatepass")).ended(1)
    assert run.states == ['{"at": 1}']
    assert {"GOOD1", "GOOD2"} <= set(lab.remote_ids("products"))
    assert not {"TYPES", "HALF", "DEEP"} & set(lab.remote_ids("products"))
    assert "Traceback" not in run.stderr
    for word in ("nan", "NaN", "Infinity"):
        assert word not in json.dumps([row["attributes"] for row in lab.rows("products")])


def test_a_stream_map_may_override_what_is_sent(lab: Lab) -> None:
    lab.succeed(optiply("Suppliers", supplier("S1", optiply={"name": "Overridden"})))
    assert lab.value("suppliers", "S1", "name") == "Overridden"


def test_an_order_of_rejected_products_waits_for_them(lab: Lab) -> None:
    order = optiply("SellOrders", sell_order("O1", line("P1", 1, "9.50")))
    lab.run([*products("P1", **TOO_MUCH), *order]).ended(1)
    assert lab.rows("sellOrders") == []
    lab.succeed(products("P1"))
    assert lab.remote_ids("sellOrders") == ["O1"]


def test_a_record_that_does_not_fit_its_schema_is_rejected_with_the_propertys_name(lab: Lab) -> None:
    messages = [schema("Products", "externalId", name={"type": "string"}), record("Products", product("P1", name=5))]
    lab.run(messages).ended(1)
    assert lab.entry("Products", "P1")["error"] == "name: must be string"
