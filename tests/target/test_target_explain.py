"""``--explain REMOTE_ID``: what became of a record, from the state alone."""

from __future__ import annotations

from pair import builders
from target.lab import Lab
from target.messages import inflow, line, offer, optiply, product, products, sell_order, suppliers


def _explain(lab: Lab, remote_id: str) -> str:
    lab.control.clear_log()
    run = lab.start([], "--explain", remote_id).wait().ended()
    assert lab.requests() == []
    return run.stdout


def test_it_tells_what_became_of_a_record_of_any_kind(lab: Lab) -> None:
    goods = [product("SENT"), product("OFF"), product("BAD", price="x")]
    orders = [sell_order("ORDER", line("SENT", 1, "1.00")), sell_order("BENEATH", line("BAD", 1, "1.00"))]
    lab.run(
        [
            *optiply("Products", *goods),
            *suppliers("S1"),
            *optiply("SupplierProducts", offer("OFFER", "SENT", "S1")),
            *optiply("SellOrders", *orders),
            *inflow("products", builders.product("SERVICE", itemType="service")),
        ]
    ).ended(1)
    lab.succeed(products("OFF", deleted_at="2025-07-01T00:00:00Z"), max_rejected_records=9)
    said = {key: _explain(lab, key) for key in ("SENT", "OFF", "BAD", "BENEATH", "SERVICE", "OFFER", "ORDER", "NOBODY")}
    assert said["SENT"].startswith(f"Products SENT: stands in Optiply as {lab.row('products', 'SENT')['id']}\n")
    assert "stock figure last sent: 5" in said["SENT"]
    assert said["BAD"].startswith("Products BAD: rejected: price: ")
    assert said["BENEATH"].startswith("SellOrders BENEATH: rejected: orderLines: products BAD is rejected (price: ")
    assert said["SERVICE"].startswith("Products SERVICE: deliberately not sent: ")
    assert said["OFF"].startswith("Products OFF: removed; its row in Optiply as ")
    assert "refers to suppliers S1, stands in Optiply as " in said["OFFER"]
    assert "refers to products SENT, stands in Optiply as " in said["ORDER"]
    assert said["NOBODY"].startswith("nothing is known of NOBODY in ")
    for text in said.values():
        assert "the state was saved at 20" in text
        assert "by a run that ended: ok" in text


def test_it_tells_what_a_change_that_was_refused_left_standing(lab: Lab) -> None:
    lab.succeed(products("P1"))
    lab.run(products("P1", price="x")).ended(1)
    said = _explain(lab, "P1")
    assert said.startswith("Products P1: rejected: price: ")
    assert f"(an older version stands in Optiply as {lab.row('products', 'P1')['id']})" in said


def test_it_tells_what_is_not_done_yet(lab: Lab) -> None:
    lab.succeed(products("P1", "P2"))
    lab.fault("status", "PATCH", times=None, status=403)
    lab.run(products("P1", deleted_at="2025-07-01T00:00:00Z")).ended(1)
    assert "to be removed: deleted at the source" in _explain(lab, "P1")


def test_it_tells_what_a_parked_record_waits_for(lab: Lab) -> None:
    run, source = lab.feed([*products("P1"), *optiply("SellOrders", sell_order("ORDER", line("LATER", 1, "1.00")))])
    with source:
        lab.await_that(lambda: len(lab.rows("products")) == 1)
        run.send(15)
        run.wait().ended(143)
    assert _explain(lab, "ORDER").startswith("SellOrders ORDER: waits for products LATER\n")


def test_it_reads_the_state_that_is_given(lab: Lab) -> None:
    lab.succeed(products("P1"))
    elsewhere = lab.state_path.rename(lab.directory / "elsewhere.json")
    run = lab.start([], "--explain", "P1", "--state", str(elsewhere)).wait().ended()
    assert run.stdout.startswith("Products P1: stands in Optiply as ")
    assert lab.start([], "--explain", "P1").wait().ended().stdout.startswith("nothing is known of P1")
