"""Events that wait for a repo for which nothing has to be waited, and those that are too many.

The ways to settle a repo drain its events in the same transaction, so there should be none left over. But a lost event
is the one thing that nobody would notice; so this looks again and again, lets what it finds have its effect, and says
so loudly. What waits for one repo is bounded as it comes, what waits for all together is here: a host that tells of
many accounts, and gives out none of their repos or documents, would fill the disk. What is forgotten comes with the
repo, which is fetched then; what was last reported of the account does not, and stays.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from indexer import buffer, metrics, states
from indexer.effects import Rules, clear_buffers
from indexer.rejections import Desync, Rejection
from indexer.reports import FRAGMENTS, LARGEST
from runtime.db import PASSING_FAILURES, Pool
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__, FRAGMENTS)
log = logging.getLogger(__name__)

# What came in the last seconds may be in the hands of whoever settles its repo.
SETTLING_SECONDS = 2.0
AT_ONCE = 100


class Leftovers:
    """Looks for them every `interval` seconds. `bytes_max`: of events that wait for repos, or documents, together."""

    def __init__(self, pool: Pool, rules: Rules, interval: float, bytes_max: int) -> None:
        self._pool = pool
        self._rules = rules
        self._interval = interval
        self._bytes_max = bytes_max

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`. While the database is away, it is looked for the next time."""
        while not stop.is_set():
            try:
                await self.drain()
                await self.trim()
            except PASSING_FAILURES as fault:
                log.warning("events that wait can't be looked for: %r", fault)
            await pause(stop, self._interval)

    async def drain(self) -> int:
        """Let them have their effect; how many repos had some."""
        rows = await self._pool.fetch(SQL["left_over"], SETTLING_SECONDS, AT_ONCE)
        for row in rows:
            log.warning("%s: events were left over behind a repo that is settled", row["did"])
            metrics.LEFTOVERS.inc()
            async with self._pool.acquire() as connection, connection.transaction():
                await buffer.drain(self._rules, connection, row["did"], datetime.now(UTC))
        return len(rows)

    async def trim(self) -> int:
        """Forget what waits for the repos that hold most, until the rest is within the bound; for how many repos."""
        async with self._pool.acquire() as connection, connection.transaction():
            crowded = await connection.fetch(SQL["crowded"], self._bytes_max, LARGEST)
            ids = [row["account_id"] for row in crowded]
            if rows := await connection.fetch(SQL["still_crowded"], ids, LARGEST):
                log.warning("too much waits for repos or documents that don't come: that of %d is forgotten", len(rows))
                await clear_buffers(connection, [row["account_id"] for row in rows])
                reason = f"{Desync.BUFFER_FULL}: too much waited for this and other identities"
                synced = [row["account_id"] for row in rows if row["synced"]]
                pace = self._rules.pace
                await states.desynchronize(connection, dict.fromkeys(synced, reason), pace.resyncs_per_hour)
        metrics.EVENTS.labels("rejected", Rejection.BUFFER_FULL).inc(sum(row["events"] for row in rows))
        return len(rows)
