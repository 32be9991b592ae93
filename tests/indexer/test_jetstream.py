"""The whole indexer on a Jetstream instead of a relay: what it tells, what it lies, and what the hosts say of both."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.service import run
from protocol.syntax import Did, Nsid, Tid
from runtime.db import Pool
from simulator import Network, World

from .jetstreams import ALL_CONFIRMED, SOON, lie, unsigned_settings, until
from .repos import Repo, record
from .test_service import SMALL, a_track, expected, indexing, settings, settled
from .world import started

TRACK = Nsid("fm.plyr.track")
FORGED = f"{TRACK}/3kaaaaaaaaa2a"
IS_THERE = "SELECT EXISTS (SELECT FROM record WHERE collection || '/' || rkey = $1)"
IS_GONE = "SELECT NOT EXISTS (SELECT FROM record WHERE collection || '/' || rkey = $1)"


def an_artist(world: World) -> tuple[Did, str]:
    """Somebody with a track, and its path."""
    return next((Did(did), path) for (did, path) in sorted(expected(world)) if path.startswith(f"{TRACK}/"))


async def heads(pool: Pool) -> dict[str, tuple[str, bytes]]:
    rows = await pool.fetch("SELECT did, rev, data FROM repo JOIN account a ON a.id = account_id WHERE rev IS NOT NULL")
    return {row["did"]: (row["rev"], row["data"]) for row in rows}


async def test_what_a_jetstream_tells_is_indexed_and_marked_and_moves_no_head(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(31, SMALL)
    async with Network(world) as network:
        await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path)):
            await settled(pool, world)
            await until(pool, "SELECT bool_and(state = 'synced') FROM repo")
            before = await heads(pool)
            world.live(60)
            await settled(pool, world)
            assert await pool.fetchval("SELECT count(*) FROM record WHERE unsigned") > 5
            after = await heads(pool)
            assert {did: after[did] for did in before} == before
            assert await pool.fetchval("SELECT count(*) FROM stream_gap") == 0


async def test_after_the_confirmation_all_is_as_a_relay_would_have_brought_it(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(32, SMALL)
    async with Network(world) as network:
        await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path, confirm_interval=SOON)):
            await settled(pool, world)
            for _ in range(5):
                world.live(20)
                await asyncio.sleep(0.2)
            await settled(pool, world)
            await until(pool, ALL_CONFIRMED)
            await settled(pool, world)
            told = {did: head[0] for did, head in (await heads(pool)).items()}
            assert set(told) == {did for did, _ in expected(world)}
            revs = await pool.fetch("SELECT r.rev <= repo.rev AS fits FROM record r JOIN repo USING (account_id)")
            assert all(row["fits"] for row in revs)


async def test_what_is_forged_is_corrected_by_the_confirmation(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(33, SMALL)
    did, own = an_artist(world)
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path, confirm_interval=2.0)):
            await settled(pool, world)
            await until(pool, "SELECT bool_and(state = 'synced') FROM repo")
            lie(jetstream, world, did, FORGED, record(title="forged"))
            lie(jetstream, world, did, own, None)
            await until(pool, IS_THERE, FORGED)
            await until(pool, IS_GONE, own)
            await settled(pool, world)
            await until(pool, ALL_CONFIRMED)


async def test_a_record_that_is_not_what_its_cid_names_is_not_stored_and_its_repo_is_fetched(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(34, SMALL)
    did, own = an_artist(world)
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path)):
            await settled(pool, world)
            await until(pool, "SELECT bool_and(state = 'synced') FROM repo")
            synced_at = await pool.fetchval("SELECT max(synced_at) FROM repo")
            lie(jetstream, world, did, own, record(title="forged"), record={"$type": TRACK, "title": "other"})
            lie(jetstream, world, did, FORGED, record(title="inexact"), record={"half": 0.5})
            query = "SELECT synced_at > $1 FROM repo JOIN account a ON a.id = account_id WHERE did = $2"
            await until(pool, query, synced_at, did)
            await settled(pool, world)
            assert await pool.fetchval("SELECT count(*) FROM record WHERE unsigned") == 0


async def test_a_lie_about_the_future_keeps_nothing_out_for_good(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(35, SMALL)
    did, _ = an_artist(world)
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path, confirm_interval=1.0)):
            await settled(pool, world)
            lie(jetstream, world, did, FORGED, record(), rev=Tid.from_micros(world.now() + 200_000_000, 0))
            await until(pool, IS_THERE, FORGED)
            await network.write(did, [a_track(world, "own")])
            await settled(pool, world)
            await until(pool, ALL_CONFIRMED)
            await network.write(did, [a_track(world, "later")])
            await settled(pool, world)


async def test_what_comes_while_a_repo_is_fetched_waits_and_is_applied_then(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(40, SMALL)
    did, _ = an_artist(world)
    repo = "FROM repo r JOIN account a ON a.id = r.account_id WHERE did = $1"
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path)):
            await settled(pool, world)
            account_id = await pool.fetchval(f"SELECT a.id {repo}", did)
            change = "UPDATE repo SET state = 'desynchronized', next_attempt_at = $2 WHERE account_id = $1"
            await pool.execute(change, account_id, datetime.now(UTC) + timedelta(hours=1))
            await network.write(did, [a_track(world, "own")])
            lie(jetstream, world, did, FORGED, record(title="first"))
            lie(jetstream, world, did, FORGED, record(title="second"))
            await until(pool, "SELECT count(*) = 3 FROM buffered_event")
            assert not await pool.fetchval(IS_THERE, FORGED)
            await pool.execute(change, account_id, datetime.now(UTC))
            await until(pool, IS_THERE, FORGED)
            assert await pool.fetchval("SELECT count(*) FROM buffered_event") == 0
            assert await pool.fetchval("SELECT title FROM plyr_track WHERE rkey = '3kaaaaaaaaa2a'") == "second"
            assert await pool.fetchval("SELECT count(*) FROM record WHERE unsigned") == 1
            assert await pool.fetchval(f"SELECT r.unsigned_rev > r.rev {repo}", did)


async def test_accounts_and_identities_are_followed(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(36, SMALL)
    dids = sorted({Did(did) for did, _ in expected(world)})
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path)):
            await settled(pool, world)
            world.deactivate(dids[0])
            world.delete(dids[1])
            world.change_handle(dids[2], "another-name.test")
            newcomer = world.create_account("newcomer.test").did
            await network.write(newcomer, [a_track(world, "first")])
            lie(jetstream, world, dids[0], FORGED, record())
            await settled(pool, world)
            assert not await pool.fetchval(IS_THERE, FORGED)
            await until(pool, "SELECT handle_valid FROM identity WHERE handle = 'another-name.test'")
            hidden = await pool.fetch("SELECT did FROM account a JOIN visibility v ON v.account_id = a.id")
            assert {row["did"] for row in hidden} == set(dids[:2])
            world.reactivate(dids[0])
            await network.write(dids[0], [a_track(world, "back")])
            await settled(pool, world)


async def test_an_indexer_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(37, SMALL)
    chance = world.random("kills")
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        configured = unsigned_settings(network, database_url, tmp_path, sync_lease=2.0)
        async with indexing(configured):
            await settled(pool, world)
        for _ in range(8):
            running = asyncio.create_task(run(configured, asyncio.Event()))
            for _ in range(5):
                await asyncio.sleep(chance.random() * 0.1)
                world.live(4)
                if chance.random() < 0.2:
                    await jetstream.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            world.live(3)
        async with indexing(configured):
            await settled(pool, world)
            assert await pool.fetchval("SELECT count(*) FROM stream_gap") == 0
            assert await pool.fetchval("SELECT count(*) FROM record WHERE unsigned") > 10


async def test_a_cursor_that_is_too_old_is_a_gap_and_every_repo_is_compared(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(38, SMALL)
    async with Network(world) as network:
        jetstream = await network.add_jetstream()
        configured = unsigned_settings(network, database_url, tmp_path)
        async with indexing(configured):
            await settled(pool, world)
        world.live(40)
        jetstream.forget()
        async with indexing(configured):
            await until(pool, "SELECT EXISTS (SELECT FROM stream_gap WHERE reason = 'outdated_cursor')")
            await settled(pool, world)


async def test_a_signed_commit_behind_unsigned_changes_is_not_applied_but_has_its_repo_fetched(pool: Pool) -> None:
    repo = Repo()
    relay = await started(pool, repo)
    await pool.execute("UPDATE repo SET unsigned_rev = $1, unsigned_since = now()", repo.next_rev())
    relay.commit(repo.write((FORGED, record())))
    await relay.write()
    row = await relay.repo(repo)
    assert row["state"] == "desynchronized"
    assert row["last_error"].startswith("unconfirmed: ")
    assert row["rev"] != repo.rev
    assert await relay.records() == {}


async def test_after_a_return_to_the_relay_all_is_verified(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(39, SMALL)
    async with Network(world) as network:
        await network.add_jetstream()
        async with indexing(unsigned_settings(network, database_url, tmp_path)):
            await settled(pool, world)
            world.live(40)
            await settled(pool, world)
        async with indexing(settings(network, database_url, tmp_path, confirm_interval=SOON)):
            world.live(40)
            await settled(pool, world)
            await until(pool, ALL_CONFIRMED)
            await settled(pool, world)
