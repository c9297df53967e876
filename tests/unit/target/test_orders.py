"""An order keeps its id while its lines are brought to what the source says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from plans import BROKEN, Script, error, listed, one, row

from target_optiply.client import Answer
from target_optiply.entities import ENTITIES
from target_optiply.orders import parent_attribute, revise_order

SELL, BUY = ENTITIES["sellOrders"], ENTITIES["buyOrders"]


def line(quantity: int) -> dict[str, object]:
    return {"quantity": quantity, "subtotalValue": Decimal("10.00")}


def standing(identity: int, product: int, quantity: int):
    return row(identity, productId=product, quantity=quantity, subtotalValue="10.0")


def revise(answers, lines, attributes=None, order=SELL, **more):
    script = Script()
    plan = revise_order(script.writer, order, "50", attributes, lines, prefix="o1", **more)
    return script.run(plan, answers), script


def test_lines_are_found_by_the_attribute_that_names_their_order():
    assert parent_attribute(SELL) == "sellOrderId"
    assert parent_attribute(BUY) == "buyOrderId"
    _, script = revise([listed()], {}, order=BUY)
    assert script.requests[0].path == "buyOrderLines"
    assert dict(script.requests[0].query)["filter[buyOrderId]"] == "50"


def test_lines_that_stand_as_they_should_are_left_alone():
    outcome, script = revise([listed(standing(1, 5, 2))], {"5": line(2)})
    assert outcome.kind == "unchanged"
    assert outcome.lines == {"5": "1"}
    assert script.steps == ["look"]


def test_lines_are_removed_patched_and_added_by_product():
    rows = [standing(1, 5, 2), standing(2, 6, 1), standing(3, 7, 1)]
    answers = [listed(*rows), Answer(204), one(1, 200), one(4)]
    outcome, script = revise(answers, {"5": line(3), "6": line(1), "8": line(9)})
    assert outcome.kind == "updated"
    assert outcome.lines == {"5": "1", "6": "2", "8": "4"}
    made = [(request.method, request.path) for request in script.requests[1:]]
    assert made == [("DELETE", "sellOrderLines/3"), ("PATCH", "sellOrderLines/1"), ("POST", "sellOrderLines")]
    body = script.requests[-1].body or b""
    assert b'"productId":8' in body
    assert b'"sellOrderId":50' in body


def test_a_second_line_of_one_product_goes():
    outcome, script = revise([listed(standing(1, 5, 2), standing(2, 5, 2)), Answer(204)], {"5": line(2)})
    assert outcome.lines == {"5": "1"}
    assert script.requests[-1].path == "sellOrderLines/2"


def test_the_head_is_patched_first_and_alone_where_the_lines_have_not_changed():
    outcome, script = revise([one(50, 200)], None, {"completed": "2025-07-01T04:00:00Z"})
    assert (outcome.kind, outcome.lines) == ("updated", None)
    assert [request.path for request in script.requests] == ["sellOrders/50"]


def test_lines_that_were_read_already_are_not_read_again():
    _, script = revise([], {"5": line(2)}, rows=[standing(1, 5, 2)])
    assert script.requests == []


def test_a_line_that_vanished_meanwhile_is_made_anew():
    answers = [listed(standing(1, 5, 2)), error(404), error(404), one(9)]
    outcome, _ = revise(answers, {"5": line(3)})
    assert outcome.lines == {"5": "9"}


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([error(422, "no")], "rejected"),
        ([error(404), error(404)], "missing"),
        ([error(404), one(50, 200)], "rejected"),
        ([error(404), error(403)], "unsettled"),
    ],
)
def test_a_line_that_cannot_be_added_tells_whether_the_order_is_gone(answers, kind):
    if answers[0].status == 404:  # the POST is missing something; then the order is looked at
        answers = [answers[0], answers[1]]
    outcome, _ = revise([listed(), *answers], {"5": line(3)})
    assert outcome.kind == kind


def test_lines_that_cannot_be_read_leave_the_order_unsettled():
    assert revise([error(403)], {"5": line(3)})[0].kind == "unsettled"


def test_a_line_whose_answer_was_lost_is_looked_for_by_order_and_product():
    found = row(9, productId=5, sellOrderId=50, quantity=3)
    outcome, script = revise([listed(), BROKEN, listed(found)], {"5": line(3)})
    assert outcome.lines == {"5": "9"}
    query = dict(script.requests[-1].query)
    assert (query["filter[sellOrderId]"], query["filter[productId]"]) == ("50", "5")
