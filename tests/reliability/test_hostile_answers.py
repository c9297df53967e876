"""Servers that answer nonsense, without end, or by pointing elsewhere: no credential leaves, and every run ends."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reliability.faults import HANG
from reliability.listener import Listener, endless, listening
from reliability.matrix import IMPATIENT, Trial, phases
from reliability.recording import Recordings
from reliability.scale import SOAK
from support.launcher import Launcher
from support.processes import Finished, Sandbox, forked, write_json
from target.lab import Lab

ROW = {"type": "products", "id": "7", "attributes": {"name": "x", "remoteIdMap": {"77": "x"}}}
# What no list and no document of Optiply looks like.
SHAPES: tuple[Any, ...] = (
    *([], {}, 17, "text", None, {"data": None}, {"data": "x"}, {"data": 5}, {"data": [1]}, {"data": [[]]}),
    *({"data": {}}, {"data": [{}]}, {"data": [{"id": "7"}]}, {"data": {"id": None, "attributes": {}}}),
    *(
        {"data": [{**ROW, "id": identity}]}
        for identity in ("abc", "-1", "1.5", 1.5, True, None, "", {}, "٣", "1" * 5000)
    ),
    *({"data": {**ROW, "id": identity}} for identity in ("abc", "1.5", True, [], "../suppliers/1")),
    {"data": [{**ROW, "attributes": {**ROW["attributes"], "remoteIdMap": "77"}}]},
    {"data": [{**ROW, "attributes": {"remoteIdMap": {"77": 5}, "name": ["x"]}}]},
    {"data": [{**ROW, "attributes": []}]},
    {"errors": "none"},
    {"data": [], "meta": [[[[]]]], "links": 3},
)


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    """Return another host, which nothing must reach."""
    with listening() as listener:
        yield listener


@pytest.fixture
def tap_run(busy_sandbox: Sandbox, place: Path, launcher: Launcher) -> Callable[..., Finished]:
    """Return what runs the tap with little patience; a run that does not end fails."""

    def tap_run(**settings: Any) -> Finished:
        config = busy_sandbox.tap_config(**{"request_timeout": 1, "max_retries": 1, **settings})
        arguments = ["--config", str(write_json(place / "tap.json", config))]
        [done] = forked([("tap_inventory", arguments)], place, launcher, timeout=60.0)
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return done

    return tap_run


# The target.


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_answers_of_any_shape_leave_no_row_twice(method: str, lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[method == "PATCH"])
    entities = ("suppliers", "products", "supplierProducts", "sellOrders", "buyOrders")
    shapes = list(SHAPES)
    while shapes:
        rules: list[tuple[dict[str, Any], dict[str, Any], int | None]] = []
        for entity in entities:
            match = {"api": "optiply", "method": method, "path": f"^/{entity}"}
            for _ in range(3):
                if shapes:
                    # A PATCH need not be answered with a document: what says that it was done must be true.
                    commit = method in ("POST", "PATCH") and len(shapes) % 2 == 0
                    body = {"body": shapes.pop(), "commit": commit}
                    rules.append((match, {"kind": "body", **body}, 1))
        code = trial.strike(rules)
        assert code in (0, 1), trial.last.stderr[-2000:]
        assert "unexpected" not in trial.last.last_word, trial.last.last_word


def test_a_list_without_end_stops_the_run_before_anything_is_doubled(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    rows = [{**ROW, "id": str(number), "attributes": {"name": "x", "remoteIdMap": {}}} for number in range(1, 101)]
    page = {"kind": "body", "body": {"data": rows}}
    assert trial.strike([({"api": "optiply", "method": "GET", "path": "^/products$"}, page, None)]) == 1
    assert trial.last.last_word.startswith("outage: products could not be read"), trial.last.last_word
    assert not any(entry["kind"] == "POST products" for entry in trial.log)


def test_links_to_another_host_are_not_followed(lab: Lab, recordings: Recordings, elsewhere: Listener) -> None:
    trial = Trial(lab, phases(recordings)[0])
    links = {"next": f"{elsewhere.url}/v1/suppliers", "self": elsewhere.url, "last": elsewhere.url}
    body = {"kind": "body", "body": {"data": [], "links": links}}
    assert trial.strike([({"api": "optiply", "method": "GET", "path": "^/suppliers$"}, body, 1)]) == 0
    assert elsewhere.calls == []


@pytest.mark.parametrize("status", [301, 302, 307, 308] if SOAK else [302, 308])
@pytest.mark.parametrize("what", ["token", "GET", "POST", "PATCH", "DELETE"] if SOAK else ["token", "GET", "POST"])
def test_redirects_to_another_host_are_not_followed(
    what: str, status: int, lab: Lab, recordings: Recordings, elsewhere: Listener
) -> None:
    trial = Trial(lab, phases(recordings)[what in ("PATCH", "DELETE")])
    match = (
        {"api": "auth"} if what == "token" else {"api": "optiply", "method": what, "path": "^/(products|sellOrders)"}
    )
    fault = {"kind": "redirect", "location": f"{elsewhere.url}/v1/products", "status": status}
    assert trial.strike([(match, fault, 1)]) == 1
    assert elsewhere.calls == []


def test_a_body_without_end_costs_neither_memory_nor_rows(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    with listening(endless) as listener:
        started = lab.start(recordings.full.lines, api_url=listener.url, request_timeout=2, constants=IMPATIENT)
        resource.prlimit(started.pid, resource.RLIMIT_AS, (1 << 31, 1 << 31))
        started.wait().ended(1)
    assert started.last_word.startswith("outage: "), started.stderr[-2000:]
    assert "unexpected" not in started.last_word
    assert not started.states


def test_bodies_that_drip_are_given_up_and_asked_for_again(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    slow = {"kind": "slow", "bytes_per_second": 5}
    matches: list[dict[str, Any]] = [{"api": "auth"}]
    matches += [{"api": "optiply", "method": "POST", "path": f"^/{name}$"} for name in ("suppliers", "products")]
    assert trial.strike([(match, slow, 1) for match in matches]) == 0
    assert trial.struck_kinds() == {"token", "POST suppliers", "POST products"}


@pytest.mark.parametrize("setting", ["api_url", "auth_url"])
def test_a_certificate_that_nobody_vouches_for_is_refused(setting: str, lab: Lab, recordings: Recordings) -> None:
    with listening(tls=True) as listener:
        started = lab.start(recordings.full.lines, constants=IMPATIENT, **{setting: f"{listener.url}/x"})
        started.wait().ended(1)
    assert listener.calls == []
    assert "certificate" in started.last_word
    assert not started.states


# The tap.

KEYS = {
    "vendors": "vendorId",
    "currencies": "currencyId",
    "products": "productId",
    "products/summary": "productId",
    "customers": "customerId",
    "locations": "locationId",
    "sales-orders": "salesOrderId",
    "purchase-orders": "purchaseOrderId",
}
WRONG: tuple[Any, ...] = ({}, 17, "text", None, [1], [[]], [None], {"data": []}, [{}])
IDENTITIES: tuple[Any, ...] = (None, 7, 1.5, True, "", {}, ["x"])  # where a text must be


def test_answers_of_any_shape_end_the_tap_in_a_sentence(
    busy_sandbox: Sandbox, tap_run: Callable[..., Finished]
) -> None:
    control = busy_sandbox.control
    shapes = [lambda _, shape=shape: shape for shape in WRONG]
    shapes += [lambda key, identity=identity: [{key: identity, "name": "x"}] for identity in IDENTITIES]
    for turn in range(0, len(shapes), len(KEYS)):
        control.reset()
        for number, (path, key) in enumerate(KEYS.items()):
            body = shapes[(turn + number) % len(shapes)](key)
            control.add_fault({"api": "inflow", "path": f"/{path}$"}, {"kind": "body", "body": body}, 2)
        done = tap_run()
        control.clear_faults()
        assert done.code == 1
        for text in done.stdout.splitlines():
            assert json.loads(text)["type"] in ("SCHEMA", "RECORD", "STATE")
    assert tap_run().code == 0


def test_a_page_that_comes_again_and_again_does_not_hold_the_tap(
    busy_sandbox: Sandbox, tap_run: Callable[..., Finished]
) -> None:
    control = busy_sandbox.control
    control.reset()
    page = [{**control.collection("customers")[0], "customerId": f"{number:08d}"} for number in range(100)]
    control.add_fault({"api": "inflow", "path": "/customers$"}, {"kind": "body", "body": page}, None)
    done = tap_run()
    requests = [entry for entry in control.log() if entry["kind"] == "GET customers"]
    control.clear_faults()
    assert done.code == 1
    assert "customers" in done.stderr.splitlines()[-1]
    assert len(requests) < 20


@pytest.mark.parametrize("shape", ["a document", "a page"])
def test_the_tap_follows_no_link_to_another_host(
    shape: str, busy_sandbox: Sandbox, tap_run: Callable[..., Finished], elsewhere: Listener
) -> None:
    control = busy_sandbox.control
    control.reset()
    links = {"links": {"next": elsewhere.url}, "next": elsewhere.url, "@odata.nextLink": elsewhere.url}
    row = {**control.collection("customers")[0], **links}
    body = {"data": [row], **links} if shape == "a document" else [row]
    control.add_fault({"api": "inflow", "path": "/customers$"}, {"kind": "body", "body": body}, None)
    done = tap_run()
    control.clear_faults()
    assert done.code == (1 if shape == "a document" else 0)
    assert elsewhere.calls == []


@pytest.mark.parametrize("path", ["/vendors$", "/products/summary$"])
def test_the_tap_follows_no_redirect_to_another_host(
    path: str, busy_sandbox: Sandbox, tap_run: Callable[..., Finished], elsewhere: Listener
) -> None:
    control = busy_sandbox.control
    control.reset()
    control.add_fault({"api": "inflow", "path": path}, {"kind": "redirect", "location": elsewhere.url}, None)
    done = tap_run()
    control.clear_faults()
    assert done.code == 1
    assert elsewhere.calls == []


def test_a_body_without_end_ends_the_tap_in_a_sentence(tap_run: Callable[..., Finished]) -> None:
    with listening(endless) as listener:
        done = tap_run(api_url=listener.url, max_retries=0, request_timeout=HANG)
    assert done.code == 1
    assert "larger" in done.stderr.splitlines()[-1], done.stderr[-2000:]
    assert "Error" not in done.stderr.splitlines()[-1].split()[0], "a class name is no sentence"


def test_bodies_that_drip_are_given_up_by_the_tap(busy_sandbox: Sandbox, tap_run: Callable[..., Finished]) -> None:
    control = busy_sandbox.control
    control.reset()
    for path in ("vendors", "products", "products/summary"):
        control.add_fault({"api": "inflow", "path": f"/{path}$"}, {"kind": "slow", "bytes_per_second": 20})
    assert tap_run().code == 0


def test_the_tap_refuses_a_certificate_that_nobody_vouches_for(tap_run: Callable[..., Finished]) -> None:
    with listening(tls=True) as listener:
        done = tap_run(api_url=listener.url)
    assert done.code == 1
    assert listener.calls == []
    assert "certificate" in done.stderr.splitlines()[-1].lower()
