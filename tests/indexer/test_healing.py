"""The whole indexer on a simulated network whose relay forgets, begins anew, loses events and goes blind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.service import run
from protocol.crypto import PrivateKey
from protocol.syntax import Did, Tid
from runtime.db import Pool
from runtime.settings import Settings
from simulator import Network, World
from simulator.events import CommitEvent, Event

from .test_service import PATIENCE, SMALL, a_track, expected, indexing, settings, settled

QUICK: dict[str, Any] = {"compare_grace": 0.2, "sample_delay": 0.3}

pytestmark = pytest.mark.usefixtures("looking")


async def healed(pool: Pool) -> list[str]:
    """The reasons of the gaps that there were, one at least, once all are healed."""
    await until(lambda: pool.fetchval("SELECT count(*) FROM stream_gap"))
    async with asyncio.timeout(PATIENCE):
        while await pool.fetchval("SELECT count(*) FROM stream_gap WHERE healed_at IS NULL"):  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.05)
    return [row["reason"] for row in await pool.fetch("SELECT reason FROM stream_gap ORDER BY id")]


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def heard(pool: Pool, world: World) -> None:
    """Everything is here, and some of it has come through the stream."""
    await settled(pool, world)
    world.live(20)
    await until(lambda: pool.fetchval("SELECT max(seq) FROM source_cursor"))
    await settled(pool, world)


async def test_what_a_relay_forgot_while_we_were_away_is_healed(pool: Pool, database_url: str, tmp_path: Path) -> None:
    """No host says anything again: accounts that wrote, hid, moved, got another key or another name, or came back."""
    world = World(31, SMALL)
    dids = sorted({Did(did) for did, _ in expected(world)})
    async with Network(world) as network:
        configured = settings(network, database_url, tmp_path, **QUICK)
        async with indexing(configured):
            await heard(pool, world)
            world.deactivate(dids[5])
            await until(lambda: pool.fetchval("SELECT count(*) FROM visibility"))
        world.live(80)
        world.deactivate(dids[0])
        world.migrate(dids[1], 1 - world.account(dids[1]).host)
        world.rotate_key(dids[2])
        world.write(dids[2], [a_track(world, "rotated")])
        world.change_handle(dids[3], "somebody-else.test")
        world.reactivate(dids[5])
        network.relay.stream.forget()
        async with indexing(configured):
            assert await healed(pool) == ["outdated_cursor"]
            await settled(pool, world)
            hidden = await pool.fetch("SELECT did FROM account a JOIN visibility v ON v.account_id = a.id")
            assert {row["did"] for row in hidden} == {dids[0]}
            handle = "SELECT handle FROM visible_account WHERE did = $1"

            async def renamed() -> bool:
                return await pool.fetchval(handle, dids[3]) == "somebody-else.test"

            await until(renamed)


@pytest.mark.parametrize("base", [1, 2_000_000_000])
async def test_what_a_relay_that_began_anew_never_had_is_healed(
    pool: Pool, database_url: str, tmp_path: Path, base: int
) -> None:
    world = World(32, SMALL)
    async with Network(world) as network, indexing(settings(network, database_url, tmp_path, **QUICK)):
        await heard(pool, world)
        carry, network.relay.carry = network.relay.carry, _nothing
        world.live(60)
        network.relay.carry = carry
        await network.relay.stream.begin_anew(base)
        await healed(pool)
        await settled(pool, world)


async def test_a_comparison_that_is_killed_again_and_again_comes_to_its_end(
    pool: Pool, database_url: str, tmp_path: Path
) -> None:
    world = World(33, SMALL)
    chance = world.random("kills")
    async with Network(world) as network:
        configured = settings(network, database_url, tmp_path, sync_lease=2.0, compare_identities=2, **QUICK)
        async with indexing(configured):
            await heard(pool, world)
        world.live(60)
        network.relay.stream.forget()
        for _ in range(6):
            running = asyncio.create_task(run(configured, asyncio.Event()))
            await asyncio.sleep(0.1 + chance.random() * 0.3)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        async with indexing(configured):
            assert "outdated_cursor" in await healed(pool)
            await settled(pool, world)


async def test_what_the_relay_loses_is_found_by_sampling(pool: Pool, database_url: str, tmp_path: Path) -> None:
    world = World(34, SMALL)
    quick = QUICK | {"sample_rate": 1200.0}
    async with Network(world) as network, indexing(settings(network, database_url, tmp_path, **quick)):
        await settled(pool, world)
        carry, network.relay.carry = network.relay.carry, _nothing
        world.live(20)
        network.relay.carry = carry
        await settled(pool, world)


@pytest.mark.parametrize("forges", [False, True])
async def test_a_relay_that_is_blind_for_our_records_is_left_for_one_that_sees(
    pool: Pool, database_url: str, tmp_path: Path, forges: bool
) -> None:
    """Whether it leaves commits out, or gives others in their place that nobody has signed."""
    world = World(35, SMALL)
    async with Network(world) as network, Network(world) as second:
        carry = network.relay.carry

        def blind(event: Event) -> None:
            if not isinstance(event, CommitEvent):
                carry(event)
            elif forges:
                carry(_forged(event, world))

        configured = _reading(
            settings(network, database_url, tmp_path, sample_rate=1200.0, sample_blind=3, **QUICK), network, second
        )
        async with indexing(configured):
            await settled(pool, world)
            network.relay.carry = blind
            reads = "SELECT source FROM source_cursor ORDER BY subscribed_at DESC LIMIT 1"

            async def moved() -> bool:
                world.live(5)
                return await pool.fetchval(reads) == second.relay_url

            await until(moved)
            assert await pool.fetchval("SELECT count(*) FROM stream_gap WHERE reason = 'another_relay'") == 1
            await settled(pool, world)


def _forged(event: CommitEvent, world: World) -> CommitEvent:
    """A commit upon the account's, under a key that is not its own."""
    key = PrivateKey.generate("k256", b"a stranger's")
    commit = world.account(event.did).active_repo.copy().commit(key, Tid.from_micros(world.now() + 1_000, 0), [])
    return replace(
        event,
        rev=commit.head.rev,
        since=commit.since,
        commit=commit.head.cid,
        prev_data=commit.prev_data,
        ops=commit.ops,
        blocks=commit.car,
    )


def _reading(configured: Settings, *networks: Network) -> Settings:
    return configured.model_copy(update={"relay_urls": tuple(network.relay_url for network in networks)})


def _nothing(event: Event) -> None:
    """A relay that carries nothing."""
    del event
