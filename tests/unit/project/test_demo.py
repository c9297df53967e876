from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

import demo
import pytest
from demolib.inventories import INVENTORIES, Inventory
from demolib.pipeline import Run, records_by_stream, written_by_entity
from demolib.processes import child
from demolib.sandbox import Sandbox
from demolib.tables import read_table, written_table

from sandbox.others import ready
from tap_inventory.apis import APIS, load_profile
from tap_inventory.settings import problems
from tap_inventory.tap import TapInventory

ENDLESS = "import time; time.sleep(300)"
# A process that starts another one, says its id, and would outlive its parent.
PARENT = f"""
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", {ENDLESS!r}]).pid, flush=True)
{ENDLESS}
"""


def answered(api: str, kind: str, status: int | None = 201) -> dict[str, object]:
    return {"api": api, "method": kind.split(" ", maxsplit=1)[0], "kind": kind, "status": status}


def test_only_writes_that_optiply_carried_out_are_counted() -> None:
    log = [
        answered("optiply", "POST products"),
        answered("optiply", "POST products", 409),
        answered("optiply", "POST products", None),
        answered("optiply", "PATCH products", 200),
        answered("optiply", "DELETE sellOrders", 204),
        answered("optiply", "GET products", 200),
        answered("inflow", "POST products/summary", 200),
        answered("auth", "token", 200),
    ]
    assert written_by_entity(log) == {"products": {"created": 1, "changed": 1}, "sellOrders": {"removed": 1}}


def test_the_records_that_came_through_the_pipe_are_counted_once() -> None:
    def metric(name: str, stream: str, value: int) -> str:
        return json.dumps(
            {
                "name": name,
                "event": "METRIC",
                "metric_info": {"metric": "record_count", "value": value, "tags": {"stream": stream}},
            }
        )

    log = [
        "no JSON at all",
        json.dumps({"name": "tap-inventory", "event": "Beginning sync"}),
        metric("target-optiply", "products", 100),
        metric("target-optiply", "products", 7),
        metric("target-optiply", "vendors", 3),
        metric("tap-inventory", "products", 50),
    ]
    assert records_by_stream("\n".join(log)) == {"products": 107, "vendors": 3}


def test_the_tables_show_every_stream_and_entity_with_their_counts() -> None:
    run = Run(
        seconds=1.0,
        read={"products": 5},
        requests={"inflow": 2},
        written={"products": {"created": 4, "changed": 1}},
        summary={"products": {"success": 4, "existing": 2, "skipped": 3, "fail": 6}},
        standing={"products": 7, "sellOrders": 0},
    )
    assert run.writes == 5
    assert [line.split() for line in read_table(run, "inFlow", {"products": 9, "vendors": 3}).splitlines()[1:]] == [
        ["products", "9", "5"],
        ["vendors", "3", "0"],
    ]
    assert [line.split() for line in written_table(run).splitlines()[1:]] == [
        ["products", "4", "1", "0", "2", "3", "6", "7"],
        ["sellOrders", "0", "0", "0", "0", "0", "0", "0"],
        ["in", "all", "4", "1", "0", "2", "3", "6", "7"],
    ]


def test_nothing_in_the_users_environment_leads_the_demo_to_a_real_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TAP_INVENTORY_API_KEY", "TARGET_OPTIPLY_API_URL", "optiply_base_url", "MELTANO_STATE_BACKEND_URI"):
        monkeypatch.setenv(name, "real")
    assert "real" not in demo._environment(tmp_path).values()


def test_the_sandbox_is_named_in_the_variables_that_meltano_yml_reads() -> None:
    sandbox = Sandbox({"inflow": {"api_key": "k"}, "optiply": {"account_id": 1380}})
    environment = sandbox.environment()
    assert environment == {"SANDBOX_INFLOW_API_KEY": "k", "SANDBOX_OPTIPLY_ACCOUNT_ID": "1380"}
    text = (demo.ROOT / "meltano.yml").read_text(encoding="utf-8")
    assert all(f"${name}\n" in text for name in environment)


@pytest.mark.parametrize("inventory", INVENTORIES.values(), ids=lambda inventory: inventory.api)
def test_the_demo_runs_with_every_api_that_the_tap_reads(inventory: Inventory, tmp_path: Path) -> None:
    assert set(INVENTORIES) == set(APIS)
    address = "http://127.0.0.1:1"
    sandbox = Sandbox({"inflow": {"api_url": address, "api_key": "k", "company_id": "c"}, **ready(address)})
    settings = inventory.settings(sandbox, tmp_path)
    assert problems(settings, TapInventory.config_jsonschema) == []
    assert {stream.name for stream in load_profile(inventory.api).streams if stream.selected} - {
        "product_summaries"
    } <= inventory.collections.keys()
    variables = inventory.environment(sandbox, tmp_path)
    expected = {} if inventory.named else {f"TAP_INVENTORY_{name.upper()}": settings[name] for name in settings}
    assert {name: value for name, value in variables.items() if not name.endswith("_SELECT")} == expected


def test_every_one_of_these_demos_is_run_by_continuous_integration() -> None:
    workflow = (demo.ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    (named,) = re.findall(r"^ +api: \[(.*)\]$", workflow, re.MULTILINE)
    assert set(named.split(", ")) == set(INVENTORIES)
    assert "- run: make demo API=${{ matrix.api }}\n" in workflow
    makefile = (demo.ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nAPI := inflow\n" in makefile
    assert "scripts/demo.py $(API)\n" in makefile


def test_an_api_that_there_is_not_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["nothing"]) == 2
    assert "optiflow" in capsys.readouterr().err


def test_a_child_process_and_its_children_end_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(KeyboardInterrupt):
        interrupted_once_it_has_a_child(log)
    deadline = time.monotonic() + 20
    while running(int(log.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted_once_it_has_a_child(log: Path) -> None:
    with child([sys.executable, "-c", PARENT], log=log, env=os.environ, cwd=log.parent) as process:
        deadline = time.monotonic() + 20
        while not log.read_text().endswith("\n"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        raise KeyboardInterrupt


def running(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked for yet (a zombie) does not."""
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc here, or gone since
        return Path("/proc").exists() is False
