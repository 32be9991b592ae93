"""Brings repos to what their hosts hold: backfill and resync are one thing.

The queue is the table `repo`. A claim moves a row to `syncing` under a lease, which is renewed while the work goes on
and lapses when the process dies; a lease that was lost writes nothing. Claimed is only what can be worked on: the
identity is current, and the account's host has room (hosts.py), so that a slow or broken host holds up nobody else.
The repo is fetched, verified and compared with what is stored (examiner.py), and the difference written
(repo_writer.py). What goes wrong is told apart: the host says that it does not have the repo, which its account's
status must then explain; the identity may be out of date, which is found out first; or it fails, and is tried again
after a growing pause. sync.md section 4.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg

from indexer import metrics
from indexer.accounts import NOT_FOUND, ask_again, heed_answer, settle_deletion
from indexer.crew import Crew, backoff
from indexer.download import Downloads, Outpaced, bounds
from indexer.effects import Rules
from indexer.examiner import Examined, Examiner, ExaminerDied, SpoolFailed
from indexer.host_status import STATUS_OF_ERROR, HostSilent, Status, ask_status
from indexer.hosts import HostLimits, Hosts
from indexer.rejections import Rejection
from indexer.repo_diff import Question
from indexer.repo_writer import Lease, LeaseLost, Portion, RepoWriter
from indexer.verify import Head, Rejected, VerifyLimits
from protocol.cbor import Cid
from protocol.fetch import Fetcher, FetchFailed, XrpcError
from protocol.mst import TreeLimits
from protocol.syntax import Did, Tid
from protocol.text import pg_text
from runtime.db import PASSING_FAILURES, Pool
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

# The shortest sleep: what a token bucket's next token may have us wake for [s].
SHORTEST_PAUSE = 0.01
# Tree nodes and the commit, beside the records.
BLOCKS_PER_RECORD = 2
# One part in so many of the workers may be busy with repos that take long to come.
LASTING_PART = 2
# The first pause of a repo that was written while it was fetched [s].
FIRST_RETRY = 1.0
# A lease is renewed so many times before it would lapse.
RENEWALS = 3
# Of what hosts say, what is a metric's label.
STATUSES = {"active", *STATUS_OF_ERROR.values()}
# An identity resolved so shortly before [s] is not resolved again for the same repo.
FRESH_SECONDS = 1.0
# The first pause of a host that fails [s].
FIRST_HOST_PAUSE = 1.0
SPOOL_FOLDER = "spool"


class Claim(NamedTuple):
    """A repo that this process works on, due since `due`.

    `inactive`: its host is only to be asked for the account's status.
    """

    lease: Lease
    did: Did
    head: Head | None
    attempts: int
    due: datetime
    inactive: bool
    pds: str
    key: str
    resolved_at: datetime


class SyncWorkers:
    """Works on the queue of repos."""

    def __init__(  # noqa: PLR0913, PLR0917 - its neighbours
        self,
        settings: Settings,
        pool: Pool,
        fetcher: Fetcher,
        rules: Rules,
        limits: VerifyLimits,
        wake_identity: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._fetcher = fetcher
        self._pace = rules.pace
        self._wake_identity = wake_identity
        self._limits = repo_limits(settings, limits)
        self._hosts = Hosts(host_limits(settings))
        lasting = max(1, settings.sync_workers // LASTING_PART)
        self._downloads = Downloads(fetcher, self._hosts, bounds(settings), lasting)
        self._writer = RepoWriter(pool, rules, records=settings.sync_chunk, patience=settings.db_connect_timeout)
        self._examiner = Examiner(settings.data_dir / SPOOL_FOLDER, settings.sync_processes)
        self._crew = Crew(settings.sync_workers, self._claim, self._work, self._pause, settings.db_connect_timeout)

    @property
    def hosts(self) -> Hosts:
        """What hosts may be asked now, for everybody who asks them."""
        return self._hosts

    def wake(self) -> None:
        """A repo has come to the queue."""
        self._crew.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; what is not finished then goes back to the queue."""
        async with self._examiner:
            tending = asyncio.create_task(self._tend())
            crew = asyncio.create_task(self._crew.run(stop))
            try:
                await asyncio.wait((tending, crew), return_when=asyncio.FIRST_COMPLETED)
                for task in (tending, crew):
                    if task.done():
                        task.result()
            finally:
                unfinished = self._crew.under_way
                tending.cancel()
                crew.cancel()
                await asyncio.gather(tending, crew, return_exceptions=True)
                await self._writer.close()
                await self._give_back(unfinished)

    async def _tend(self) -> None:
        """Renew the leases of what is under way, and free those that have lapsed."""
        settings = self._settings
        while True:
            try:
                ids, numbers = _columns(self._crew.under_way)
                await self._pool.execute(SQL["renew"], ids, numbers, settings.sync_lease)
                freed = await self._pool.fetch(SQL["free_lapsed"], settings.sync_retry_min, settings.sync_retry_max)
            except PASSING_FAILURES as fault:
                log.warning("leases can't be renewed: %r", fault)
            else:
                if freed:
                    log.warning("%d repos had lost their worker", len(freed))
                    self.wake()
            await asyncio.sleep(settings.sync_lease / RENEWALS)

    async def _give_back(self, claims: Sequence[Claim]) -> None:
        if not claims:
            return
        try:
            await self._pool.execute(SQL["give_back"], *_columns(claims))
        except PASSING_FAILURES as fault:
            log.warning("%d repos stay claimed until their leases lapse: %r", len(claims), fault)

    def _pause(self) -> float:
        soonest = self._hosts.soonest()
        poll = self._settings.sync_poll
        return poll if soonest is None else min(poll, max(soonest, SHORTEST_PAUSE))

    async def _claim(self, free: int) -> Sequence[Claim]:
        """The first due repos whose hosts have room, each with a place reserved at its host."""
        taken: dict[int, asyncpg.Record] = {}
        busy = set(self._hosts.busy())
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                full = True
                while full and len(taken) < free:
                    rows = await connection.fetch(SQL["candidates"], free - len(taken), list(busy), list(taken))
                    full = False
                    for row in rows:
                        if self._hosts.reserve(row["pds"]):
                            taken[row["account_id"]] = row
                        else:
                            full = True
                            busy.add(row["pds"])
                leases = await connection.fetch(SQL["claim"], list(taken), self._settings.sync_lease)
        except BaseException:
            for row in taken.values():
                self._hosts.release(row["pds"])
            raise
        return [_claim_of(taken[lease["account_id"]], lease["lease"]) for lease in leases]

    async def _work(self, claim: Claim) -> None:
        try:
            if claim.inactive:
                with self._place_at(claim.pds):
                    status = await ask_status(self._fetcher, self._hosts, claim.pds, claim.did)
                await self._store_status(claim, status)
            else:
                await self._sync(claim)
        except HostSilent as fault:
            await self._fail(claim, "no_status", str(fault))
        except SpoolFailed as fault:
            log.warning("what is fetched can't be kept: %s", fault)
            await self._fail(claim, "spool", f"spool: {fault}")
        except LeaseLost:
            metrics.SYNCS.labels("lost", "").inc()

    @contextmanager
    def _place_at(self, origin: str) -> Generator[None]:
        """The place that was reserved at a host."""
        try:
            yield
        finally:
            self._hosts.release(origin)

    async def _sync(self, claim: Claim) -> None:
        began = datetime.now(UTC)
        with self._examiner.spool() as spool:
            try:
                with self._place_at(claim.pds):
                    await self._downloads.download(claim.pds, claim.did, spool)
            except FetchFailed as fault:
                await self._not_fetched(claim, fault, began)
                return
            known = claim.head and claim.head.commit
            most = self._settings.record_max_bytes
            question = Question(claim.did, claim.key, claim.head, known, self._limits, most, began)
            try:
                async with self._examiner.examine(self._pool, claim.lease.account_id, question, spool) as found:
                    if isinstance(found, Rejected):
                        await self._rejected(claim, found, began)
                    else:
                        await self._store(claim, found)
            except ExaminerDied as fault:
                await self._fail(claim, "examiner_died", str(fault))

    async def _not_fetched(self, claim: Claim, fault: FetchFailed, began: datetime) -> None:
        if isinstance(fault, XrpcError) and fault.status == 429:
            await self._put_back(claim, "throttled")
        elif isinstance(fault, Outpaced):
            await self._put_back(claim, "outpaced", pause=self._backoff(claim))
        elif isinstance(fault, XrpcError) and fault.name in STATUS_OF_ERROR:
            if self._is_fresh(claim, began):
                self._hosts.spend(claim.pds)
                await self._store_status(claim, await ask_status(self._fetcher, self._hosts, claim.pds, claim.did))
            else:
                await self._put_back(claim, fault.name, doubt=True)
        else:
            await self._fail(claim, type(fault).__name__, str(fault), doubt=not self._is_fresh(claim, began))

    async def _rejected(self, claim: Claim, found: Rejected, began: datetime) -> None:
        if found.reason is Rejection.SIGNATURE_INVALID and not self._is_fresh(claim, began):
            await self._put_back(claim, found.reason, doubt=True)
        else:
            await self._fail(claim, found.reason, f"{found.reason}: {found.detail}", fetched_since=began)

    def _is_fresh(self, claim: Claim, began: datetime) -> bool:
        """Whether the identity was resolved so shortly before that asking again would tell nothing new; or since the
        repo was put back for that, however long it had to wait for its host then: it is put back once."""
        fresh = max(self._settings.identity_refresh_min, FRESH_SECONDS)
        return claim.resolved_at > claim.due or (began - claim.resolved_at).total_seconds() < fresh

    async def _store(self, claim: Claim, found: Examined) -> None:
        left = found.number
        async for commit in found.commits:
            left -= 1
            await self._writer.write(Portion(claim.lease, commit, claim.pds, None if left else found.head))
        metrics.SYNCS.labels("synced", "").inc()
        self.wake()

    async def _store_status(self, claim: Claim, status: Status) -> None:
        """What the host says of the account. A repo that it does not give out though it is active has failed; one of
        which something newer is known by now goes back to the queue. A report that waits for the document goes on
        waiting: it says more than an answer can."""
        if status.active and not claim.inactive:
            await self._fail(claim, "contradiction", "its host has the account, and does not give out the repo")
            return
        account_id = claim.lease.account_id
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["hold_any"], *claim.lease) is None:
                raise LeaseLost
            await heed_answer(connection, account_id, *status, self._pace)
            await connection.execute(SQL["put_back"], *claim.lease, False, None)
            if not status.active:
                await ask_again(connection, account_id, self._backoff(claim))
                if status.status == NOT_FOUND:
                    await settle_deletion(connection, account_id)
        known = "active" if status.active else status.status
        metrics.SYNCS.labels("status", known if known in STATUSES else "other").inc()
        self._wake_identity()

    async def _put_back(self, claim: Claim, reason: str, *, doubt: bool = False, pause: float | None = None) -> None:
        """To the queue: to its front once the doubtful identity is resolved anew, or for when its host has room, or for
        when others have had their turn."""
        metrics.SYNCS.labels("put_back", reason).inc()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["put_back"], *claim.lease, doubt, pause)
            if doubt:
                await connection.execute(SQL["doubt"], claim.lease.account_id)
        if doubt:
            self._wake_identity()

    async def _fail(
        self, claim: Claim, reason: str, detail: str, *, doubt: bool = False, fetched_since: datetime | None = None
    ) -> None:
        """To be tried again after a while: a short one, at first, when it may have failed only because it was written
        while it was fetched."""
        metrics.SYNCS.labels("failed", reason).inc()
        log.info("%s: %s", claim.did, detail)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(SQL["hold_any"], *claim.lease)  # so that an event that comes now is seen
            soon = backoff(claim.attempts, FIRST_RETRY, self._settings.sync_retry_max)
            pauses = self._backoff(claim), soon, fetched_since
            await connection.execute(SQL["fail"], *claim.lease, pg_text(detail), *pauses)
            if doubt:
                await connection.execute(SQL["doubt"], claim.lease.account_id)
        if doubt:
            self._wake_identity()

    def _backoff(self, claim: Claim) -> float:
        return backoff(claim.attempts, self._settings.sync_retry_min, self._settings.sync_retry_max)


