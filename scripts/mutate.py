"""Plants one defect after the other in a copy of the programs, and tells which of them no test notices.

``python scripts/mutate.py [MODULE …] [--share 0.3] [--seed 1] [--report FILE]``: for each module the tests of its row
in ``TESTS`` run once a defect, in a process forked from one that has imported the libraries, until one fails.
A copy is changed, never the checkout.

What is no defect though it looks like one is explained in ``mutants_explained.json`` and not told again; an explanation
of what is not there any more, or is noticed after all, is. The exit code is 1 where there is anything to tell.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("singer_http", "tap_inventory", "target_optiply", "sandbox", "scripts", "tests", "docs", "requirements")
FILES = ("pyproject.toml", "meltano.yml", "README.md", "CHANGELOG.md", "Makefile", "sample_config.json")
# What takes long to import and is none of the project's: inherited by every fork.
LIBRARIES = ("pytest", "hypothesis", "requests", "requests_mock", "singer_sdk", "msgspec", "fsspec", "pendulum")
# The test that noticed the last defect goes first. Plugins that are imported already cannot have their own assertions
# rewritten, which nothing here needs.
OPTIONS = ("-x", "-q", "--ff", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
EXPLAINED = ROOT / "scripts" / "mutants_explained.json"
PATIENCE = 4.0  # a defect may make the tests so many times slower before it counts as noticed

_TARGET, _UNIT, _HTTP = "tests/target/test_target_", "tests/unit/target/test_", "tests/unit/http/test_"
_LONG = ("test_the_document_is_never_in_memory_as_a_whole", "test_ten_times_the_entries_take_ten_times_the_time")
_NOT_LONG = tuple(f"--deselect={_UNIT}state.py::{name}" for name in _LONG)
# What notices quickly first; what runs the program over sockets last.
TESTS: dict[str, tuple[str, ...]] = {
    "singer_http/retry.py": (f"{_HTTP}retry.py", "tests/unit/tap/test_tap_client.py"),
    "singer_http/pacing.py": (f"{_HTTP}pacing.py",),
    "singer_http/connection.py": (f"{_HTTP}connection.py",),
    "target_optiply/answers.py": (f"{_UNIT}answers.py", f"{_UNIT}writes.py", f"{_TARGET}answers.py"),
    "target_optiply/references.py": (f"{_UNIT}references.py", f"{_TARGET}order.py", f"{_TARGET}rejections.py"),
    "target_optiply/difference.py": (f"{_UNIT}difference.py", f"{_TARGET}replacing.py", f"{_TARGET}changes.py"),
    "target_optiply/line_ids.py": (f"{_UNIT}line_ids.py",),
    "target_optiply/doubts.py": (f"{_UNIT}doubts.py",),
    "target_optiply/ledger.py": (f"{_UNIT}ledger.py",),
    "target_optiply/needs.py": (
        *(f"{_TARGET}changes.py", f"{_TARGET}adoption.py", f"{_TARGET}unchanged.py", f"{_TARGET}deletes.py"),
        f"{_TARGET}order.py",
    ),
    "target_optiply/refusals.py": (f"{_UNIT}refusals.py", f"{_TARGET}figures.py"),
    "target_optiply/figures.py": (f"{_TARGET}figures.py", f"{_TARGET}unchanged.py", f"{_TARGET}recognition.py"),
    "target_optiply/dispatch.py": (
        f"{_UNIT}dispatch.py",
        f"{_UNIT}senders.py",
        f"{_TARGET}outage.py",
        f"{_TARGET}concurrency.py",
    ),
    "target_optiply/sieve.py": (f"{_UNIT}held_back.py",),
    "target_optiply/senders.py": (f"{_UNIT}senders.py", f"{_UNIT}dispatch.py"),
    "target_optiply/tables.py": (f"{_UNIT}store.py", f"{_UNIT}held_back.py", f"{_UNIT}state.py", *_NOT_LONG),
    "target_optiply/store.py": (f"{_UNIT}store.py", f"{_UNIT}held_back.py", f"{_UNIT}state.py", *_NOT_LONG),
    "target_optiply/state.py": (f"{_UNIT}state.py", f"{_UNIT}store.py", f"{_TARGET}state.py", *_NOT_LONG),
    "target_optiply/statefile.py": (f"{_UNIT}state.py", f"{_UNIT}locking.py", f"{_TARGET}state.py", *_NOT_LONG),
    "target_optiply/books.py": (
        *(f"{_TARGET}order.py", f"{_TARGET}rejections.py", f"{_TARGET}changes.py", f"{_TARGET}crash.py"),
        *(f"{_TARGET}deletes.py", f"{_TARGET}lost_answers.py", f"{_TARGET}answers.py"),
    ),
    "target_optiply/concurrency.py": (f"{_UNIT}concurrency.py",),
    "target_optiply/outage.py": (f"{_UNIT}outage.py", f"{_TARGET}outage.py"),
}

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
}


Name = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Mutant:
    """One planted defect: where, and what became of which text."""

    module: str
    line: int
    function: str
    before: str
    after: str
    nth: int = 1  # of those of its function that read the same

    @property
    def name(self) -> Name:
        """What identifies it, wherever in the module its function stands."""
        return self.module, self.function, self.before, self.after, self.nth


def explained(path: Path = EXPLAINED) -> dict[Name, str]:
    """Return why some changes are no defects, by the name of the mutant."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        (row["module"], row["function"], row["before"], row["after"], row.get("nth", 1)): row["why"] for row in rows
    }


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node may wrongly be, each in its place."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in _COMPARISONS[type(node.ops[0])]:
            yield ast.Compare(node.left, [operator()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, (ast.Expr, ast.AugAssign, ast.Raise)):
        yield ast.Pass()
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)) and isinstance(
        node.test, (ast.Name, ast.Attribute, ast.Call)
    ):
        other = copy.copy(node)
        other.test = ast.UnaryOp(ast.Not(), node.test)
        yield other


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):  # a time or a ratio: nobody would notice one more in an hour
        yield ast.Constant(2 * value + 1)
    elif isinstance(value, str) and value and " " not in value:  # with a space it is a message
        yield ast.Constant(f"{value}X")


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, str]]:
    """Yield every place that can be changed: the parent, its field and position, the node, the function around it."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, str]]:
        inside = f"{function}.{node.name}" if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else function
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "keywords") and not isinstance(node, ast.Call):
                continue
            if isinstance(node, ast.JoinedStr):  # the words of a message
                continue
            for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST) or _is_docstring(node, name, place, child):
                    continue
                yield node, name, place, child, inside.lstrip(".")
                yield from walk(child, inside)

    yield from walk(tree, "")


def _is_docstring(node: ast.AST, name: str, place: int | None, child: ast.AST) -> bool:
    del node, place
    return name == "body" and isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)


def mutants(module: str, source: str, *, whole: bool = True) -> Iterator[tuple[Mutant, str]]:
    """Yield each defect that can be planted in a module, and the module with it (where it is asked for: ``whole``)."""
    tree = ast.parse(source)
    alike: Counter[tuple[str, str, str]] = Counter()
    for parent, name, place, node, function in sites(tree):
        for other in variants(node):
            before, after = ast.unparse(node), ast.unparse(ast.fix_missing_locations(other))
            if isinstance(node, (ast.If, ast.While)):
                before, after = (text.partition("\n")[0] for text in (before, after))
            _put(parent, name, place, other)
            changed = ast.unparse(ast.fix_missing_locations(tree)) if whole else ""
            _put(parent, name, place, node)
            line: int = getattr(node, "lineno", 0)
            alike[function, before, after] += 1
            yield Mutant(module, line, function, before, after, alike[function, before, after]), changed


def _put(parent: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[place] = node


def run_tests(checkout: Path, tests: tuple[str, ...], seconds: float) -> int | None:
    """Run tests in a fork until one fails; returns pytest's exit code, None where they did not end in time."""
    child = os.fork()
    if not child:
        os.setsid()
        code = 70
        try:
            output = os.open(checkout / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for number in (1, 2):
                os.dup2(output, number)
            os.chdir(checkout)
            own = (ROOT, ROOT / "scripts")
            sys.path[:] = [str(checkout), *(path for path in sys.path if Path(path).resolve() not in own)]
            os.environ["PYTHONPATH"] = str(checkout)
            pytest = importlib.import_module("pytest")
            code = int(pytest.main([*OPTIONS, *tests]))
        except BaseException as error:  # noqa: BLE001 - said as the interpreter would
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end_group(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    _end_group(child)
    os.waitpid(child, 0)
    return None


def _end_group(leader: int) -> None:
    """End what the tests of a defect left running: only the session that this program started for them."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def copied(place: Path) -> Path:
    """Copy what the tests need; compiled files stay good, since the times of the sources are kept."""
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name)
    for name in FILES:
        shutil.copy2(ROOT / name, place / name)
    return place


def try_module(module: str, checkout: Path, share: float, chance: random.Random) -> dict[str, Any]:
    """Plant the defects of one module and return how many were noticed, and those that were not."""
    path, tests = checkout / module, TESTS[module]
    source = path.read_text(encoding="utf-8")
    began = time.monotonic()
    if run_tests(checkout, tests, 300) != 0:
        sys.exit(f"{module}: its tests fail without a defect:\n{(checkout / 'output').read_text()[-3000:]}")
    whole = time.monotonic() - began
    planted = [each for each in mutants(module, source) if chance.random() < share]
    known = {name: why for name, why in explained().items() if name[0] == module}
    noticed: set[Name] = set()
    survivors: list[Mutant] = []
    understood: list[Name] = []
    late = 0
    for number, (mutant, changed) in enumerate(planted, start=1):
        path.write_text(changed, encoding="utf-8")
        code = run_tests(checkout, tests, 10 + PATIENCE * whole)
        late += code is None
        if code != 0:
            noticed.add(mutant.name)
        elif mutant.name in known:
            understood.append(mutant.name)
        else:
            survivors.append(mutant)
            print(f"{module}:{mutant.line} {mutant.function}: {mutant.before!r} -> {mutant.after!r}", flush=True)
        if number % 50 == 0:
            print(f"{module}: {number} of {len(planted)}", file=sys.stderr, flush=True)
    path.write_text(source, encoding="utf-8")
    # An explanation may stand for several mutants of one name: it is stale where none of them survives.
    gone = known.keys() - {mutant.name for mutant, _ in mutants(module, source, whole=False)}
    stale = sorted(gone | ((known.keys() & noticed) - set(understood)))
    for name in stale:
        print(f"{module}: what {EXPLAINED.name} says of {name[2]!r} -> {name[3]!r} in {name[1]} is stale", flush=True)
    number = len(planted) - len(survivors) - len(understood)
    print(
        f"{module}: {len(planted)} defects, {number} noticed ({late} by the clock), {len(understood)} explained, "
        f"{len(survivors)} unnoticed",
        flush=True,
    )
    return {
        "module": module,
        "planted": len(planted),
        "noticed": number,
        "late": late,
        "explained": len(understood),
        "survivors": [asdict(each) for each in survivors],
        "stale": stale,
    }


def main() -> None:
    """Plant defects and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE")
    parser.add_argument("--share", type=float, default=1.0, help="of the defects that are tried")
    parser.add_argument("--seed", type=int, default=1, help="draws that share")
    parser.add_argument("--report", type=Path, help="JSON file that gets the outcome of each module")
    options = parser.parse_args()
    sys.dont_write_bytecode = True
    for name in LIBRARIES:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutate-") as place:
        checkout = copied(Path(place))
        found: dict[str, dict[str, Any]] = {}
        for module in options.modules:
            found[module] = try_module(module, checkout, options.share, random.Random(options.seed))  # noqa: S311 - draws, keeps no secret
            if options.report:
                options.report.write_text(json.dumps(found, indent=1), encoding="utf-8")
    sys.exit(any(outcome["survivors"] or outcome["stale"] for outcome in found.values()))


if __name__ == "__main__":
    main()
