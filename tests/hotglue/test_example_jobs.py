"""The example's job script as a process: three jobs of one tenant, a retrigger, a kill and wrong credentials."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.processes import ROOT, TAP, TARGET, Sandbox, environment, stop, write_json

SCRIPT = ROOT / "examples" / "hotglue" / "run_job.py"
SMALL = ("--products", "8", "--customers", "2", "--vendors", "3", "--sales-orders", "6", "--purchase-orders", "4")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as started:
        yield started


class Tenant:
    """A tenant's folder, and its jobs."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        write_json(folder / "tap-config.json", sandbox.tap_config())
        self.target = folder / "target-optiply"  # says its process id, for a test that kills it
        command = " ".join(f'"{each}"' for each in TARGET)
        self.target.write_text(f'#!/bin/sh\necho $$ > "{folder}/target.pid"\nexec {command} "$@"\n')
        self.target.chmod(0o755)
        self.configure()

    @property
    def command(self) -> list[str]:
        """The job script, for this tenant."""
        return [sys.executable, str(SCRIPT), str(self.folder), "--tap", " ".join(TAP), "--target", str(self.target)]

    def configure(self, **settings: Any) -> None:
        """Write the target's settings; ``state_path`` is left to its default, in the job's folder."""
        write_json(self.folder / "config.json", {**self.sandbox.ready["optiply"], "request_timeout": 5, **settings})

    def run(self, *arguments: str, code: int = 0) -> str:
        self.sandbox.control.clear_log()
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True, text=True, env=environment(), cwd=self.folder, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        return done.stdout

    @property
    def writes(self) -> list[str]:
        return self.sandbox.control.writes()

    @property
    def job(self) -> Path:
        return max((self.folder / "jobs").iterdir())

    def state(self) -> dict[str, Any]:
        [line] = (self.job / "target-state.json").read_text().splitlines()
        document: dict[str, Any] = json.loads(line)
        return document

    def snapshot(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "snapshots" / name).open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def tenant(sandbox: Sandbox, tmp_path: Path) -> Iterator[Tenant]:
    sandbox.control.reset()
    yield Tenant(sandbox, tmp_path)
    sandbox.control.clear_faults()


def test_three_jobs_hand_their_states_on_and_failed_records_are_tried_again(sandbox: Sandbox, tenant: Tenant) -> None:
    control = sandbox.control
    refused, *rest = sorted(
        control.optiply("products") or control.collection("products"), key=lambda row: str(row.get("productId"))
    )
    body = {"errors": [{"detail": "skuCode is taken"}]}
    control.add_fault(
        {"api": "optiply", "method": "POST", "path": "^/products$", "body": refused["productId"]},
        {"kind": "status", "status": 400, "body": body}, times=None,
    )  # fmt: skip
    said = tenant.run()
    assert f"ETL: {len(rest) + 1} products are new to Optiply, 0 are known" in said
    assert f"failed: Products {refused['productId']}: 400 skuCode is taken (InvalidPayloadError)" in said
    assert tenant.state()["run"]["outcome"] == "ok"
    metrics = json.loads((tenant.job / "job_metrics.json").read_text())
    assert metrics["recordCount"]["products"] == len(rest) + 1
    first = {row["InputId"]: row for row in tenant.snapshot("Products_inventory.snapshot.csv")}
    assert refused["productId"] not in first
    assert all(json.loads(row["CustomData"]).keys() >= {"name", "hash"} for row in first.values())

    control.clear_faults()
    tenant.run("--retrigger")  # the same data once more: only what failed
    assert set(tenant.writes) <= {"POST products", "POST supplierProducts", "POST sellOrders", "PATCH sellOrders",
                                  "POST buyOrders", "PATCH buyOrders", "POST sellOrderLines", "POST buyOrderLines",
                                  "POST receiptLines", "POST productCompositions"}  # fmt: skip
    assert tenant.writes.count("POST products") == 1
    assert not [each for entries in tenant.state()["bookmarks"].values() for each in entries if not each["success"]]

    assert "0 products are new to Optiply" in tenant.run()  # the second job: nothing changed
    assert tenant.writes == []
    assert tenant.job.name == "job-0002"

    product = next(row for row in control.collection("products") if row["productId"] == rest[0]["productId"])
    control.put("products", {**product, "name": "Renamed"})
    tenant.run()  # the third job
    assert tenant.job.name == "job-0003"
    assert "PATCH products" in tenant.writes
    kept = {row["InputId"]: row for row in tenant.snapshot("Products_inventory.snapshot.csv")}
    assert json.loads(kept[product["productId"]]["CustomData"])["name"] == "Renamed"
    assert kept[product["productId"]]["RemoteId"] == first[product["productId"]]["RemoteId"]


