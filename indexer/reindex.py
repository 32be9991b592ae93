"""Makes every projection and count anew from the sources, while everybody goes on reading and writing.

New tables are filled beside those that serve (shadow.py): all raw records in the order of their keys, each judged by
its lexicon again, by the code that projects live ones. Meanwhile triggers note the keys of what changes; these are
followed, from the records as they are then, until few are left; the last ones under a lock that keeps writers waiting,
and in the same transaction the new tables take over. Nobody can tell when, but by the time: reads wait for moments,
writes for as long as the last changes take. The result is what the sources say at that instant.

Ended at any point, also by `kill -9`, nothing has changed: the old tables serve, what is left of the new ones goes
with the next attempt. One at a time, on one session, whose locks say that it is there. records.md, "What every
collection has in common".
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import asyncpg

from indexer import aggregates, projections, shadow
from indexer.aggregates import windows
from indexer.projecting import project
from indexer.reading import RecordReader
from indexer.stages import RecordKeyRow, RecordRow
from protocol.cbor import Cid
from protocol.syntax import Did, Tid
from runtime.db import PASSING_FAILURES, Connection, Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

TABLES = projections.TABLES
TRIGGERS = ("inserts", "updates", "deletes", "hiding", "rehiding", "showing", "naming")
# Followed in one transaction; each may be a record of a megabyte.
CHANGES = 250
# Raw records read at once.
PAGE_BYTES = 32_000_000
# Between two attempts at locks that somebody else has.
PAUSE = 0.5


class ReindexRunning(RuntimeError):
    """Another reindex is at work on this database."""


class ReindexBlocked(RuntimeError):
    """Somebody held the tables all the time; nothing has changed. Long transactions have to end first."""


class Patience(NamedTuple):
    """Seconds: for writers to finish what they are at, for readers to finish a statement, for both in all attempts."""

    writers: float
    readers: float
    attempts: float


@dataclass(slots=True)
class Progress:
    """How far it is. `total` is that of records when it began; `paused` in seconds."""

    total: int = 0
    records: int = 0
    changes: int = 0
    revalidated: int = 0
    not_projected: int = 0
    attempts: int = 0
    paused: float = 0.0


Result = TypeVar("Result")
Show = Callable[[Progress], None]


class Reindex:
    """One attempt. `number`: records per transaction; `show` is called after each."""

    def __init__(self, reader: RecordReader, number: int, patience: Patience, show: Show) -> None:
        self._reader = reader
        self._number = number
        self._patience = patience
        self._show = show
        self._progress = Progress()

    async def run(self, pool: Pool) -> Progress:
        """Do it. Raises ReindexRunning, ReindexBlocked, and what the database fails with; nothing has changed then."""
        async with pool.acquire() as connection:
            await self._begin(connection)
            try:
                await self._prepare(connection)
                await self._fill(connection)
                await self._follow(connection)
                await shadow.analyze(connection, TABLES)
                await self._take_over(connection)
            finally:
                if not connection.is_closed():
                    await self._clean_up(connection)
        return self._progress

    async def _begin(self, connection: Connection) -> None:
        """The session's locks say that somebody works here, until it ends."""
        if not await connection.fetchval(SQL["be_the_only_one"]):
            raise ReindexRunning("another reindex is at work on this database")
        await connection.execute(SQL["listen"])

    async def _prepare(self, connection: Connection) -> None:
        async def create() -> None:
            await shadow.create(connection, TABLES)

        await self._forget(connection)
        await self._insist(connection, create)
        await self._carry_out(connection, [f"note_{name}" for name in TRIGGERS])
        await shadow.look(connection)
        async with connection.transaction():
            await projections.restart(connection)

    async def _clean_up(self, connection: Connection) -> None:
        """What fails here is left to the next attempt, and does no harm until then."""

        async def drop() -> None:
            await shadow.drop(connection)

        try:
            await self._carry_out(connection, [f"stop_noting_{name}" for name in TRIGGERS])
            await self._insist(connection, drop)
            await self._forget(connection)
        except (ReindexBlocked, *PASSING_FAILURES) as fault:
            log.warning("something of this reindex stays until the next one: %r", fault)

    @staticmethod
    async def _forget(connection: Connection) -> None:
        await connection.execute(SQL["forget_changes"])
        await connection.execute(SQL["forget_verdicts"])

    async def _carry_out(self, connection: Connection, names: Sequence[str]) -> None:
        """One by one: whoever holds a lock on one table must not wait for us with another."""
        for name in names:

            async def execute(query: str = SQL[name]) -> None:
                await connection.execute(query)

            await self._insist(connection, execute)

    async def _insist(self, connection: Connection, step: Callable[[], Awaitable[Result]]) -> Result:
        """Do it in a transaction, again when a lock was not to be had. Raises ReindexBlocked."""
        deadline = time.monotonic() + self._patience.attempts
        while True:
            try:
                async with connection.transaction():
                    await shadow.set_lock_timeout(connection, self._patience.readers)
                    return await step()
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as fault:
                if time.monotonic() >= deadline:
                    raise ReindexBlocked(f"somebody held the tables for {self._patience.attempts:g} s") from fault
                log.debug("waiting for whoever holds the tables: %s", fault)
                await asyncio.sleep(PAUSE)

    async def _fill(self, connection: Connection) -> None:
        collections = self._reader.collections
        self._progress.total = await connection.fetchval(SQL["count_records"], collections)
        last: RecordKeyRow | None = None
        while page := await projections.stored_after(connection, last, collections, self._number, PAGE_BYTES):
            last = await self._insist(connection, partial(self._put, connection, page))
            self._progress.records += len(page)
            self._show(self._progress)

    async def _put(self, connection: Connection, page: Sequence[asyncpg.Record]) -> RecordKeyRow:
        return (await self._project(connection, page, ()))[-1]

    async def _follow(self, connection: Connection) -> None:
        """Until hardly anything is left."""
        followed = CHANGES
        while followed == CHANGES:
            followed = await self._insist(connection, partial(self._follow_some, connection))
            self._show(self._progress)
        while await self._insist(connection, partial(windows.keep_up, connection, aggregates.CHARTS)):
            pass

    async def _follow_some(self, connection: Connection) -> int:
        changes = await connection.fetch(SQL["next_changes"], CHANGES)
        keys = {RecordKeyRow(account_id, collection, rkey) for _, account_id, collection, rkey in changes}
        records = [key for key in keys if key.collection in self._reader.collections]
        page = await connection.fetch(SQL["records_at"], *_columns(records))
        there = {RecordKeyRow(row["account_id"], row["collection"], row["rkey"]) for row in page}
        await connection.execute(SQL["drop_verdicts"], *_columns(records))
        await self._project(connection, page, [key for key in records if key not in there])
        accounts = [key.account_id for key in keys if not key.collection]
        await self._show_and_hide(connection, accounts)
        if accounts:
            await projections.change_handles(connection, accounts)
        await connection.execute(SQL["changes_followed"], [change["id"] for change in changes])
        self._progress.changes += len(changes)
        return len(changes)

    @staticmethod
    async def _show_and_hide(connection: Connection, account_ids: Sequence[int]) -> None:
        shown = {account_id for (account_id,) in await connection.fetch(SQL["shown"], account_ids)}
        await projections.change_visibility(connection, sorted(shown), hidden=False)
        await projections.change_visibility(connection, sorted(set(account_ids) - shown), hidden=True)

    async def _project(
        self, connection: Connection, page: Sequence[asyncpg.Record], gone: Sequence[RecordKeyRow]
    ) -> list[RecordKeyRow]:
        """Judge records again and project them; gives their keys."""
        rows = [self._row(record) for record in page]
        found = {row.key: row.invalid for row in rows}
        for refused in await project(connection, rows, gone):
            row = refused.row
            log.error("%s/%s/%s can't be projected", row.did, *row.key[1:], exc_info=refused.fault)
            self._progress.not_projected += 1
            found[row.key] = refused.invalid
        verdicts = {key: found[key] for key, old in zip(found, page, strict=True) if found[key] != old["invalid"]}
        if verdicts:
            await connection.execute(SQL["set_verdicts"], *_columns(list(verdicts)), list(verdicts.values()))
        return list(found)

    def _row(self, record: asyncpg.Record) -> RecordRow:
        reading = self._reader.read(record["collection"], record["rkey"], record["value"])
        return RecordRow(
            key=RecordKeyRow(record["account_id"], record["collection"], record["rkey"]),
            did=Did(record["did"]),
            cid=Cid(record["cid"]),
            rev=Tid(record["rev"]),
            indexed_at=record["indexed_at"],
            unsigned=record["unsigned"],
            raw=record["value"],
            value=reading.value,
            invalid=reading.invalid,
        )

    async def _take_over(self, connection: Connection) -> None:
        before, began = self._progress.changes, 0.0

        async def once() -> None:
            nonlocal began
            self._progress.attempts += 1
            self._progress.changes = before
            await shadow.set_lock_timeout(connection, self._patience.writers)
            await shadow.claim(connection, TABLES)
            await connection.execute(SQL["stop_writers"])
            await shadow.set_lock_timeout(connection, self._patience.readers)
            await connection.execute(SQL["hold_sources"])
            began = time.monotonic()
            while await self._follow_some(connection):
                pass
            while await windows.keep_up(connection, aggregates.CHARTS):
                pass
            self._progress.revalidated = _number(await connection.execute(SQL["carry_out_verdicts"]))
            await shadow.take_over(connection, TABLES)

        await self._insist(connection, once)
        self._progress.paused = time.monotonic() - began
        self._show(self._progress)


def _columns(keys: Sequence[RecordKeyRow]) -> tuple[list[int], list[str], list[str]]:
    return [key.account_id for key in keys], [key.collection for key in keys], [key.rkey for key in keys]


def _number(tag: str) -> int:
    """Rows, of the answer to a statement."""
    return int(tag.rsplit(" ", 1)[1])
