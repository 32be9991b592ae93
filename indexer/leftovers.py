"""Events that wait for a repo for which nothing has to be waited: whoever settled it should have drained them.

The ways to settle a repo drain its events in the same transaction, so there should be none. But a lost event is the one
thing that nobody would notice; so this looks again and again, lets what it finds have its effect, and says so loudly.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from indexer import buffer, metrics
from indexer.effects import Rules
from runtime.db import PASSING_FAILURES, Pool
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# What came in the last seconds may be in the hands of whoever settles its repo.
SETTLING_SECONDS = 2.0
AT_ONCE = 100


class Leftovers:
    """Looks for them every `interval` seconds."""

    def __init__(self, pool: Pool, rules: Rules, interval: float) -> None:
        self._pool = pool
        self._rules = rules
        self._interval = interval

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`. While the database is away, it is looked for the next time."""
        while not stop.is_set():
            try:
                await self.drain()
            except PASSING_FAILURES as fault:
                log.warning("events that were left over can't be looked for: %r", fault)
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