def repo_limits(settings: Settings, limits: VerifyLimits) -> VerifyLimits:
    """The limits of commits, widened to those of whole repos."""
    blocks = BLOCKS_PER_RECORD * settings.repo_max_records
    tree = TreeLimits(settings.tree_max_depth, max_nodes=blocks, max_entries=settings.repo_max_records)
    return replace(limits, max_blocks=blocks, max_bytes=settings.repo_max_bytes, tree=tree)


def host_limits(settings: Settings) -> HostLimits:
    """What one PDS host may be asked."""
    return HostLimits(
        concurrency=settings.host_concurrency,
        rate=settings.host_rate,
        memory=settings.host_memory,
        pause_min=FIRST_HOST_PAUSE,
        pause_max=settings.sync_retry_max,
    )


def _columns(claims: Sequence[Claim]) -> tuple[list[int], list[int]]:
    return [claim.lease.account_id for claim in claims], [claim.lease.number for claim in claims]


def _head_of(row: asyncpg.Record) -> Head | None:
    if row["rev"] is None:
        return None
    return Head(Tid(row["rev"]), Cid(row["data"]), row["commit"] and Cid(row["commit"]))


def _claim_of(row: asyncpg.Record, number: int) -> Claim:
    return Claim(
        lease=Lease(row["account_id"], number),
        did=Did(row["did"]),
        head=_head_of(row),
        attempts=row["attempts"],
        due=row["next_attempt_at"],
        inactive=row["state"] == "inactive",
        pds=row["pds"],
        key=row["signing_key"],
        resolved_at=row["resolved_at"],
    )
