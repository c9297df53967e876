"""Every Meltano command of docs/meltano.md, with the plugins installed as a user installs them.

Too slow for every ``make test``, which runs the essential ones: ``make test-meltano`` runs these, and so does the
workflow. The tests build on each other, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from meltano_project import SMALL, STATE_ID, Project
from support.processes import Sandbox


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a project whose plugins are installed."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as sandbox:
        made = Project.of_checkout(tmp_path_factory.mktemp("project"), sandbox)
        made.meltano("install").ended()
        yield made


def test_install_makes_both_programs_from_one_distribution(project: Project) -> None:
    for name in ("tap-inventory", "target-optiply"):
        assert project.meltano("invoke", name, "--version").ended().stdout.startswith(f"{name} v0.")


def test_config_test_proves_the_taps_credentials(project: Project) -> None:
    command = ("--environment", "dev", "config", "test", "tap-inventory")
    assert "Plugin configuration is valid" in project.meltano(*command).ended().stdout
    refused = project.meltano(*command, env={"SANDBOX_INFLOW_API_KEY": "wrong-key"}).ended(1)
    assert "api_key" in refused.stderr
    assert "wrong-key" not in refused.stdout + refused.stderr


def test_config_test_passes_the_target_which_writes_nothing_for_it(project: Project) -> None:
    done = project.meltano("--environment", "dev", "config", "test", "target-optiply")
    # Meltano 4.4.1 says so of a target that ended well, and then often trips over its having ended.
    assert any(each["event"].startswith("Test data was written") for each in done.entries), done.stderr
    assert done.code == 0 or "ProcessLookupError" in done.stderr
    assert project.writes == []


def test_invoke_shows_what_would_be_written_and_checks_the_login(project: Project) -> None:
    read = project.meltano("invoke", "tap-inventory").ended().stdout
    assert '"stream":"products"' in read.replace('": "', '":"')
    project.state_path.unlink(missing_ok=True)  # `config test` leaves one where Meltano lets the target end by itself
    said = project.meltano("invoke", "target-optiply", "--dry-run", stdin=read).ended()
    assert "Products: " in said.stderr
    assert "dry run: nothing was written" in said.stderr
    assert project.writes == []
    assert not project.state_path.exists()
    assert "the login works" in project.meltano("invoke", "target-optiply", "--access-token").ended().stderr
    assert "nothing is known of 4711" in project.meltano("invoke", "target-optiply", "--explain", "4711").ended().stdout


def test_a_run_and_a_full_refresh(project: Project) -> None:
    first = project.run().ended()
    assert first.records("products") == len(project.sandbox.control.collection("products"))
    assert project.writes
    assert project.run().ended().records("sales_orders") == 0
    refreshed = project.run("--full-refresh").ended()
    assert refreshed.records("sales_orders") == len(project.sandbox.control.collection("sales-orders"))
    assert project.writes == [], "what stands in Optiply is not written again"


def test_states_are_listed_read_and_cleared_by_their_ids(project: Project) -> None:
    other = f"{STATE_ID}:tenant-7"
    project.run("--state-id-suffix", "tenant-7").ended()
    assert project.meltano("state", "list").ended().stdout.split() == [STATE_ID, other]
    document = json.loads(project.meltano("state", "get", other).ended().stdout)
    assert document["singer_state"]["bookmarks"].keys() >= {"products", "sales_orders"}
    project.meltano("state", "clear", "--force", other).ended()
    assert project.meltano("state", "list").ended().stdout.split() == [STATE_ID]


def test_invoke_about_tells_of_both_programs(project: Project) -> None:
    for name, setting in (("tap-inventory", "api_key"), ("target-optiply", "client_secret")):
        said = project.meltano("invoke", name, "--about", "--format", "json").ended().stdout
        assert setting in json.loads(said)["settings"]["properties"]


def test_the_job_and_the_schedule_run_the_pair(project: Project) -> None:
    for command in (("run", "inventory-to-optiply"), ("schedule", "run", "hourly")):
        done = project.meltano(*command).ended()
        assert done.records("product_summaries") == len(project.sandbox.control.collection("products"))
        assert project.writes == []


def test_a_deselected_stream_is_not_read(project: Project) -> None:
    project.meltano("select", "tap-inventory", "--exclude", "purchase_orders", "*").ended()
    listed = project.meltano("select", "tap-inventory", "--list").ended().stdout.splitlines()
    selected = [line.split("]")[1].strip() for line in listed if line.strip().startswith("[selected")]
    assert "sales_orders.orderNumber" in selected
    assert not [name for name in selected if name.startswith("purchase_orders.")]
    project.run("--full-refresh").ended()
    asked = [each["kind"] for each in project.sandbox.control.log() if each["api"] == "inflow"]
    assert "GET sales-orders" in asked
    assert "GET purchase-orders" not in asked
