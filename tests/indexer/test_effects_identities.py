"""What has an account's DID document read again, and how often: `#identity`, and `#account`s that come and go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer.accounts import settle_deletion
from runtime.db import Pool

from .repos import Repo, record
from .world import started

A = "fm.plyr.track/3kaaaaaaaaa2a"


async def test_an_identity_event_makes_the_identity_stale_and_the_next_commit_wait(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE identity SET resolved_at = now() - interval '1 hour'")
    world.put("#identity", {"did": repo.did})
    world.commit(repo.write((A, record())))
    await world.write()
    row = await world.repo(repo)
    assert row["stale"]
    assert row["check_at"] <= datetime.now(UTC)
    assert await world.held() == 1
    assert world.wakes == ["identity"]


async def test_an_identity_of_which_is_told_all_the_time_is_resolved_with_pauses(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    resolved_at = await pool.fetchval("SELECT resolved_at FROM identity")
    for _ in range(5):
        world.put("#identity", {"did": repo.did})
        await world.write()
        row = await world.repo(repo)
        assert row["stale"]
        assert timedelta(seconds=9) < row["check_at"] - resolved_at <= timedelta(seconds=10)


@pytest.mark.parametrize("status", ["deactivated", "deleted"])
async def test_an_account_that_comes_and_goes_all_the_time_is_resolved_with_pauses(pool: Pool, status: str) -> None:
    repo = Repo()
    world = await started(pool, repo)
    for _ in range(5):
        resolved_at = await pool.fetchval("UPDATE identity SET resolved_at = now(), stale = false RETURNING now()")
        world.account(repo.did, active=False, status=status)
        world.account(repo.did, active=True)
        await world.write()
        row = await world.repo(repo)
        assert row["stale"]
        assert timedelta(seconds=9) < row["check_at"] - resolved_at <= timedelta(seconds=10)


async def test_a_deleted_account_that_is_told_of_all_the_time_is_resolved_with_pauses(pool: Pool) -> None:
    """Its document was read, and its host, which was asked, is forgotten."""
    repo = Repo()
    world = await started(pool, repo)
    world.account(repo.did, active=False, status="deleted")
    await world.write()
    account_id = await pool.fetchval("SELECT id FROM account")
    for _ in range(2):
        async with pool.acquire() as connection, connection.transaction():
            await settle_deletion(connection, account_id)
        world.account(repo.did, active=True, time="2020-01-01T00:00:00Z")
        await world.write()
        row = await world.repo(repo)
        assert row["stale"]
        assert timedelta(seconds=5) < row["check_at"] - datetime.now(UTC) <= timedelta(seconds=10)


@pytest.mark.parametrize("seconds", [4, 3_600])
async def test_an_identity_event_while_the_document_is_read_or_can_not_be_has_it_read_again(
    pool: Pool, seconds: int
) -> None:
    """Somebody reads it under a claim of some seconds, or waits with the next attempt: it has changed since."""
    repo = Repo()
    world = await started(pool, repo)
    claim = datetime.now(UTC) + timedelta(seconds=seconds)
    await pool.execute("UPDATE identity SET stale = true, attempts = 7, resolved_at = NULL, check_at = $1", claim)
    for _ in range(2):
        world.put("#identity", {"did": repo.did})
        await world.write()
    due = (await world.repo(repo))["check_at"]
    assert due < claim, "what was read under the claim does not settle it"
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(seconds=10), "soon, and not at once each time"