def test_a_lost_state_does_not_cost_the_ids_that_the_snapshots_know(sandbox: Sandbox, tenant: Tenant) -> None:
    tenant.run()
    before = {row["id"] for row in sandbox.control.optiply("products")}
    for path in (tenant.folder / "jobs").rglob("target-state.json"):
        path.unlink()
    (tenant.folder / "snapshots" / "tap-state.json").unlink()
    tenant.configure(adopt_existing=False, optiply_orders="")
    tenant.run()
    assert {row["id"] for row in sandbox.control.optiply("products")} == before
    assert not [each for each in tenant.writes if each.startswith("POST")]


def test_wrong_credentials_fail_the_job_by_their_class_and_the_next_job_reads_the_same_again(
    sandbox: Sandbox, tenant: Tenant
) -> None:
    tenant.configure(password="wrong")
    said = tenant.run(code=1)
    assert "(InvalidCredentialsError)" in said
    assert "EXPORT_FAILED" in said
    assert tenant.state()["run"]["outcome"] == "credentials"
    assert not (tenant.folder / "snapshots" / "tap-state.json").exists()
    tenant.configure()
    tenant.run()
    assert len(sandbox.control.optiply("products")) == tenant.state()["summary"]["Products"]["success"] > 0


def test_a_killed_export_is_healed_by_a_retrigger_and_a_stopped_one_by_the_next_job(
    sandbox: Sandbox, tenant: Tenant
) -> None:
    control = sandbox.control
    assert interrupted(tenant, signal.SIGKILL, "POST", "^/sellOrders$") == -signal.SIGKILL % 256
    assert (tenant.job / "target-state.json").read_text() == ""
    tenant.run("--retrigger")
    orders = [row["remoteId"] for row in control.optiply("sellOrders")]
    assert (
        len(orders)
        == len(set(orders))
        == tenant.state()["summary"]["SellOrders"].get("existing", 0)
        + sum(kind == "POST sellOrders" for kind in tenant.writes)
    )
    control.put("products", *({**row, "name": f"New {row['sku']}"} for row in control.collection("products")))
    assert interrupted(tenant, signal.SIGUSR1, "PATCH", "^/products/") == 0  # the script passes the signal on
    assert tenant.state()["run"]["outcome"] == "terminated"
    tenant.run()
    names = {row["attributes"]["name"][:4] for row in control.optiply("products")}
    assert names == {"New "}
    assert len(control.optiply("sellOrders")) == len(orders)


def interrupted(tenant: Tenant, signum: signal.Signals, method: str, path: str) -> int:
    """Run a job, send its export a signal while a request of it is unanswered, and return the job's exit code."""
    control = tenant.sandbox.control
    match = {"api": "optiply", "method": method, "path": path}
    control.add_fault(
        match, {"kind": "hang", "when": "after", "seconds": 25 if signum == signal.SIGKILL else 4}, times=1
    )
    job = subprocess.Popen(
        tenant.command,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not any(rule["hits"] for rule in control.request("GET", "faults")):
            assert job.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        if signum == signal.SIGKILL:
            os.kill(int((tenant.folder / "target.pid").read_text()), signal.SIGKILL)
        else:
            job.send_signal(signum)
        return job.wait(40)
    finally:
        stop(job)
        control.clear_faults()
