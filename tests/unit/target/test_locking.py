"""Two runs never write one state, and a run that died holds nobody up."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import fsspec
import pytest

from target_optiply.errors import ConfigProblem
from target_optiply.locking import STALE_AFTER, StateLock, StateMarker, lock
from target_optiply.statefile import StateFile

HOLDER = """
import sys, time
from pathlib import Path
from target_optiply.locking import StateLock
held = StateLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path):
    first = StateLock(tmp_path / "s.lock")
    with pytest.raises(ConfigProblem, match="another run is using the state"):
        StateLock(tmp_path / "s.lock")
    first.release()
    StateLock(tmp_path / "s.lock").release()


def test_a_lock_dies_with_its_process_however_it_ends(tmp_path):
    path = tmp_path / "s.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigProblem):
            StateLock(path)
        holder.kill()
        holder.wait(10)
    StateLock(path).release()


def test_a_lock_file_that_cannot_be_opened_is_told_in_a_sentence(tmp_path):
    (tmp_path / "s.lock").mkdir()
    with pytest.raises(ConfigProblem, match="cannot be opened"):
        StateLock(tmp_path / "s.lock")


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    if filesystem.exists("/lock-tests"):
        filesystem.rm("/lock-tests", recursive=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


PATH = "/lock-tests/s.json.lock"


def test_a_marker_is_refused_while_it_is_younger_than_five_minutes_and_then_ignored(memory):
    clock = Clock()
    memory.pipe_file(PATH, json.dumps({"run": "dead", "renewed_at": clock.now}).encode())
    clock.now += STALE_AFTER - 1
    with pytest.raises(ConfigProblem, match="renewed 299 seconds ago"):
        StateMarker(memory, PATH, clock=clock)
    clock.now += 1
    StateMarker(memory, PATH, clock=clock).release()
    assert not memory.exists(PATH)


def test_a_second_marker_is_refused_until_the_first_is_released(memory):
    first = StateMarker(memory, PATH)
    with pytest.raises(ConfigProblem, match="another run is using the state"):
        StateMarker(memory, PATH)
    first.release()
    StateMarker(memory, PATH).release()


def test_a_marker_is_renewed_while_the_run_lives_and_not_after(memory):
    clock = Clock()
    marker = StateMarker(memory, PATH, clock=clock, every=0.005)
    clock.now += 60
    give_up = time.monotonic() + 5
    while json.loads(memory.cat_file(PATH))["renewed_at"] != clock.now and time.monotonic() < give_up:
        time.sleep(0.002)
    assert json.loads(memory.cat_file(PATH))["renewed_at"] == clock.now
    marker.release()
    assert not memory.exists(PATH)
    assert not marker._thread.is_alive()


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b"7", b"{}", b'{"run": "x", "renewed_at": null}'])
def test_a_marker_that_cannot_be_read_holds_nobody_up(memory, content):
    memory.pipe_file(PATH, content)
    StateMarker(memory, PATH).release()


def test_another_runs_marker_is_neither_renewed_nor_taken_away(memory, caplog):
    marker = StateMarker(memory, PATH, every=0.005)
    theirs = json.dumps({"run": "other", "renewed_at": 1.0}).encode()
    give_up = time.monotonic() + 5
    while marker._thread.is_alive() and time.monotonic() < give_up:
        memory.pipe_file(PATH, theirs)  # again, where a renewal that was under way has written over it
        marker._thread.join(0.01)
    assert not marker._thread.is_alive()
    marker.release()
    assert memory.cat_file(PATH) == theirs
    assert "two runs write one state" in caplog.text


def test_a_marker_that_cannot_be_written_stops_the_run_and_a_renewal_that_fails_does_not(memory, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise OSError("no such bucket")

    marker = StateMarker(memory, PATH, every=0.005)
    with monkeypatch.context() as patched:
        patched.setattr(type(memory), "pipe_file", broken)
        give_up = time.monotonic() + 5
        while "could not be renewed (OSError)" not in caplog.text and time.monotonic() < give_up:
            time.sleep(0.002)
        assert "could not be renewed (OSError)" in caplog.text
        assert marker._thread.is_alive()
        with pytest.raises(ConfigProblem, match="cannot be written"):
            StateMarker(memory, "/lock-tests/other.lock")
    marker.release()


def test_the_place_of_the_state_decides_what_locks_it(tmp_path, memory):
    local = lock(StateFile(str(tmp_path / "s.json")))
    assert isinstance(local, StateLock)
    assert (tmp_path / "s.json.lock").exists()
    local.release()
    remote = lock(StateFile("memory://lock-tests/s.json"))
    assert isinstance(remote, StateMarker)
    assert memory.exists(PATH)
    remote.release()
