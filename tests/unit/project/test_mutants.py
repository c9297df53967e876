"""What is explained as no defect is still there to be explained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import mutate
from about import ROOT


def names() -> Iterator[mutate.Name]:
    modules = {name[0] for name in mutate.explained()}
    texts = ((module, (ROOT / module).read_text(encoding="utf-8")) for module in sorted(modules))
    found = (mutate.mutants(module, text, whole=False) for module, text in texts)
    return (mutant.name for mutant, _ in chain.from_iterable(found))


def test_every_explained_change_is_one_that_is_planted() -> None:
    explained = mutate.explained()
    assert explained
    assert explained.keys() <= set(names())
    assert all(why.strip() for why in explained.values())


def test_every_module_that_is_mutated_is_there_with_its_tests() -> None:
    for module, tests in mutate.TESTS.items():
        assert (ROOT / module).is_file()
        for each in tests:
            path, _, name = each.removeprefix("--deselect=").partition("::")
            assert (ROOT / path).is_file(), each
            assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")


def test_the_explained_modules_are_among_those_that_are_mutated() -> None:
    assert {name[0] for name in mutate.explained()} <= mutate.TESTS.keys()
