"""Runs that are killed or told to end at any instant: what is missing is written by the next, and nothing twice."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from reliability.faults import HANG
from reliability.matrix import Trial, match_of, phases
from reliability.recording import Recordings
from reliability.scale import SEED, SOAK
from support.interference import NOTED, rule
from support.processes import environment, pipe, write_json
from target.lab import Lab, Run

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
# What a save takes long for: so many entries stand in the state already.
MANY = 40_000


def assert_whole(path: Path) -> None:
    """Insist that a state file, if there is one, is a whole document."""
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        assert {"bookmarks", "summary", "run"} <= document.keys()


def released(run: Run) -> str | None:
    """Return the last whole STATE that a run let out."""
    lines = [line for line in run.stdout.splitlines(keepends=True) if line.endswith("\n")]
    return lines[-1] if lines else None


def finish(trial: Trial, run: Run) -> None:
    """Go on after a run that ended early, from the STATE that came out, and insist that both sides agree."""
    lab = trial.lab
    lab.control.clear_faults()
    assert_whole(lab.state_path)
    after = lab.start(trial.phase.recording.after(released(run))).wait().ended(0)
    assert "Traceback" not in run.stderr + after.stderr
    assert_whole(lab.state_path)
    trial.assert_agreement()


def end(run: Run, signum: int) -> None:
    """Send a signal, wait for the end, and insist on the promised exit code."""
    run.send(signum)
    if signum == signal.SIGKILL:
        run.wait()
        return
    run.wait(25).ended(128 + signum)
    assert run.last_word.startswith("terminated: "), run.last_word


KINDS = (
    *("POST suppliers", "POST products", "POST supplierProducts", "POST sellOrders", "POST buyOrders"),
    *("POST receiptLines", "PATCH products", "DELETE sellOrders", "POST sellOrderLines"),
)
WITHIN = ("end before sending", "end before the answer is noted")  # with the intent on disk; with the answer in hand
WITHOUT = ("before", "after")  # with the request on its way, before the commit and after it
EVENTS = [(signum, kind, when) for signum in SIGNALS for kind in KINDS for when in (*WITHIN, *WITHOUT)]
FEW = [(SIGNALS[place % 2], KINDS[3 * place % 9 + 1], when) for place, when in enumerate((*WITHIN, *WITHOUT))]


@pytest.mark.parametrize(("signum", "kind", "when"), EVENTS if SOAK else FEW)
def test_an_end_around_a_write_leaves_no_row_twice(
    signum: signal.Signals, kind: str, when: str, lab: Lab, recordings: Recordings
) -> None:
    first, change = phases(recordings)
    trial = Trial(lab, first if kind.startswith("POST") and kind != "POST sellOrderLines" else change)
    trial.begin()
    match = match_of(kind)
    if when in WITHIN:
        path = f"{match['path'][1:-1]}\\?"
        rules = [rule(kind, when, match["method"], path, signal=int(signum))]  # type: ignore[arg-type]
        constants = {"tests.support.interference.RULES": rules}
        run = lab.start(trial.phase.recording.lines, constants=constants)
        run.wait().ended(-signum if signum == signal.SIGKILL else 128 + signum)
        assert (lab.directory / NOTED).read_text(encoding="utf-8") == f"{kind}\n"
    else:
        seconds = HANG if signum == signal.SIGKILL else 0.5
        lab.control.add_fault(match, {"kind": "hang", "when": when, "seconds": seconds})
        run = lab.start(trial.phase.recording.lines, request_timeout=HANG * 2)
        lab.await_fault()
        end(run, signum)
    finish(trial, run)


@pytest.mark.parametrize("number", range(14 if SOAK else 2))
def test_an_end_at_any_instant_is_made_good(number: int, lab: Lab, recordings: Recordings) -> None:
    chance = random.Random(f"{SEED}/{number}")
    trial = Trial(lab, chance.choice(phases(recordings)))
    trial.begin()
    lab.control.request("PUT", "latency", {"optiply": 0.01})
    run = lab.start(trial.phase.recording.lines)
    time.sleep(chance.uniform(0.1, 1.2))
    signum = chance.choice(SIGNALS)
    run.send(signum)
    run.wait(25)
    lab.control.request("PUT", "latency", {"optiply": 0})
    assert run.code in (0, -signum, 128 + signum), run.stderr[-2000:]
    if chance.random() < 0.3 and trial.phase.before is not None:
        lab.work_path.unlink(missing_ok=True)  # the disk that held it is gone; an older state is not
    finish(trial, run)


@pytest.mark.parametrize("kind", ["POST products", "POST buyOrders"])
def test_a_working_copy_that_is_lost_with_its_machine_costs_no_row(kind: str, lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[1])
    trial.begin()
    match = {"api": "optiply", "method": "POST", "path": f"^/{kind.partition(' ')[2]}$"}
    lab.control.add_fault(match, {"kind": "hang", "when": "after", "seconds": HANG})
    run = lab.start(trial.phase.recording.lines, request_timeout=HANG * 2)
    lab.await_fault()
    end(run, signal.SIGKILL)
    for path in lab.directory.glob("target-state.json.work*"):
        path.unlink()
    assert lab.state_path.exists()
    # The machine that takes over has the older state of both sides: the tap begins where that one ended.
    lab.control.clear_faults()
    lab.start(trial.phase.recording.lines).wait().ended(0)
    trial.assert_agreement()


# The save.


def fill(lab: Lab) -> None:
    """Put many entries into the state, so that loading and saving it take time."""
    document = lab.state()
    entry = '{"hash": "0123456789abcdef0123456789abcdef", "id": "%d", "externalId": "filler-%d", "success": true}'
    lines = [entry % (90_000_000 + number, number) for number in range(MANY)]
    lines += [json.dumps(each) for each in document["bookmarks"].pop("Suppliers")]
    rest = json.dumps(document["bookmarks"])[1:]
    tail = json.dumps({name: value for name, value in document.items() if name != "bookmarks"})[1:]
    text = '{"bookmarks": {"Suppliers": [' + ",\n".join(lines) + "],\n" + rest + ",\n" + tail
    json.loads(text)
    lab.state_path.write_text(text, encoding="utf-8")


def await_save(lab: Lab, run: Run) -> None:
    """Wait until a run writes its new state beside the old one."""
    lab.await_that(lambda: bool(list(lab.directory.glob(".target-state-*"))), 20)


@pytest.mark.parametrize("signum", SIGNALS if SOAK else SIGNALS[:1], ids=lambda signum: signum.name)
def test_an_end_during_the_save_leaves_a_whole_document(signum: int, lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[1])
    trial.begin()
    fill(lab)
    run = lab.start(trial.phase.recording.lines)
    await_save(lab, run)
    run.send(signum)
    run.wait()
    assert run.code in (0, -signal.SIGKILL, 143), run.stderr[-2000:]
    finish(trial, run)
    assert len(lab.state()["bookmarks"]["Suppliers"]) > MANY


def test_a_disk_that_is_full_during_the_save_keeps_the_old_document(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[1])
    trial.begin()
    fill(lab)
    before = lab.state_path.read_bytes()
    run = lab.start(trial.phase.recording.lines)
    await_save(lab, run)
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
    run.wait().ended(1)
    assert run.last_word.startswith("outage: the state could not be written"), run.last_word
    assert lab.state_path.read_bytes() == before
    assert not list(lab.directory.glob(".target-state-*"))
    finish(trial, run)


@pytest.mark.parametrize("room", [20_000, 100_000, 200_000])
def test_a_disk_that_is_full_from_some_point_on_is_said_in_one_sentence(
    room: int, lab: Lab, recordings: Recordings
) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    match = {"api": "optiply", "method": "POST", "path": "^/products$", "skip": 5}
    lab.control.add_fault(match, {"kind": "hang", "when": "after", "seconds": 0.7})
    run = lab.start(trial.phase.recording.lines)
    lab.await_fault()
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (room, room))
    run.wait()
    assert run.code in (0, 1)
    if run.code:
        assert run.last_word.startswith("outage: "), run.stderr[-2000:]
        assert "unexpected" not in run.last_word
    finish(trial, run)


# Both programs.


@pytest.mark.parametrize("victims", [("tap",), ("target",), ("tap", "target")], ids="+".join)
@pytest.mark.parametrize("number", range(4 if SOAK else 1))
def test_whichever_of_the_two_is_ended_the_next_run_makes_it_good(
    victims: tuple[str, ...], number: int, lab: Lab, recordings: Recordings
) -> None:
    chance = random.Random(f"{SEED}/{number}/{victims}")
    trial = Trial(lab, phases(recordings)[1])  # the inventory stands as after the changes
    trial.begin()
    signum = chance.choice(SIGNALS)
    configs = lab.sandbox.tap_config(page_size=5), lab.sandbox.target_config(lab.state_path, **lab.settings)
    lab.control.request("PUT", "latency", {"inflow": 0.05, "optiply": 0.01})
    paths = [write_json(lab.directory / name, config) for name, config in zip(PROGRAMS, configs, strict=True)]
    pids = dict(zip(PROGRAMS, lab.launcher.start(*_programs(lab, paths)), strict=True))
    lab.await_that(lambda: any(entry["kind"].startswith("POST") for entry in lab.control.log()), 20)
    time.sleep(chance.uniform(0, 0.4))
    for name in (f"{victim}.json" for victim in victims):
        os.kill(pids[name], signum)  # waited for below, so that the number is still its own
    codes = [lab.launcher.wait(pid, 30) for pid in pids.values()]
    lab.control.request("PUT", "latency", {"inflow": 0, "optiply": 0})
    assert None not in codes
    assert_whole(lab.state_path)
    said = (lab.directory / "stdout").read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in said if line.endswith("\n")]
    done = pipe(lab.directory, *configs, state=whole[-1] if whole else None, by=lab.launcher)
    assert (done.tap.code, done.target.code) == (0, 0), done.explain()
    assert "Traceback" not in done.explain()
    trial.assert_agreement()


PROGRAMS = ("tap.json", "target.json")


def _programs(lab: Lab, configs: list[Path]) -> list[dict[str, Any]]:
    """Return ``tap | target > stdout`` as the launcher takes it."""
    common = {"directory": str(lab.directory), "environment": environment(), "stdin": os.devnull}
    last = str(lab.directory / "stdout")
    return [
        {
            **common,
            "module": module,
            "arguments": ["--config", str(config)],
            "stdout": stdout,
            "stderr": str(lab.directory / f"{module}.err"),
        }
        for module, config, stdout in zip(("tap_inventory", "target_optiply"), configs, (None, last), strict=True)
    ]


def test_a_soak_kills_a_hundred_times() -> None:
    assert len(EVENTS) + 14 + len(SIGNALS) + 3 * 4 == 100
