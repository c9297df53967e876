"""One state, one run; and a state that could not be written is found before anything is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from reliability.faults import HANG
from reliability.matrix import Trial, phases
from reliability.recording import Recordings
from target.lab import Lab


def test_a_second_run_for_one_state_refuses_and_the_first_goes_on(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    match = {"api": "optiply", "method": "POST", "path": "^/products$"}
    lab.control.add_fault(match, {"kind": "hang", "when": "after", "seconds": 2})
    first = lab.start(recordings.full.lines, request_timeout=HANG)
    lab.await_fault()
    before = len(lab.control.log())
    second = lab.start(recordings.full.lines).wait().ended(1)
    assert second.last_word.startswith("config: another run is using the state"), second.last_word
    asked = [entry for entry in lab.control.log()[before:] if entry["api"] == "auth"]
    assert not asked, "the second run has asked for a token"
    assert not second.states
    first.wait().ended(0)
    trial.assert_agreement()


def test_the_lock_dies_with_its_process(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    match = {"api": "optiply", "method": "POST", "path": "^/products$"}
    lab.control.add_fault(match, {"kind": "hang", "when": "before", "seconds": HANG})
    first = lab.start(recordings.full.lines, request_timeout=HANG)
    lab.await_fault()
    first.send(signal.SIGKILL)
    first.wait()
    lab.control.clear_faults()
    lab.start(recordings.full.lines).wait().ended(0)
    trial.assert_agreement()


def test_runs_that_start_together_are_one_run_and_refusals(lab: Lab, recordings: Recordings) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    lab.control.request("PUT", "latency", {"optiply": 0.02})
    runs = [lab.start(recordings.full.lines) for _ in range(4)]
    codes = sorted(run.wait().code or 0 for run in runs)
    lab.control.request("PUT", "latency", {"optiply": 0})
    assert codes == [0, 1, 1, 1]
    trial.assert_agreement()


@pytest.mark.parametrize("what", ["missing", "a file", "read-only"])
def test_a_state_that_cannot_be_written_is_found_before_the_first_request(
    what: str, lab: Lab, recordings: Recordings
) -> None:
    trial = Trial(lab, phases(recordings)[0])
    trial.begin()
    folder = lab.directory / "folder"
    if what == "a file":
        folder.write_text("", encoding="utf-8")
    elif what == "read-only":
        # A folder in which not even root may make a file: the place of the processes.
        folder = Path("/proc/self") if os.geteuid() == 0 else folder
        if os.geteuid():
            folder.mkdir(mode=0o500)
    run = lab.start(recordings.full.lines, state_path=str(folder / "state.json")).wait().ended(1)
    assert run.stdout == ""
    assert run.last_word.startswith("config: "), run.last_word
    assert "state" in run.last_word
    assert lab.control.log() == []
