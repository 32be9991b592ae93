"""Resolves the identities of tracked accounts: documents that are stale, and handles that are to be checked.

Two crews, so that slow name servers of handles never delay a key that events wait for; and of the first only half may
be busy with hosts of did:web, so that strangers' slow hosts never delay those of the PLC directory. The newest work
comes first: what a live event waits for is never behind a long discovery. A claim is a moment in the future to which
`check_at` is moved, by the database's clock, and moved on while the work lasts: when its worker dies the row is due
again then, and whoever else moves it has made the claim void. Several processes may share the queue. sync.md section 5.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from indexer import buffer, metrics, states
from indexer.accounts import Resolution, Taking, bury, give_handles, refuse_handle, store_identities
from indexer.crew import Crew, backoff
from indexer.effects import Rules
from indexer.gathering import Gatherer
from protocol.handles import HandleResolver, HandleUnresolvable
from protocol.identity import DidTombstoned, Directory, IdentityFailed
from protocol.syntax import Did, Handle
from protocol.text import pg_text
from runtime.db import PASSING_FAILURES, Connection, Pool
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# A document that could not be read is asked for again after so many seconds first: events may wait for it.
FIRST_RETRY = 1.0
# How long a claim keeps other processes away [s], unless it is renewed, which is tried so many times before.
CLAIM_SECONDS = 10.0
RENEWALS = 4
# Two accounts that take one handle at the same moment: one of them has to look again.
CONTENTION_TRIES = 5


@dataclass(slots=True, eq=False)
class Claim:
    """A row of `identity` that this process works on, until `until` or its renewal. `settling`: it is not renewed."""

    account_id: int
    did: Did
    handle: Handle | None
    attempts: int
    until: datetime
    settling: bool = False


class IdentityWorker:
    """Keeps identities current."""

    def __init__(  # noqa: PLR0913, PLR0917 - its neighbours
        self,
        settings: Settings,
        pool: Pool,
        directory: Directory,
        handles: HandleResolver,
        rules: Rules,
        wake_sync: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._directory = directory
        self._handles = handles
        self._rules = rules
        self._wake_sync = wake_sync
        size, poll, patience = settings.plc_concurrency, settings.sync_poll, settings.db_connect_timeout
        self._documents = Crew(size, self._claim_documents, self._resolve, lambda: poll, patience)
        self._checks = Crew(size, self._claim_handles, self._check, lambda: poll, patience)
        self._resolutions = Gatherer(pool, self._store, _each, most=size, patience=patience)
        self._takings = Gatherer(pool, give_handles, _each, most=size, patience=patience)
        self._web_most = max(1, size // 2)
        self._renewing = asyncio.Lock()

    def wake(self) -> None:
        """An identity has become stale."""
        self._documents.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Resolve until `stop`."""
        tasks = [asyncio.create_task(crew.run(stop)) for crew in (self._documents, self._checks)]
        tasks.append(asyncio.create_task(self._tend()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            unfinished = self._under_way()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(self._resolutions.close(), self._takings.close())
            await self._give_back(unfinished)

    def _under_way(self) -> list[Claim]:
        return [*self._documents.under_way, *self._checks.under_way]

    async def _tend(self) -> None:
        """Renew the claims of what is under way: slow answers are no reason for another process to ask too."""
        while True:
            await asyncio.sleep(CLAIM_SECONDS / RENEWALS)
            try:
                async with self._renewing:
                    claims = {claim.account_id: claim for claim in self._under_way() if not claim.settling}
                    untils = [claim.until for claim in claims.values()]
                    for row in await self._pool.fetch(SQL["renew"], list(claims), untils, CLAIM_SECONDS):
                        claims[row["account_id"]].until = row["until"]
            except PASSING_FAILURES as fault:
                log.warning("claims of identities can't be renewed: %r", fault)

    async def _settle(self, claim: Claim) -> None:
        """What was found is about to be written under the claim: it may not move any more."""
        async with self._renewing:
            claim.settling = True

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        if not claims:
            return
        ids, untils = [claim.account_id for claim in claims], [claim.until for claim in claims]
        try:
            await self._pool.execute(SQL["give_back"], ids, untils)
        except PASSING_FAILURES as fault:
            log.warning("%d identities stay claimed for a while: %r", len(claims), fault)

    async def _claim_documents(self, free: int) -> Sequence[Claim]:
        mine = self._documents.under_way
        web = sum(claim.did.method == "web" for claim in mine)
        number = min(free, self._web_most - web)
        claims = await self._claim("claim_documents", number, mine, web=True)
        if len(claims) < number:
            return claims
        return [*claims, *await self._claim("claim_documents", free - len(claims), [*mine, *claims], web=False)]

    async def _claim_handles(self, free: int) -> Sequence[Claim]:
        return await self._claim("claim_handles", free, self._checks.under_way)

    async def _claim(self, query: str, number: int, mine: Sequence[Claim], **which: bool) -> list[Claim]:
        """The newest that are due, beside those that this process works on."""
        if number <= 0:
            return []
        ids = [claim.account_id for claim in mine]
        rows = await self._pool.fetch(SQL[query], number, CLAIM_SECONDS, ids, *which.values())
        return [
            Claim(row["id"], Did(row["did"]), row["handle"] and Handle(row["handle"]), row["attempts"], row["until"])
            for row in rows
        ]

    async def _resolve(self, claim: Claim) -> None:
        began = datetime.now(UTC)
        try:
            document = await self._directory.resolve(claim.did, refresh=True)
        except DidTombstoned:
            metrics.IDENTITIES.labels("tombstoned").inc()
            await self._settle(claim)
            async with self._pool.acquire() as connection, connection.transaction():
                await bury(connection, claim.account_id)
                await connection.execute(SQL["settle_document"], claim.account_id, claim.until)
        except IdentityFailed as fault:
            metrics.IDENTITIES.labels("failed").inc()
            await self._settle(claim)
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(SQL["note_failure"], claim.account_id, pg_text(str(fault)))
                await connection.execute(SQL["postpone"], claim.account_id, claim.until, self._retry(claim))
        else:
            metrics.IDENTITIES.labels("resolved").inc()
            await self._settle(claim)
            told = Resolution(claim.account_id, document, began, claim.until, self._retry(claim))
            await self._resolutions.put(told)
            self._wake_sync()
            if document.handle:
                self._checks.wake()

    async def _store(self, connection: Connection, resolutions: Sequence[Resolution]) -> None:
        dids = {each.account_id: each.document.did for each in resolutions}
        stored = await store_identities(connection, resolutions)
        await states.hasten(connection, stored.moved, self._rules.pace.resyncs_per_hour)
        for account_id in stored.awaited:
            await buffer.drain(self._rules, connection, dids[account_id], datetime.now(UTC))

    def _retry(self, claim: Claim) -> float:
        return backoff(claim.attempts, FIRST_RETRY, self._settings.sync_retry_max)

    async def _check(self, claim: Claim) -> None:
        assert claim.handle is not None
        try:
            found = await self._handles.resolve(claim.handle)
        except HandleUnresolvable:
            outcome = "unanswered"
        else:
            if found == claim.did:
                metrics.HANDLES.labels("valid").inc()
                await self._settle(claim)
                await self._take(claim, claim.handle)
                return
            outcome = "invalid"
        metrics.HANDLES.labels(outcome).inc()
        shortest = self._settings.handle_recheck
        pause = backoff(claim.attempts, shortest, max(shortest, self._settings.sync_retry_max))
        await self._settle(claim)
        async with self._pool.acquire() as connection, connection.transaction():
            if outcome == "invalid":
                await refuse_handle(connection, claim.account_id, claim.until, pause)
            else:
                await connection.execute(SQL["postpone"], claim.account_id, claim.until, pause)

    async def _take(self, claim: Claim, handle: Handle) -> None:
        await _undisturbed(lambda: self._takings.put(Taking(claim.account_id, handle, claim.until)))
        self._documents.wake()


def _each(_: Resolution | Taking) -> int:
    return 1


async def _undisturbed(take: Callable[[], Awaitable[None]]) -> None:
    for _ in range(CONTENTION_TRIES - 1):
        try:
            return await take()
        except asyncpg.UniqueViolationError:
            continue
    return await take()
