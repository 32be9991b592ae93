"""Finds what the relay does not tell: asks, slowly and without end, hosts for the heads of their repos.

By turns one of the repos that changed last, where something is most likely to be missed, and the one that was not asked
for longest. A rev that its host has had for a while, that the stream has passed and that is not here was missed: the
repo is fetched, the lag shows its age, and when several in a row were missed, of several hosts, the relay is blind, and
another one is read: a host that tells no relay of its commits makes none blind, while those of others come. A rev that
came through the stream since the first that did not says that the relay sees; what was fetched says nothing of it. A
host that was away stays the one that was not asked for longest: it is passed over every other time, so that however
many there are the others are asked too. A rev that may still come tells nothing, and the repo's turn passes. An
unsigned source tells of what is indexed alone: that a host has something newer says nothing of it, and what it conceals
is only found because the repo is fetched, however new it is; all turns are those of the one that was not asked for
longest then. One task. sync.md section 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from typing import Literal, TypeAlias

import asyncpg

from indexer import metrics
from indexer.asking import HostAway
from indexer.heads import Heads, Said
from indexer.inbox import Inbox
from indexer.judge import Source
from protocol.syntax import Did, Tid
from runtime.db import PASSING_FAILURES, Pool
from runtime.settings import Settings
from runtime.sql import Queries
from runtime.stopping import pause

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

MINUTE = 60.0
# After so many samples that tell nothing, what was missed before them is no lag any more.
FORGETS = 20
# A relay is blind when something of so many hosts has not come, or nothing has come of any other since.
HOSTS = 3

Outcome: TypeAlias = Literal["seen", "missed", "quiet", "early", "lagging", "different", "away"]


class Sampler:
    """Samples repos. `turn_away` has another relay read; it says whether there is one."""

    def __init__(
        self, settings: Settings, pool: Pool, heads: Heads, inbox: Inbox, turn_away: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._heads = heads
        self._inbox = inbox
        self._turn_away = turn_away
        unsigned = bool(settings.jetstream_urls)
        # Behind a Jetstream whoever has written differs, and is fetched: no more often than to be confirmed.
        longest = SQL["asked_longest_ago"], settings.confirm_interval if unsigned else 0.0
        newest = longest if unsigned else (SQL["changed_last"],)
        self._turns = cycle(((newest, False), (longest, False), (newest, False), (longest, True)))
        self._away: dict[str, None] = {}
        self._source = ""
        self._missed = 0
        self._first_missed: Tid | None = None
        self._missed_of: set[str] = set()
        self._untold = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Sample until `stop`."""
        between = MINUTE / self._settings.sample_rate
        while not stop.is_set():
            try:
                await self.sample()
            except PASSING_FAILURES as fault:
                log.warning("no sample could be taken: %r", fault)
            await pause(stop, between)

    async def sample(self) -> None:
        """Take one sample of what the present relay tells."""
        source = self._inbox.source
        if source is None:
            return
        if source.origin != self._source:
            self._source = source.origin
            self._sees()
        (query, *rest), all_hosts = next(self._turns)
        row = await self._pool.fetchrow(query, [*self._heads.busy(), *(() if all_hosts else self._away)], *rest)
        if row is None:
            return
        asked_at, did, origin = await self._heads.now(), Did(row["did"]), row["pds"]
        try:
            said = await self._heads.latest(origin, did, asyncio.get_running_loop().time())
        except HostAway:
            metrics.SAMPLES.labels("away").inc()
            self._note_away(origin)
            return
        self._away.pop(origin, None)
        stored = await self._pool.fetchrow(SQL["stored"], did, origin, source.origin)
        if stored is None:
            return
        outcome = self._outcome(said, stored, source)
        metrics.SAMPLES.labels(outcome).inc()
        if outcome in ("early", "lagging"):
            await self._pool.execute(SQL["pass_over"], did, asked_at)
        else:
            await self._heads.settle(origin, asked_at, [said])
        await self._count(outcome, origin, said)

    def _note_away(self, origin: str) -> None:
        self._away[origin] = None
        if len(self._away) > self._settings.host_memory:
            del self._away[next(iter(self._away))]

    def _outcome(self, said: Said, stored: asyncpg.Record, source: Source) -> Outcome:
        if said.head is None:
            return "different"
        rev, time = said.head.rev, said.head.rev.time
        is_new = stored["rev"] is None or (rev > stored["rev"] and bytes(said.head.commit) != stored["commit"])
        if is_new and not source.signed:
            return "different"
        if is_new:
            if (datetime.now(UTC) - time).total_seconds() < self._settings.sample_delay:
                return "early"
            lag = stored["lag"]
            late = lag is not None and lag.total_seconds() > self._settings.sample_delay
            return "lagging" if late else "missed"
        return "seen" if rev == stored["rev"] and time > stored["live_since"] else "quiet"

    async def _count(self, outcome: Outcome, origin: str, said: Said) -> None:
        """What the samples say of the relay."""
        if outcome == "missed":
            assert said.head is not None
            self._untold = 0
            self._missed += 1
            self._first_missed = self._first_missed or said.head.rev
            if len(self._missed_of) < HOSTS:
                self._missed_of.add(origin)
            age = (datetime.now(UTC) - said.head.rev.time).total_seconds()
            metrics.MISSED.inc()
            metrics.lag.missing(age)
            log.warning("%s: %s of %s has not come within %.0f s", self._source, said.head.rev, said.did, age)
            if await self._is_blind() and self._turn_away():
                log.error("%s: blind, %d revs in a row have not come", self._source, self._missed)
                self._sees()
            return
        self._untold += 1
        # What came before the first that did not says nothing of a relay that has gone blind since then.
        sees = outcome == "seen" and said.head is not None and said.head.rev > (self._first_missed or "")
        if sees:
            self._sees()
        if sees or self._untold >= FORGETS:
            metrics.lag.missing(0.0)

    def _sees(self) -> None:
        self._missed = 0
        self._first_missed = None
        self._missed_of.clear()

    async def _is_blind(self) -> bool:
        if self._missed < self._settings.sample_blind:
            return False
        if len(self._missed_of) == HOSTS:
            return True
        hosts = [*self._missed_of, *self._away]
        rows = await self._pool.fetch(SQL["newest_of_others"], hosts, self._first_missed, self._source)
        return not any(Tid(row["rev"]).time > row["live_since"] for row in rows)
