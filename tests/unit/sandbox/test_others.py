"""The smaller inventory APIs of the sandbox, each asked in its own way, with every switch both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import identity
from sandbox.http import Request, Response
from sandbox.others import Sizes, others, ready
from sandbox.switches import Switches

NOW = 1_750_000_000.0
SIZES = Sizes(products=40, customers=20, vendors=5, orders=130)


class Caller:
    """One API in this process, asked as someone who is logged in asks it."""

    def __init__(self, name: str, **switches: Any) -> None:
        made = Switches()
        made.update(switches)
        self.switches = made
        self.api = others(SIZES, made)[name]
        self.prefix = "" if name == "quickstart" else "/api/v1"
        self.token = {"optiflow": identity.OPTIFLOW_TOKEN, "opterius": identity.OPTERIUS_TOKEN}.get(name, "")
        if not self.token:
            self.token = body(self.grant())["access_token"]

    def get(self, path: str, *, now: float = NOW, headers: Mapping[str, str] | None = None, **query: Any) -> Response:
        given = {"authorization": f"Bearer {self.token}", **(headers or {})}
        asked = [(name.rstrip("_"), str(value)) for name, value in query.items()]
        return self.api.handle(Request("GET", self.prefix + path, asked, given, b"", now))

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        found = body(self.get(path, **query))
        return found["data"] if isinstance(found, dict) else found

    def grant(self, now: float = NOW, **form: str) -> Response:
        """Ask for tokens, with the first refresh token unless told otherwise."""
        asked = {
            "grant_type": "refresh_token",
            "client_id": identity.QUICKSTART_CLIENT_ID,
            "client_secret": identity.QUICKSTART_CLIENT_SECRET,
            "refresh_token": identity.QUICKSTART_REFRESH_TOKEN,
        }
        return self.api.handle(Request("POST", "/oauth/token", [], {}, urlencode(asked | form).encode(), now))


def body(response: Response) -> Any:
    return json.loads(response.body)


@pytest.mark.parametrize("name", ["optiflow", "quickstart", "opterius"])
class TestEach:
    def test_only_a_known_token_may_read_and_only_by_get(self, name: str) -> None:
        caller = Caller(name)
        path = "/invoices"
        assert caller.get(path, page=1).status == 200
        post = Request("POST", caller.prefix + path, [], {"authorization": f"Bearer {caller.token}"}, b"", NOW)
        assert caller.api.handle(post).status == 405
        assert caller.get("/nothing").status == 404
        caller.token = "another"
        assert caller.get(path).status == 401

    @pytest.mark.parametrize("form", ["seconds", "date", "absent"])
    def test_more_requests_in_a_minute_than_allowed_are_told_when_to_come_again(self, name: str, form: str) -> None:
        switches = {f"{name}_requests_per_minute": 2, f"{name}_retry_after": form}
        caller = Caller(name, **switches)
        assert [caller.get("/invoices", now=NOW + each).status for each in (0, 10, 20)] == [200, 200, 429]
        told = caller.get("/invoices", now=NOW + 20).headers.get("retry-after")
        if form == "seconds":
            assert told == "40"
        elif form == "date":
            assert told
            assert parsedate_to_datetime(told).timestamp() == NOW + 60
        else:
            assert told is None
        assert caller.get("/invoices", now=NOW + 60).status == 200

    def test_what_callers_are_told_of_it_leads_to_it(self, name: str) -> None:
        assert ready("http://here")[name]["api_url"] == f"http://here/{name}{'' if name == 'quickstart' else '/api/v1'}"


class TestOptiflow:
    def test_a_page_says_of_itself_what_the_framework_says(self) -> None:
        found = body(Caller("optiflow").get("/invoices", page=3, per_page=50))
        expected = {"current_page": 3, "last_page": 3, "per_page": 50, "total": 130, "from": 101, "to": 130}
        assert expected.items() <= found["meta"].items()
        assert len(found["data"]) == 30
        flat = body(Caller("optiflow", optiflow_envelope="flat").get("/invoices", page=3, per_page=50))
        assert expected.items() <= flat.items()
        assert "meta" not in flat

    def test_pages_have_fifteen_rows_and_at_most_a_hundred(self) -> None:
        assert len(Caller("optiflow").rows("/invoices")) == 15
        assert len(Caller("optiflow").rows("/invoices", per_page=500)) == 100
        refused = Caller("optiflow", optiflow_per_page_over_100="refuse").get("/invoices", per_page=500)
        assert refused.status == 422
        assert "per_page" in body(refused)["errors"]

    @pytest.mark.parametrize("sort", ["updated_at", "-updated_at"])
    def test_rows_come_in_the_order_that_is_asked_for_unless_it_is_ignored_or_refused(self, sort: str) -> None:
        moments = [row["updated_at"] for row in Caller("optiflow").rows("/invoices", sort=sort)]
        assert moments == sorted(moments, reverse=sort[0] == "-")
        ignored = Caller("optiflow", optiflow_sort="ignored").rows("/invoices", sort=sort)
        assert [row["id"] for row in ignored] == list(range(1, 16))
        assert Caller("optiflow", optiflow_sort="refused").get("/invoices", sort=sort).status == 400
        assert Caller("optiflow").get("/invoices", sort="nothing").status == 400

    def test_rows_may_be_filtered_by_the_value_of_a_field(self) -> None:
        for name in ("status", "filter[status]"):
            found = Caller("optiflow").rows("/invoices", per_page=100, **{name: "paid,draft"})
            assert {row["status"] for row in found} == {"paid", "draft"}

    def test_relations_come_where_they_are_asked_for_always_or_never(self) -> None:
        carried: dict[str, list[bool]] = {}
        for how in ("asked", "always", "none"):
            caller = Caller("optiflow", optiflow_relations=how)
            carried[how] = ["items" in caller.rows("/invoices", **asked)[0] for asked in ({}, {"include": "items"})]
        assert carried == {"asked": [False, True], "always": [True, True], "none": [False, False]}

    def test_a_workspace_is_named_by_header_or_parameter_and_must_be_one_s_own(self) -> None:
        caller = Caller("optiflow")
        for asked in ({"headers": {"x-workspace-id": "2"}}, {"workspace_id": 2}):
            assert {row["workspace_id"] for row in caller.rows("/invoices", **asked)} == {2}
        products = caller.rows("/products", include="stocks", headers={"x-workspace-id": "2"})
        assert {stock["workspace_id"] for row in products for stock in row["stocks"]} == {2}
        assert caller.get("/invoices", headers={"x-workspace-id": "9"}).status == 403

    @pytest.mark.parametrize("bumps", [True, False])
    def test_a_change_of_an_item_alone_renews_its_invoice_or_not(self, bumps: bool) -> None:
        caller = Caller("optiflow", optiflow_child_bumps_parent=bumps)
        before = caller.api.dump("invoices")[0]
        items = [{**before["items"][0], "description": "now otherwise"}, *before["items"][1:]]
        caller.api.put("invoices", [{"id": before["id"], "items": items}], NOW)
        after = caller.api.dump("invoices")[0]
        assert (after["updated_at"] != before["updated_at"]) is bumps
        assert after["items"][0]["updated_at"] != before["items"][0]["updated_at"]
        assert after["items"][1:] == before["items"][1:]


class TestQuickstart:
    def test_a_page_is_the_paginators(self) -> None:
        found = body(Caller("quickstart").get("/orders", page=9))
        assert {"total": 130, "per_page": 15, "current_page": 9, "last_page": 9, "to": 130}.items() <= found.items()
        assert found["next_page_url"] is None
        assert found["prev_page_url"].endswith("/orders?page=8")
        assert len(body(Caller("quickstart", quickstart_page_size=7).get("/orders", page=1))["data"]) == 7

    def test_for_an_agent_a_list_has_pages_only_where_one_is_asked_for(self) -> None:
        caller = Caller("quickstart", quickstart_user="agent")
        assert len(caller.rows("/orders")) == 130
        assert isinstance(body(caller.get("/orders")), list)
        assert len(caller.rows("/orders", page=1)) == 15

    def test_customers_and_orders_can_be_sorted_and_filtered_and_nothing_else(self) -> None:
        caller = Caller("quickstart")
        for path in ("/customers", "/orders"):
            moments = [row["updated_at"] for row in caller.rows(path, page=1, sort="-updated_at")]
            assert moments == sorted(moments, reverse=True)
        assert [row["id"] for row in caller.rows("/orders", **{"filter[id]": "3,5"})] == [3, 5]
        plain = caller.rows("/invoices", page=1)
        assert caller.rows("/invoices", page=1, sort="-updated_at", **{"filter[id]": "3"}) == plain
        ignoring = Caller("quickstart", quickstart_sort="ignored")
        assert [row["id"] for row in ignoring.rows("/orders", page=1, sort="-id")] == list(range(1, 16))

    def test_aggregates_come_with_pages_of_invoices_alone(self) -> None:
        caller = Caller("quickstart")
        total = sum(row["total"] for row in caller.api.dump("invoices"))
        assert body(caller.get("/invoices", page=1, metadata=1))["metadata"]["total"] == round(total, 2)
        assert "metadata" not in body(caller.get("/invoices", page=1))
        assert "metadata" not in body(caller.get("/orders", page=1, metadata=1))

    @pytest.mark.parametrize("how", ["product", "id", "none"])
    def test_orders_carry_their_items_as_the_switch_says(self, how: str) -> None:
        order = Caller("quickstart", quickstart_items=how).rows("/orders", page=1)[0]
        assert ("items" in order) is (how != "none")
        if how != "none":
            assert all(("product" in item) is (how == "product") for item in order["items"])

    def test_a_refresh_token_is_good_once_where_it_is_replaced(self) -> None:
        caller = Caller("quickstart")
        assert caller.grant().status == 401  # used when the caller came
        lasting = Caller("quickstart", quickstart_rotation=False)
        assert lasting.grant().status == 200
        caller.api.forget()
        second = body(caller.grant())["refresh_token"]
        assert body(caller.grant(refresh_token=second))["refresh_token"] != second

    def test_an_access_token_ends_after_its_lifetime_and_whoever_asks_wrongly_gets_none(self) -> None:
        caller = Caller("quickstart", quickstart_token_lifetime=100)
        assert caller.get("/orders", now=NOW + 99).status == 200
        assert caller.get("/orders", now=NOW + 100).status == 401
        assert caller.grant(client_secret="wrong").status == 401
        assert caller.grant(grant_type="password").status == 400


class TestOpterius:
    def test_the_documented_variant_has_pages_with_meta_and_amounts_in_the_smallest_unit(self) -> None:
        found = body(Caller("opterius").get("/orders", page=2, per_page=100))
        assert found["meta"] == {"current_page": 2, "last_page": 2, "per_page": 100, "total": 130}
        assert all(isinstance(row["total"], int) for row in found["data"])
        assert body(Caller("opterius").get("/me"))["data"]["id"] == 7

    def test_the_observed_variant_has_every_row_at_once_and_amounts_in_the_major_unit(self) -> None:
        documented, observed = Caller("opterius"), Caller("opterius", opterius_variant="observed")
        found = body(observed.get("/orders", page=2, per_page=100))
        assert found.keys() == {"data"}
        assert len(found["data"]) == 130
        cents = {row["id"]: row["total"] for row in documented.api.dump("orders")}
        assert {row["id"]: round(row["total"] * 100) for row in found["data"]} == cents
        assert body(observed.get("/me"))["id"] == 7

    @pytest.mark.parametrize("variant", ["documented", "observed"])
    def test_both_list_the_newest_first_and_filter_where_each_does(self, variant: str) -> None:
        caller = Caller("opterius", opterius_variant=variant)
        moments = [row["created_at"] for row in caller.rows("/orders", sort="created_at")]
        assert moments == sorted(moments, reverse=True)
        assert {row["status"] for row in caller.rows("/invoices", status="paid")} == {"paid"}
        services = {row["status"] for row in caller.rows("/services", status="active", per_page=100)}
        assert (services == {"active"}) is (variant == "documented")

    def test_each_variant_refuses_a_token_in_its_own_words(self) -> None:
        said = {}
        for variant in ("documented", "observed"):
            caller = Caller("opterius", opterius_variant=variant)
            caller.token = "another"
            said[variant] = body(caller.get("/orders")).keys()
        assert said == {"documented": {"message"}, "observed": {"error"}}
