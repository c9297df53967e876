"""The distribution: built as it is published, and installed where nothing of the checkout is seen."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
from dataclasses import dataclass
from pathlib import Path

from support.processes import ROOT, environment


@dataclass(frozen=True)
class Built:
    """The two archives, and the unpacked first; the second is made from that, as an installer makes it."""

    sdist: Path
    wheel: Path
    source: Path


def build(into: Path) -> Built:
    """Build the sdist of the checkout, and the wheel of the sdist."""
    sdist = _hatchling("sdist", ROOT, into / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(into / "source", filter="data")
    [source] = (into / "source").iterdir()
    return Built(sdist, _hatchling("wheel", source, into / "wheel"), source)


def _hatchling(target: str, source: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    subprocess.run(command, cwd=source, env=_environment(), check=True, capture_output=True, timeout=60)
    [made] = into.iterdir()
    return made


def _environment() -> dict[str, str]:
    """Return the environment without the path to this checkout."""
    return {name: text for name, text in environment().items() if name != "PYTHONPATH"}


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and an empty folder to run in."""

    bin: Path
    directory: Path

    def run(self, program: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs on an empty input, and insist on its exit code."""
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.directory,
            env=_environment(),
            input="",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, f"{program} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        return done


def install(wheel: Path, into: Path) -> Installed:
    """Install the wheel into a new environment; its dependencies are borrowed from the one that runs the tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(into / "env")], check=True, timeout=60)
    python = into / "env" / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, str(wheel)], env=_environment(), check=True, timeout=120)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(into / "env")}))
    # A path alone: the .pth files there, among them that of an editable install of this checkout, are not read.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (into / "work").mkdir()
    return Installed(python.parent, into / "work")
