"""A handful of seeds in every run of the tests, many in the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.harness import Plan, run_seed

CALM_SEEDS = range(1, 3)
SEEDS = range(1, 6)
LONG_SEEDS = range(100, 300)

pytestmark = pytest.mark.usefixtures("looking")


@pytest.mark.parametrize("seed", CALM_SEEDS)
async def test_a_world_without_faults_is_indexed_exactly(seed: int, database_url: str, tmp_path: Path) -> None:
    report = await run_seed(seed, database_url, tmp_path, Plan(faults=False))
    if report.differences:
        pytest.fail(str(report), pytrace=False)
    assert not [name for name, rows in report.rows.items() if not rows], "nothing was compared there"


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_faults_the_index_equals_the_model(seed: int, database_url: str, tmp_path: Path) -> None:
    report = await run_seed(seed, database_url, tmp_path)
    if report.differences:
        pytest.fail(str(report), pytrace=False)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
async def test_after_any_faults_of_many_seeds_the_index_equals_the_model(
    seed: int, database_url: str, tmp_path: Path
) -> None:
    report = await run_seed(seed, database_url, tmp_path)
    if report.differences:
        pytest.fail(str(report), pytrace=False)
