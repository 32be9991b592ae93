"""A day in the life of the network, in minutes: after every trouble the lag goes, memory stays, and nothing is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from benchmarks import day
from benchmarks.day import Hours, lived
from simulator import World
from tests.oracle.acts import Stage
from tests.oracle.harness import Plan, Show, one_relay, remember, settle

SEED: Final = 930
HOURS: Final = Hours()
GROWTH: Final = 1.25
PLAN: Final = Plan(patience=300.0, calm=2_000)

pytestmark = pytest.mark.long


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the server's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="plyr-test-") as name:
        yield Path(name)


async def test_a_day_ends_without_lag_without_growth_and_without_a_loss(folder: Path) -> None:
    world = World(SEED, day.population(HOURS.people), hosts=day.HOSTS, retention=day.KEPT)
    history = remember(world)
    async with lived(world, HOURS, folder) as over:
        show = Show(
            Stage(over.world, over.network, over.world.random("oracle")),
            over.faults,
            over,
            over.database_url,
            history,
            await one_relay(over.network),
        )
        found = await settle(show, PLAN)
    assert not found
    assert over.seen.recovered.keys() == day.TROUBLES.keys()
    memory = day.memory_figures(over.seen)
    assert memory["late"] < memory["early"] * GROWTH
