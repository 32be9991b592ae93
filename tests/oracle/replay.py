"""The test that `python -m tests.oracle SEED...` runs; the seeds come from there."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.oracle.harness import run_seed


async def test_the_index_equals_the_model(chosen_seed: int, database_url: str, tmp_path: Path) -> None:
    report = await run_seed(chosen_seed, database_url, tmp_path)
    sys.stdout.write(f"\n{report}\n")
    assert not report.differences
