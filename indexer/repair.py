"""Has repos fetched again that were found to differ from their hosts: by the indexer that is at work, else by itself.

They are desynchronized, to the front of the queue, whatever number of resyncs they had this hour; where a host did not
verify or disowned the account, its identity is resolved anew first. Records whose bytes were not those of their CID
are given the CID of their bytes, so that the resync sees them differ. sync.md section 4.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from indexer import outbound, states
from indexer.audit import Report
from indexer.identities import IdentityWorker
from indexer.limits import make_rules
from indexer.resync import SyncWorkers
from indexer.verify import VerifyLimits
from protocol.fetch import Fetcher
from protocol.text import pg_text
from runtime.db import WRITER, Connection, Pool
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Repos desynchronized in one transaction.
PAGE = 100
POLL = 0.2
DOUBTFUL = ("refused", "status")


async def is_indexed(connection: Connection) -> bool:
    """Whether an indexer works on this database."""
    return await connection.fetchval(SQL["is_indexed"], WRITER)


async def order(pool: Pool, reports: Sequence[Report]) -> list[int]:
    """Desynchronize the repos of these reports that may be fetched; gives their accounts."""
    ordered: list[int] = []
    for start in range(0, len(reports), PAGE):
        page: dict[str, Report] = {report.subject.did: report for report in reports[start : start + PAGE]}
        async with pool.acquire() as connection, connection.transaction():
            repos = await states.lock(connection, list(page))
            ours = {repo.account_id: page[did] for did, repo in repos.items() if repo.active}
            await connection.execute(SQL["name_truly"], list(ours))
            reasons = {account_id: pg_text(f"to be repaired: {_what(report)}") for account_id, report in ours.items()}
            await states.desynchronize(connection, reasons, states.ANY_NUMBER)
            await connection.execute(SQL["hurry"], list(ours))
            doubtful = [each for each, report in ours.items() if any(kind in report.counts for kind in DOUBTFUL)]
            await states.mark_stale(connection, doubtful, 0.0)
        ordered += ours
    return ordered


async def wait(pool: Pool, account_ids: Sequence[int], patience: float, show: Callable[[int], None]) -> int:
    """Wait until none of these repos is to be fetched any more, so many seconds; gives how many are."""
    deadline = time.monotonic() + patience
    while left := await pool.fetchval(SQL["under_repair"], account_ids):
        show(left)
        if time.monotonic() >= deadline:
            break
        await asyncio.sleep(POLL)
    return left


async def work_until(  # noqa: PLR0913, PLR0917 - what an indexer has, and when it may stop
    settings: Settings,
    pool: Pool,
    fetcher: Fetcher,
    limits: VerifyLimits,
    account_ids: Sequence[int],
    show: Callable[[int], None],
) -> int:
    """`wait`, while working on the queue as an indexer does."""
    rules, stop = make_rules(settings, limits), asyncio.Event()
    directory, handles = outbound.directory(settings, fetcher), outbound.handles(settings, fetcher)
    workers = SyncWorkers(settings, pool, fetcher, rules, limits, wake_identity=lambda: identities.wake())  # noqa: PLW0108 - it is made below
    identities = IdentityWorker(settings, pool, directory, handles, rules, wake_sync=workers.wake)
    async with asyncio.TaskGroup() as group:
        for part in (workers, identities):
            group.create_task(part.run(stop))
        left = await wait(pool, account_ids, settings.repair_patience, show)
        stop.set()
    return left


def _what(report: Report) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(report.counts.items()))
