"""Has what an unsigned source told confirmed by the accounts' hosts, on a schedule.

A repo of which something unsigned is stored, or was taken away, goes to the queue of resyncs once the first of it is so
and so old: it is fetched, verified and compared as any other, and what it holds is then as good as what a relay gives
(repo_writer.py takes the marks off). So many repos a second at most, those that wait longest first; a repo whose host
does not answer comes back when the queue has it synced. It works whatever the present source is, for an earlier one may
have been unsigned. One task.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from indexer import metrics
from runtime.db import PASSING_FAILURES, Pool
from runtime.settings import Settings
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# The schedule is looked at so often [s], less often where not even one repo is due in that time.
LOOK = 1.0


class Confirmation:
    """Sends unconfirmed repos to the queue."""

    def __init__(self, settings: Settings, pool: Pool, wake_sync: Callable[[], None]) -> None:
        self._pool = pool
        self._age = settings.confirm_interval
        self._pause = max(LOOK, 1 / settings.confirm_rate)
        self._number = round(self._pause * settings.confirm_rate)
        self._wake_sync = wake_sync

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`."""
        while not stop.is_set():
            try:
                sent = await self._pool.fetch(SQL["send"], self._age, self._number)
            except PASSING_FAILURES as fault:
                log.warning("nothing can be sent to be confirmed: %r", fault)
            else:
                metrics.CONFIRMATIONS.inc(len(sent))
                if sent:
                    self._wake_sync()
            await pause(stop, self._pause)
