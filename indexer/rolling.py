"""Behind midnight the windows of the charts move on, a little in each transaction, while everybody writes and reads.

Any number of indexers may do so: who moves an edge holds all of them. What fails is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import asyncpg

from indexer import aggregates
from indexer.aggregates import windows
from runtime.db import PASSING_FAILURES, Pool
from runtime.stopping import pause

log = logging.getLogger(__name__)

# Seconds between two looks at the clock.
LOOK: Final = 30.0
# Seconds that a step waits for those who count, who make others wait behind it. After each wait in vain it is twice as
# many, since somebody may always be counting, and then it is at most the second.
PATIENCE: Final = (1.0, 60.0)


def _now() -> datetime:
    return datetime.now(UTC)


class Rolling:
    """The windows that end today. `now` tells what today is."""

    def __init__(self, pool: Pool, now: Callable[[], datetime] = _now) -> None:
        self._pool = pool
        self._now = now
        self._patience = PATIENCE[0]

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.catch_up(stop)
            except PASSING_FAILURES as fault:
                log.warning("the windows of the charts can't be moved now: %r", fault)
            except asyncpg.LockNotAvailableError:
                log.warning("the windows of the charts can't be moved: some count for over %g s", self._patience)
                self._patience = min(self._patience * 2, PATIENCE[1])
            await pause(stop, LOOK)

    async def catch_up(self, stop: asyncio.Event) -> int:
        """Move all edges to where they have to be; gives the number of steps."""
        steps = 0
        while not stop.is_set() and await self._step():
            steps += 1
        return steps

    async def _step(self) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            moved = await windows.step(connection, aggregates.CHARTS, self._now(), self._patience)
        self._patience = PATIENCE[0]
        return moved
