"""A disk that takes nothing more: one repo's failure, by name, and not the database's.

No disk is filled: a file may not grow beyond a size, which is a limit of ours or of the process that compares.
"""

import multiprocessing
import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from indexer.examiner import SMALL_RECORDS, Examiner, SpoolFailed
from runtime.db import Pool
from tests.indexer.network import held, running
from tests.indexer.repos import record
from tests.indexer.test_examiner import examined, filled, question, spooled


@contextmanager
def full(*processes: int | None) -> Generator[None]:
    """No file of these processes grows any more."""
    before = {each or 0: resource.prlimit(each or 0, resource.RLIMIT_FSIZE) for each in processes}
    for each, (_, most) in before.items():
        resource.prlimit(each, resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        for each, limits in before.items():
            resource.prlimit(each, resource.RLIMIT_FSIZE, limits)


async def test_a_repo_that_can_not_be_kept_is_an_error_that_is_tried_again(tmp_path, net, pool) -> None:
    small = net.repo(("fm.plyr.track/3aaaaaaaaaa2a", record()))
    repo = net.repo(*((f"fm.plyr.track/3aaaaaaa{number:05}", record(title=str(number))) for number in range(600)))
    async with running(tmp_path, net, pool) as parts:
        await parts.track(small.did)
        await parts.reaches(small.did, "synced")
        with full(None):
            await parts.track(repo.did)
            row = await parts.reaches(repo.did, "error")
        assert (row["attempts"], row["last_error"]) == (1, "spool: [Errno 27] File too large")
        assert row["next_attempt_at"] > await pool.fetchval("SELECT now()")
        await parts.due(repo.did)
        await parts.reaches(repo.did, "synced")
        assert await parts.records(repo.did) == held(repo)


async def test_each_file_that_is_not_taken_is_told_apart(tmp_path: Path, pool: Pool) -> None:
    repo = filled(600)
    await pool.execute("INSERT INTO account (did) VALUES ('did:plc:x')")
    async with Examiner(tmp_path, 1) as examiner:
        await examined(examiner, pool, question(repo), spooled(examiner, repo.export()))
        (process,) = multiprocessing.active_children()
        with full(process.pid), pytest.raises(SpoolFailed):
            await examined(examiner, pool, question(repo), spooled(examiner, repo.export()))
        with examiner.spool() as spool, full(None), pytest.raises(SpoolFailed):
            spool.write(repo.export())
        await pool.execute(
            "INSERT INTO record (account_id, collection, rkey, cid, rev, indexed_at, value)"
            " SELECT 1, 'fm.plyr.track', n, '', '', now(), '' FROM generate_series(0, $1) AS n",
            SMALL_RECORDS,
        )
        with full(None), pytest.raises(SpoolFailed):
            await examined(examiner, pool, question(repo), spooled(examiner, filled(3).export()))


class Away:
    """A database that has gone away."""

    async def fetch(self, *_: Any) -> None:
        raise ConnectionResetError

    acquire = fetch


async def test_what_the_database_fails_with_remains_its_own(tmp_path: Path) -> None:
    pool: Any = Away()
    async with Examiner(tmp_path, 1) as examiner:
        with pytest.raises(ConnectionResetError):
            await examined(examiner, pool, question(filled(3)), spooled(examiner, filled(3).export()))
