"""What DID documents and handles say of several accounts, kept in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer.accounts import Resolution, Stored, Taking, give_handles, store_identities
from protocol.identity import DidDocument
from protocol.syntax import Did, Handle
from runtime.db import Pool

from .network import did_of
from .repos import Repo, frame, record
from .world import World

HOME, ELSEWHERE = "https://pds.example.com", "https://elsewhere.example.com"
ANNA, BERT = Handle("anna.example.com"), Handle("bert.example.com")
CLAIM = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def repos() -> list[Repo]:
    return [Repo(did_of(number)) for number in range(4)]


@pytest.fixture
async def ids(pool: Pool, repos: list[Repo]) -> list[int]:
    """Synced repos whose identities are being looked at."""
    world = await World.make(pool)
    for repo in repos:
        repo.write(("fm.plyr.track/3kaaaaaaaaa2a", record()))
    ids = [await world.settle(repo, pds=HOME) for repo in repos]
    await pool.execute("UPDATE identity SET stale = true, check_at = $1", CLAIM)
    return ids


async def store(pool: Pool, resolutions: list[Resolution]) -> Stored:
    async with pool.acquire() as connection, connection.transaction():
        return await store_identities(connection, resolutions)


async def give(pool: Pool, *takings: Taking) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await give_handles(connection, takings)


async def identities(pool: Pool) -> dict[int, dict[str, Any]]:
    return {row["account_id"]: dict(row) for row in await pool.fetch("SELECT * FROM identity")}


def resolution(account_id: int, repo: Repo, handle: Handle | None = None, pds: str | None = HOME) -> Resolution:
    document = DidDocument(Did(repo.did), handle, pds, repo.key.public)
    return Resolution(account_id, document, datetime.now(UTC), CLAIM, 60.0)


async def test_each_account_gets_what_its_own_document_says(pool: Pool, ids: list[int], repos: list[Repo]) -> None:
    told = [
        resolution(ids[0], repos[0], ANNA),
        resolution(ids[1], repos[1], BERT, ELSEWHERE),
        resolution(ids[2], repos[2], None, None),
        resolution(ids[3], repos[3])._replace(claim=CLAIM - timedelta(seconds=1)),
    ]
    await pool.execute(
        "INSERT INTO buffered_event (account_id, source, seq, frame, received_at) VALUES ($1, $2, 9, $3, now())",
        ids[0],
        "wss://relay.example.com",
        frame("#commit", repos[0].write(("fm.plyr.track/3kaaaaaaaaa2b", record()))),
    )
    await pool.execute("UPDATE repo SET state = 'pending', next_attempt_at = 'infinity' WHERE account_id = $1", ids[1])
    stored = await store(pool, told)
    assert stored.awaited == [ids[0]]
    assert sorted(stored.moved) == ids[1:3]
    found = await identities(pool)
    assert [found[each]["handle"] for each in ids] == [ANNA, BERT, None, None]
    assert [found[each]["handle_due"] for each in ids] == [True, True, False, False]
    assert [found[each]["pds"] for each in ids] == [HOME, ELSEWHERE, None, HOME]
    assert [found[each]["stale"] for each in ids] == [False, False, True, True], "unusable; called stale meanwhile"
    assert [found[each]["attempts"] for each in ids] == [0, 0, 1, 0]
    released = await pool.fetchval("SELECT next_attempt_at <= now() FROM repo WHERE account_id = $1", ids[1])
    assert released
    noted = await pool.fetch("SELECT account_id FROM repo WHERE last_error LIKE '%names no PDS%'")
    assert [row["account_id"] for row in noted] == [ids[2]]


async def test_handles_go_to_those_who_claim_them_still_and_from_those_who_had_them(
    pool: Pool, ids: list[int], repos: list[Repo]
) -> None:
    handles = [ANNA, BERT, ANNA, BERT]
    await store(pool, [resolution(*each) for each in zip(ids, repos, handles, strict=True)])
    await pool.execute("UPDATE identity SET check_at = $1", CLAIM)
    await pool.execute("UPDATE identity SET handle_valid = true WHERE account_id = $1", ids[2])
    await give(pool, Taking(ids[0], ANNA, CLAIM), Taking(ids[1], BERT, CLAIM + timedelta(seconds=1)))
    found = await identities(pool)
    assert [found[each]["handle_valid"] for each in ids] == [True, False, False, False]
    assert [found[each]["stale"] for each in ids] == [False, False, True, False]
    assert [found[each]["handle_due"] for each in ids] == [False, True, True, True]
    names = await pool.fetch("SELECT account_id FROM search_document WHERE kind = 'artist' ORDER BY account_id")
    assert [row["account_id"] for row in names] == [ids[0]]


async def test_of_two_who_take_one_handle_together_one_has_it_and_the_other_is_left(
    pool: Pool, ids: list[int], repos: list[Repo]
) -> None:
    await store(pool, [resolution(ids[0], repos[0], ANNA), resolution(ids[1], repos[1], ANNA)])
    await pool.execute("UPDATE identity SET check_at = $1", CLAIM)
    before = (await identities(pool))[ids[1]]
    await give(pool, Taking(ids[1], ANNA, CLAIM), Taking(ids[0], ANNA, CLAIM))
    found = await identities(pool)
    assert found[ids[0]]["handle_valid"]
    assert found[ids[1]] == before


async def test_who_keeps_their_handle_is_not_counted_anew_while_documents_are_stored(
    pool: Pool, ids: list[int], repos: list[Repo]
) -> None:
    """What waited for the documents is judged in the same transaction, for which others who count would wait."""
    await store(pool, [resolution(ids[0], repos[0], ANNA), resolution(ids[1], repos[1], BERT)])
    await pool.execute("UPDATE identity SET check_at = $1", CLAIM)
    await give(pool, Taking(ids[0], ANNA, CLAIM), Taking(ids[1], BERT, CLAIM))
    await pool.execute("UPDATE identity SET stale = true")
    await pool.execute("INSERT INTO actor_count (account_id, track_count) SELECT id, 1 FROM account")
    async with pool.acquire() as connection, connection.transaction():
        await store_identities(connection, [resolution(ids[0], repos[0], ANNA), resolution(ids[1], repos[1], None)])
        free = await pool.fetch("SELECT account_id FROM actor_count ORDER BY account_id FOR UPDATE SKIP LOCKED")
    assert [row["account_id"] for row in free] == [ids[0], *ids[2:]]
    names = await pool.fetch("SELECT account_id FROM search_document WHERE kind = 'artist'")
    assert [row["account_id"] for row in names] == [ids[0]]
