"""Every write is done once, whatever happens to its answer: plans driven by hand."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from plans import BROKEN, HTML, NEVER_LEFT, Book, Script, error, listed, one, row

from target_optiply.client import Answer
from target_optiply.entities import ENTITIES
from target_optiply.writes import TRIES, Outcome, Search, Witness

PRODUCTS, SUPPLIERS, PAIRS = ENTITIES["products"], ENTITIES["suppliers"], ENTITIES["supplierProducts"]
BOLT = {"name": "Bolt", "skuCode": "B1", "price": Decimal("1.50"), "remoteId": "r1"}


def create(answers, entity=PRODUCTS, attributes=None, book=None):
    script = Script(book)
    outcome = script.run(script.writer.create(entity, "r1", dict(attributes or BOLT)), answers)
    return outcome, script


def test_a_created_row_is_known_by_its_id_and_its_intent_is_settled():
    outcome, script = create([one(7)])
    assert (outcome.kind, outcome.optiply_id) == ("created", "7")
    assert script.steps == ["POST"]
    assert script.book.intents == {}
    assert script.book.repeated == []


def test_the_intent_stands_while_the_request_is_under_way():
    script = Script()
    plan = script.writer.create(PRODUCTS, "r1", dict(BOLT))
    next(plan)
    assert list(script.book.intents.values()) == [("products", "r1")]
    plan.close()


@pytest.mark.parametrize(
    "lost", [BROKEN, error(500), error(502), error(408), HTML, Answer(201, b""), Answer(201, b"{}")]
)
def test_a_lost_answer_is_looked_for_twice_before_the_post_is_repeated(lost):
    outcome, script = create([lost, listed(), listed(), one(8)])
    assert (outcome.kind, outcome.optiply_id) == ("created", "8")
    assert script.steps == ["POST", "look", "pause", "look", "POST"]
    assert script.book.repeated == [("products", "r1")]
    assert script.book.intents == {}


def test_a_row_that_is_found_at_once_or_after_the_pause_is_taken_and_nothing_repeated():
    found = row(9, name="Bolt", skuCode="B1", remoteIdMap={"77": "r1"})
    for answers, steps in (
        ([BROKEN, listed(found)], ["POST", "look"]),
        ([BROKEN, listed(), listed(found)], ["POST", "look", "pause", "look"]),
    ):
        outcome, script = create(answers)
        assert (outcome.kind, outcome.optiply_id) == ("created", "9")
        assert script.steps == steps
        assert script.book.repeated == []


def test_a_request_that_never_left_is_not_looked_for():
    outcome, script = create([NEVER_LEFT, one(7)])
    assert outcome.kind == "created"
    assert script.steps == ["POST", "pause", "POST"]
    assert script.book.repeated == []


@pytest.mark.parametrize("failing", [error(403), error(400), HTML])
def test_where_the_look_up_fails_nothing_is_posted_and_nothing_is_said_of_the_record(failing):
    def answer(request):
        return BROKEN if request.method == "POST" else failing

    outcome, script = create(answer)
    assert outcome.kind == "unsettled"
    assert [request.method for request in script.requests].count("POST") == 1
    assert list(script.book.intents.values()) == [("products", "r1")]


def test_the_look_up_names_the_natural_key_and_a_margin_before_the_post():
    _, script = create([BROKEN, listed(), listed(), one(8)])
    query = dict(script.requests[1].query)
    assert query["filter[createdAt][GE]"] == "2025-07-01T03:50:00Z"
    assert (query["filter[name]"], query["filter[skuCode]"]) == ("Bolt", "B1")
    assert query["filter[accountId]"] == "1380"


@pytest.mark.parametrize(
    ("found", "is_ours"),
    [
        (row(9, name="Bolt", skuCode="B1"), True),
        (row(9, name="Bolt", skuCode="B1", accountId=1380), True),
        (row(9, name="Bolt", skuCode="B1", accountId=1381), False),
        (row(9, name="Bolt", skuCode="B2"), False),
        (row(9, name="Bolt", skuCode="B1", remoteIdMap={"77": "other"}), False),
        (row(9, name="Bolt", skuCode="B1", remoteIdMap={"78": "r1"}), False),
        (row(9, name="changed meanwhile", skuCode="B1", remoteIdMap={"77": "r1"}), True),
        (row(1, name="Bolt", skuCode="B1", remoteIdMap={"77": "r1"}), False),
    ],
)
def test_whose_row_it_is_is_told_by_its_map_its_account_and_its_natural_key(found, is_ours):
    book = Book()
    book.known = {"1"}
    script = Script(book)
    search = Search("r1", BOLT, book.server_now())
    assert script.run(script.writer.find(PRODUCTS, search), [listed(found)]) == (["9"] if is_ours else [])


@pytest.mark.parametrize("value", ["a, b", "null", "NULL"])
def test_a_value_that_a_filter_would_misread_is_compared_here(value):
    script = Script()
    search = Search("r1", {**BOLT, "name": value}, script.book.server_now())
    answer = listed(row(9, name=value, skuCode="B1"), row(8, name="other", skuCode="B1"))
    assert script.run(script.writer.find(PRODUCTS, search), [answer]) == ["9"]
    assert "filter[name]" not in dict(script.requests[0].query)


def test_after_five_tries_the_record_is_rejected_with_the_servers_words():
    answers = [error(500, "null pointer"), listed(), listed()] * TRIES
    outcome, script = create(answers)
    assert outcome.kind == "rejected"
    assert outcome.reason == "500 null pointer (5 tries)"
    assert script.steps.count("POST") == TRIES


def test_no_try_counts_while_nothing_succeeds_at_all():
    book = Book()
    book.others = False
    script = Script(book)
    plan = script.writer.create(PRODUCTS, "r1", dict(BOLT))
    seen = 0

    def answer(request):
        nonlocal seen
        if request.method == "GET":
            return listed()
        seen += 1
        return error(503) if seen < 12 else one(7)

    assert script.run(plan, answer).kind == "created"
    assert seen == 12


def test_where_nothing_else_is_written_a_row_that_stands_tells_whether_optiply_takes_writes():
    book = Book()
    book.others = False
    book.witnesses = [Witness("products", "7", "P7")] * 2
    script = Script(book)

    def answer(request):
        if request.method == "GET":
            return listed()
        if request.method == "PATCH":
            assert (request.path, json.loads(request.body)["data"]["attributes"]) == ("products/7", {"remoteId": "P7"})
            book.others = len(book.witnesses) == 0  # the first fails as well
            return one(7, 200) if book.others else error(500)
        return error(500, "null pointer")

    outcome = script.run(script.writer.create(PRODUCTS, "r1", dict(BOLT)), answer)
    assert (outcome.kind, outcome.reason) == ("rejected", "500 null pointer (5 tries)")
    assert (script.steps.count("POST"), script.steps.count("PATCH")) == (TRIES + 1, 2)


@pytest.mark.parametrize("status", [400, 403, 405, 415, 422, 413])
def test_a_refusal_rejects_with_the_servers_own_message(status):
    outcome, script = create([error(status, "price: too long")])
    assert (outcome.kind, outcome.reason) == ("rejected", f"{status} price: too long")
    assert script.book.intents == {}


def test_a_404_is_a_missing_reference():
    outcome, _ = create([error(404, "product 5 not found")])
    assert (outcome.kind, outcome.reason) == ("missing", "404 product 5 not found")


@pytest.mark.parametrize("status", [400, 422])
def test_a_supplier_refused_for_its_e_mail_is_sent_without_it_and_warned_of(status):
    refusal = error(status, "emails: 'x@y' is not a valid address")
    outcome, script = create([refusal, one(7)], SUPPLIERS, {"name": "Acme", "emails": ["x@y"]})
    assert outcome.kind == "created"
    assert b"emails" not in (script.requests[1].body or b"")
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("emails: left out")
    outcome, _ = create(
        [refusal, error(status, "still is not a valid address")], SUPPLIERS, {"name": "A", "emails": ["x"]}
    )
    assert outcome.kind == "rejected"


def test_a_patched_supplier_loses_its_refused_e_mail_too():
    script = Script()
    plan = script.writer.update(SUPPLIERS, "7", {"name": "Acme", "emails": ["x@y"]})
    outcome = script.run(plan, [error(400, "x@y is not a valid address"), one(7, 200)])
    assert outcome.kind == "updated"
    assert b"emails" not in (script.requests[1].body or b"")
    assert outcome.warnings


PAIR = {"productId": 5, "supplierId": 6, "name": "Bolt"}


def test_a_unique_pair_that_is_taken_is_found_by_the_pair():
    holder = row(9, productId=5, supplierId=6)
    outcome, script = create([error(409, "exists"), listed(row(8, productId=5, supplierId=60), holder)], PAIRS, PAIR)
    assert (outcome.kind, outcome.optiply_id) == ("duplicate", "9")
    query = dict(script.requests[1].query)
    assert (query["filter[productId]"], query["filter[supplierId]"]) == ("5", "6")


def test_a_taken_pair_that_nobody_holds_rejects_and_one_that_cannot_be_looked_up_stays_unsettled():
    assert create([error(409, "exists"), listed()], PAIRS, PAIR)[0].kind == "rejected"
    outcome, script = create([error(409, "exists"), error(403)], PAIRS, PAIR)
    assert outcome.kind == "unsettled"
    assert script.book.intents


def test_a_conflict_without_a_pair_is_a_refusal():
    assert create([error(409, "exists")])[0].kind == "rejected"


def update(answers, attributes=None):
    script = Script()
    return script.run(script.writer.update(PRODUCTS, "7", attributes or {"name": "x"}), answers), script


def test_a_patch_may_be_repeated_without_a_look():
    outcome, script = update([BROKEN, error(500), HTML, one(7, 200)])
    assert outcome.kind == "updated"
    assert script.steps == ["PATCH", "pause", "PATCH", "pause", "PATCH", "pause", "PATCH"]


@pytest.mark.parametrize("answer", [Answer(200), Answer(204)])
def test_a_patch_needs_no_document_in_its_answer(answer):
    assert update([answer])[0].kind == "updated"


def test_a_patch_that_fails_five_times_is_rejected():
    outcome, script = update([error(500, "broken")] * TRIES)
    assert (outcome.kind, outcome.reason) == ("rejected", "500 broken")
    assert script.steps.count("PATCH") == TRIES


def test_a_row_is_gone_only_where_it_cannot_be_read_either():
    assert update([error(404), error(404)])[0].kind == "missing"
    assert update([error(404), one(7, 200), one(7, 200)])[0].kind == "updated"
    assert update([error(404), error(403)])[0].kind == "unsettled"


def delete(answers, entity=PRODUCTS, soft=False):
    script = Script()
    return script.run(script.writer.delete(entity, "7", soft=soft), answers), script


def test_a_deletion_is_done_where_the_row_is_gone_already():
    assert delete([Answer(204)])[0].kind == "deleted"
    assert delete([error(404), error(404)])[0].kind == "deleted"
    assert delete([BROKEN, error(404), error(404)])[0].kind == "deleted"
    assert delete([error(403, "no")])[0].kind == "rejected"


def test_a_row_that_was_deleted_is_noted_since_a_list_read_before_may_still_tell_of_it():
    assert delete([Answer(204)])[1].book.gone == [("products", "7")]
    assert delete([error(404), error(404)])[1].book.gone == [("products", "7")]
    assert delete([error(403, "no")])[1].book.gone == []
    assert delete([one(7, 200)], soft=True)[1].book.gone == []  # it is there, switched off


def test_a_row_that_is_gone_is_deleted_though_no_try_was_answered_so():
    assert delete([error(500)] * TRIES + [error(404)])[0].kind == "deleted"
    assert delete([error(500)] * TRIES + [one(7, 200)])[0].kind == "rejected"
    assert delete([error(500)] * (2 * TRIES))[0].kind == "rejected"  # nor can it be read


@pytest.mark.parametrize(
    ("entity", "body"),
    [(PRODUCTS, b'"status":"disabled"'), (PAIRS, b'"status":"disabled"'), (SUPPLIERS, b'"ignored":true')],
)
def test_softly_deleted_rows_are_switched_off(entity, body):
    outcome, script = delete([one(7, 200)], entity, soft=True)
    assert outcome.kind == "deleted"
    assert script.requests[0].method == "PATCH"
    assert body in (script.requests[0].body or b"")


def test_what_has_no_soft_form_is_deleted():
    _, script = delete([Answer(204)], ENTITIES["sellOrders"], soft=True)
    assert script.requests[0].method == "DELETE"


def test_a_row_that_is_read_must_be_the_one_that_was_asked_for():
    script = Script()
    assert script.run(script.writer.read_one("products", "7"), [one(7, 200)])["id"] == "7"
    for answers, kind in (([error(404)], "missing"), ([one(8, 200)], "unsettled"), ([error(403)], "unsettled")):
        outcome = script.run(script.writer.read_one("products", "7"), answers)
        assert isinstance(outcome, Outcome)
        assert outcome.kind == kind


def test_lists_are_read_page_by_page_behind_the_last_id():
    script = Script()
    first, second = [row(n) for n in range(1, 101)], [row(n) for n in range(101, 151)]
    rows = script.run(script.writer.read_all("products", ()), [listed(*first), listed(*second)])
    assert [each["id"] for each in rows] == [str(n) for n in range(1, 151)]
    assert dict(script.requests[1].query)["filter[id][GT]"] == "100"


def test_a_server_that_ignores_the_page_is_not_read_for_ever():
    script = Script()
    page = listed(*[row(n) for n in range(1, 101)])
    assert script.run(script.writer.read_all("products", ()), [page, page]) is None
    assert script.run(script.writer.read_all("products", ()), [error(403)]) is None


def test_of_two_rows_of_one_record_the_younger_is_deleted():
    script = Script()
    search = Search("r1", BOLT, script.book.server_now())
    rows = listed(row(9, name="Bolt", skuCode="B1"), row(10, name="Bolt", skuCode="B1"))
    assert script.run(script.writer.keep_oldest(PRODUCTS, search, "9"), [rows, Answer(204)]) == "9"
    assert script.requests[-1].path == "products/10"
    assert script.run(script.writer.keep_oldest(PRODUCTS, search, None), [listed()]) == ""
    assert script.run(script.writer.keep_oldest(PRODUCTS, search, None), [error(403)]) is None
