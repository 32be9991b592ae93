"""Who may say something of an account, and whom that has asked: a PDS, and accounts that are not active but write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer import buffer
from indexer.judge import Source
from runtime.db import Pool

from .repos import Repo, record
from .world import POST, World, another, held_by, started

A = "fm.plyr.track/3kaaaaaaaaa2a"


async def test_a_pds_speaks_for_its_own_accounts_only(pool: Pool) -> None:
    here, elsewhere = another("b"), another("c")
    world = await World.make(pool, source=Source("ws://pds.test:2583", is_pds=True))
    for repo, pds in ((here, "http://pds.test:2583"), (elsewhere, "http://other.test:2583")):
        repo.write((POST, record()))
        await world.settle(repo, pds=pds)
        world.commit(repo.write((A, record())))
    world.account(elsewhere.did, active=False, status="deactivated")
    await world.write()
    await resolved_anew(world, elsewhere)
    assert await world.records() == {A: held_by(here)[A]}
    assert await world.held() == 0
    assert (await world.repo(elsewhere))["active"]
    assert (await world.repo(elsewhere))["last_error"].startswith("wrong_host")


async def test_a_new_host_counts_from_its_first_commit_on_though_nobody_has_told_of_it(pool: Pool) -> None:
    repo = another("b")
    world = await World.make(pool, source=Source("ws://pds.test:2583", is_pds=True))
    repo.write((POST, record()))
    await world.settle(repo, pds="http://former.test:2583")
    world.commit(repo.write((A, record())))
    await world.write()
    assert (await world.held(), await world.records()) == (1, {})
    await resolved_anew(world, repo, "http://pds.test:2583")
    assert await world.records() == held_by(repo)
    assert (await world.repo(repo))["state"] == "synced"


async def resolved_anew(world: World, repo: Repo, pds: str | None = None) -> None:
    """Somebody has called the identity stale; now it is known again, and what waited for it is judged."""
    done = await world.pool.execute(
        """UPDATE identity i SET stale = false, resolved_at = now(), pds = coalesce($2, i.pds)
        FROM account a WHERE a.id = i.account_id AND a.did = $1 AND i.stale""",
        repo.did,
        pds,
    )
    assert done == "UPDATE 1"
    async with world.pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))


@pytest.mark.parametrize("new_host", [None, "http://other.test:2583"])
async def test_a_pds_that_closes_an_account_is_believed_when_the_account_is_still_there(
    pool: Pool, new_host: str | None
) -> None:
    repo = another("b")
    world = await World.make(pool, source=Source("ws://pds.test:2583", is_pds=True))
    repo.write((POST, record()))
    await world.settle(repo, pds="http://pds.test:2583")
    world.account(repo.did, active=False, status="deleted")
    await world.write()
    assert (await world.repo(repo))["active"]
    assert await pool.fetchval("SELECT stale FROM identity")
    await pool.execute("UPDATE identity SET stale = false, pds = coalesce($1, pds)", new_host)
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert (await world.repo(repo))["active"] is (new_host is not None)
    assert await world.held() == 0


async def test_nothing_waits_for_an_account_that_is_not_active_and_its_host_is_asked(pool: Pool) -> None:
    repo = another("b")
    world = await World.make(pool, source=Source("ws://pds.test:2583", is_pds=True))
    repo.write((POST, record()))
    await world.settle(repo, pds="http://pds.test:2583")
    world.account(repo.did, active=False, status="deactivated", time="2026-01-01T00:00:00Z")
    await world.write()
    await pool.execute("UPDATE identity SET stale = false")
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert not (await world.repo(repo))["active"]
    world.put("#identity", {"did": repo.did})
    world.account(repo.did, active=True)
    await world.write()
    assert await world.held() == 0
    assert (await world.repo(repo))["next_attempt_at"] <= datetime.now(UTC)


async def test_the_host_of_an_inactive_account_that_writes_is_asked_though_not_all_the_time(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.account(repo.did, active=False, status="deactivated")
    await world.write()
    for last_asked, due in ((None, True), (datetime.now(UTC), False)):
        await pool.execute("UPDATE repo SET next_attempt_at = 'infinity', compared_at = $1", last_asked)
        world.commit(repo.write((A, record(title=str(due)))))
        await world.write()
        asked_at = (await world.repo(repo))["next_attempt_at"]
        assert (asked_at <= datetime.now(UTC)) is due
        assert asked_at.replace(tzinfo=UTC) < datetime.now(UTC) + timedelta(hours=1)
    assert await world.records() == {}


async def test_nobody_is_asked_for_a_deleted_account_that_writes(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.account(repo.did, active=False, status="deleted")
    await world.write()
    await pool.execute("UPDATE repo SET next_attempt_at = 'infinity'")
    world.commit(repo.write((A, record())))
    await world.write()
    assert await pool.fetchval("SELECT next_attempt_at = 'infinity' FROM repo")


async def test_what_a_pds_says_of_an_account_waits_while_its_identity_is_stale(pool: Pool) -> None:
    repo = another("b")
    world = await World.make(pool, source=Source("ws://pds.test:2583", is_pds=True))
    repo.write((POST, record()))
    await world.settle(repo, pds="http://pds.test:2583")
    world.put("#identity", {"did": repo.did})
    world.account(repo.did, active=False, status="deactivated")
    await world.write()
    assert (await world.repo(repo))["active"]
    await pool.execute("UPDATE identity SET stale = false")
    async with pool.acquire() as connection, connection.transaction():
        await buffer.drain(world.rules, connection, repo.did, datetime.now(UTC))
    assert not (await world.repo(repo))["active"]
    assert await world.held() == 0
