"""What stands in Optiply after the pair has run over another API than inFlow's, judged by an oracle of its own."""

from __future__ import annotations

from functools import partial

import pytest
from apis import oracle
from apis.cases import OPTERIUS, OPTIFLOW, QUICKSTART, Bench
from apis.pairs import Pair
from pair.expected import Expectation


@pytest.mark.parametrize("case", [OPTIFLOW], ids=lambda case: case.name)
class TestOptiflow:
    def test_products_suppliers_and_sales_stand_and_follow_every_change(self, bench: Bench) -> None:
        pair = Pair(bench, oracle.optiflow)
        said = pair.run().target.stderr
        pair.assert_stands()
        assert said.count("those that are no suppliers are not sent") == 1
        assert said.count("workspaces: Optiply has no use for this stream") == 1
        pair.run()
        assert not pair.writes

        before = pair.expected()
        sold = [row for row in bench.rows() if str(row["id"]) in before.rows["sellOrders"]]
        product = next(row for row in bench.rows("products") if row["track_stock"] and row["stocks"])
        supplier = next(row for row in bench.rows("contacts") if row["contact_type"] == "supplier")
        items = [{**item, "quantity": item["quantity"] + 2} for item in sold[1]["items"]]
        bench.put({"id": sold[0]["id"], "status": "cancelled"}, {"id": sold[1]["id"], "items": items})
        bench.put({"id": product["id"], "stocks": [{**product["stocks"][0], "quantity": 77}]}, collection="products")
        bench.put({"id": supplier["id"], "contact_type": "customer"}, collection="contacts")
        pair.run()
        after = pair.expected()
        # What is gone is not deleted where there is a softer form.
        was = before.rows["suppliers"][str(supplier["id"])]
        after.rows["suppliers"][str(supplier["id"])] = {**was, "ignored": True}
        pair.assert_stands(after)
        lines = sum(key.startswith(f"{sold[1]['id']}/") for key in after.rows["sellOrderLines"])
        assert pair.writes == {
            "DELETE sellOrders": 1,
            "PATCH sellOrderLines": lines,
            "PATCH products": 1,
            **({} if was["ignored"] else {"PATCH suppliers": 1}),
        }
        bench.put({"id": sold[0]["id"], "status": "paid"})
        bench.put({"id": supplier["id"], "contact_type": "supplier"}, collection="contacts")
        pair.run()
        pair.assert_stands()

    def test_invoices_without_their_items_are_not_sent_and_it_is_said(self, bench: Bench) -> None:
        bench.sandbox.control.set_switches(optiflow_relations="none")
        said = Pair(bench, oracle.optiflow).run().target.stderr
        assert said.count("without their items") == 1
        assert not bench.sandbox.control.optiply("sellOrders")
        assert bench.sandbox.control.optiply("products")


@pytest.mark.parametrize("case", [QUICKSTART], ids=lambda case: case.name)
class TestQuickstart:
    def test_orders_stand_with_the_products_that_they_bring(self, bench: Bench) -> None:
        pair = Pair(bench, oracle.quickstart)
        said = pair.run().target.stderr
        pair.assert_stands()
        assert said.count("customers: Optiply has no use for this stream") == 1
        pair.run()
        assert not pair.writes
        order = next(row for row in bench.rows() if str(row["id"]) in pair.expected().rows["sellOrders"])
        bench.put({"id": order["id"], "status": "cancelled"})
        pair.run()
        pair.assert_stands()
        assert pair.writes == {"DELETE sellOrders": 1}
        bench.put({"id": order["id"], "status": "completed"})

    def test_orders_without_items_stand_with_their_total(self, bench: Bench) -> None:
        bench.sandbox.control.set_switches(quickstart_items="none")
        pair = Pair(bench, partial(oracle.quickstart, items="none"))
        pair.run()
        pair.assert_stands()

    def test_open_orders_are_sent_where_they_are_wanted(self, bench: Bench) -> None:
        bench.sandbox.control.set_switches(quickstart_items="none")
        Pair(bench, oracle.quickstart).run(open_sales_orders="send")
        standing = {row["remoteId"]: row["attributes"] for row in bench.sandbox.control.optiply("sellOrders")}
        wanted = {str(row["id"]) for row in bench.rows() if row["status"] in ("open", "completed")}
        assert standing.keys() == wanted
        for row in bench.rows():
            if row["status"] == "open":
                assert standing[str(row["id"])].get("completed") is None


@pytest.mark.parametrize("case", OPTERIUS, ids=lambda case: case.name)
def test_nothing_of_opterius_is_sent_and_each_stream_says_so_once(bench: Bench) -> None:
    pair = Pair(bench, lambda _: Expectation())
    said = pair.run().target.stderr
    pair.assert_stands()
    assert not pair.writes
    for stream in bench.case.collections:
        assert said.count(f"{stream}: Optiply has no use for this stream") == 1
