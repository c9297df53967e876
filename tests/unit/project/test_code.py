"""The programs' code: checked for what has no place in it, and for imports that nobody declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

import pytest
from about import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from singer_sdk import Sink, Target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROGRAMS = ("singer_http", "tap_inventory", "target_optiply")
FILES = [path for name in PROGRAMS for path in sorted((ROOT / name).rglob("*.py"))]
# Which distribution a module comes from, where the two have different names.
DISTRIBUTIONS = {"dotenv": "python-dotenv", "backoff": "python-backoff"}
FORBIDDEN = frozenset({"eval", "exec", "compile", "__import__"})


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Return every node of the programs' code, with where it stands."""
    trees = [(path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]
    return tuple((f"{path}:{getattr(node, 'lineno', 0)}", node) for path, tree in trees for node in ast.walk(tree))


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return ast.unparse(node.func)


def test_nothing_is_decided_by_an_assertion() -> None:
    assert [place for place, node in nodes() if isinstance(node, ast.Assert)] == []


def test_no_text_is_run_as_code() -> None:
    assert [place for place, node in nodes() if _called(node) in FORBIDDEN] == []
    unsafe = ("pickle.", "marshal.", "shelve.", "yaml.load")
    assert [place for place, node in nodes() if _called(node).startswith(unsafe)] == []


def test_no_program_is_started_and_no_shell() -> None:
    started = ("subprocess.", "os.system", "os.popen", "os.exec", "os.spawn", "pty.")
    assert [place for place, node in nodes() if _called(node).startswith(started)] == []
    shells = [
        place
        for place, node in nodes()
        if isinstance(node, ast.keyword) and node.arg == "shell" and not isinstance(node.value, ast.Constant)
    ]
    assert shells == []


def test_certificates_are_always_checked() -> None:
    off = [
        place
        for place, node in nodes()
        if isinstance(node, ast.keyword)
        and node.arg in ("verify", "cert_reqs", "assert_hostname")
        and isinstance(node.value, ast.Constant)
        and node.value.value is False
    ]
    assert off == []
    assert [place for place, node in nodes() if "_create_unverified_context" in _called(node)] == []


def test_the_security_rules_pass_and_every_exception_gives_its_reason() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--select", "S", "--no-cache", *PROGRAMS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in FILES:
        silenced = re.findall(r"# noqa:.*\b(S\d{3})\b(.*)", path.read_text(encoding="utf-8"))
        explained = {rule for rule, rest in silenced if " - " in rest}  # once a file
        assert {rule for rule, _ in silenced} <= explained, path.relative_to(ROOT)


@pytest.mark.parametrize("name", PROGRAMS)
def test_everything_that_is_imported_is_declared(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    imported: set[str] = set()
    for path in sorted((ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - set(PROGRAMS)
    assert foreign
    assert {canonicalize_name(DISTRIBUTIONS.get(module, module)) for module in foreign} <= declared


def test_the_programs_share_nothing_but_the_package_about_http() -> None:
    for path in FILES:
        own = path.relative_to(ROOT).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {(node.module or "").partition(".")[0]}
            else:
                names = {each.name.partition(".")[0] for each in node.names} if isinstance(node, ast.Import) else set()
            assert not names & ({*PROGRAMS, "sandbox", "tests"} - {own, "singer_http"}), path


# What the SDK has its subclasses override or read, though an underscore begins it: messages, signals, `--about`, sinks.
HOOKS = {
    *(f"_process_{kind}_message" for kind in ("schema", "record", "state", "activate_version", "batch")),
    *("_validate_config", "_setup_signal_handlers", "_handle_termination", "_get_about_info", "_sinks_active"),
}


def test_of_the_sdks_target_only_its_hooks_are_used() -> None:
    private = {name for kind in (Target, Sink) for name in dir(kind) if re.match("_[a-z]", name)} | {"_sinks_active"}
    assert private > HOOKS
    used = set()
    for path in sorted((ROOT / "target_optiply").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.FunctionDef):
                used.add(node.name)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("singer_sdk"):
                assert "._" not in f"{node.module}", path
                assert not [each.name for each in node.names if each.name.startswith("_")], path
    assert used & private == HOOKS
