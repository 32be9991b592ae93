"""Heals gaps: compares every repo with its host, once after each moment at which events may have been missed.

While `stream_gap` has an open row, each host that has repos of ours is visited: where it has many of them its listing
is read, as far as that saves requests, and the others are asked for one by one (heads.py). A visit ends after a turn,
and a host that is away waits for its next one, so that none holds up the others. Beside that, what only events tell is
asked for too: every identity is resolved anew, a few at a time, since events of a repo wait meanwhile, and the hosts of
inactive accounts are asked for their status. How far it has come stands in `repo.compared_at` and
`identity.resolved_at`: it may end at any moment, and goes on. A gap is healed when all that could have changed has been
asked for after it was noted. A crew, and one task that looks after gaps. sync.md section 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from indexer import metrics, states
from indexer.asking import HostAway
from indexer.crew import Crew
from indexer.heads import Heads, Said
from indexer.listing import PageInvalid
from indexer.rejections import Desync
from protocol.fetch import FetchFailed
from protocol.syntax import Did
from runtime.db import PASSING_FAILURES, Pool
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# How long one host is visited before others get their turn [s].
TURN = 30.0
# Repos that are asked for between two looks at the clock.
SLICE = 50
# A page of a listing is read as long as it can be hoped to save so many requests.
PAGE_SAVES = 20
# Rows that one look changes.
LOOK_ROWS = 1_000
# Looking takes at most one part of the time in so many.
LOOK_SHARE = 20
# Hosts that are known to be due at once.
HOSTS = 10_000


class Visit(NamedTuple):
    """A host, and how many of its repos are due."""

    origin: str
    repos: int


@dataclass(slots=True)
class _Listing:
    """How far a host's listing has been read."""

    cursor: str | None = None
    pages: int = 0
    done: bool = False


class Comparison:
    """Compares repos with their hosts while there are gaps."""

    def __init__(self, settings: Settings, pool: Pool, heads: Heads, wake_identity: Callable[[], None]) -> None:
        self._settings = settings
        self._pool = pool
        self._heads = heads
        self._wake_identity = wake_identity
        poll, patience = settings.sync_poll, settings.db_connect_timeout
        self._crew = Crew(settings.compare_hosts, self._claim, self._visit, lambda: poll, patience)
        self._until: datetime | None = None
        self._waiting: list[Visit] = []
        self._refill_at = 0.0
        self._listings: dict[str, _Listing] = {}

    def wake(self) -> None:
        """Look at the queue now."""
        self._crew.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Compare until `stop`."""
        async with asyncio.TaskGroup() as group:
            tending = group.create_task(self._tend())
            await self._crew.run(stop)
            tending.cancel()

    async def _tend(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._look()
            except PASSING_FAILURES as fault:
                log.warning("gaps can't be looked after: %r", fault)
            await asyncio.sleep(max(self._settings.sync_poll, LOOK_SHARE * (loop.time() - began)))

    async def _look(self) -> None:
        """See which gaps are open, and do for them what needs no visit."""
        gaps = await self._pool.fetchrow(SQL["open_gaps"])
        assert gaps is not None
        metrics.GAPS_OPEN.set(gaps["number"])
        if gaps["until"] != self._until:
            self._begin(gaps["until"])
        if self._until is None:
            return
        await self._ask_what_events_tell(self._until)
        for gap in await self._pool.fetch(SQL["heal"]):
            log.info("%s: the gap of %s is healed (%s)", gap["source"], gap["noted_at"], gap["reason"])
        metrics.COMPARE_DUE.set(await self._pool.fetchval(SQL["due"], self._until))

    def _begin(self, until: datetime | None) -> None:
        self._until = until
        self._listings.clear()
        self._waiting = []
        self._refill_at = 0.0
        metrics.COMPARE_DUE.set(0)
        if until is not None:
            log.info("every repo is compared with its host, for what was missed until %s", until)
            self.wake()

    async def _ask_what_events_tell(self, until: datetime) -> None:
        if await self._pool.fetch(SQL["renew_identities"], until, self._settings.compare_identities):
            self._wake_identity()
        await self._pool.execute(SQL["ask_status"], until, LOOK_ROWS)
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(SQL["homeless"], until, LOOK_ROWS)
            reasons = {row["account_id"]: f"{Desync.HOST_DIFFERS}: its DID document names no PDS" for row in rows}
            await states.desynchronize(connection, reasons, self._settings.resyncs_per_hour)

    async def _claim(self, free: int) -> Sequence[Visit]:
        """The next hosts that can be asked, those with few repos first."""
        if self._until is None:
            return ()
        away = {*self._heads.busy(), *(visit.origin for visit in self._crew.under_way)}
        found = [visit for visit in self._waiting if visit.origin not in away][:free]
        loop = asyncio.get_running_loop()
        if not found and loop.time() >= self._refill_at:
            began = loop.time()
            rows = await self._pool.fetch(SQL["due_hosts"], self._until, HOSTS)
            self._waiting = [Visit(row["origin"], row["repos"]) for row in rows]
            self._refill_at = loop.time() + max(self._settings.sync_poll, LOOK_SHARE * (loop.time() - began))
            found = [visit for visit in self._waiting if visit.origin not in away][:free]
        self._waiting = [visit for visit in self._waiting if visit not in found]
        return found

    async def _visit(self, visit: Visit) -> None:
        gap, until = self._until, asyncio.get_running_loop().time() + TURN
        if gap is None:
            return
        try:
            if visit.repos < self._settings.compare_listing or await self._list(visit, until):
                await self._ask_each(visit.origin, gap, until)
        except HostAway as fault:
            log.info("%s can't be compared with now: %s", visit.origin, fault)

    async def _list(self, visit: Visit, until: float) -> bool:
        """Compare with the host's listing. False: the turn is over before its end."""
        listing = self._listings.setdefault(visit.origin, _Listing())
        while not listing.done:
            if asyncio.get_running_loop().time() > until:
                return False
            asked_at = await self._heads.now()
            try:
                page = await self._heads.page(visit.origin, listing.cursor, until)
            except (FetchFailed, PageInvalid) as fault:
                log.info("%s can't be listed: %s", visit.origin, fault)
                listing.done = True
                break
            await self._heads.settle(visit.origin, asked_at, page.said)
            listing.pages += 1
            over = listing.pages * PAGE_SAVES >= visit.repos
            listing.done = over or page.cursor is None or page.cursor == listing.cursor
            listing.cursor = page.cursor
        return True

    async def _ask_each(self, origin: str, gap: datetime, until: float) -> None:
        after = 0
        while asyncio.get_running_loop().time() <= until:
            asked_at = await self._heads.now()
            rows = await self._pool.fetch(SQL["due_repos"], origin, gap, after, SLICE)
            if not rows:
                return
            said: list[Said] = []
            try:
                for row in rows:
                    said.append(await self._heads.latest(origin, Did(row["did"]), until))  # noqa: PERF401 - what was said counts when the host goes away
            except HostAway:
                await self._heads.settle(origin, asked_at, said)
                raise
            await self._heads.settle(origin, asked_at, said)
            after = rows[-1]["account_id"]
