"""A fetched repo in portions, and a database that was killed in between."""

from __future__ import annotations

import pytest

from indexer import resync
from indexer.repo_writer import Lease, LeaseLost, Portion, RepoWriter
from indexer.stages import RecordChange, RecordPath, VerifiedCommit
from indexer.verify import Head
from protocol.cbor import Cid
from protocol.syntax import Did, Nsid, RecordKey, Tid
from runtime.db import Pool

from .repos import Repo, record
from .world import World

A, B = "3kaaaaaaaaa2a", "3kaaaaaaaaa2b"
LEASE = 7
RENEW = resync.SQL["renew"]
ROW = "SELECT state, lease, portions FROM repo"


async def portions(pool: Pool, repo: Repo) -> tuple[RepoWriter, Portion, Portion]:
    """The repo is being fetched, and comes in two portions."""
    world = await World.make(pool)
    repo.write(*((f"fm.plyr.track/{rkey}", record(title=rkey)) for rkey in (A, B)))
    account_id = await world.settle(repo)
    await pool.execute("UPDATE repo SET state = 'syncing', lease = $1, rev = NULL, data = NULL", LEASE)
    assert repo.rev is not None
    assert repo.data is not None
    head, lease = Head(Tid(repo.rev), Cid(bytes(repo.data)), Cid(bytes(repo.data))), Lease(account_id, LEASE)
    assert head.commit is not None
    made: list[Portion] = []
    for rkey, moves in ((A, None), (B, head)):
        cid = repo.records[f"fm.plyr.track/{rkey}"]
        path = RecordPath(Nsid("fm.plyr.track"), RecordKey(rkey))
        change = RecordChange(path, Cid(bytes(cid)), repo.values[cid])
        commit = VerifiedCommit(Did(repo.did), head.rev, head.data, head.commit, (change,))
        made.append(Portion(lease, commit, "https://pds.test", moves))
    return RepoWriter(pool, world.rules, records=100, patience=1.0), made[0], made[1]


async def stored(pool: Pool) -> set[str]:
    return {row["rkey"] for row in await pool.fetch("SELECT rkey FROM record")}


async def test_a_repo_that_comes_in_portions_is_synced_with_the_last(pool: Pool) -> None:
    writer, first, last = await portions(pool, Repo())
    await writer.write(first)
    assert await pool.fetchval("SELECT state FROM repo") == "syncing"
    await writer.write(last)
    assert await pool.fetchval("SELECT state FROM repo") == "synced"
    assert await stored(pool) == {A, B}


async def test_a_repo_of_which_the_database_has_lost_a_portion_is_not_synced_without_it(pool: Pool) -> None:
    """Commits do not wait for the disk."""
    writer, first, last = await portions(pool, Repo())
    before = dict(await pool.fetchrow(ROW) or {})
    await writer.write(first)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM record")
        await connection.execute("UPDATE repo SET state = $1, lease = $2, portions = $3", *before.values())
    with pytest.raises(LeaseLost):
        await writer.write(last)
    assert dict(await pool.fetchrow(ROW) or {}) == before
    assert await stored(pool) == set()


async def test_the_lease_of_a_repo_that_comes_in_portions_is_renewed_between_them(pool: Pool) -> None:
    writer, first, last = await portions(pool, Repo())
    await writer.write(first)
    await pool.execute("UPDATE repo SET lease_until = now()")
    account_id, number = last.lease
    await pool.execute(RENEW, [account_id], [number], 100.0)
    assert await pool.fetchval("SELECT lease_until > now() + interval '50 s' FROM repo")
    await writer.write(last)
    assert await stored(pool) == {A, B}
