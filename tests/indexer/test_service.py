"""The whole indexer on a simulated network: from a host's write to the row, through stops and kills."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from indexer.instance import NamespaceMixed
from indexer.service import run
from protocol.syntax import Did, Nsid, RecordKey
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS, Settings
from simulator import Network, Population, World, Write

SMALL = Population(artists=3, listeners=6, strangers=3, records=(3, 25))
TRACK = Nsid("fm.plyr.track")
PATIENCE = 60.0

Records = dict[tuple[str, str], str]


def settings(network: Network, database_url: str, folder: Path, **options: Any) -> Settings:
    return Settings.load(
        {},
        database_url=database_url,
        data_dir=folder,
        relay_urls=network.relay_url,
        directory_url=network.directory_url,
        plc_url=network.plc_url,
        handle_resolver=network.handle_resolver_url,
        trust_loopback=True,
        reconnect_min=0.05,
        identity_refresh_min=0.1,
        identity_negative_ttl=0.1,
        sync_poll=0.1,
        host_rate=1_000.0,
        plc_rate=1_000.0,
        **options,
    )


@asynccontextmanager
async def indexing(configured: Settings) -> AsyncGenerator[asyncio.Task[None]]:
    stop = asyncio.Event()
    running = asyncio.create_task(run(configured, stop))
    try:
        yield running
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, 8)


def expected(world: World) -> Records:
    """What the hosts hold of the indexed collections, of every account that has at least one of ours."""
    found: Records = {}
    for did, account in world.accounts.items():
        held = dict(account.repo.tree.items()) if account.repo is not None else {}
        ours = {path: str(cid) for path, cid in held.items() if path.partition("/")[0] in RECORD_COLLECTIONS}
        if any(not path.startswith("app.bsky.") for path in ours):
            found |= {(did, path): cid for path, cid in ours.items()}
    return found


async def actual(pool: Pool) -> Records:
    rows = await pool.fetch(
        "SELECT did, collection || '/' || rkey AS path, cid FROM record JOIN account a ON a.id = account_id"
    )
    from protocol.cbor import Cid  # noqa: PLC0415

    return {(row["did"], row["path"]): str(Cid(row["cid"])) for row in rows}


async def settled(pool: Pool, world: World) -> None:
    """Wait until the records are the hosts'."""
    try:
        async with asyncio.timeout(PATIENCE):
            while await actual(pool) != expected(world):  # noqa: ASYNC110 - another process's rows have no event
                await asyncio.sleep(0.05)
    except TimeoutError:
        states = [tuple(row) for row in await pool.fetch("SELECT state, last_error, count(*) FROM repo GROUP BY 1, 2")]
        assert await actual(pool) == expected(world), states
        raise


def a_track(world: World, title: str) -> Write:
    value = {
        "$type": TRACK,
        "title": title,
        "artist": "Somebody",
        "fileType": "mp3",
        "audioUrl": "https://audio.test/a.mp3",
        "createdAt": "2026-04-01T00:00:00.000Z",
    }
    rkey = f"3k{len(world.accounts):02d}{title}".translate(str.maketrans("0189", "abcd")).ljust(13, "2")
    return Write("create", TRACK, RecordKey(rkey), value)


async def test_what_was_there_before_and_what_is_written_now_are_indexed(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(11, SMALL)
    async with Network(world) as network, indexing(settings(network, database_url, tmp_path)):
        await settled(pool, world)
        world.live(60)
        await settled(pool, world)
        assert set(await pool.fetchval("SELECT array_agg(DISTINCT state) FROM repo")) == {"synced"}


async def test_the_first_record_of_a_new_account_is_there_within_a_second(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(12, Population(artists=1, listeners=1, strangers=0, records=(1, 2)))
    async with Network(world) as network, indexing(settings(network, database_url, tmp_path)):
        await settled(pool, world)
        did = world.create_account("newcomer.test").did
        await network.write(did, [a_track(world, "first")])
        async with asyncio.timeout(1):
            while (did, "fm.plyr.track") not in {  # noqa: ASYNC110 - as above
                (row, path.partition("/")[0]) for row, path in await actual(pool)
            }:
                await asyncio.sleep(0.01)


async def test_accounts_that_go_and_come_back_are_followed(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(13, SMALL)
    dids = sorted({Did(did) for did, _ in expected(world)})
    async with Network(world) as network, indexing(settings(network, database_url, tmp_path)):
        await settled(pool, world)
        world.deactivate(dids[0])
        world.delete(dids[1])
        world.rotate_key(dids[2])
        world.migrate(dids[3], 1 - world.account(dids[3]).host)
        world.change_handle(dids[4], "another-name.test")
        for did in dids[2:5]:
            await network.write(did, [a_track(world, "after")])
        await settled(pool, world)
        hidden = await pool.fetch("SELECT did FROM account a JOIN visibility v ON v.account_id = a.id WHERE hides_view")
        assert {row["did"] for row in hidden} == set(dids[:2])
        world.reactivate(dids[0])
        await network.write(dids[0], [a_track(world, "back")])
        await settled(pool, world)
        async with asyncio.timeout(PATIENCE):
            while await pool.fetchval("SELECT count(*) FROM visibility") != 1:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)


async def test_an_indexer_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(14, SMALL)
    chance = world.random("kills")
    async with Network(world) as network:
        configured = settings(network, database_url, tmp_path, sync_lease=2.0)
        for _ in range(8):
            running = asyncio.create_task(run(configured, asyncio.Event()))
            for _ in range(5):
                await asyncio.sleep(chance.random() * 0.1)
                world.live(4)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            world.live(3)
        async with indexing(configured):
            await settled(pool, world)


async def test_a_stop_is_clean_and_the_next_start_goes_on(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(15, SMALL)
    async with Network(world) as network:
        configured = settings(network, database_url, tmp_path)
        for _ in range(3):
            async with indexing(configured):
                world.live(20)
                await asyncio.sleep(0.2)
            world.live(10)
        async with indexing(configured):
            await settled(pool, world)


async def test_a_database_of_another_namespace_is_refused(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(16, Population(artists=0, listeners=0, strangers=0))
    async with Network(world) as network:
        await pool.execute("INSERT INTO instance (namespace) VALUES ('fm.plyr')")
        with pytest.raises(NamespaceMixed):
            await run(settings(network, database_url, tmp_path, namespace="fm.plyr.stg"), asyncio.Event())


async def test_a_failure_of_any_part_ends_the_indexer_loudly(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(17, SMALL)
    async with Network(world) as network:
        running = asyncio.create_task(run(settings(network, database_url, tmp_path), asyncio.Event()))
        await asyncio.sleep(0.3)
        await pool.execute("DROP TABLE source_cursor CASCADE")
        with pytest.raises(ExceptionGroup):
            await asyncio.wait_for(running, PATIENCE)
