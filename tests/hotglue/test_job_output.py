"""What a hotglue job is handed: the state as the last line, whatever happened, and what lies beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from about import about
from support.processes import TARGET, environment, write_json
from target.lab import Lab, Run
from target.messages import products, record, schema, state, suppliers

HOTGLUE: dict[str, Any] = {"state_output": "hotglue"}
JOB = {"JOB_ID": "j1", "FLOW": "f1"}


def told(run: Run) -> dict[str, Any]:
    """Return the state that a run printed, which must be the last line and the only one."""
    [line] = run.states
    document: dict[str, Any] = json.loads(line)
    return document


def entry(document: dict[str, Any], title: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["bookmarks"][title] if each.get("externalId") == key)
    return found


def incremental(lab: Lab) -> Path:
    return lab.directory / "incremental_target_state.json"


def test_a_job_is_told_by_its_environment_and_gets_the_state_metrics_and_error_classes(lab: Lab) -> None:
    messages = [*products("P1"), *products("P2", price="12345678901"), *suppliers("S1"), state({"at": 1})]
    run = lab.run(messages, env=JOB).ended(0)
    document = told(run)
    assert document == lab.state()
    assert entry(document, "Products", "P1").keys() >= {"hash", "id", "success"}
    refused = entry(document, "Products", "P2")
    assert (refused["success"], refused["hg_error_class"]) == (False, "InvalidPayloadError")
    assert refused["error"].startswith("price: ")
    assert document["summary"]["Products"] == {"success": 1, "fail": 1, "existing": 0, "updated": 0}
    assert document["run"]["outcome"] == "ok"
    metrics = json.loads((lab.directory / "job_metrics.json").read_text())
    assert metrics["recordCount"] == {"Products": 2, "Suppliers": 1}
    assert not incremental(lab).exists()
    assert "Traceback" not in run.stderr


def test_a_record_that_was_given_up_after_its_tries_is_not_blamed_on_its_payload(lab: Lab) -> None:
    lab.succeed(products("P0"), **HOTGLUE)
    lab.fault("status", "POST", "^/products$", status=500, times=None, holding="Product P1")
    refused = entry(told(lab.run(products("P1", "P2"), **HOTGLUE).ended(0)), "Products", "P1")
    assert refused["success"] is False
    assert "hg_error_class" not in refused


def test_refused_credentials_are_told_by_their_class_and_the_state_is_carried_on(lab: Lab) -> None:
    lab.succeed(products("P1"), **HOTGLUE)
    run = lab.run(products("P2"), **HOTGLUE, password="wrong").ended(1)
    document = told(run)
    assert document["run"]["outcome"] == "credentials"
    assert document["run"]["hg_error_class"] == "InvalidCredentialsError"
    assert run.last_word == f"credentials: {document['run']['error']}"
    assert entry(document, "Products", "P1")["success"] is True
    assert "wrong" not in run.stdout + run.stderr
    assert json.loads(incremental(lab).read_text())["bookmarks"] == document["bookmarks"]


def test_an_input_that_is_none_is_told_as_a_payload_and_what_came_before_it_is_written(lab: Lab) -> None:
    document = told(lab.run([*products("P1"), "no JSON"], **HOTGLUE).ended(1))
    assert (document["run"]["outcome"], document["run"]["hg_error_class"]) == ("input", "InvalidPayloadError")
    assert entry(document, "Products", "P1")["success"] is True


@pytest.mark.parametrize(
    ("wrong", "outcome"), [({"account_id": 1381}, "config"), ({"password": ...}, "config"), ({"stock": "x"}, "config")]
)
def test_a_run_that_never_begins_prints_the_state_it_would_have_begun_from(
    lab: Lab, wrong: dict[str, Any], outcome: str
) -> None:
    lab.succeed(products("P1"), **HOTGLUE)
    before = lab.state()
    document = told(lab.run(products("P2"), **HOTGLUE, **wrong).ended(1))
    assert document["bookmarks"] == before["bookmarks"]
    assert document["run"]["outcome"] == outcome
    assert document["run"]["account_id"] == before["run"]["account_id"]
    assert document["run"]["saved_at"] == before["run"]["saved_at"]
    assert lab.state() == before
    assert lab.requests() == []


def test_a_run_that_never_begins_prints_an_empty_state_where_there_is_none(lab: Lab) -> None:
    document = told(lab.run(products("P1"), env=JOB, password=...).ended(1))
    assert (document["bookmarks"], document["run"]["outcome"]) == ({}, "config")
    lab.state_path.write_text("[]")
    document = told(lab.run(products("P1"), env=JOB).ended(1))
    assert (document["bookmarks"], document["run"]["outcome"]) == ({}, "config")
    assert lab.state_path.read_text() == "[]"


def test_neither_a_dry_run_nor_the_plain_pipe_prints_a_state(lab: Lab) -> None:
    assert lab.run(products("P1"), "--dry-run", **HOTGLUE).ended(0).stdout == ""
    assert lab.run(products("P1"), password=...).ended(1).stdout == ""
    assert not (lab.directory / "job_metrics.json").exists()
    assert lab.requests("POST products") == []


def test_sigusr1_ends_the_job_gracefully_and_the_next_attempt_goes_on_from_there(lab: Lab) -> None:
    fifo = lab.directory / "input"
    os.mkfifo(fifo)
    run = lab.start(fifo, **HOTGLUE)
    with fifo.open("w") as source:
        source.writelines(f"{json.dumps(each)}\n" for each in products("P1"))
        source.flush()
        lab.await_that(lambda: lab.remote_ids("products") == ["P1"])
        run.send(signal.SIGUSR1)
        run.wait().ended(0)
    document = told(run)
    assert document["run"]["outcome"] == "terminated"
    assert json.loads(incremental(lab).read_text()) == document
    lab.state_path.unlink()
    again = told(lab.succeed(products("P1", "P2"), **HOTGLUE))
    assert lab.writes() == {"POST products": 1}
    assert [each["externalId"] for each in again["bookmarks"]["Products"]] == ["P1", "P2"]
    assert not incremental(lab).exists(), "a later job would begin from the older state"


def test_sigusr1_is_no_graceful_end_outside_of_a_job(lab: Lab) -> None:
    fifo = lab.directory / "input"
    os.mkfifo(fifo)
    run = lab.start(fifo)
    with fifo.open("w") as source:
        source.writelines(f"{json.dumps(each)}\n" for each in products("P1"))
        source.flush()
        lab.await_that(lambda: lab.remote_ids("products") == ["P1"])
        run.send(signal.SIGUSR1)
        run.wait()
    assert run.code == -signal.SIGUSR1


@pytest.mark.parametrize(
    "document",
    [
        {"bookmarks": {"Products": [], "Suppliers": [{"success": True, "id": "1", "externalId": "S0"}]}, "summary": {}},
        {"summary": {"padding": {"x" * 5000: 1}}, "bookmarks": {"Suppliers": [{"success": True, "id": "1"}]}},
    ],
)
def test_the_previous_state_is_the_first_that_holds_entries_wherever_they_stand(
    lab: Lab, document: dict[str, Any]
) -> None:
    lab.succeed(products("P1"), **HOTGLUE)
    write_json(incremental(lab), document)
    printed = told(lab.run([], **HOTGLUE).ended(0))
    assert list(printed["bookmarks"]) == ["Suppliers"]


def test_previous_states_without_entries_are_passed_over(lab: Lab) -> None:
    lab.succeed(products("P1"), **HOTGLUE)
    write_json(incremental(lab), {"bookmarks": {"Products": []}, "summary": {}})
    empty = write_json(lab.directory / "empty.json", {})
    for flag in (str(empty), "()", str(lab.directory / "absent.json")):
        lab.succeed(products("P1"), "--state", flag)
        assert lab.requests() == [], flag


def test_the_state_flag_comes_first_and_an_earlier_platforms_entries_are_taken(lab: Lab) -> None:
    known = lab.insert("products", name="Product P1", remoteId="P1")
    lab.succeed(products("P9"), **HOTGLUE)
    theirs = {"bookmarks": {"products": [{"success": True, "hash": "0", "id": int(known), "externalId": "P1"}]}}
    flag = write_json(lab.directory / "previous.json", {**theirs, "summary": {}})
    printed = told(lab.succeed(products("P1"), "--state", str(flag)))
    assert [each["id"] for each in printed["bookmarks"]["Products"]] == [known]
    assert lab.writes() == {"PATCH products": 1}


def test_a_state_that_the_platforms_own_targets_appended_to_keeps_its_ids_and_drops_what_nobody_can_name(
    lab: Lab,
) -> None:
    known = lab.insert("products", name="Product P1", remoteId="P1")
    theirs = [
        {"success": True, "hash": "0", "id": known, "externalId": "P1"},
        {"success": False, "hash": "1", "externalId": "P1", "error": "a later change was refused"},
        {"success": False, "hash": "2", "error": "of a record without any id"},
    ]
    flag = write_json(lab.directory / "previous.json", {"bookmarks": {"products": theirs}, "summary": {}})
    printed = told(lab.succeed(products("P1"), "--state", str(flag)))
    assert [(each["id"], each["success"]) for each in printed["bookmarks"]["Products"]] == [(known, True)]
    assert lab.writes() == {"PATCH products": 1}
    assert len(lab.rows("products")) == 1


def test_a_record_may_spell_its_external_id_in_lower_case(lab: Lab) -> None:
    [head, row] = products("P1")
    given = {**row["record"], "externalid": row["record"]["externalId"]}
    del given["externalId"]
    lab.succeed([{**head, "key_properties": []}, record("Products", given)], **HOTGLUE)
    assert lab.remote_ids("products") == ["P1"]


def test_stdout_may_be_the_state_file_itself_as_in_the_layout_of_a_job(lab: Lab) -> None:
    """``target-optiply --state … > target-state.json`` in the folder where ``state_path`` lies."""
    previous = lab.directory / "previous.json"
    for n in (1, 2):
        messages = "".join(f"{json.dumps(each)}\n" for each in products("P1", "P2"))
        run_redirected(lab, messages, previous if n == 2 else None)
        [line] = lab.state_path.read_text().splitlines()
        assert [each["externalId"] for each in json.loads(line)["bookmarks"]["Products"]] == ["P1", "P2"]
        lab.state_path.rename(previous)
        assert len(lab.writes()) == (1 if n == 1 else 0)
        lab.control.clear_log()


def run_redirected(lab: Lab, messages: str, previous: Path | None) -> None:
    config = write_json(lab.directory / "config.json", lab.sandbox.target_config(Path("target-state.json")))
    with lab.state_path.open("w") as stdout:
        done = subprocess.run(
            [*TARGET, "--config", str(config), "--state", str(previous) if previous else "()"],
            input=messages,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=lab.directory,
            env=environment(JOB),
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr


def test_a_plain_pipe_refuses_to_have_stdout_in_the_state_file(lab: Lab) -> None:
    config = write_json(lab.directory / "config.json", lab.sandbox.target_config(lab.state_path))
    with lab.state_path.open("w") as stdout:
        command = [*TARGET, "--config", str(config)]
        done = subprocess.run(
            command,
            input="",
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("config: state_path: stdout is redirected into that file")


def test_about_says_what_a_runner_asks_for() -> None:
    said = about("target-optiply")
    assert {"Products", "SellOrders", "products", "sales_orders"} <= set(said["supported_streams"])
    assert "hotglue-exceptions-classes" in said["capabilities"]


CUSTOM = {"target_state_fields": ["name", "minimumStock", "absent", 7], "target_state_include_hash": True}


def test_what_x_hotglue_asks_for_stands_beside_the_id_and_is_carried_on(lab: Lab) -> None:
    def run(*rows: dict[str, Any], asked: object = CUSTOM) -> dict[str, Any]:
        head = {**schema("Products", "externalId"), "x-hotglue": asked}
        return told(lab.run([head, *(record("Products", row) for row in rows)], **HOTGLUE).ended(0))

    [one] = [each for each in products("P1", minimumStock=4) if each["type"] == "RECORD"]
    [bad] = [each for each in products("P2", price="x") if each["type"] == "RECORD"]
    document = run(one["record"], bad["record"])
    kept = entry(document, "Products", "P1")
    assert kept["customData"] == {"name": "Product P1", "minimumStock": 4, "hash": kept["hash"]}
    assert "customData" not in entry(document, "Products", "P2")
    carried = told(lab.run(suppliers("S1"), **HOTGLUE).ended(0))
    assert entry(carried, "Products", "P1")["customData"] == kept["customData"]
    changed = entry(run({**one["record"], "name": "New"}), "Products", "P1")
    assert changed["customData"]["name"] == "New"
    assert changed["customData"]["hash"] == changed["hash"] != kept["hash"]
    for nonsense in (None, [], {"target_state_fields": "name"}):
        run({**one["record"], "name": "Newer"}, asked=nonsense)


def test_ids_that_only_the_snapshots_know_are_used(lab: Lab) -> None:
    ours = lab.insert("products", name="Old", coupling_id=None)
    gone = "999999"
    folder = lab.directory / "snapshots"
    folder.mkdir()
    lines = ["InputId,RemoteId,CustomData", f"P1,{ours},{{}}", f"P2,{gone}.0,", ",5,", "P3,nonsense,"]
    (folder / "Products_f1.snapshot.csv").write_text("\n".join(lines))
    (folder / "Products_other.snapshot.csv").write_text("InputId,RemoteId\nP4,1\n")
    (folder / "products.snapshot.csv").write_text("productId,name\nP5,x\n")
    run = lab.run(products("P1", "P2", "P4"), env=JOB, adopt_existing=False).ended(0)
    assert lab.value("products", "P1", "name") == "Product P1"
    assert {each["id"]: each["externalId"] for each in told(run)["bookmarks"]["Products"]}[ours] == "P1"
    assert lab.writes() == {"PATCH products": 2, "POST products": 2}
    assert run.said("has 2 rows without a usable pair of ids")
    lab.succeed(products("P1", "P2", "P4"), env=JOB)
    assert lab.requests() == []
