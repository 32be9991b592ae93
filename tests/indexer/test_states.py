"""What is locked, and what is known of it, when others write at the same time."""

from __future__ import annotations

from typing import Any, cast

from indexer import states
from runtime.db import Connection, Pool

DIDS = ["did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"]


class Interrupted:
    """A connection on which something else happens after the first statement."""

    def __init__(self, connection: Connection, pool: Pool, did: str) -> None:
        self._connection = connection
        self._pool = pool
        self._did: str | None = did

    async def fetch(self, query: str, *arguments: Any) -> Any:
        rows = await self._connection.fetch(query, *arguments)
        if self._did is not None:
            async with self._pool.acquire() as other, other.transaction():
                await states.track(other, [self._did])
            self._did = None
        return rows


async def test_a_repo_that_comes_while_others_are_locked_is_not_taken_for_locked(pool: Pool) -> None:
    """Its events would go behind a repo that another process settles, which does not see them."""
    async with pool.acquire() as connection, connection.transaction():
        await states.track(connection, DIDS[:1])
    async with pool.acquire() as connection, connection.transaction():
        interrupted = cast("Connection", Interrupted(connection, pool, DIDS[1]))
        assert set(await states.lock(interrupted, DIDS)) == {DIDS[0]}
        assert set(await states.lock(connection, DIDS)) == set(DIDS)
