"""The door to the database: statements of the reader's role, each bounded in time, each failure given a name.

A statement has a connection to itself for its own duration. Waiting for one is bounded, the server ends what runs too
long, and we give a statement up that even then does not return, so that no connection is lost to a server that hangs.
Connections that work are kept in hand between statements, which costs a third of handing them back to the pool; one
that failed goes back, and the pool replaces it.
What passes by itself becomes ServiceUnavailable; all else is a fault of ours and goes on as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Sequence
from typing import TypeAlias

import asyncpg

from appview import metrics
from appview.errors import ServiceUnavailable
from appview.gathering import Gathering, Key
from appview.queries.base import Rows
from runtime import db

log = logging.getLogger(__name__)

AWAY = (*db.PASSING_FAILURES, db.DatabaseUnreachable, asyncpg.InsufficientResourcesError)

_Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class Reads:
    """Reads through one pool, which nobody else uses."""

    def __init__(self, pool: db.Pool, *, pool_wait: float, statement_timeout: float) -> None:
        """Bounds in seconds: of the wait for a connection, and of the server for a statement."""
        self._pool = pool
        self._wait = pool_wait
        self._give_up = statement_timeout + pool_wait
        self._turns = asyncio.Semaphore(pool.get_max_size())
        self._idle: list[_Connection] = []
        self._gathering = Gathering(self, pool_wait)

    async def rows(self, sql: str, *arguments: object) -> Rows:
        """All rows of one statement. Raises ServiceUnavailable when the database is away, full or too slow."""
        try:
            if self._turns.locked():
                async with asyncio.timeout(self._wait):
                    await self._turns.acquire()
            else:
                await self._turns.acquire()
            try:
                return await self._fetch(sql, arguments)
            finally:
                self._turns.release()
        except asyncpg.QueryCanceledError as fault:
            raise _unavailable("slow", "The answer took too long; try again, or ask for less.") from fault
        except TimeoutError as fault:
            raise _busy() from fault
        except AWAY as fault:
            if isinstance(fault, ValueError):  # an argument that its type can't hold, which asyncpg files there
                raise
            log.warning("the database is away: %s", fault)
            raise _unavailable("away", "The database is away; try again in a moment.") from fault

    async def rows_of(self, sql: str, key: Key, *rest: Hashable) -> Rows:
        """Those rows of one statement that belong to a key: see `queries.base`. Raises ServiceUnavailable."""
        [rows] = await self._gathered(sql, [key], rest)
        return rows

    async def views_of(self, sql: str, keys: Sequence[Key], *rest: Hashable) -> Sequence[str | None]:
        """The view of each key: see `queries.base`. Raises ServiceUnavailable."""
        return [rows[0]["item"] if rows else None for rows in await self._gathered(sql, keys, rest)]

    async def close(self) -> None:
        """Close the pool, once what is under way has ended."""
        while self._idle:
            await self._pool.release(self._idle.pop())
        await self._pool.close()

    def measure(self) -> None:
        """Hand the pool's figures over."""
        size = self._pool.get_size()
        metrics.POOL_SIZE.set(size)
        metrics.POOL_IN_USE.set(size - self._pool.get_idle_size() - len(self._idle))

    async def _gathered(self, sql: str, keys: Sequence[Key], rest: tuple[Hashable, ...]) -> Sequence[Rows]:
        try:
            return await self._gathering.rows(sql, keys, rest)
        except TimeoutError as fault:
            raise _busy() from fault

    async def _fetch(self, sql: str, arguments: tuple[object, ...]) -> Rows:
        connection = await self._take()
        try:
            rows = await connection.fetch(sql, *arguments, timeout=self._give_up)
        except BaseException:
            await self._pool.release(connection, timeout=self._wait)
            raise
        self._idle.append(connection)
        return rows

    async def _take(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire(timeout=self._wait)


def _busy() -> ServiceUnavailable:
    return _unavailable("busy", "The service is busy; try again in a moment.")


def _unavailable(reason: str, message: str) -> ServiceUnavailable:
    metrics.DATABASE_FAILURES.labels(reason).inc()
    return ServiceUnavailable(message)
