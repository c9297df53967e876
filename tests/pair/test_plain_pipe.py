"""The plain pipe on the default data set: everything stands as promised, and a second run has nothing to do."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pair.compare import Standing
from pair.expected import Expectation
from pair.pipeline import Pipeline
from pair.spoil import spoil
from support.processes import Piped, Sandbox

DEBUG = dict.fromkeys(("LOGLEVEL", "TAP_INVENTORY_LOGLEVEL", "TARGET_OPTIPLY_LOGLEVEL"), "DEBUG")
# Entities whose records the state keeps under the inventory's own ids.
KEYED = ("products", "suppliers", "supplierProducts", "sellOrders", "buyOrders", "receiptLines")


def pascal(entity: str) -> str:
    """Return an entity's name as the state spells it."""
    return entity[0].upper() + entity[1:]


class FirstRun:
    """What is left of the first run, for all tests of this module."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        spoil(pipeline.sandbox.control)
        self.expectation: Expectation = pipeline.expected()
        self.done: Piped = pipeline.run(env=DEBUG)
        assert self.done.tap.code == 0, self.done.explain()
        self.writes = Counter(pipeline.sandbox.control.writes())
        self.state: dict[str, Any] = pipeline.target_state()
        self.state_text: str = pipeline.state_path.read_text(encoding="utf-8")
        self.authorizations = {entry["authorization"] for entry in pipeline.sandbox.control.log()} - {None}

    def outputs(self) -> str:
        """Return everything the run left behind that is not a Singer stream."""
        return f"{self.done.tap.stderr}\n{self.done.target.stdout}\n{self.done.target.stderr}\n{self.state_text}"


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield FirstRun(Pipeline(sandbox, tmp_path_factory.mktemp("pipeline")))


def test_the_data_set_holds_what_the_promises_are_about(first_run: FirstRun) -> None:
    collections = first_run.pipeline.sandbox.control.inventory()
    rows, orders = first_run.expectation.rows, [*collections["sales-orders"], *collections["purchase-orders"]]
    assert all(rows[entity] for entity in rows), "an entity without a row proves nothing"
    assert any(row["lotSize"] not in (None, 1) for row in rows["supplierProducts"].values())
    assert any(row["salesUom"]["conversionRatio"]["standardQuantity"] != "1.0000" for row in collections["products"])
    assert any(float(order["exchangeRate"]) not in (0, 1) for order in orders)
    assert any(order["isTaxInclusive"] and order["calculateTax2OnTax1"] for order in orders)
    assert any(order["isTaxInclusive"] and not order["calculateTax2OnTax1"] for order in orders)
    assert any(len({line["productId"] for line in order["lines"]}) < len(order["lines"]) for order in orders)
    assert any(len(order["receiveLines"]) > 1 for order in collections["purchase-orders"])
    assert any(row["rawQuantityAvailable"] != row["quantityOnHand"] for row in collections["product-summaries"])
    assert len({row["currencyId"] for row in collections["vendors"]}) > 1


def test_the_sums_over_locations_that_the_inventory_gives_are_sums_over_locations(first_run: FirstRun) -> None:
    totals: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    for row in first_run.pipeline.sandbox.control.collection("product-summaries"):
        figures = totals if row["locationId"] is None else sums
        figures[row["productId"]] = figures.get(row["productId"], Decimal(0)) + Decimal(row["rawQuantityAvailable"])
    assert totals == sums


def test_optiply_holds_exactly_what_is_promised(first_run: FirstRun) -> None:
    standing: Standing = first_run.pipeline.assert_stands(first_run.expectation)
    assert all(standing.rows.values())


def test_everything_is_created_once_and_whole(first_run: FirstRun) -> None:
    embedded = {"sellOrderLines", "buyOrderLines"}
    rows = {entity: len(rows) for entity, rows in first_run.expectation.rows.items() if entity not in embedded}
    # Of two compositions that reverse each other the second is not even tried.
    rows["productCompositions"] -= len(first_run.expectation.either)
    assert first_run.writes == {f"POST {entity}": count for entity, count in rows.items()}


def test_both_programs_succeed_with_as_many_rejections_as_are_allowed(first_run: FirstRun) -> None:
    assert (first_run.done.tap.code, first_run.done.target.code) == (0, 0), first_run.done.explain()


def test_rejected_are_exactly_the_records_that_cannot_be_sent(first_run: FirstRun) -> None:
    for entity in KEYED:
        entries = first_run.state["bookmarks"].get(pascal(entity), [])
        failed = {entry["externalId"]: entry.get("error") for entry in entries if not entry["success"]}
        own, orphaned = first_run.expectation.rejected[entity].keys(), first_run.expectation.orphaned[entity].keys()
        assert own <= failed.keys() <= own | orphaned, (entity, failed)
        for key, error in failed.items():
            assert error, (entity, key)
            assert "\n" not in error
    fails = sum(counts["fail"] for counts in first_run.state["summary"].values())
    assert first_run.expectation.rejections <= fails <= first_run.expectation.refusals


def test_the_state_file_is_one_document_with_one_entry_a_line(first_run: FirstRun) -> None:
    bookmarks = first_run.state["bookmarks"]
    lines = first_run.state_text.splitlines()
    entries = [line.strip().rstrip(",") for line in lines if '"externalId"' in line]
    assert len(entries) == sum(map(len, bookmarks.values()))
    for entity in KEYED:
        written = {entry["externalId"] for entry in bookmarks[pascal(entity)] if entry["success"]}
        assert written == first_run.expectation.rows[entity].keys()
        for entry in bookmarks[pascal(entity)]:
            assert isinstance(entry["externalId"], str)
            assert entry["success"] is False or (isinstance(entry["id"], str) and entry["hash"])
    assert not list(first_run.pipeline.directory.glob("*.work")), "the working copy is gone after a clean end"


def test_the_state_names_the_ids_that_optiply_gave(first_run: FirstRun) -> None:
    standing = first_run.pipeline.assert_stands(first_run.expectation)
    for entity in KEYED:
        known = {
            entry["externalId"]: entry["id"]
            for entry in first_run.state["bookmarks"][pascal(entity)]
            if entry["success"]
        }
        assert known == standing.ids[entity]


def test_the_summary_counts_what_was_created(first_run: FirstRun) -> None:
    for entity in KEYED:
        counts = first_run.state["summary"][pascal(entity)]
        assert counts["success"] == len(first_run.expectation.rows[entity])
        assert (counts["existing"], counts["updated"]) == (0, 0)
    run = first_run.state["run"]
    assert run["outcome"] == "ok"
    assert (run["account_id"], run["coupling_id"]) == ("1380", "77")
    assert run["api"].startswith(first_run.pipeline.sandbox.ready["optiply"]["api_url"])


def test_stdout_carries_nothing_but_the_taps_state(first_run: FirstRun) -> None:
    lines = first_run.done.target.stdout.splitlines()
    assert lines
    for line in lines:
        value = json.loads(line)
        assert value, "never {}"
        assert "type" not in value
        assert value.keys() >= {"bookmarks"}
        assert "summary" not in value


def test_no_output_holds_a_customer_or_a_secret(first_run: FirstRun) -> None:
    sandbox = first_run.pipeline.sandbox
    outputs = first_run.outputs().casefold()
    secrets = [sandbox.ready["inflow"]["api_key"]]
    secrets += [sandbox.ready["optiply"][name] for name in ("client_secret", "password", "username", "client_id")]
    assert [secret for secret in secrets if secret.casefold() in outputs] == []
    private = set()
    for customer in sandbox.control.collection("customers"):
        private |= {customer["name"], customer["contactName"], customer["email"], customer["phone"]}
    for order in sandbox.control.collection("sales-orders"):
        private |= {order["email"], order["phone"], order["contactName"], order["shipToCompanyName"]}
        private |= {order[name]["address1"] for name in ("billingAddress", "shippingAddress")}
    private = {text.casefold() for text in private if text and len(text) > 5}
    assert private, "nothing to look for"
    # Vendors are sent, and one may share a word with a customer.
    public = {text.casefold() for row in sandbox.control.collection("vendors") for text in (row["name"], row["email"])}
    assert sorted(text for text in private - public if text in outputs) == []


def test_no_output_holds_a_token(first_run: FirstRun) -> None:
    assert first_run.authorizations
    words = set(re.findall(r"[A-Za-z0-9+/=._~-]{8,}", first_run.outputs()))
    spoken = {
        hashlib.sha256(f"{scheme} {word}".encode()).hexdigest() for word in words for scheme in ("Bearer", "Basic")
    }
    assert not spoken & first_run.authorizations


def test_a_second_run_writes_nothing(first_run: FirstRun) -> None:
    control = first_run.pipeline.sandbox.control
    control.clear_log()
    done = first_run.pipeline.succeed()
    assert control.writes() == [], done.explain()
    first_run.pipeline.assert_stands(first_run.expectation)


def test_a_full_read_again_writes_nothing_either(first_run: FirstRun) -> None:
    control = first_run.pipeline.sandbox.control
    control.clear_log()
    done = first_run.pipeline.succeed(from_scratch=True)
    assert control.writes() == [], done.explain()
    summary = first_run.pipeline.target_state()["summary"]
    for entity in ("products", "suppliers", "supplierProducts", "sellOrders", "buyOrders"):
        assert summary[pascal(entity)]["existing"] == len(first_run.expectation.rows[entity])


def test_one_rejection_more_than_allowed_is_a_failure_that_says_so(first_run: FirstRun) -> None:
    rejections = first_run.expectation.rejections
    assert rejections > 1
    done = first_run.pipeline.run(from_scratch=True, max_rejected_records=rejections - 1)
    assert done.tap.code == 0
    assert done.target.code == 1
    assert done.target.stderr.splitlines()[-1].startswith("rejected")
    assert "Traceback" not in done.target.stderr
    assert first_run.pipeline.target_state()["run"]["outcome"] == "rejected"


def test_a_lost_state_is_adopted_without_a_write(first_run: FirstRun) -> None:
    control = first_run.pipeline.sandbox.control
    first_run.pipeline.state_path.unlink()
    control.clear_log()
    done = first_run.pipeline.succeed(from_scratch=True)
    assert control.writes() == [], done.explain()
    first_run.pipeline.assert_stands(first_run.expectation)
