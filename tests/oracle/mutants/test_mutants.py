"""The list of mutants fits the tree; in the long run every one of them is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.mutants.catalogue import MUTANTS
from tests.oracle.mutants.workshop import ROOT, Mutant, make_copy, run_tests, try_mutant

LEAST = 25
SECONDS_OF_ALL = 1_200.0
TESTS = tuple(sorted({test for mutant in MUTANTS for test in mutant.tests}))


def name_of(mutant: Mutant) -> str:
    return mutant.name


def test_there_are_enough_mutants() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= LEAST


@pytest.mark.parametrize("mutant", MUTANTS, ids=name_of)
def test_a_mutant_changes_one_place(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.right) == 1
    assert mutant.right != mutant.wrong


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_copy(tmp_path_factory.mktemp("mutants"))


@pytest.mark.long
async def test_without_a_mutant_nothing_is_found(tree: Path) -> None:
    verdict = await run_tests(tree, TESTS, SECONDS_OF_ALL)
    assert not verdict.killed, verdict.output


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=name_of)
async def test_every_mutant_is_found(mutant: Mutant, tree: Path) -> None:
    verdict = await try_mutant(tree, mutant)
    assert verdict.killed, verdict.output
