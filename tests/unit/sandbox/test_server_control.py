"""The control interface shows and changes all that tests need to see: rows, log, switches, time."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any
from urllib.error import HTTPError

import pytest
from server_client import Client


def refused(client: Client, method: str, path: str, body: Any = None) -> int:
    with pytest.raises(HTTPError) as caught:
        client.control.request(method, path, body)
    with caught.value as answer:
        assert b"error" in answer.read()
        return answer.code


def test_switches_are_shown_documented_and_changed(client: Client) -> None:
    switches = client.control.switches()
    assert switches["optiply_cascades"] == "proven"
    documented = client.control.request("GET", "switches/documentation")
    assert [row["name"] for row in documented] == list(switches)
    assert all(row["meaning"] and row["source"] in ("inferred", "unknown") for row in documented)
    client.control.set_switches(optiply_error_shape="message", inflow_sort="ignored")
    assert client.optiply("GET", "/nothing").json == {"message": "There is no resource '/nothing'"}
    assert refused(client, "PATCH", "switches", {"optiply_error_shape": "poem"}) == 400
    assert refused(client, "PATCH", "switches", {"colour": "red"}) == 400
    assert refused(client, "PATCH", "switches", ["optiply_error_shape"]) == 400


def test_the_log_tells_what_was_asked_without_telling_secrets(client: Client) -> None:
    client.login()
    client.post_product()
    client.optiply("GET", "/products/12?accountId=1380")
    client.inflow("/products?count=5")
    log = client.control.log()
    assert [(entry["n"], entry["api"], entry["kind"], entry["status"]) for entry in log] == [
        (log[0]["n"], "auth", "token", 200),
        (log[0]["n"] + 1, "optiply", "POST products", 201),
        (log[0]["n"] + 2, "optiply", "GET products", 404),
        (log[0]["n"] + 3, "inflow", "GET products", 200),
    ]
    assert {entry["attributes"] for entry in log} == {None}
    get = log[2]
    assert (get["method"], get["path"], get["query"]) == ("GET", "/products/12", "accountId=1380")
    assert get["authorization"] == hashlib.sha256(f"Bearer {client.token}".encode()).hexdigest()
    assert (get["fault"], get["in_flight"]) == (None, 1)
    assert abs(get["at"] - time.time()) < 60
    client.control.clear_log()
    assert client.control.log() == []


def test_the_log_tells_which_attributes_a_patch_carries(client: Client) -> None:
    row = client.post_product().json["data"]["id"]
    for attributes in ({"stockLevel": 4}, {"name": "Chair", "articleCode": None}):
        body = json.dumps({"data": {"type": "products", "attributes": attributes}}).encode()
        client.optiply("PATCH", f"/products/{row}?accountId=1380", body)
    client.optiply("PATCH", f"/products/{row}?accountId=1380", b'{"data": []}')
    client.optiply("PATCH", f"/products/{row}?accountId=1380", b"no JSON")
    told = [entry["attributes"] for entry in client.control.log() if entry["method"] == "PATCH"]
    assert told == [["stockLevel"], ["articleCode", "name"], None, None]


def test_rows_are_shown_as_stored_deleted_ones_too(client: Client) -> None:
    first = client.post_product("Chair").json["data"]["id"]
    client.post_product("Table")
    client.optiply("DELETE", f"/products/{first}")
    chair, table = client.control.request("GET", "optiply/products")
    assert (chair["id"], chair["deleted"], table["deleted"]) == (first, True, False)
    assert (table["accountId"], table["couplingId"], table["remoteId"]) == (1380, 77, None)
    assert table["attributes"]["stockLevel"] == 1
    assert table["attributes"]["price"] is None


def test_rows_are_written_past_the_api(client: Client) -> None:
    attributes = {"name": "Old", "stockLevel": 1, "price": 19.95, "remoteId": "R", "category": "A"}
    row = client.control.insert("products", attributes, account_id=1381, coupling_id=78)
    assert (row["accountId"], row["couplingId"], row["remoteId"]) == (1381, 78, "R")
    shown = client.optiply("GET", f"/products/{row['id']}").json["data"]["attributes"]
    assert (shown["price"], shown["category"], shown["createdFromPublicApi"]) == ("19.95", "A", False)
    changed = client.control.request("PATCH", f"optiply/products/{row['id']}", {"attributes": {"name": "New"}})
    assert changed["attributes"]["name"] == "New"
    assert client.control.request("PATCH", f"optiply/products/{row['id']}", {"stockLevel": 5})["id"] == row["id"]
    client.control.request("DELETE", f"optiply/products/{row['id']}")
    assert client.optiply("GET", f"/products/{row['id']}").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "optiply/colours", None, 404),
        ("GET", "colours", None, 404),
        ("PUT", "log", {}, 404),
        ("POST", "tokens/forge", {}, 404),
        ("GET", "switches/colours", None, 404),
        ("POST", "optiply/products", {"account_id": "1380", "attributes": {}}, 400),
        ("POST", "optiply/products", {"account_id": 1380, "attributes": []}, 400),
        ("POST", "optiply/products", {"account_id": 1380, "attributes": {"colour": "red"}}, 400),
        ("PATCH", "optiply/products/12", {"name": "a"}, 404),
        ("DELETE", "optiply/products/12", None, 404),
        ("DELETE", "optiply/products/abc", None, 400),
        ("PUT", "latency", {"optiply": -1}, 400),
        ("PUT", "latency", {"shopify": 1}, 400),
        ("PUT", "clock", {"offset": -5}, 400),
        ("PUT", "clock", {}, 400),
        ("PUT", "inflow/products", {"productId": "a"}, 400),
        ("GET", "inflow/colours", None, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, method: str, path: str, body: Any, status: int) -> None:
    assert refused(client, method, path, body) == status


def test_the_inventory_is_shown_and_changed(client: Client) -> None:
    vendor = client.control.collection("vendors")[0]
    client.control.put("vendors", {**vendor, "name": "Another name"})
    after = next(row for row in client.control.collection("vendors") if row["vendorId"] == vendor["vendorId"])
    assert after["name"] == "Another name"
    assert after["timestamp"] != vendor["timestamp"]


def test_a_reset_empties_optiply_and_keeps_the_inventory(client: Client) -> None:
    products = client.control.collection("products")
    first = client.post_product().json["data"]["id"]
    client.control.add_fault({"api": "optiply"}, {"kind": "reset"})
    client.control.reset()
    assert client.control.request("GET", "optiply/products") == []
    assert client.control.request("GET", "faults") == []
    assert client.control.log() == []
    assert client.post_product().status == 401, "tokens are gone"
    client.login()
    assert int(client.post_product().json["data"]["id"]) > int(first), "ids are not given out twice"
    assert client.control.collection("products") == products


def test_rows_that_were_kept_come_back_as_they_were(client: Client) -> None:
    client.control.reset()
    client.login()
    client.post_product("Kept")
    client.control.keep("one-product")
    before = client.control.request("GET", "optiply/products")
    client.control.request("DELETE", f"optiply/products/{before[0]['id']}")
    later = client.post_product("Later").json["data"]["id"]
    for _ in range(2):
        client.control.bring_back("one-product")
        assert client.control.request("GET", "optiply/products") == before
        assert client.control.log() == []
    client.login()
    assert int(client.post_product().json["data"]["id"]) > int(later), "ids are not given out twice"
    assert refused(client, "POST", "bring-back/nothing", None) == 404


def test_tokens_can_be_revoked_at_any_time(client: Client) -> None:
    assert client.control.request("POST", "tokens/revoke") == {"revoked": 1}
    assert client.post_product().status == 401


def test_stats_count_requests_and_writes(client: Client) -> None:
    before = client.control.request("GET", "stats")
    client.post_product()
    client.optiply("GET", "/products")
    client.optiply("POST", "/products", b"{}")
    after = client.control.request("GET", "stats")
    assert after["requests"] - before["requests"] == 3
    assert after["writes"] - before["writes"] == 1
    assert after["by_status"] == {"optiply 201": 1, "optiply 200": 1, "optiply 400": 1}
    assert after["rows"]["products"] == 1
    assert after["max_in_flight"] == 1
    assert after["cpu_seconds"] > 0


def test_the_clock_runs_ahead_so_that_tokens_end_without_waiting(client: Client) -> None:
    offset = client.control.request("GET", "clock")["offset"]
    client.control.request("PUT", "clock", {"offset": offset + 86399 - 30})
    assert client.post_product().status == 201
    reply = client.post_product()
    client.control.request("PUT", "clock", {"offset": offset + 86401})
    assert client.post_product().status == 401
    assert reply.json["data"]["attributes"]["createdAt"][:10] in {
        time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset + 86369 + drift)) for drift in (-5, 5)
    }
