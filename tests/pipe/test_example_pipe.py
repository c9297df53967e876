"""examples/pipe/ as a shell runs it: settings from files, .env and the environment; states, signals, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from about import PROGRAMS, about
from support.processes import ROOT, TAP, TARGET, Finished, Sandbox, environment, stop, write_json

README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "pipe"
SMALL = ("--products", "6", "--customers", "2", "--vendors", "3", "--sales-orders", "6", "--purchase-orders", "3")
SAMPLES = {"tap-inventory": "tap.json", "target-optiply": "target.json"}
SECRETS = {"tap-inventory": ("api_key",), "target-optiply": ("client_id", "client_secret", "username", "password")}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), SMALL) as started:
        yield started


class Shop:
    """A home with both programs on the PATH, and in it the folder of one shop in which the example's script runs."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home, self.folder = sandbox, home, home / "my-shop"
        self.settings = {
            "tap-inventory": sandbox.tap_config(),
            "target-optiply": sandbox.target_config(Path("target-state.json")),
        }
        self.bin = home / "bin"
        self.bin.mkdir()
        for program, command in (("tap-inventory", TAP), ("target-optiply", TARGET)):
            words = " ".join(f'"{each}"' for each in command)
            (self.bin / program).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (self.bin / program).chmod(0o755)

    def command(self, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return {"env": {**environment(env), "PATH": path, "HOME": str(self.home)}, "text": True}

    def type(self, lines: str, folder: Path) -> None:
        """Have a shell do what somebody types there."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, cwd=folder, **self.command(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]

    def run(self, *arguments: str, code: int = 0, env: Mapping[str, str] | None = None) -> Finished:
        self.sandbox.control.clear_log()
        done = subprocess.run(
            [self.folder / "run.sh", self.folder, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, cwd=ROOT, **self.command(env),
        )  # fmt: skip
        assert done.returncode == code, done.stderr[-3000:]
        assert list(self.folder.glob("state.json.*")) == []
        return Finished(done.returncode, done.stdout, done.stderr)

    def write_settings(self, *, without: Mapping[str, tuple[str, ...]] | None = None) -> None:
        for program, name in SAMPLES.items():
            left_out = (without or {}).get(program, ())
            settings = {each: value for each, value in self.settings[program].items() if each not in left_out}
            write_json(self.folder / name, settings)

    def variables(self, names: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, str]:
        """Return the settings, or some of them, as environment variables."""
        return {
            f"{program.replace('-', '_')}_{name}".upper(): str(value)
            for program, settings in self.settings.items()
            for name, value in settings.items()
            if names is None or name in names[program]
        }

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def shop(sandbox: Sandbox, tmp_path: Path) -> Shop:
    sandbox.control.reset()
    made = Shop(sandbox, tmp_path)
    shutil.copytree(EXAMPLE, made.folder)
    return made


def test_the_readme_leads_from_nothing_to_a_real_run_and_the_next_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    section = README.read_text(encoding="utf-8").partition("## The first real run")[2].partition("\n### ")[0]
    begin, look, go, _ = re.findall(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    install, _, begin = begin.partition("\n")
    assert install.endswith("pip install ."), "what tests/distribution does"
    control = sandbox.control
    control.reset()
    shop = Shop(sandbox, tmp_path)
    shop.type(begin, ROOT)
    shop.write_settings()
    shop.type(look, shop.folder)
    assert control.writes() == []
    assert not (shop.folder / "state.json").exists()
    shop.type(go, shop.folder)
    assert len(control.optiply("products", account_id=1380)) > 0
    assert shop.state["bookmarks"].keys() >= {"products", "vendors", "sales_orders", "purchase_orders"}

    # From now on the files leave the secrets out; those of the tap are in .env, those of the target in the environment.
    shop.write_settings(without=SECRETS)
    secrets = shop.variables(SECRETS)
    of_tap = {name: value for name, value in secrets.items() if name.startswith("TAP_")}
    lines = [f"{name}='{value}'\n" for name, value in {**of_tap, "TARGET_OPTIPLY_PASSWORD": "an old one"}.items()]
    (shop.folder / ".env").write_text("# of this shop\n" + "".join(lines), encoding="utf-8")
    done = shop.run(env={name: value for name, value in secrets.items() if name not in of_tap})
    assert control.writes() == [], "the second run goes on from both states"
    assert re.search(r"Stream sales_orders: \d+ rows read, 0 records written", done.stderr)


def test_a_run_that_gets_nowhere_leaves_the_state_as_it_was_and_says_why(shop: Shop) -> None:
    before = '{"bookmarks": {}}\n'
    (shop.folder / "state.json").write_text(before)
    shop.settings["target-optiply"]["password"] = "not-the-password"
    shop.write_settings()
    done = shop.run(code=1)
    assert any(line.startswith("credentials: the login was refused") for line in done.stderr.splitlines())
    assert (shop.folder / "state.json").read_text() == before
    assert "not-the-password" not in done.stderr


def test_a_signal_for_the_script_ends_both_programs_and_loses_nothing(shop: Shop) -> None:
    control = shop.sandbox.control
    shop.write_settings()
    control.request("PUT", "latency", {"optiply": 0.3, "inflow": 0.0, "auth": 0.0})
    try:
        process = subprocess.Popen(
            [shop.folder / "run.sh", shop.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, **shop.command(),
        )  # fmt: skip
        try:
            until = time.monotonic() + 30
            while not control.writes() and time.monotonic() < until:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        finally:
            stop(process)
    finally:
        control.request("PUT", "latency", {"optiply": 0.0, "inflow": 0.0, "auth": 0.0})
    assert process.returncode == 128 + signal.SIGTERM, said[-3000:]
    assert "terminated: stopped by SIGTERM" in said
    written = len(control.optiply("suppliers")) + len(control.optiply("products"))
    assert written > 0
    assert list(shop.folder.glob("state.json.*")) == []
    if (shop.folder / "state.json").exists():  # what had settled by then
        assert shop.state["bookmarks"]
    known = json.loads((shop.folder / "target-state.json").read_text(encoding="utf-8"))
    assert known["run"]["outcome"] == "terminated"


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_samples_are_valid_by_the_programs_own_schemas(program: str) -> None:
    schema = about(program)["settings"]
    sample = json.loads((EXAMPLE / SAMPLES[program]).read_text(encoding="utf-8"))
    both = json.loads((ROOT / "sample_config.json").read_text(encoding="utf-8"))[program]
    assert both.items() <= sample.items(), "one sample says what the other says"
    # Only what the sample sets: the SDK's schema of stream maps is not itself a valid one.
    properties = {name: schema["properties"][name] for name in sample}
    jsonschema.validate(sample, {"type": "object", "properties": properties, "required": schema.get("required", [])})


def test_the_sample_of_an_env_file_names_what_must_be_set() -> None:
    lines = [line for line in (EXAMPLE / "env.sample").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    names = {line.partition("=")[0] for line in lines}
    for program in PROGRAMS:
        prefix = f"{program.replace('-', '_')}_".upper()
        settings = about(program)["settings"]
        own = {name.removeprefix(prefix).lower() for name in names if name.startswith(prefix)}
        assert own <= settings["properties"].keys()
        assert set(settings.get("required", [])) <= own
