"""The pipe: both programs are watched, heard out, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from fleet import pair as module
from fleet.pair import Line, Pair, command, environment

READ_ALL = "import sys\nfor line in sys.stdin: print(line, end='')\nprint('read all', file=sys.stderr)"


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_lines_come_from_both_and_states_from_the_targets_stdout() -> None:
    tap = program("import sys\nprint('one')\nprint('two')\nprint('tap says', file=sys.stderr)")
    with Pair(tap, program(READ_ALL)) as pair:
        lines = set(pair.lines())
        assert pair.codes == {"tap": 0, "target": 0}
    assert lines == {Line("state", "one"), Line("state", "two"), Line("tap", "tap says"), Line("target", "read all")}


def test_both_exit_codes_are_told() -> None:
    with Pair(program("raise SystemExit(3)"), program("import sys; sys.stdin.read(); raise SystemExit(4)")) as pair:
        assert list(pair.lines()) == []
        assert pair.codes == {"tap": 3, "target": 4}


def test_a_tap_that_waits_is_ended_once_its_target_has_ended() -> None:
    began = time.monotonic()
    with Pair(program("import time; time.sleep(300)"), program("raise SystemExit(1)")) as pair:
        assert list(pair.lines()) == []
        assert pair.codes == {"tap": -signal.SIGTERM, "target": 1}
    assert time.monotonic() - began < 60


def test_leaving_ends_both_and_what_they_say_at_the_end_is_heard() -> None:
    last = (
        "import signal, sys, time\n"
        "def end(*_): print('{0} ends', file=sys.stderr); sys.exit(143)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('{0} is there', file=sys.stderr, flush=True)\ntime.sleep(300)"
    )
    with Pair(program(last.format("tap")), program(last.format("target"))) as pair:
        lines = pair.lines()
        assert {next(lines).text, next(lines).text} == {"tap is there", "target is there"}
        pair.stop()
        assert {line.text for line in lines} == {"tap ends", "target ends"}
        assert pair.codes == {"tap": 143, "target": 143}


def test_a_program_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(300)"
    )
    with Pair(program("import time; time.sleep(300)"), program(deaf)) as pair:
        assert next(pair.lines()) == Line("state", "deaf")
    assert pair.codes == {"tap": -signal.SIGTERM, "target": -signal.SIGKILL}


def test_a_target_that_cannot_be_started_leaves_no_tap(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    tap = program(f"import os, time\nopen({str(noted)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)")
    with pytest.raises(FileNotFoundError):
        Pair(tap, [str(tmp_path / "none")])
    if noted.exists() and (text := noted.read_text()):
        with pytest.raises(ProcessLookupError):
            os.kill(int(text), 0)


def test_a_program_is_found_beside_the_interpreter_or_named_where_it_is_not() -> None:
    assert Path(command("tap-inventory")).parent == Path(sys.executable).parent


def test_a_program_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="target-optiply is not installed"):
        command("target-optiply")


def test_the_machines_settings_do_not_reach_the_programs() -> None:
    given = {"TAP_INVENTORY_API_KEY": "x", "TARGET_OPTIPLY_DELETE": "hard", "HOME": "h", "https_proxy": "p"}
    assert environment(given) == {"HOME": "h", "https_proxy": "p"}
