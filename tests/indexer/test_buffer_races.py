"""Two connections at once: an event comes to wait for a repo while another transaction settles that repo.

Whichever has the repo's row first, nothing may stay in the buffer. Each way into `buffered_event` meets each way
in which a repo is settled, in both orders; the later one is seen to wait for the lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer import buffer
from indexer.accounts import Resolution, store_identities
from indexer.effects import Effects
from indexer.judge import Source
from indexer.pipeline import Batch
from indexer.repo_writer import Lease, Portion, RepoWriter
from indexer.stages import VerifiedCommit
from indexer.verify import Head
from protocol.cbor import Cid
from protocol.identity import DidDocument
from protocol.syntax import Did, Tid
from runtime.db import Connection, Pool

from .repos import Repo, record
from .world import POST, World, held_by

A, B = "fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b"
PDS = Source("ws://pds.test:2583", is_pds=True)
ORIGIN = "http://pds.test:2583"
LEASE = 7
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
CLAIM = BEGAN + timedelta(seconds=10)


@dataclass
class Case:
    """A repo that is not settled, as `settle` finds it."""

    world: World
    repo: Repo
    account_id: int
    head: Head = field(init=False)

    def __post_init__(self) -> None:
        assert self.repo.rev is not None
        assert self.repo.data is not None
        self.head = Head(Tid(self.repo.rev), Cid(bytes(self.repo.data)), Cid(bytes(self.repo.data)))


Settle = Callable[[Case, Connection], Awaitable[None]]


async def by_sync(case: Case, connection: Connection) -> None:
    """The last portion of a fetched repo is written."""
    head = case.head
    assert head.commit is not None
    commit = VerifiedCommit(Did(case.repo.did), head.rev, head.data, head.commit, ())
    portion = Portion(Lease(case.account_id, LEASE), commit, ORIGIN, head)
    writer = RepoWriter(case.world.pool, case.world.rules, records=100, patience=1.0)
    assert await writer._write(connection, [portion]) == set()


async def by_identity(case: Case, connection: Connection) -> None:
    """A document that was resolved is stored."""
    document = DidDocument(Did(case.repo.did), None, ORIGIN, case.repo.key.public)
    resolution = Resolution(case.account_id, document, datetime.now(UTC), CLAIM, 1.0)
    stored = await store_identities(connection, [resolution])
    if stored.awaited:
        await buffer.drain(case.world.rules, connection, case.repo.did, datetime.now(UTC))


def a_commit(case: Case) -> None:
    case.world.commit(case.repo.write((A, record())))


def commits(case: Case) -> None:
    case.world.commit(case.repo.write((A, record())), case.repo.write((B, record()), (A, None)))


def a_sync(case: Case) -> None:
    case.repo.rev = case.repo.next_rev()
    case.world.put("#sync", case.repo.sync())


def a_report(case: Case) -> None:
    case.world.account(case.repo.did, active=False, status="deactivated")


UNSETTLED: dict[Settle, str] = {
    by_sync: "UPDATE repo SET state = 'syncing', lease = $2 WHERE account_id = $1 AND $3::timestamptz IS NOT NULL",
    by_identity: "UPDATE identity SET stale = true, check_at = $3 WHERE account_id = $1 AND $2::integer IS NOT NULL",
}
MEETINGS = [
    (settle, comes)
    for settle in UNSETTLED
    for comes in (a_commit, commits, a_sync, a_report)
    if (settle, comes) != (by_sync, a_report)  # of a repo that is being fetched a report waits for nothing
]


async def unsettled(pool: Pool, settle: Settle, **options: Any) -> Case:
    world, repo = await World.make(pool, source=PDS, **options), Repo()
    repo.write((POST, record()))
    account_id = await world.settle(repo, pds=ORIGIN)
    await pool.execute(UNSETTLED[settle], account_id, LEASE, CLAIM)
    return Case(world, repo, account_id)


async def settled(case: Case, settle: Settle, inside: asyncio.Event, go_on: asyncio.Event) -> None:
    async with case.world.pool.acquire() as connection, connection.transaction():
        await settle(case, connection)
        inside.set()
        await go_on.wait()


def pausing(case: Case, inside: asyncio.Event, go_on: asyncio.Event) -> None:
    """Let the pipeline's transaction stand still between its judgement and its commit."""
    judge = case.world.pipeline._judge

    async def judged(effects: Effects, batch: Batch) -> int:
        count = await judge(effects, batch)
        inside.set()
        await go_on.wait()
        return count

    case.world.pipeline._judge = judged  # type: ignore[method-assign]


