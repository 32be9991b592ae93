"""The memory that there is: the machine's, within its container's limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime import memory
from runtime.postgres import sized


@pytest.mark.parametrize("said", ["max\n", "9223372036854771712\n", None])
def test_without_a_limit_it_is_the_machines(tmp_path: Path, said: str | None) -> None:
    limit = tmp_path / "memory.max"
    if said is not None:
        limit.write_text(said)
    assert memory.total((limit,)) == memory.total(())


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("104857600\n")
    assert memory.total((limit, tmp_path / "none")) == 104_857_600


@pytest.mark.parametrize(
    ("gigabytes", "shared", "cached"), [(0.5, "128MB", "256MB"), (8, "1024MB", "4096MB"), (512, "8192MB", "262144MB")]
)
def test_the_server_takes_an_eighth_within_bounds(gigabytes: float, shared: str, cached: str) -> None:
    assert sized(int(gigabytes * 2**30)) == {"shared_buffers": shared, "effective_cache_size": cached}
