"""What takes too long for every run: real processes killed for good, a database that goes away, repos of great size."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from signal import SIGKILL

import asyncpg
import pytest
import pytest_asyncio

import migrations
from indexer.pipeline import DatabaseWentBack
from protocol.syntax import Nsid, RecordKey, Tid
from runtime import db
from runtime.postgres import EmbeddedPostgres
from simulator import World, Write
from simulator.faults import Chances
from tests.conftest import FAST_AND_FORGETFUL
from tests.oracle import acts
from tests.oracle.harness import SMALL, Plan, Show, make_good, run_seed, settle, showing
from tests.oracle.running import IndexerProcess

PLAY = Nsid("fm.teal.feed.play")
KILLED = Plan(rounds=150, pace=0.15, indexer=IndexerProcess, patience=120.0, calm=600)
HUGE = 100_000
HUGE_PLAN = Plan(patience=300.0, calm=2_000)

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", range(900, 905))
async def test_a_process_that_is_killed_for_good_loses_nothing(seed: int, database_url: str, tmp_path: Path) -> None:
    report = await run_seed(seed, database_url, tmp_path, KILLED)
    if report.differences:
        pytest.fail(str(report), pytrace=False)


@pytest_asyncio.fixture
async def own_server() -> AsyncGenerator[EmbeddedPostgres]:
    """A server that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="plyr-test-"))
    server = EmbeddedPostgres.own(folder, FAST_AND_FORGETFUL)
    try:
        await server.start()
        connection = await asyncpg.connect(server.dsn)
        await migrations.apply(connection)
        await connection.close()
        yield server
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("seed", range(910, 913))
async def test_a_database_that_is_started_again_costs_nothing(
    seed: int, own_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    world = World(seed, SMALL, hosts=3)
    chances = Chances.some(world.random("chances"))
    async with showing(world, chances, own_server.dsn, tmp_path) as show:
        for part in range(3):
            await live(show, 40)
            if part < 2:
                await own_server.stop()
                await own_server.start()
        make_good(show)
        found = await settle(show, Plan())
    assert not found


@pytest.mark.parametrize("seed", range(930, 933))
async def test_a_database_that_is_killed_costs_nothing(seed: int, own_server: EmbeddedPostgres, tmp_path: Path) -> None:
    """The indexer outlives the crash, or ends for what it has cost, and is started again; either way all is equal.

    Most of what is lost heals here in other ways too: that the cursor tells of it is for test_pipeline.py.
    """
    world = World(seed, SMALL, hosts=3)
    chances = Chances.some(world.random("chances"))
    async with showing(world, chances, own_server.dsn, tmp_path) as show:
        for _ in range(6):
            await live(show, 20)
            await crash(own_server.dsn)
            await live(show, 3)  # few repos write again, which would tell of what is lost
        await keep_alive(show, 1.0)
        make_good(show)
        found = await settle(show, Plan())
    assert not found


async def test_a_huge_repo_is_stored_whole_though_its_fetch_is_interrupted(database_url: str, tmp_path: Path) -> None:
    world = World(920, SMALL)
    account = world.create_account("huge.test")
    for begin in range(0, HUGE, 200):
        world.write(account.did, [play(number) for number in range(begin, begin + 200)])
    async with showing(world, Chances(), database_url, tmp_path) as show:
        for _ in range(5):
            await live(show, 20)
            await show.indexer.kill()
            await show.indexer.start()
        found = await settle(show, HUGE_PLAN)
    assert not found


def play(number: int) -> Write:
    rkey = RecordKey(Tid.from_micros(1_700_000_000_000_000 + number, 0))
    return Write("create", PLAY, rkey, {"$type": str(PLAY), "trackName": f"number {number}"})


async def live(show: Show, rounds: int) -> None:
    for _ in range(rounds):
        acts.act(show.stage)
        await asyncio.sleep(show.stage.rng.random() * 0.03)
        await revive(show)


async def keep_alive(show: Show, seconds: float) -> None:
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.02)
        await revive(show)


async def revive(show: Show) -> None:
    """Start the indexer again if it has ended because the database lost something."""
    try:
        show.indexer.check()
    except* DatabaseWentBack:
        await show.indexer.start()


async def crash(dsn: str) -> None:
    """Kill one of the server's processes, as which it ends all of them without a word, and wait for it to be back."""
    connection = await asyncpg.connect(dsn)
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    os.kill(await connection.fetchval("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"), SIGKILL)
    await ended.wait()
    await (await db.connect(dsn, connect_timeout=60.0)).close()