async def in_turn(first: Awaitable[None], second: Awaitable[None], inside: asyncio.Event, go_on: asyncio.Event) -> None:
    """The second begins when the first holds the lock, and cannot end before it."""
    async with asyncio.timeout(30):
        one = asyncio.ensure_future(first)
        await inside.wait()
        two = asyncio.ensure_future(second)
        await asyncio.sleep(0.2)
        assert not two.done()
        go_on.set()
        await asyncio.gather(one, two)


async def is_exact(case: Case, comes: Callable[[Case], None]) -> None:
    row = await case.world.repo(case.repo)
    assert await case.world.held() == 0
    assert row["active"] is (comes is not a_report)
    if comes is not a_report:
        assert (row["state"], row["stale"], row["rev"]) == ("synced", False, case.repo.rev)
        assert await case.world.records() == held_by(case.repo)


@pytest.mark.parametrize(("settle", "comes"), MEETINGS)
async def test_what_comes_before_the_repo_is_settled_is_drained_by_whoever_settles_it(
    pool: Pool, settle: Settle, comes: Callable[[Case], None]
) -> None:
    case = await unsettled(pool, settle)
    inside, go_on = asyncio.Event(), asyncio.Event()
    pausing(case, inside, go_on)
    comes(case)
    held_at_once = asyncio.Event()
    held_at_once.set()
    await in_turn(case.world.write(), settled(case, settle, asyncio.Event(), held_at_once), inside=inside, go_on=go_on)
    await is_exact(case, comes)


@pytest.mark.parametrize(("settle", "comes"), MEETINGS)
async def test_what_comes_while_the_repo_is_settled_sees_it_settled(
    pool: Pool, settle: Settle, comes: Callable[[Case], None]
) -> None:
    case = await unsettled(pool, settle)
    inside, go_on = asyncio.Event(), asyncio.Event()
    comes(case)
    await in_turn(settled(case, settle, inside, go_on), case.world.write(), inside=inside, go_on=go_on)
    await is_exact(case, comes)


@pytest.mark.parametrize("settle", UNSETTLED)
async def test_what_overflows_while_the_repo_is_settled_has_it_fetched_again(pool: Pool, settle: Settle) -> None:
    case = await unsettled(pool, settle, buffered_events=1)
    inside, go_on = asyncio.Event(), asyncio.Event()
    pausing(case, inside, go_on)
    commits(case)
    free = asyncio.Event()
    free.set()
    await in_turn(case.world.write(), settled(case, settle, asyncio.Event(), free), inside=inside, go_on=go_on)
    assert await case.world.held() == 0
    assert (await case.world.repo(case.repo))["state"] == "desynchronized"


async def test_a_repo_whose_fetch_ends_under_a_key_in_doubt_leaves_its_events_to_the_identity(pool: Pool) -> None:
    """Both are to be waited for: the sync drains nothing, whoever stores the document does."""
    case = await unsettled(pool, by_sync)
    await pool.execute(UNSETTLED[by_identity], case.account_id, LEASE, CLAIM)
    a_commit(case)
    await case.world.write()
    for settle, waits in ((by_sync, 1), (by_identity, 0)):
        inside, go_on = asyncio.Event(), asyncio.Event()
        go_on.set()
        await settled(case, settle, inside, go_on)
        assert await case.world.held() == waits
    await is_exact(case, a_commit)
