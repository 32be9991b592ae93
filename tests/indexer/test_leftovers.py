"""Events behind a settled repo, which should not be there, are not lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from indexer import buffer
from indexer.leftovers import Leftovers
from runtime.db import Pool

from .repos import Repo, record
from .world import another, held_by, started

A = "fm.plyr.track/3kaaaaaaaaa2a"


async def test_an_event_left_behind_a_settled_repo_has_its_effect_without_another_event(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    world.commit(repo.write((A, record())))
    await world.write()
    leftovers = Leftovers(pool, world.rules, 1.0, 1_000_000)
    await pool.execute("UPDATE buffered_event SET received_at = received_at - interval '1 minute'")
    assert await leftovers.drain() == 0, "a repo that is being fetched is somebody's business"
    await pool.execute("UPDATE repo SET state = 'synced'")
    assert await leftovers.drain() == 1
    assert await world.held() == 0
    assert await world.records() == {A: held_by(repo)[A]}
    assert await leftovers.drain() == 0


async def test_what_waits_for_all_repos_is_bounded_and_those_that_hold_most_are_fetched_without(pool: Pool) -> None:
    few, many = Repo(), another("b")
    world = await started(pool, few)
    await world.settle(many)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    world.commit(few.write((A, record())), *(many.write((A, record(title=str(n)))) for n in range(10)))
    await world.write()
    sizes = await pool.fetch("SELECT sum(octet_length(frame)) FROM buffered_event GROUP BY account_id")
    everything = sum(row[0] for row in sizes)
    assert await Leftovers(pool, world.rules, 1.0, everything).trim() == 0
    assert await world.held() == 11
    assert await Leftovers(pool, world.rules, 1.0, everything - 1).trim() == 1
    assert await world.held() == 1
    assert [(await world.repo(repo))["refetch"] for repo in (few, many)] == [False, True]
    await pool.execute("UPDATE repo SET state = 'synced'")
    assert await Leftovers(pool, world.rules, 1.0, 0).trim() == 0, "of a repo that is not fetched nothing is forgotten"


async def test_what_waits_for_documents_that_do_not_come_is_bounded_too_and_the_repo_is_fetched_instead(
    pool: Pool,
) -> None:
    few, many = Repo(), another("b")
    world = await started(pool, few)
    await world.settle(many)
    await pool.execute("UPDATE identity SET stale = true")
    world.commit(few.write((A, record())), *(many.write((A, record(title=str(n)))) for n in range(10)))
    await world.write()
    sizes = await pool.fetch("SELECT sum(octet_length(frame)) FROM buffered_event GROUP BY account_id")
    everything = sum(row[0] for row in sizes)
    assert await Leftovers(pool, world.rules, 1.0, everything).trim() == 0
    assert await Leftovers(pool, world.rules, 1.0, everything - 1).trim() == 1
    assert await world.held() == 1
    rows = [await world.repo(repo) for repo in (few, many)]
    assert [row["state"] for row in rows] == ["synced", "desynchronized"]
    assert rows[1]["next_attempt_at"] <= datetime.now(UTC), "as soon as its document is read"
    assert await world.records() == {}


async def test_of_a_repo_that_is_settled_meanwhile_nothing_is_forgotten(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE identity SET stale = true")
    world.commit(repo.write((A, record())))
    await world.write()
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT FROM repo FOR UPDATE")
            trimming = asyncio.create_task(Leftovers(pool, world.rules, 1.0, 0).trim())
            await asyncio.sleep(0.2)
            assert not trimming.done()
            await connection.execute("UPDATE identity SET stale = false")
            await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
        assert await trimming == 0
    assert await world.records() == {A: held_by(repo)[A]}
    assert (await world.repo(repo))["state"] == "synced"
