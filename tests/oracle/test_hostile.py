"""Repos that no reader may take: each is refused by name, and nobody else has to wait or suffers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import World, Write
from simulator.faults import Chances
from simulator.hostile import KINDS, HostileRepo
from tests.oracle.harness import PAUSE, SMALL, Plan, Show, settle, showing

LIKE = Nsid("fm.plyr.like")
STATE = """
SELECT r.attempts, r.last_error, (SELECT count(*) FROM record WHERE account_id = a.id) AS records
FROM account a
JOIN repo r ON r.account_id = a.id
WHERE a.did = $1
"""


def turn_hostile(show: Show, kind: str) -> Did:
    """An account that becomes ours by an honest record, and then has a repo of that kind."""
    world = show.stage.world
    account = world.create_account(f"{kind.replace(' ', '-')}.test")
    subject = {"uri": f"at://{account.did}/fm.plyr.track/3kaaaaaaaaa2a", "cid": "bafyunknown"}
    value = {"$type": str(LIKE), "subject": subject, "createdAt": "2026-01-01T00:00:00Z"}
    world.write(account.did, [Write("create", LIKE, RecordKey("3kaaaaaaaaa2a"), value)])
    account.repo = HostileRepo(account.did, kind, account.key, Tid.from_micros(world.now(), 1))
    world.announce_again(account.did)
    return account.did


async def attempted(database_url: str, did: Did) -> asyncpg.Record:
    """The account's repo once it was tried to be fetched. Raises TimeoutError."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(30):
            while True:
                row = await connection.fetchrow(STATE, did)
                if row and row["attempts"]:
                    return row
                await asyncio.sleep(PAUSE)
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_hostile_repo_is_refused_and_everybody_else_is_indexed(
    kind: str, database_url: str, tmp_path: Path
) -> None:
    world = World(1, SMALL)
    async with showing(world, Chances(), database_url, tmp_path) as show:
        hostile = turn_hostile(show, kind)
        world.live(30)
        found = await settle(show, Plan(), frozenset({hostile}))
        assert not found
        row = await attempted(database_url, hostile)
    assert row["last_error"].split(":")[0] in {"tree_invalid", "block_invalid", "car_invalid"}
    assert row["records"] <= 1
