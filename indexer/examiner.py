"""Keeps what is fetched, and compares it with what is stored: small repos at once, others in processes of their own.

A `Spool` holds a body in memory while it is small and then in a file without a name (its processes reach it by
/proc), so that nothing is left behind however this process ends. The processes end with this one, too. At most
`processes` large repos are in memory at once, whatever the number of workers. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Self, cast

import asyncpg

from indexer.rejections import Rejection
from indexer.repo_diff import DifferenceFile, Question, compare, compare_files, load_commit, read_repo
from indexer.stages import RecordPath, VerifiedCommit
from indexer.verify import Head, Rejected
from protocol.car import CarInvalid
from protocol.syntax import Nsid, RecordKey
from runtime.db import Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Verifying so many bytes takes 2 ms; so many stored records are compared in less.
SMALL_BYTES = 65_536
SMALL_RECORDS = 1_000


class ExaminerDied(Exception):
    """The process that compared the repo has died, perhaps of its size."""


class SpoolFailed(Exception):
    """What is fetched, or made of it, can't be kept or read: perhaps the disk is full."""


class Spool:
    """A body as it comes in. A context manager: leaving it forgets the body. All of it raises SpoolFailed."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(SMALL_BYTES, dir=str(folder))  # noqa: SIM115 - closed by __exit__
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        with suppress(OSError):  # of what was not flushed, and is not wanted any more
            self._file.close()

    def write(self, chunk: bytes) -> None:
        with _spooling():
            self._file.write(chunk)
        self.size += len(chunk)

    @property
    def is_small(self) -> bool:
        return self.size <= SMALL_BYTES

    def chunks(self) -> Iterator[bytes]:
        with _spooling():
            self._file.seek(0)
            body = self._file.read()
        yield body

    def path(self) -> Path:
        """Where another process of ours finds the body."""
        with _spooling():
            path = _path_of(self._file)
            self._file.flush()
        return path


class Examined(NamedTuple):
    """The head that the repo has once `commits`, `number` of them and at least one, are applied."""

    head: Head
    number: int
    commits: AsyncIterator[VerifiedCommit]


class Examiner:
    """Compares repos. An async context manager: leaving it ends its processes."""

    def __init__(self, folder: Path, processes: int) -> None:
        self._folder = folder
        self._processes = processes
        self._slots = asyncio.Semaphore(processes)

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._start()
        return self

    async def __aexit__(self, *fault: object) -> None:
        self._end()

    def spool(self) -> Spool:
        return Spool(self._folder)

    @asynccontextmanager
    async def examine(
        self, pool: Pool, account_id: int, question: Question, spool: Spool
    ) -> AsyncGenerator[Examined | Rejected]:
        """Judge a fetched repo against the stored records of its account. Raises ExaminerDied, SpoolFailed."""
        if spool.is_small:
            rows = await pool.fetch(SQL["some_stored"], account_id, SMALL_RECORDS + 1)
            if len(rows) <= SMALL_RECORDS:
                yield _compare_here(question, spool, rows)
                return
        with self.spool() as listing, _unnamed(self._folder) as commits:

            async def keep(rows: bytes) -> None:
                listing.write(rows)

            async with pool.acquire() as connection:
                await connection.copy_from_query(SQL["stored"], account_id, output=keep)
            async with self._slots:
                found = await self._ask(question, spool.path(), listing.path(), _path_of(commits))
            if isinstance(found, Rejected):
                yield found
            else:
                yield Examined(found.head, found.commits, _read(commits, found.commits))

    async def _ask(self, question: Question, car: Path, stored: Path, commits: Path) -> DifferenceFile | Rejected:
        executor, loop = self._executor, asyncio.get_running_loop()
        try:
            with _spooling():
                return await loop.run_in_executor(executor, compare_files, question, car, stored, commits)
        except BrokenProcessPool as fault:
            if self._executor is executor:
                self._end()
                self._start()
            raise ExaminerDied(f"the process that compared a repo of {question.did} died") from fault

    def _start(self) -> None:
        theirs, self._lifeline = multiprocessing.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            self._processes, multiprocessing.get_context("spawn"), initializer=_settle, initargs=(theirs,)
        )
        for _ in range(self._processes):
            self._executor.submit(os.getpid)
        self._theirs = theirs

    def _end(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._lifeline.close()
        self._theirs.close()


def _settle(lifeline: Connection[bytes, bytes]) -> None:
    """In a new process: leave signals to the parent, and end with it or when it lets go of the line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection[bytes, bytes]) -> None:
    # The parent never writes: what can be read is the end of the line, also when the parent was killed.
    wait([lifeline])
    os._exit(0)


def _compare_here(question: Question, spool: Spool, rows: Iterable[asyncpg.Record]) -> Examined | Rejected:
    stored = {RecordPath(Nsid(row["collection"]), RecordKey(row["rkey"])): row["cid"] for row in rows}
    try:
        found = compare(question, read_repo(question, spool.chunks()), stored)
    except CarInvalid as fault:
        return Rejected(Rejection.CAR_INVALID, str(fault))
    if isinstance(found, Rejected):
        return found
    commits = list(found.commits)
    return Examined(found.head, len(commits), _listed(commits))


async def _listed(commits: Iterable[VerifiedCommit]) -> AsyncIterator[VerifiedCommit]:
    for commit in commits:
        yield commit


async def _read(file: BinaryIO, count: int) -> AsyncIterator[VerifiedCommit]:
    with _spooling():
        file.seek(0)
    for _ in range(count):
        with _spooling():
            commit = load_commit(file)
        yield commit


@contextmanager
def _spooling() -> Generator[None]:
    """What fails at the files is not taken for a failure of the database, which would pass."""
    try:
        yield
    except OSError as fault:
        raise SpoolFailed(str(fault)) from fault


@contextmanager
def _unnamed(folder: Path) -> Generator[BinaryIO]:
    with _spooling():
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed below
    with file:
        yield cast("BinaryIO", file)


def _path_of(file: IO[bytes]) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
